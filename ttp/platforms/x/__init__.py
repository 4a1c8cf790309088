"""X: posts with up to four pictures or a video, by docs/reference/platforms/x.md, 3, 7 and 11.

Imports nothing: workers import its modules one by one, several at once.
"""
