"""The calendar: a month, a week or a day of posts, with the slots and the best hours that are free."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from urllib.parse import urlencode

from starlette.responses import Response

from ttp.domain.account import Account
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import NotFound, TtpError
from ttp.domain.login_end import ends_before
from ttp.domain.optimal.free_hours import FreeHour
from ttp.domain.post import PostStatus, calendar_time
from ttp.domain.time.calendar_range import CalendarRange, day_of, week_of
from ttp.domain.time.formatting import DAYS, MONTHS
from ttp.server.pages.filters import read_filters
from ttp.server.pages.moving import outcome, refusal
from ttp.server.pages.rendering import look_of, numbers_text
from ttp.server.pages.visit import Visit, parse_number
from ttp.services.calendar import CALENDAR_STATUSES
from ttp.services.queries import PostView
from ttp.store.queries import PostFilter

MOST_OF_DAY = 4
"""Posts of a day that a month shows."""
FEW = 2
"""Up to this many posts of a day have two lines and a picture in a month."""
FILTERS = ("account", "status", "tag")
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_FIRST_HOUR, _LAST_HOUR = 8, 20
"""The hours that a week shows at least."""
_LEVELS = 5
"""Tints of the heat map, but for none."""


@dataclass(frozen=True, slots=True)
class FreeTime:
    """A coming time at which nothing is planned. `is_best`: one of the best hours; else a slot of `accounts`."""

    at: datetime
    is_best: bool
    accounts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day with its posts. `compose_at`: the time of a new post."""

    day: date
    is_inside: bool
    is_today: bool
    posts: Sequence[PostView]
    free: Sequence[FreeTime]
    compose_at: datetime | None

    @property
    def name(self) -> str:
        return DAYS[self.day.weekday()]

    @property
    def month(self) -> str:
        return MONTHS[self.day.month - 1]

    @property
    def is_busy(self) -> bool:
        return len(self.posts) > FEW

    @property
    def shown_posts(self) -> Sequence[PostView]:
        return self.posts[:MOST_OF_DAY]

    @property
    def more(self) -> int:
        return len(self.posts) - len(self.shown_posts)

    @property
    def slots(self) -> int:
        return sum(not one.is_best for one in self.free)


@dataclass(frozen=True, slots=True)
class CalendarHour:
    """An hour of a day in a week: its posts, free times, and how good it is (0 to 5)."""

    hour: int
    is_past: bool
    is_now: bool
    posts: Sequence[PostView]
    free: Sequence[FreeTime]
    level: int
    compose_at: datetime | None


def show_calendar(visit: Visit) -> Response:
    view, error = visit.query("view"), None
    try:
        span = _span(visit, view, visit.query("when"))
    except TtpError as refused:
        span, error = _span(visit, view, ""), refused
    return _page(visit, span, error or refusal(visit))


def _span(visit: Visit, view: str, when: str) -> CalendarRange:
    """Return the days of the address. A day of a month or a week is today, if that is in it."""
    span = visit.reading.days(when or None, week=view == "week")
    return day_of(_focus(span, when, visit.now), span.zone) if view == "day" else span


def _focus(span: CalendarRange, when: str, now: datetime) -> date:
    """Return the day that stays in sight when another view of the same time is opened."""
    try:
        if (day := date.fromisoformat(when.strip())) in span.days and len(when.strip()) == len("2026-12-01"):
            return day
    except ValueError:
        pass  # a month, a week, or nothing that can be read
    if span.holds(now):
        return span.day(now)
    return span.middle if span.is_week else span.first


