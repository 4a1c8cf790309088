"""Posts in files: CSV, JSON, JSON lines, Markdown with front matter, iCalendar; each format in a module of its own.

`fields` says once what a post has in a file and under which names; the formats only spell it. Never opens the store.
"""
