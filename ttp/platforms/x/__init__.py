"""X: posts with up to four pictures or a video, by sections 3, 7 and 11 of its contract."""

from ttp.platforms.x.client import XClient, link

__all__ = ["XClient", "link"]
