"""Spans of whole days, a month or an ISO week by the clocks of a zone, and the days of them without a post.

Pure. A day begins at its first instant: where the clocks skip midnight, at the end of that gap.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from ttp.domain.post import PostFields
from ttp.domain.time.wall_clock import instant_of

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CalendarRange:
    """`length` days from `first` on, in `zone`: a week from its Monday, or a month."""

    first: date
    length: int
    zone: tzinfo
    is_week: bool = False

    @property
    def name(self) -> str:
        """`2026-W48` or `2026-11`."""
        year, week, _ = self.first.isocalendar()
        return f"{year:04}-W{week:02}" if self.is_week else f"{self.first:%Y-%m}"

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

    def moved(self, by: int) -> CalendarRange:
        """Return the range this many weeks or months later (negative: earlier)."""
        if self.is_week:
            return week_of(self.first + by * 7 * _DAY, self.zone)
        months = self.first.year * 12 + self.first.month - 1 + by
        return month_of(date(months // 12, months % 12 + 1, 1), self.zone)


def week_of(day: date, zone: tzinfo) -> CalendarRange:
    """Return the ISO week, Monday to Sunday, of a day."""
    return CalendarRange(day - day.weekday() * _DAY, 7, zone, is_week=True)


def month_of(day: date, zone: tzinfo) -> CalendarRange:
    """Return the month of a day."""
    first = day.replace(day=1)
    after = (first + 31 * _DAY).replace(day=1)
    return CalendarRange(first, (after - first).days, zone)


def calendar_time(post: PostFields) -> datetime:
    """Return a post's time, or its time of publication if it had none. It must have one of the two."""
    at = post.scheduled_at or post.published_at
    assert at is not None
    return at


def days_without_posts(span: CalendarRange, taken: Collection[date], today: date) -> tuple[date, ...]:
    """Return the days from `today` on without posts that lie between days with posts (`taken`)."""
    return tuple(
        day
        for day in span.days
        if day >= today and day not in taken and min(taken, default=day) < day < max(taken, default=day)
    )


def _beginning(day: date, zone: tzinfo) -> datetime:
    return instant_of(datetime.combine(day, time()), zone)
