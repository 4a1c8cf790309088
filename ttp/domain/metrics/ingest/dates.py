"""Parse times as exports write them: `09/16/2026 14:05`, `16.09.2026, 14:05`, `Sep 16, 2026`, `2026-09-16 14:05:00
+0000`. Knows when the order of day and month is ambiguous."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from ttp.domain.errors import UsageError
from ttp.domain.time.formatting import MONTHS

ORDERS = ("mdy", "dmy")
"""Which comes first in 03/04/2026: the month, or the day."""

_CLOCK = (
    r"(?:,?[ T\u00a0\u202f]*(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.[0-9]+)?)?"
    r"[ \u00a0\u202f]*(?P<half>[ap]\.?m\.?)?[ ]*(?P<offset>Z|UTC|GMT|(?:UTC|GMT)?[+-][0-9]{2}:?[0-9]{2})?)?"
)
_FORMS = tuple(
    re.compile(form + _CLOCK, re.IGNORECASE | re.ASCII)
    for form in (
        r"(?P<year>[0-9]{4})(?P<sign>[-/.])(?P<month>[0-9]{1,2})(?P=sign)(?P<day>[0-9]{1,2})",
        r"(?P<one>[0-9]{1,2})(?P<sign>[-/.])(?P<two>[0-9]{1,2})(?P=sign)(?P<year>[0-9]{4})",
        r"(?:[a-z]{3,9},? )?(?P<name>[a-z]{3,9})\.? (?P<day>[0-9]{1,2})(?:,? (?P<year>[0-9]{4}))?",
        r"(?:[a-z]{3,9},? )?(?P<day>[0-9]{1,2}) (?P<name>[a-z]{3,9})\.?(?:,? (?P<year>[0-9]{4}))?",
    )
)


@dataclass(frozen=True, slots=True)
class WrittenTime:
    """A parsed time. `one` and `two`: numbers whose order is ambiguous, else 0; `month` and `day` are then None.
    `year`: None if missing. `clock`: `14:05:00`, and `offset`: `+01:00` or `Z`, if given."""

    text: str
    year: int | None
    month: int | None
    day: int | None
    one: int = 0
    two: int = 0
    clock: str = ""
    offset: str = ""


def parse_written_time(text: str) -> WrittenTime | None:
    """Return a text's time, or None if it has another form."""
    text = text.strip()
    match = next(filter(None, (form.fullmatch(text) for form in _FORMS)), None)
    if match is None:
        return None
    parts = match.groupdict()
    year = int(parts["year"]) if parts["year"] else None
    clock, offset = _clock(parts), _offset(parts["offset"])
    if clock is None:
        return None
    if "one" not in parts:
        month = _month(parts["name"]) if "name" in parts else int(parts["month"])
        return None if month is None else WrittenTime(text, year, month, int(parts["day"]), 0, 0, clock, offset)
    one, two = int(parts["one"]), int(parts["two"])
    if parts["sign"] == "." or one == two:  # 16.09.2026 has the day first wherever points are written
        return WrittenTime(text, year, two, one, 0, 0, clock, offset)
    if min(one, two) > 12:
        return None
    month, day = (one, two) if two > 12 else (two, one) if one > 12 else (None, None)
    return WrittenTime(text, year, month, day, one, two, clock, offset)


def resolve_date(
    name: str, time: WrittenTime, order: str | None, near: date | None = None
) -> tuple[int | None, int, int]:
    """Return year, month and day in a file with this order. `near`: a day that the date is known to be close to. Raises
    UsageError if it may be two days, or contradicts the file's order."""
    if time.month is not None and time.day is not None:
        if time.one and order is not None and order != _certain(time):
            raise UsageError(f'{name} "{time.text}" has day and month the other way round than the rest')
        return time.year, time.month, time.day
    if order is None and near is not None:
        order = _nearer(time, near)
    if order is None:
        raise UsageError(
            f'{name} "{time.text}" may be {_shown(time, "dmy")} or {_shown(time, "mdy")};'
            " say which with --dates dmy or --dates mdy",
            flaw="two_dates",
        )
    return (time.year, time.one, time.two) if order == "mdy" else (time.year, time.two, time.one)


def find_date_order(times: Iterable[tuple[WrittenTime, date | None]], today: date) -> str | None:
    """Return which of day and month a file has first, from its times and the days they are known to be close to; None
    where none of them tells, or they contradict each other."""
    orders: set[str] = set()
    for time, near in times:
        if not time.one:
            continue
        order = _certain(time) or _past(time, today) or (_nearer(time, near) if near is not None else None)
        if order is not None:
            orders.add(order)
    return orders.pop() if len(orders) == 1 else None


def _certain(time: WrittenTime) -> str | None:
    return None if time.month is None else "mdy" if time.month == time.one else "dmy"


def _past(time: WrittenTime, today: date) -> str | None:
    """Return the order in which it is not in the future, where there is only one."""
    return _only(time, lambda day: (day - today).days <= 1)


def _nearer(time: WrittenTime, near: date) -> str | None:
    """Return the order in which it is close to `near`, where there is only one."""
    return _only(time, lambda day: abs((day - near).days) <= 1)


def _only(time: WrittenTime, fits: Callable[[date], bool]) -> str | None:
    assert time.year is not None
    month_first = any(fits(day) for day in _days(time.year, time.one, time.two))
    day_first = any(fits(day) for day in _days(time.year, time.two, time.one))
    return None if month_first == day_first else "mdy" if month_first else "dmy"


def _days(year: int, month: int, day: int) -> Iterable[date]:
    try:
        yield date(year, month, day)
    except ValueError:
        return


def _shown(time: WrittenTime, order: str) -> str:
    month, day = (time.one, time.two) if order == "mdy" else (time.two, time.one)
    return f"{day} {MONTHS[month - 1]}"


def _month(name: str) -> int | None:
    """Return the number of the English month whose name begins so."""
    return next((n for n, month in enumerate(MONTHS, 1) if month.startswith(name.capitalize())), None)


def _clock(parts: dict[str, str | None]) -> str | None:
    """Return `14:05:00`, "" without a time of day, or None for an invalid one."""
    if parts["hour"] is None:
        return ""
    hour = int(parts["hour"])
    if parts["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (parts["half"][0].lower() == "p")
    return f"{hour:02}:{parts['minute']}:{parts['second'] or '00'}"


def _offset(text: str | None) -> str:
    """`Z`, `+0100` or "", as fromisoformat takes them."""
    offset = (text or "").upper()
    return "Z" if offset in ("Z", "UTC", "GMT") else offset.removeprefix("UTC").removeprefix("GMT")