def _page(visit: Visit, span: CalendarRange, error: TtpError | None) -> Response:
    filters = read_filters(visit)
    post_filter = filters.post_filter._replace(since=None, until=None, search=None)
    view = "week" if span.is_week else "day" if span.is_day else "month"
    grid = _grid(span, visit.reading.week_begins) if view == "month" else span
    posts = _posts(visit, grid, post_filter)
    accounts = [one for one in filters.chosen_accounts if one.enabled]
    hours = None if view == "month" else visit.reading.planning.hours(accounts, span, posts)
    free = _free_times(visit, accounts, grid, posts, hours.free if hours else ())
    days = list(_days(visit, span, grid, posts, free))
    inside = [post for day in days if day.is_inside for post in day.posts]
    logins = ends_before(visit.installation.status.login_ends() if visit.person.accounts is None else (), posts)
    focus = _focus(span, visit.query("when"), visit.now)

    chosen = urlencode({name: filters[name] for name in FILTERS if filters[name]})

    def address(view: str, when: object = "") -> str:
        words = (f"view={view}" if view != "month" else "", f"when={when}" if when else "", chosen)
        return f"/calendar?{'&'.join(filter(None, words))}".removesuffix("?")

    return visit.page(
        "calendar.html",
        view=view,
        filters=filters,
        only=FILTERS,
        also={"when": span.name} if view == "month" else {"view": view, "when": span.name},
        span=span,
        heading=heading(span),
        earlier=span.shift(-1),
        later=span.shift(1),
        days=days,
        rows=_rows(visit, days, hours.rated if hours else ()) if view == "week" else {},
        line=_line(visit, days[0]) if view == "day" else (),
        posts=inside,
        logins=logins,
        late={post_id for one in logins for post_id in one.posts},
        empty_days=sum(not one.posts for one in days if one.is_inside and one.compose_at),
        needing=sum(bool(set(post.needs()) - {"approve"}) for post in inside),
        networks_of=networks_of,
        results_of=results_of,
        has_best=any(one.is_best for one in free),
        refused=_post_of(visit) if error else None,
        looks=Counter(map(look_of, posts)),
        platforms=Counter(name for post in inside for name in networks_of(post)),
        address=address,
        heading_of=heading,
        focus=focus,
        here=address(view, span.name),
        may_move=visit.may("schedule"),
        may_write=visit.may("create"),
        **outcome(visit),
        error=error,
    )


def heading(span: CalendarRange) -> str:
    """Return `December 2026`, `30 Nov – 6 Dec 2026`, or `Mon 30 November 2026`."""
    first, last = span.first, span.last
    month = MONTHS[last.month - 1]
    if span.is_day:
        return f"{DAYS[first.weekday()]} {first.day} {month} {first.year}"
    if not span.is_week:
        return f"{month} {last.year}"
    year = f" {first.year}" if first.year != last.year else ""
    begin = f"{first.day} {MONTHS[first.month - 1][:3]}{year}" if first.month != last.month else f"{first.day}"
    return f"{begin} – {last.day} {month[:3]} {last.year}"  # a dash between numbers


def networks_of(post: PostView) -> list[str]:
    return list(dict.fromkeys(row.platform for row in post.active))


def results_of(post: PostView) -> str:
    """Return what a post has reached: `2 of 3 accounts have it` or `18 likes, 2 comments`."""
    if post.status in (PostStatus.PUBLISHING, PostStatus.PARTIAL):
        have = sum(row.state is DeliveryState.PUBLISHED for row in post.active)
        return f"{have} of {len(post.active)} accounts have it"
    return numbers_text(post.metrics.values())


def _post_of(visit: Visit) -> PostView | None:
    """Return the post whose change was refused, if it exists."""
    post_id = parse_number(visit.query("refused"))
    try:
        return None if post_id is None else visit.reading.queries.post(post_id)
    except NotFound:
        return None


def _grid(month: CalendarRange, begins: int) -> CalendarRange:
    """Return the whole weeks of a month."""
    first = week_of(month.first, month.zone, begins).first
    last = week_of(month.last, month.zone, begins).last
    return replace(month, first=first, length=(last - first).days + 1)


def _posts(visit: Visit, span: CalendarRange, post_filter: PostFilter) -> list[PostView]:
    if visit.person.accounts is None:
        return visit.reading.calendar.posts(span, post_filter)
    # What repeats will create is not told apart by account.
    which = post_filter._replace(statuses=post_filter.statuses or CALENDAR_STATUSES, since=span.start, until=span.end)
    return sorted(visit.reading.queries.views(which), key=calendar_time)


