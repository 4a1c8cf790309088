"""Engagement: samples of a post, exports that hold them, reports about them."""
