"""A release becomes a post: the file in its repository, its tag, and what a run without a store does."""
