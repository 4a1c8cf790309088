"""Dates and clocks in the ways they are written elsewhere: `12/11/2026`, `Dec 1`, `2026-12-01 9am`, `18.30`.

None of them is ever read as a time. This is only where a refusal finds the same thing in ttp's own form.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from datetime import date, datetime

from ttp.domain.time.formatting import MONTHS, clock_text
from ttp.domain.time.grammar import parse_clock
from ttp.domain.time.refusal import Suggestion, TimeProblem, quote

_EVENING = "18:00"
_YEAR_FIRST = re.compile(r"([0-9]{4})(?:[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|([0-9]{2})([0-9]{2}))(?![0-9])[t ,]*(.*)")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})(?:\2([0-9]{4}|[0-9]{2})|\.)?(?![0-9:])[t ,]*(.*)")
_ZONED = re.compile(r"(.*?) ?(z|utc|gmt|[+-][0-9]{2}:?[0-9]{2})")
_CLOCK = re.compile(r"([0-9]{1,2})(?:[:.h]?([0-5][0-9])(?::?([0-5][0-9]))?|h|(?=[ap]|uhr))h?(?:([ap])\.?m?\.?|uhr)?")
_MONTH_COUNT = re.compile(r"in ([0-9]{1,3}|an?|one) ?(mo|months?|y|yrs?|years?)(?: (.*))?")


def correct_clock(text: str) -> str | None:
    """`18.30`, `18h`, `9 a.m.`, `13pm` as the grammar reads them; None if it is no time of day, or 9am or 9pm."""
    if parse_clock(text):
        return text
    found = _CLOCK.fullmatch(text.replace(" ", ""))
    if found is None or int(found[1]) > 23:
        return None
    hour, half = int(found[1]), found[4]
    rest = "".join(f":{part}" for part in (found[2], found[3]) if part)
    if half and 1 <= hour <= 12:
        return f"{hour}{rest}{half}m"
    return f"{hour:02}{rest or ':00'}"


def explain_date(text: str, words: list[str], now: datetime) -> TimeProblem | None:
    """What is wrong with a text that begins with a date, or counts months. None if it does neither."""
    plain = " ".join(words)
    if found := _YEAR_FIRST.fullmatch(plain):
        year, *numbers, rest = found.groups()
        month, day = (int(number) for number in numbers if number is not None)
        return _year_first(text, int(year), month, day, rest, now)
    if (found := _YEAR_LAST.fullmatch(plain)) and not correct_clock(words[0]):
        first, _, second, last, rest = found.groups()
        year_of = now.year if last is None else int(last) + (2000 if len(last) == 2 else 0)
        return _year_last(text, int(first), int(second), year_of, rest, now)
    if found := _MONTH_COUNT.fullmatch(plain):
        return _months_ahead(text, found, now)
    return _named_month(text, words, now)


def _year_first(text: str, year: int, month: int, day: int, rest: str, now: datetime) -> TimeProblem:
    clock, zone = _clock_and_zone(rest)
    days = _days(year, month, day)
    if not days:
        # The nearest day that exists, or day and month the other way round.
        last = calendar.monthrange(max(year, 1), month)[1] if 1 <= month <= 12 else 0
        nearest = _days(year, month, min(max(day, 1), last)) or _days(year, day, month)
        month_name = f"{day} {MONTHS[month - 1]} {year:04}" if 1 <= month <= 12 else f"month {month}"
        why = f"there is no {month_name}"
        return TimeProblem(
            f'cannot read the time "{quote(text)}": {why}', _dated(nearest, clock, now, zone), forms=True
        )
    if not rest:
        return TimeProblem(f'"{quote(text)}" needs a time of day', _dated(days, clock, now, zone))
    why = "a full date is followed by HH:MM, and then perhaps Z or an offset such as +01:00"
    return TimeProblem(f'cannot read the time "{quote(text)}": {why}', _dated(days, clock, now, zone), forms=True)


def _year_last(text: str, first: int, second: int, year: int, rest: str, now: datetime) -> TimeProblem:
    clock, zone = _clock_and_zone(rest)
    say = "write it with the year first, for example"
    readings = list(dict.fromkeys([*_days(year, second, first), *_days(year, first, second)]))
    if len(readings) < 2:
        why = "a date is written with the year first" if readings else "there is no such date"
        return TimeProblem(f'cannot read the time "{quote(text)}": {why}', _dated(readings, clock, now, zone, say))
    names = " or ".join(f"{day.day} {MONTHS[day.month - 1]}" for day in readings)
    ways = (_dated(readings, clock, now, zone, say), _dated(readings[::-1], clock, now, zone, "or"))
    return TimeProblem(f'"{quote(text)}" can be {names}', *ways)


def _named_month(text: str, words: list[str], now: datetime) -> TimeProblem | None:
    """`1 Dec 9am`, `December 1st, 2026 18:00`."""
    month = day = year = None
    rest = []
    for word in (word.strip(",.") for word in words):
        number = re.fullmatch(r"([0-9]{1,2})(?:st|nd|rd|th)?", word)
        if month is None and (named := _month(word)):
            month = named
        elif day is None and number:
            day = int(number[1])
        elif year is None and re.fullmatch(r"[0-9]{4}", word):
            year = int(word)
        else:
            rest.append(word)
    if month is None or day is None:
        return None
    clock, zone = _clock_and_zone(next((word for word in rest if correct_clock(word)), ""))
    why = "a date is written as YYYY-MM-DD"
    way = _dated(_days(year or now.year, month, day), clock, now, zone)
    return TimeProblem(f'cannot read the time "{quote(text)}": {why}', way, forms=True)


def _month(word: str) -> int | None:
    """`dec`, `sept`, `december` -> 12."""
    starts = [number for number, name in enumerate(MONTHS, 1) if len(word) > 2 and name.lower().startswith(word)]
    return starts[0] if starts else None


def _months_ahead(text: str, found: re.Match[str], now: datetime) -> TimeProblem:
    """`in 2 months`: how long a month is depends on the month."""
    count = int(found[1]) if found[1].isdecimal() else 1
    day = _months_after(now.date(), 12 * count if found[2].startswith("y") else count)
    clock, zone = _clock_and_zone(found[3] or "")
    why = "months and years differ in length"
    return TimeProblem(f'cannot read the time "{quote(text)}": {why}', _dated([day], clock, now, zone))


def _months_after(day: date, months: int) -> date:
    """The same day of another month; its last day where it is shorter."""
    year, month = divmod(12 * day.year + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, calendar.monthrange(year, month + 1)[1]))


def _clock_and_zone(rest: str) -> tuple[str, str]:
    """`9am utc` -> ("09:00", "Z"); 18:00 where no clock can be made out."""
    zoned = _ZONED.fullmatch(rest)
    body, zone = (zoned[1], zoned[2]) if zoned else (rest, "")
    clock = parse_clock(correct_clock(body) or _EVENING)
    assert clock is not None
    return clock_text(clock), "Z" if zone in ("z", "utc", "gmt") else zone


def _days(year: int, month: int, day: int) -> list[date]:
    """That day, or nothing if the calendar does not have it."""
    try:
        return [date(year, month, day)]
    except ValueError:
        return []


def _dated(days: Iterable[date], clock: str, now: datetime, zone: str, say: str = "did you mean") -> Suggestion:
    """The days in ISO form as they are, else in this year or the next, where they lie behind or too far ahead."""
    days = list(days)
    moved = [_months_after(day, 12 * (year - day.year)) for year in (now.year, now.year + 1) for day in days]
    join = "T" if zone else " "
    return Suggestion(say, [f"{day.isoformat()}{join}{clock}{zone}" for day in (*days, *moved)])
