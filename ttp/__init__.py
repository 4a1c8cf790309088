"""ttp schedules posts for Bluesky, Mastodon, Instagram, TikTok and X from the terminal."""

__version__ = "0.1.0"
