"""The page of the calendar: a month of days or a week of hours, where posts can be moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from starlette.responses import Response

from ttp.domain.errors import StateRefused, TtpError, UsageError
from ttp.domain.optimal.free_hours import FreeHour
from ttp.domain.post import PostStatus, calendar_time
from ttp.domain.time.calendar_range import CalendarRange
from ttp.server.pages.visit import Visit
from ttp.services.calendar import CALENDAR_STATUSES
from ttp.services.queries import PostView
from ttp.store.queries import PostFilter
from ttp.views.calendar import gaps_of

MOST_OF_DAY = 6
"""Posts of a day that a month shows."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day of the grid. `is_gap`: a coming day without posts between days with some."""

    day: date
    is_inside: bool
    is_today: bool
    is_gap: bool
    posts: Sequence[PostView]

    @property
    def shown_posts(self) -> Sequence[PostView]:
        return self.posts[:MOST_OF_DAY]

    @property
    def more(self) -> int:
        return len(self.posts) - len(self.shown_posts)

    @property
    def week(self) -> str:
        year, week, _ = self.day.isocalendar()
        return f"{year:04}-W{week:02}"


def show_calendar(visit: Visit) -> Response:
    return _page(visit, visit.query("view") == "week", visit.query("when"))


def _page(visit: Visit, is_week: bool, when: str, error: TtpError | None = None) -> Response:
    span = visit.reading.days(when or None, week=is_week)
    zone, today = visit.zone, span.day(visit.now)
    posts = _posts(visit, span)
    by_day: dict[date, list[PostView]] = defaultdict(list)
    for post in posts:
        by_day[span.day(calendar_time(post))].append(post)
    gaps = set(gaps_of(span, posts, visit.now))
    first = span.first - span.first.weekday() * _DAY
    length = -(-((span.last - first).days + 1) // 7) * 7
    days = [
        CalendarDay(day, span.first <= day <= span.last, day == today, day in gaps, by_day.get(day, ()))
        for day in (first + place * _DAY for place in range(length))
    ]
    free = visit.reading.planning.free_hours(visit.reading.queries.accounts(), span, posts) if span.is_week else ()
    moved = visit.query("post")
    return visit.page(
        "calendar.html",
        span=span,
        before=span.shift(-1).name,
        after=span.shift(1).name,
        weeks=[days[place : place + 7] for place in range(0, length, 7)],
        hours=_hours(posts, free, visit) if span.is_week else {},
        best={(local.date(), local.hour): f"{local:%H:%M}" for local in (hour.at.astimezone(zone) for hour in free)},
        gaps=len(gaps),
        is_empty=not posts,
        may_move=visit.may("schedule"),
        may_write=visit.may("create"),
        undo=_last_change(visit, moved) if moved.isdecimal() and visit.query("done") == "moved" else None,
        error=error,
    )


def move(visit: Visit) -> Response:
    """Give a post another day, or another hour of a day; its minutes stay."""
    is_week, when = visit.field("view") == "week", visit.field("when")
    try:
        _move(visit)
    except TtpError as error:
        return _page(visit, is_week, when, error)
    return visit.go("/calendar", view="week" if is_week else "month", when=when, done="moved", post=visit.post_id)


def _move(visit: Visit) -> None:
    services = visit.services("schedule", expected=visit.revision())
    post = services.queries.post(visit.post_id)
    if post.status is not PostStatus.SCHEDULED or post.scheduled_at is None:
        raise StateRefused(f"post {post.id} is {post.status} and cannot be moved")
    local = post.scheduled_at.astimezone(visit.zone)
    try:
        day = date.fromisoformat(visit.field("date"))
        hour = int(visit.field("hour")) if visit.field("hour") else local.hour
        time = datetime(day.year, day.month, day.day, hour, local.minute)  # noqa: DTZ001  # a wall-clock time
    except ValueError:
        raise UsageError("the form names no day") from None
    accounts = services.posts.accounts_by_post([visit.post_id])
    times = services.times.resolve_posts(f"{time:%Y-%m-%d %H:%M}", accounts, visit.zone.key)
    services.posts.schedule(times)


def _posts(visit: Visit, span: CalendarRange) -> list[PostView]:
    if visit.person.accounts is None:
        return visit.reading.calendar.posts(span, PostFilter())
    # What repeats will create is not told apart by account.
    which = PostFilter(CALENDAR_STATUSES, since=span.start, until=span.end)
    return sorted(visit.reading.queries.views(which), key=calendar_time)


def _hours(
    posts: Sequence[PostView], free: Sequence[FreeHour], visit: Visit
) -> Mapping[int, Mapping[date, list[PostView]]]:
    """Return the posts by hour and day, of the hours from the first to the last that has any; at least 8 to 20."""
    by_hour: dict[int, dict[date, list[PostView]]] = defaultdict(lambda: defaultdict(list))
    used = {8, 20, *(hour.at.astimezone(visit.zone).hour for hour in free)}
    for post in posts:
        local = calendar_time(post).astimezone(visit.zone)
        by_hour[local.hour][local.date()].append(post)
        used.add(local.hour)
    return {hour: by_hour[hour] for hour in range(min(used), max(used) + 1)}


def _last_change(visit: Visit, post_id: str) -> tuple[int, int] | None:
    """Return a post and its last change, for a button that undoes it."""
    number = int(post_id[:15])
    changes = visit.reading.queries.changes(1, number)
    return (number, changes[0].change.id) if changes else None
