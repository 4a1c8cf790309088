"""Times without posts: daily hours and dates on an account's wall clock. Forms: `22:00-07:00` (the night; several
joined by commas), `2026-12-24`, `2026-12-24..2026-12-26` (both included)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from ttp.domain.errors import UsageError

_CLOCK = r"([01]?\d|2[0-4])(?::([0-5]\d))?"
_SPAN = re.compile(rf"{_CLOCK}-{_CLOCK}", re.ASCII)
_DATES = re.compile(r"(\d{4}-\d\d-\d\d)(?:\.\.(\d{4}-\d\d-\d\d))?", re.ASCII)
_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Spans of the day in minutes since midnight (the end excluded; it may lie on the next day), and spans of dates."""

    hours: tuple[tuple[int, int], ...] = ()
    dates: tuple[tuple[date, date], ...] = ()

    def covers(self, local: datetime) -> bool:
        """Return whether no post may be planned at this wall-clock time."""
        day = local.date()
        return self.at_night(local.hour, local.minute) or any(first <= day <= last for first, last in self.dates)

    def at_night(self, hour: int, minute: int = 0) -> bool:
        """Return whether no post may be planned at this time of any day."""
        return any((60 * hour + minute - start) % _DAY < (end - start) % _DAY for start, end in self.hours)


def parse_quiet_hours(text: str) -> tuple[tuple[int, int], ...]:
    """Return the spans of `22:00-07:00,12-13`; none of an empty text. Raises UsageError."""
    return tuple(_span(part.strip(), text) for part in text.split(",")) if text.strip() else ()


def _span(part: str, text: str) -> tuple[int, int]:
    match = _SPAN.fullmatch(part)
    start, end = (60 * int(match[i]) + int(match[i + 1] or 0) for i in (1, 3)) if match else (0, 0)
    if start % _DAY == end % _DAY or max(start, end) > _DAY:
        raise UsageError(f'"{text}" is not a span of hours such as 22:00-07:00')
    return start, end


def parse_blackout(texts: Iterable[str]) -> tuple[tuple[date, date], ...]:
    """Return the spans of dates. Raises UsageError."""
    return tuple(_dates(text.strip()) for text in texts if text.strip())


def _dates(text: str) -> tuple[date, date]:
    match = _DATES.fullmatch(text)
    try:
        first, last = (date.fromisoformat(part) for part in (match[1], match[2] or match[1])) if match else (None, None)
    except ValueError:
        first = last = None
    if first is None or last is None or last < first:
        raise UsageError(f'"{text}" is not a date or span of dates such as 2026-12-24..2026-12-26')
    return first, last
