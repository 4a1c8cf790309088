"""Mastodon and servers with its API, by docs/reference/platforms/mastodon.md.

Loads nothing of itself: workers import its modules one by one, several at once.
"""