def _free_times(
    visit: Visit, accounts: Sequence[Account], span: CalendarRange, posts: Sequence[PostView], best: Sequence[FreeHour]
) -> list[FreeTime]:
    """Return the best hours and the coming slots without a post, by time, for a person who may use them."""
    if not visit.may("create"):
        return []
    start, slots = max(span.start, visit.now), defaultdict[datetime, list[str]](list)
    occupied = {(name, calendar_time(post)) for post in posts for name in post.accounts}
    for account in accounts if start < span.end else ():
        for at in visit.reading.slots.within(account, start, span.end):
            if (account.name, at) not in occupied:
                slots[at].append(account.name)
    best_hours = {hour.at for hour in best}
    free = [FreeTime(at, at in best_hours, slots.get(at, ())) for at in {*best_hours, *slots}]
    return sorted(free, key=lambda one: one.at)


def _days(
    visit: Visit, span: CalendarRange, grid: CalendarRange, posts: Sequence[PostView], free: Sequence[FreeTime]
) -> Iterator[CalendarDay]:
    posts_of, free_of = defaultdict[date, list[PostView]](list), defaultdict[date, list[FreeTime]](list)
    for post in posts:
        posts_of[span.day(calendar_time(post))].append(post)
    for one in free:
        free_of[span.day(one.at)].append(one)
    today = span.day(visit.now)
    for day in grid.days:
        is_inside = span.first <= day <= span.last
        yield CalendarDay(day, is_inside, day == today, posts_of[day], free_of[day], _morning(visit, day))


def _morning(visit: Visit, day: date) -> datetime | None:
    """Return 09:00 of a day, or the next full hour of today; None of a day that is over."""
    now = visit.now.astimezone(visit.zone)
    morning = datetime(day.year, day.month, day.day, 9, tzinfo=visit.zone)
    if day < now.date():
        return None
    return morning if morning > now else (now + _HOUR).replace(minute=0, second=0, microsecond=0)


def _rows(
    visit: Visit, days: Sequence[CalendarDay], rated: Sequence[FreeHour]
) -> Mapping[date, Sequence[CalendarHour]]:
    """Return the hours of each day, from the first to the last that has anything on one of them."""
    zone, present = visit.zone, _wall_hour(visit.now, visit.zone)
    posts, free = defaultdict[datetime, list[PostView]](list), defaultdict[datetime, list[FreeTime]](list)
    for day in days:
        for post in day.posts:
            posts[_wall_hour(calendar_time(post), zone)].append(post)
        for one in day.free:
            free[_wall_hour(one.at, zone)].append(one)
    used = {_FIRST_HOUR, _LAST_HOUR, *(at.hour for at in (*posts, *free))}
    gains = {_wall_hour(hour.at, zone): hour.uplift for hour in rated}
    highest = max(gains.values(), default=0)

    def hour_of(day: date, hour: int) -> CalendarHour:
        wall = datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001  # a wall-clock time
        gain = gains.get(wall, 0)
        level = min(_LEVELS, 1 + int(_LEVELS * gain / highest)) if gain > 0 else 0
        is_past = wall <= present
        return CalendarHour(
            hour,
            is_past,
            wall == present,
            posts.get(wall, ()),
            free.get(wall, ()),
            level,
            None if is_past else wall.replace(tzinfo=zone),
        )

    return {one.day: [hour_of(one.day, hour) for hour in range(min(used), max(used) + 1)] for one in days}


def _wall_hour(at: datetime, zone: tzinfo) -> datetime:
    return at.astimezone(zone).replace(minute=0, second=0, microsecond=0, tzinfo=None)


def _line(visit: Visit, day: CalendarDay) -> Sequence[tuple[datetime, PostView | FreeTime | None]]:
    """Return what a day has, by time; None is the present."""
    line: list[tuple[datetime, PostView | FreeTime | None]] = [(calendar_time(post), post) for post in day.posts]
    line += [(one.at, one) for one in day.free]
    line += [(visit.now, None)] if day.is_today else []
    return sorted(line, key=lambda one: one[0])
