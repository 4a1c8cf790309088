"""Parse which month or week a calendar should show. Accepts `2026-12`, `2026-W49`, `2026-12-03`, `next`, `prev` or
nothing; refuses other texts with another `when`, `week` and `month` for the same request."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from ttp.domain.action import OtherOptions, other_options
from ttp.domain.errors import Hint, UsageError
from ttp.domain.time.words import MONTHS
from ttp.domain.time.zones import instant_of

MONDAY = 0
WEEK_STARTS = {"monday": MONDAY, "sunday": 6}
"""The weekday numbers of `calendar.week_start`."""
STEPS = {"prev": -1, "next": 1}
_FIRST_YEAR, _LAST_YEAR = 1970, 2100
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})", re.IGNORECASE)
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_SAME = {"last": "prev", "previous": "prev", "-1": "prev", "+1": "next", "now": None, "this": None, "today": None}
Days = tuple[str | None, bool]
"""A text for the range, and whether it shows a week."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CalendarRange:
    """`length` days from `first` on, in `zone`: a week, a month, or one day."""

    first: date
    length: int
    zone: tzinfo
    is_week: bool = False

    @property
    def name(self) -> str:
        """`2026-W48`, `2026-11` or `2026-11-23`."""
        if self.is_day:
            return f"{self.first}"
        year, week, _ = self.middle.isocalendar()
        return f"{year:04}-W{week:02}" if self.is_week else f"{self.first:%Y-%m}"

    @property
    def is_day(self) -> bool:
        return self.length == 1

    @property
    def middle(self) -> date:
        """The day in the middle: that of a week is in the ISO week which names it, also if it begins on Sunday."""
        return self.first + self.length // 2 * _DAY

    @property
    def last(self) -> date:
        return self.first + (self.length - 1) * _DAY

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(self.first + place * _DAY for place in range(self.length))

    @property
    def start(self) -> datetime:
        """Its first instant, UTC."""
        return _beginning(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The first instant after it, UTC."""
        return _beginning(self.last + _DAY, self.zone)

    def day(self, at: datetime) -> date:
        """Return the day on which an instant falls here."""
        return at.astimezone(self.zone).date()

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end

    def shift(self, by: int) -> CalendarRange:
        """Return the range this many weeks, months or days later (negative: earlier)."""
        if self.is_week or self.is_day:
            return replace(self, first=self.first + by * self.length * _DAY)
        months = self.first.year * 12 + self.first.month - 1 + by
        return month_of(date(months // 12, months % 12 + 1, 1), self.zone)


def week_of(day: date, zone: tzinfo, begins: int = MONDAY) -> CalendarRange:
    """Return the week of a day. `begins`: the weekday of its first day, 0 to 6."""
    return CalendarRange(day - (day.weekday() - begins) % 7 * _DAY, 7, zone, is_week=True)


def day_of(day: date, zone: tzinfo) -> CalendarRange:
    return CalendarRange(day, 1, zone)


def month_of(day: date, zone: tzinfo) -> CalendarRange:
    first = day.replace(day=1)
    after = (first + 31 * _DAY).replace(day=1)
    return CalendarRange(first, (after - first).days, zone)


def days_without_posts(span: CalendarRange, dates: Collection[date], today: date) -> tuple[date, ...]:
    """Return the days from `today` on without posts that lie between days with posts (`dates`)."""
    return tuple(
        day
        for day in span.days
        if day >= today and day not in dates and min(dates, default=day) < day < max(dates, default=day)
    )


def _beginning(day: date, zone: tzinfo) -> datetime:
    return instant_of(datetime.combine(day, time()), zone)


class RangeProblem(Exception):
    """A range that cannot be shown: why, and other ranges."""

    def __init__(self, message: str, *ways: Days) -> None:
        super().__init__(message)
        self.ways = ways


def parse_calendar_range(
    text: str | None,
    *,
    month: bool,
    week: bool,
    today: date,
    zone: tzinfo,
    begun: bool = False,
    week_begins: int = MONDAY,
) -> CalendarRange:
    """Return the chosen days; without `text` those around `today`: the week if `week`, else the month. A week in ISO
    form begins on or before its Monday. Raise UsageError; with `begun` it suggests no days to come."""
    try:
        return _parse_range(text, month, week, today, zone, week_begins)
    except RangeProblem as refused:
        ways = [
            (way, is_week)
            for way, is_week in refused.ways
            if not begun or _parse_range(way, False, is_week, today, zone, week_begins).first <= today
        ]
        raise UsageError(str(refused), *(Hint("try", _other_days(*one, month=month)) for one in ways)) from None


def _other_days(when: str | None, week: bool, *, month: bool) -> OtherOptions:
    """Return the same request for other days; `month`: whether a switch of that name has to go."""
    switches = {"week": week, "month": False} if month else {"week": week}
    return other_options(when=when, **switches)


def _parse_range(
    text: str | None, month: bool, week: bool, today: date, zone: tzinfo, week_begins: int
) -> CalendarRange:
    if month and week:
        raise RangeProblem("a month or a week, not both", (None, False), (None, True))
    words = (text or "").strip().lower()
    here = week_of(today, zone, week_begins) if week else month_of(today, zone)
    if text is None:
        return here
    if words in STEPS:
        return here.shift(STEPS[words])
    if match := _WEEK.fullmatch(words):
        monday = _monday(int(match[1]), int(match[2]), text)
        if month:
            ways = (text, False), (f"{monday:%Y-%m}", False)
            raise RangeProblem(f'"{text}" is a week, and --month asks for a month', *ways)
        return week_of(monday, zone, week_begins)
    if match := _MONTH.fullmatch(words):
        first = _first(int(match[1]), int(match[2]), text)
        if week:
            raise RangeProblem(f'"{text}" is a month, and --week asks for a week', (text, False), (f"{first}", True))
        return month_of(first, zone)
    if match := _DATE.fullmatch(words):
        first = _first(int(match[1]), int(match[2]), text)
        try:
            day = first.replace(day=int(match[3]))
        except ValueError:
            raise RangeProblem(f'no day "{text}"', (f"{first}", week)) from None
        return week_of(day, zone, week_begins) if week else month_of(day, zone)
    year, number, _ = today.isocalendar()
    usual: tuple[Days, ...] = (f"{today:%Y-%m}", False), (f"{year}-W{number:02}", False), ("next", week)
    meant = next(_meant(words, week, today), None) or _named_day(words, today)
    raise RangeProblem(f'"{text}" is not a month, week or date', *(usual if meant is None else (meant,)))


def _named_day(words: str, today: date) -> Days | None:
    """Return the week of a day such as `tomorrow` or `next monday`."""
    from ttp.domain.errors import TtpError
    from ttp.domain.time.resolve import parse_date

    try:
        day = parse_date(words, datetime.combine(today, time(12), UTC), UTC)
    except TtpError:
        return None
    return None if day is None else (f"{day}", True)


def _monday(year: int, number: int, text: str) -> date:
    _check_year(year, text)
    weeks = date(year, 12, 28).isocalendar().week
    if not 1 <= number <= weeks:
        raise RangeProblem(
            f"{year} has the weeks 1 to {weeks}, not {number}", (f"{year}-W{1 if number < 1 else weeks:02}", False)
        )
    return date.fromisocalendar(year, number, 1)


def _first(year: int, number: int, text: str) -> date:
    _check_year(year, text)
    if not 1 <= number <= 12:
        month = f"{year}-{1 if number < 1 else 12:02}"
        raise RangeProblem(f"a year has the months 1 to 12, not {number}", (month, False))
    return date(year, number, 1)


def _check_year(year: int, text: str) -> None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise RangeProblem(f'"{text}" is not within the years {_FIRST_YEAR} to {_LAST_YEAR}', (None, False))


def _meant(words: str, week: bool, today: date) -> Iterator[Days]:
    """Yield what was probably meant."""
    if words in _SAME:
        yield _SAME[words], week
    if named := re.fullmatch(r"(last|prev|previous|this|next)[- ]?(week|month)", words):
        yield _SAME.get(named[1], named[1]), named[2] == "week"
    year = today.year
    if match := re.fullmatch(r"(?:([0-9]{4})[-/ ]?)?(?:w|week|kw)[- ]?([0-9]{1,2})", words):
        number, year = int(match[2]), int(match[1] or today.isocalendar().year)
        if _FIRST_YEAR <= year <= _LAST_YEAR and 1 <= number <= date(year, 12, 28).isocalendar().week:
            yield f"{year}-W{number:02}", False
    match = re.fullmatch(r"([0-9]{4})[-/.]?([0-9]{1,2})", words)
    turned = re.fullmatch(r"([0-9]{1,2})[-/.]([0-9]{4})", words)
    named = re.fullmatch(r"([a-z]{3})[a-z]*\.?(?: ([0-9]{4}))?", words)
    number = 0
    if match or turned:
        year, number = map(int, match.groups() if match else turned.groups()[::-1])  # type: ignore[union-attr]
    elif named and named[1] in MONTHS:
        year, number = int(named[2] or year), MONTHS[named[1]]
    if _FIRST_YEAR <= year <= _LAST_YEAR and 1 <= number <= 12:
        yield (f"{year}-{number:02}-01", True) if week else (f"{year}-{number:02}", False)
