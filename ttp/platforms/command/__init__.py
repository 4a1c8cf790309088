"""A program of the user's as a platform, by docs/reference/platforms/command.md.

Loads nothing of itself: workers import its modules one by one, several at once.
"""
