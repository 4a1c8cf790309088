"""What `ttp serve` offers: tokens, people, approval links, events, webhooks."""
