"""Instagram: containers and their publication, by sections 3, 6 and 10 of its contract."""

from ttp.platforms.instagram.client import InstagramClient

__all__ = ["InstagramClient"]
