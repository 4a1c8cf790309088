"""The page of the queue: what needs a person, the next days, drafts, and what ended lately."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from starlette.responses import Response

from ttp.domain.post import PostStatus
from ttp.domain.time.calendar_range import CalendarRange
from ttp.server.pages.filters import read_filters
from ttp.server.pages.posts import actions_of, bring_back
from ttp.server.pages.troubles import troubles_of
from ttp.server.pages.visit import Visit
from ttp.services.queries import PostView
from ttp.store.queries import COMING, DRAFTS, ENDED

MOST_TROUBLED, MOST_COMING, MOST_OTHERS, MOST_COUNTED = 4, 8, 3, 1000
_FAILING = (PostStatus.PUBLISHING, PostStatus.FAILED, PostStatus.PARTIAL, PostStatus.PUBLISHED)
"""A published post may have a comment that failed."""
_WAITING = (PostStatus.DRAFT, PostStatus.SCHEDULED)
_LEAST_DAYS, _MOST_DAYS = 3, 7


@dataclass(frozen=True, slots=True)
class QueueDay:
    """A day of the queue. `free`: a best hour of a day without posts, by the clock of the person."""

    day: date
    name: str
    posts: Sequence[PostView]
    free: datetime | None = None


def show_queue(visit: Visit) -> Response:
    filters = read_filters(visit)
    which = filters.post_filter._replace(search=None, since=None, until=None, sort="", statuses=(), needs_you=False)
    queries = visit.reading.queries

    def posts(most: int, statuses: Sequence[PostStatus], needs_you: bool = False, sort: str = "") -> list[PostView]:
        criteria = which._replace(statuses=tuple(statuses), needs_you=needs_you, sort=sort, limit=most)
        return list(islice(queries.views(criteria), most))

    def count(statuses: Sequence[PostStatus], needs_you: bool = False) -> int:
        return queries.count(which._replace(statuses=tuple(statuses), needs_you=needs_you), MOST_COUNTED)

    needing = [(post, troubles_of(visit, post, actions_of(visit, post))) for post in posts(50, _FAILING, True)]
    troubled = [(post, troubles) for post, troubles in needing if troubles]
    coming = posts(MOST_COMING, COMING)
    status = None if visit.person.accounts is not None else visit.installation.status
    return visit.page(
        "queue.html",
        filters=filters,
        troubled=troubled[:MOST_TROUBLED],
        more_troubled=len(troubled) - MOST_TROUBLED,
        unapproved=count(_WAITING, True),
        days=_days(visit, coming),
        more_coming=count(COMING) - len(coming),
        is_publishing=any(post.in_flight for post in coming),
        drafts=posts(MOST_OTHERS, DRAFTS, sort="-updated"),
        draft_count=count(DRAFTS),
        ended=posts(MOST_OTHERS, ENDED),
        reconnect=status.accounts_to_reconnect() if status else (),
        logins=status.login_ends() if status else (),
        elsewhere=status and status.elsewhere(),
        may_compose=visit.may("create"),
        bring_back=bring_back(visit),
    )


def _days(visit: Visit, coming: Sequence[PostView]) -> list[QueueDay]:
    """Return the days with posts, and those between without; what is late is of today. Empty without any post."""
    if not coming:
        return []
    zone = visit.zone
    today = visit.now.astimezone(zone).date()
    by_day: dict[date, list[PostView]] = defaultdict(list)
    for post in coming:
        at = post.scheduled_at or visit.now
        by_day[max(at.astimezone(zone).date(), today)].append(post)
    near = [today + timedelta(days=number) for number in range(_MOST_DAYS)]
    last = max(by_day)
    shown = sorted({*by_day, *(day for number, day in enumerate(near) if day <= last or number < _LEAST_DAYS)})
    free = _free_hours(visit, near, coming) if any(day not in by_day for day in shown) else {}
    return [
        QueueDay(day, _name(day, today), by_day.get(day, ()), None if day in by_day else free.get(day)) for day in shown
    ]


def _free_hours(visit: Visit, days: Sequence[date], coming: Sequence[PostView]) -> dict[date, datetime]:
    """Return the first of the best free hours of each day."""
    if not visit.may("create"):
        return {}
    span = CalendarRange(days[0], len(days), visit.zone)
    first: dict[date, datetime] = {}
    for hour in visit.reading.planning.free_hours(visit.reading.queries.accounts(), span, coming):
        at = hour.at.astimezone(visit.zone)
        first.setdefault(at.date(), at)
    return first


def _name(day: date, today: date) -> str:
    away = (day - today).days
    return {0: "Today", 1: "Tomorrow"}.get(away) or f"{day:%A}"
