"""Mastodon and servers with its API, by docs/reference/platforms/mastodon.md. Imports none of its modules: workers
import its modules one by one, several at once."""
