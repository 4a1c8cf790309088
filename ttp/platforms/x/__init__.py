"""X: posts with up to four images or a video. See docs/reference/platforms/x.md, sections 3, 7 and 11. Imports nothing,
because workers import its modules one by one from several threads."""
