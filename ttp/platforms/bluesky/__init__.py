"""Bluesky: posts and threads, by docs/reference/platforms/bluesky.md.

Loads nothing of itself: workers import its modules one by one, several at once.
"""
