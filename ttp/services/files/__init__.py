"""Posts in files: CSV, JSON, JSON lines, Markdown with front matter, iCalendar; one module per format. `fields` defines
the fields of a post in a file and their names. Never opens the store."""
