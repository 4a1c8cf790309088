"""TikTok: videos and photos. See docs/reference/platforms/tiktok.md, sections 3, 6 and 10. Imports nothing, because
workers import its modules one by one from several threads."""
