"""Feeds: what a document says, and which of its items are new. Pure."""
