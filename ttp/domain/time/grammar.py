"""The forms of a TIME: text -> `TimeExpression`, without clock or zone. Anything else gives None, never a guess."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING

from ttp.domain.time.durations import duration_parts, parse_length, total_duration
from ttp.domain.time.words import HALVES, MONTHS, ONE, WEEKDAYS, WORDS, parse_clock, plain_text, split_words

if TYPE_CHECKING:
    from ttp.domain.time.zones import Abbreviation


EXAMPLES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("9am", "9:30pm", "18:00", "noon"), "today, if still to come"),
    (("midnight",), "the next 00:00"),
    (("today 18:00", "this evening at 7"), "the same day"),
    (("tomorrow 9am", "9am tomorrow"), "the next day"),
    (("day after tomorrow 9am",), "the day after it"),
    (("fri 18:00", "friday at half past 6pm"), "the first one after now"),
    (("this fri 9am",), "within seven days, today included"),
    (("next mon 9:00", "monday next week 9am"), "the Monday of next week"),
    (("the 1st at 9am", "fri the 27th 9am"), "the next such day of a month"),
    (("friday week 9am",), "a week after the coming Friday"),
    (("end of the month 9am",), "the last day of this month"),
    (("in 45m", "in 2h30m", "in two hours"), "that much later (s m h d w)"),
    (("in 3 days 9am", "in 2 weeks 9am"), "that day, at that hour"),
    (("2027-12-01 09:00",), "a date, year first"),
    (("31 Dec 9am", "Dec 31 9am"), "that day of this year"),
    (("2027-12-01T09:00Z",), "UTC"),
    (("2027-12-01T09:00+01:00",), "with its own offset"),
    (("2027-12-01 09:00 Europe/Berlin",), "on the clocks of a zone"),
    (("9am London", "9am ET", "9am UTC+1"), "of a city or region"),
    (("@1796032800",), "seconds since 1970"),
    (("now", "asap"), "at once"),
    (("optimal", "best"), "the account's next best hour"),
    (("optimal within 24h",), "its best hour within 24 hours"),
    (("next-slot", "next slot"), "the account's next free slot"),
)
"""Texts that can be typed, and what they mean: for help, completion and tool descriptions."""

_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]"
    r"((?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?)"
    r" ?(Z|[+-][0-9]{2}(?::?[0-5][0-9])?)?",
    re.IGNORECASE,
)
_DATE = re.compile(r"([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2})")
_DATE_T = re.compile(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})t(?=[0-9])")
_DAY_NUMBER = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?")
_ORDINAL = re.compile(r"([1-9]|[12][0-9]|3[01])(?:st|nd|rd|th)")
_YEAR = re.compile(r"[0-9]{4}")
_FARTHEST = timedelta(hours=14)
"""No zone on Earth is farther from UTC (Pacific/Kiritimati)."""


class ChosenTime(StrEnum):
    """A time that ttp chooses for the account."""

    OPTIMAL = "optimal"  # its next best hour
    NEXT_SLOT = "next-slot"  # its next free slot


@dataclass(frozen=True, slots=True)
class AfterDuration:
    """`in 2h30m`: this much later, also across a change of clocks; zero for `now`."""

    length: timedelta


@dataclass(frozen=True, slots=True)
class ExactTime:
    """ISO text with its offset."""

    at: datetime


@dataclass(frozen=True, slots=True)
class OnDate:
    """A calendar date, and the weekday that was typed with it."""

    date: date
    weekday: int | None = None


@dataclass(frozen=True, slots=True)
class DayOfYear:
    """`31 Dec`: a date without its year, and the weekday that was typed with it."""

    month: int
    day: int
    weekday: int | None = None


@dataclass(frozen=True, slots=True)
class DayOfMonth:
    """`the 27th`: the next such day, today included, and the weekday that was typed with it. 0: the last one."""

    day: int
    weekday: int | None = None


@dataclass(frozen=True, slots=True)
class InDays:
    """A number of days after today: 0 for `today` and a clock alone, 1 for `tomorrow`."""

    days: int


@dataclass(frozen=True, slots=True)
class NextWeekday:
    """`fri`: the first such instant after now. `this fri` (not `later`): of the seven days from today on. `fri week`
    (`after_weeks`): that much after the coming one."""

    weekday: int
    later: bool = True
    after_weeks: int = 0


@dataclass(frozen=True, slots=True)
class WeekdayOfNextWeek:
    """`next mon`: that day of the next ISO week."""

    weekday: int


@dataclass(frozen=True, slots=True)
class Soonest:
    """`midnight`: the first such clock after now."""


Day = OnDate | DayOfYear | DayOfMonth | InDays | NextWeekday | WeekdayOfNextWeek | Soonest


@dataclass(frozen=True, slots=True)
class WallTime:
    """A day, what clocks show then, and the zone that was typed with them."""

    day: Day
    clock: time
    zone: tzinfo | Abbreviation | None = None


TimeExpression = ChosenTime | AfterDuration | ExactTime | WallTime


def parse_time(text: str) -> TimeExpression | None:
    """Return what a TIME says, None if it is not exactly one of the forms of `EXAMPLES`, also in other words."""
    return parse_plain(text) or parse_plain(plain_text(text))


def parse_plain(text: str) -> TimeExpression | None:
    """Return what a TIME in plain words says. None for anything else."""
    words = split_words(text)
    match words:
        case ["now"]:
            return AfterDuration(timedelta(0))
        case ["next-slot"]:
            return ChosenTime.NEXT_SLOT
        case ["optimal" | "best", *rest] if not rest or _within(rest) is not None:
            return ChosenTime.OPTIMAL
        case ["in", *rest] if (length := parse_length(" ".join(rest))) is not None:
            return AfterDuration(length)
        case []:
            return None
    return _parse_iso(" ".join(words)) or _parse_wall(words, text.split()[-1])


def parse_within(text: str) -> timedelta | None:
    """Return how far ahead `optimal within 24h` looks. None where the TIME does not say."""
    for words in (split_words(text), split_words(plain_text(text))):
        if words[:1] in (["optimal"], ["best"]) and (length := _within(words[1:])) is not None:
            return length
    return None


def _within(words: list[str]) -> timedelta | None:
    return parse_length(" ".join(words[1:])) if words[:1] == ["within"] else None


def parse_day(words: list[str]) -> Day | None:
    """Return the day of `tomorrow`, `next mon`, `in 3 days`, `2026/12/01`, `Tue 1 Dec`. None for anything else."""
    match words:
        case ["on", word, *rest] if word in (*WEEKDAYS, *MONTHS, "the") or word[0].isdecimal():
            return parse_day([word, *rest])
        case ["today" | "tonight"]:
            return InDays(0)
        case ["tomorrow"]:
            return InDays(1)
        case ["day", "after", "tomorrow"] | ["the", "day", "after", "tomorrow"]:
            return InDays(2)
        case ["in", *rest]:
            return _parse_days_ahead(rest)
        case [word] if word in WEEKDAYS:
            return NextWeekday(WEEKDAYS[word])
        case ["this", word] if word in WEEKDAYS:
            return NextWeekday(WEEKDAYS[word], later=False)
        case [word, "week"] if word in WEEKDAYS:
            return NextWeekday(WEEKDAYS[word], after_weeks=1)
        case ["month-end"]:
            return DayOfMonth(0)
        case ["next", word] if word in WEEKDAYS:
            return WeekdayOfNextWeek(WEEKDAYS[word])
        case [word, *rest] if word in WEEKDAYS:
            return _parse_date(rest, WEEKDAYS[word])
    return _parse_date(words, None)


def _parse_days_ahead(words: list[str]) -> InDays | None:
    """Return the day of `3 days`, `2 weeks`, `a week`: calendar days, so no other unit."""
    words = ["1", *words[1:]] if words[:1] and words[0] in ONE else words
    parts = duration_parts(" ".join(words))
    if parts is None or not all(unit in "dw" for _, unit in parts):
        return None
    return InDays(total_duration(parts).days)


def _parse_date(words: list[str], weekday: int | None) -> OnDate | DayOfYear | DayOfMonth | None:
    """Return the date of `2026-12-01`, `2026/12/1`, `1 Dec`, `December 1st, 2026`, `the 1st`."""
    match words:
        case ["the", word, *rest] if word[0].isdecimal():
            return _parse_date([word, *rest], weekday)
        case [word] if match := _ORDINAL.fullmatch(word):
            return DayOfMonth(int(match[1]), weekday)
        case [word] if match := _DATE.fullmatch(word):
            return _existing(int(match[1]), int(match[3]), int(match[4]), weekday)
        case [first, second, *rest] if len(rest) < 2:
            name, number = (first, second) if first in MONTHS else (second, first)
            day = _DAY_NUMBER.fullmatch(number)
            if name not in MONTHS or day is None:
                return None
            if not rest:
                # 2000 has a 29 February; whether this year has one is not known here.
                day_of_year = _existing(2000, MONTHS[name], int(day[1]), weekday)
                return None if day_of_year is None else DayOfYear(day_of_year.date.month, day_of_year.date.day, weekday)
            if _YEAR.fullmatch(rest[0]):
                return _existing(int(rest[0]), MONTHS[name], int(day[1]), weekday)
    return None


def _existing(year: int, month: int, day: int, weekday: int | None) -> OnDate | None:
    try:
        return OnDate(date(year, month, day), weekday)
    except ValueError:
        return None  # a day that the calendar does not have


def _parse_wall(words: list[str], last: str) -> WallTime | None:
    """Return the wall clock of a day and a clock in either order, with a zone after them. `last` has its case."""
    from ttp.domain.time.zones import parse_typed_zone

    words = _DATE_T.sub(r"\1 ", " ".join(word.rstrip(",") for word in words)).split()
    if not words:
        return None
    zone = None
    if len(words) > 1 and words[-1] not in WORDS and not parse_clock(words[-1]):
        zone = parse_typed_zone(last)
        words = words if zone is None else words[:-1]
    for word, lead in _clocks_with_days(words):
        clock = parse_clock(word)
        if clock is not None:
            day = _day_of(lead, word, clock)
            return None if day is None else WallTime(day, clock, zone)
    return None


def _clocks_with_days(words: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the last word with those before it, and the first with those after it; without an `at` between them."""
    *lead, last = words
    yield last, lead[:-1] if lead[-1:] == ["at"] else lead
    first, *rest = words[1:] if words[0] == "at" and len(words) > 1 else words
    yield first, rest


def _day_of(lead: list[str], word: str, clock: time) -> Day | None:
    if word == "midnight":
        # Midnight of a day can be its start or its end: only the next one is clear, and tonight's is the next one.
        return Soonest() if lead in ([], ["tonight"]) else None
    if lead == ["tonight"] and clock.hour not in HALVES["tonight"][1]:
        return None
    return parse_day(lead) if lead else InDays(0)


def _parse_iso(text: str) -> ExactTime | WallTime | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    day, clock, offset = match.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{clock}{(offset or '').upper()}")
    except ValueError:
        return None  # a day that the calendar does not have
    if at.tzinfo is None:
        return WallTime(OnDate(at.date()), at.time())
    away = at.utcoffset()
    return ExactTime(at) if away is not None and abs(away) <= _FARTHEST else None
