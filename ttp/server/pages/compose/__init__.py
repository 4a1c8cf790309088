"""The form of a post."""
