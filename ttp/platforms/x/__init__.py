"""X: posts with up to four pictures or a video, by sections 3, 7 and 11 of its contract.

Loads nothing of itself: workers import its modules one by one, several at once.
"""
