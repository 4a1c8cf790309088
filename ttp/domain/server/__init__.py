"""What the server and its callers agree on: tokens and people, webhooks, the protocol of commands."""
