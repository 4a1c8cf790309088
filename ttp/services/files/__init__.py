"""Posts in files: CSV, JSON, JSON lines, Markdown with front matter, iCalendar; one module per format. `fields` defines
the fields of a post in a file and their names. Never opens the store."""

from typing import TYPE_CHECKING

if not TYPE_CHECKING:
    from ttp.services import import_late

    __getattr__ = import_late(__name__)
