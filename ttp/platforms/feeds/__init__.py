"""Feeds over the network: where they are, and their bytes."""
