"""TikTok: videos and photos, by docs/reference/platforms/tiktok.md, sections 3, 6 and 10.

Imports nothing: workers import its modules one by one, several at once.
"""
