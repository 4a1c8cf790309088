"""Bluesky: posts and threads, by docs/reference/platforms/bluesky.md. Imports none of its modules: workers import its
modules one by one, several at once."""
