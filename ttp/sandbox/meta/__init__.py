"""What the stand-ins of Instagram and Threads share: Meta's Graph API. Not a stand-in."""
