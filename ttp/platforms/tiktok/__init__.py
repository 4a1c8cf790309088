"""TikTok: videos and photos, by sections 3, 6 and 10 of its contract."""

from ttp.platforms.tiktok.client import TikTokClient

__all__ = ["TikTokClient"]
