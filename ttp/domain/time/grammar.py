"""What a TIME can be: text -> what it says, without clock or zone.

Owns the list of forms and nothing else. A text that is not exactly one of them is None, never a best guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ttp.domain.time.durations import duration_parts, length

_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAYS = {form: number for number, name in enumerate(_NAMES) for form in (name, name[:3])} | {
    "tues": 1,
    "weds": 2,
    "thur": 3,
    "thurs": 3,
}
"""Every way a weekday may be typed; Monday is 0."""
DAY_WORDS = ("today", "tomorrow", *WEEKDAYS)
WORDS = (*DAY_WORDS, "next", "in", "now", "optimal", "next-slot")

_CLOCK_12 = re.compile(r"(0?[1-9]|1[0-2])(?::([0-5][0-9])(?::([0-5][0-9]))?)?(am|pm)")
_CLOCK_24 = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]"
    r"((?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?)"
    r" ?(Z|[+-][0-9]{2}(?::?[0-5][0-9])?)?",
    re.IGNORECASE,
)
_FARTHEST = timedelta(hours=14)
"""No zone on Earth is farther from UTC (Pacific/Kiritimati)."""


@dataclass(frozen=True, slots=True)
class Now:
    """`now`."""


@dataclass(frozen=True, slots=True)
class OptimalTime:
    """`optimal`."""


@dataclass(frozen=True, slots=True)
class NextFreeSlot:
    """`next-slot`."""


@dataclass(frozen=True, slots=True)
class AfterDuration:
    """`in 2h30m`: this much later, whatever clocks do."""

    length: timedelta


@dataclass(frozen=True, slots=True)
class ExactTime:
    """ISO text with its offset."""

    at: datetime


@dataclass(frozen=True, slots=True)
class OnDate:
    """A calendar date."""

    date: date


@dataclass(frozen=True, slots=True)
class InDays:
    """So many days after today: 0 for `today` and a clock alone, 1 for `tomorrow`."""

    days: int


@dataclass(frozen=True, slots=True)
class NextWeekday:
    """`fri`: the first such instant after now."""

    weekday: int


@dataclass(frozen=True, slots=True)
class WeekdayOfNextWeek:
    """`next mon`: that day of the next ISO week."""

    weekday: int


@dataclass(frozen=True, slots=True)
class WallTime:
    """A day and what the clocks show then."""

    day: OnDate | InDays | NextWeekday | WeekdayOfNextWeek
    clock: time


TimeExpression = Now | OptimalTime | NextFreeSlot | AfterDuration | ExactTime | WallTime


def split_words(text: str) -> list[str]:
    """The words in lower case; `9 am` is one."""
    return re.sub(r"(?<=[0-9]) (?=[ap]m\b)", "", " ".join(text.lower().split())).split()


def parse_time(text: str) -> TimeExpression | None:
    """What a TIME says, None if it is not exactly one of the forms of `ttp help time`."""
    match split_words(text):
        case ["now"]:
            return Now()
        case ["optimal"]:
            return OptimalTime()
        case ["next-slot"]:
            return NextFreeSlot()
        case ["in", *rest]:
            return _read_in(rest)
        case ["next", day, clock] if day in WEEKDAYS:
            return _wall(WeekdayOfNextWeek(WEEKDAYS[day]), clock)
        case ["today", clock]:
            return _wall(InDays(0), clock)
        case ["tomorrow", clock]:
            return _wall(InDays(1), clock)
        case [day, clock] if day in WEEKDAYS:
            return _wall(NextWeekday(WEEKDAYS[day]), clock)
        case [clock] if parse_clock(clock) is not None:
            return _wall(InDays(0), clock)
        case words:
            return _read_iso(" ".join(words))


def parse_clock(word: str) -> time | None:
    """`9am`, `9:30pm`, `18:00`, `18:00:30`. None for anything else, a bare number among it."""
    if found := _CLOCK_12.fullmatch(word):
        hour = int(found[1]) % 12 + (12 if found[4] == "pm" else 0)
        return time(hour, int(found[2] or 0), int(found[3] or 0))
    if found := _CLOCK_24.fullmatch(word):
        return time(int(found[1]), int(found[2]), int(found[3] or 0))
    return None


def _wall(day: OnDate | InDays | NextWeekday | WeekdayOfNextWeek, word: str) -> WallTime | None:
    clock = parse_clock(word)
    return None if clock is None else WallTime(day, clock)


def _read_in(rest: list[str]) -> AfterDuration | WallTime | None:
    """`in 2h30m` is elapsed time; `in 3 days 9am` counts calendar days, so only days and weeks go with a clock."""
    parts = duration_parts(" ".join(rest))
    if parts is not None:
        return AfterDuration(length(parts))
    days = duration_parts(" ".join(rest[:-1]))
    if days is None or not all(unit in "dw" for _, unit in days):
        return None
    return _wall(InDays(length(days).days), rest[-1])


def _read_iso(text: str) -> ExactTime | WallTime | None:
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    day, clock, offset = found.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{clock}{(offset or '').upper()}")
    except ValueError:
        return None  # a day that the calendar does not have
    if at.tzinfo is None:
        return WallTime(OnDate(at.date()), at.time())
    away = at.utcoffset()
    return ExactTime(at) if away is not None and abs(away) <= _FARTHEST else None
