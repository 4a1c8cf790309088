"""Bluesky, as a server of its network answers."""
