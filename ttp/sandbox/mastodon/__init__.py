"""Mastodon and servers with its API, as docs/reference/platforms/mastodon.md describes them."""
