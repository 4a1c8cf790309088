"""TikTok: videos and photos, by sections 3, 6 and 10 of its contract.

Loads nothing of itself: workers import its modules one by one, several at once.
"""
