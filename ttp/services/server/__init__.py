"""Services of `ttp serve`: tokens, people, approval links, events, webhooks."""
