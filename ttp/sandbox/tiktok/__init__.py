"""The stand-in for TikTok."""
