"""What Instagram and Threads share: Meta's Graph API. Not a platform."""
