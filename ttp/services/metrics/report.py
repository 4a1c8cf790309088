"""Report how published posts did in a time: from stored samples, with the posts that ttp published."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ttp.domain.account import Account
from ttp.domain.action import action
from ttp.domain.errors import Hint, UsageError
from ttp.domain.metrics.report import GROUPINGS, MeasuredPost, Period, Report, make_report
from ttp.domain.optimal.factors import ClassEffect
from ttp.domain.optimal.features import FEWEST_SETTLED, NEWEST, VIEWS, PostFeatures, features
from ttp.domain.time.calendar_range import CalendarRange
from ttp.domain.time.clock import Clock
from ttp.services.time_resolver import TimeResolver
from ttp.store import queries, spending
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.metrics import samples as stored_samples

HOURS = 24
USUAL = timedelta(days=30)
"""How long a report is that names no time."""


class Reports:
    def __init__(self, database: Database, clock: Clock, times: TimeResolver) -> None:
        self._database = database
        self._clock = clock
        self._times = times

    def report(
        self,
        accounts: Sequence[Account],
        span: CalendarRange | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        by: Iterable[str] = (),
        tz: str | None = None,
        tags: Sequence[str] = (),
    ) -> Report:
        """Report the posts of accounts that were published in a period, compared with the one before: in `span`, a week
        or a month; else between two bounds, by default in the last 30 days. `by`: names of `GROUPINGS`; `tz`: the zone
        of hours and weekdays, else that of each account; `tags`: posts with one of them alone. Raise UsageError,
        TimeRefused."""
        groups, (period, before) = _groupings(by), _periods(self._clock.now(), span, since, until)
        zones = self._times.account_zones(accounts, tz)
        posts: list[MeasuredPost] = []
        charged: Mapping[str, int] = {}
        lines: list[tuple[str, ClassEffect]] = []
        with self._database.reading() as db:
            if db is not None:
                for account, zone in zip(accounts, zones, strict=True):
                    posts += _measured_posts(db, account, zone, Period(before.start, period.end))
                    lines += ((account.name, one) for one in _factors(db, account, zone))
                charged = spending.spent(db, [account.id or 0 for account in accounts], period.start, period.end)
        posts = [post for post in posts if not tags or not set(tags).isdisjoint(post.tags)]
        return replace(make_report(posts, period, before, groups), spent=charged, factors=tuple(lines))


def _periods(
    now: datetime, span: CalendarRange | None, since: datetime | None, until: datetime | None
) -> tuple[Period, Period]:
    """Return the time of a report and the one before it."""
    other = Hint("try", action("report", since="30d"))
    if span is not None:
        if since or until:
            raise UsageError("a week or a month has no since and no until", other)
        return _calendar_periods(now, span)
    end = until or now
    start = since or end - USUAL
    if start >= end:
        raise UsageError("since is not before until", other)
    return Period(start, end), Period(start - (end - start), start)


def _calendar_periods(now: datetime, span: CalendarRange) -> tuple[Period, Period]:
    """Return a week or a month and the one before it; of the present one what has passed, and as much of the one
    before."""
    if span.start > now:
        raise UsageError(f"{span.name} has not begun", Hint("try", action("report", "prev")))
    earlier = span.shift(-1)
    end = min(span.end, now)
    before_end = min(earlier.start + (end - span.start), earlier.end) if end < span.end else earlier.end
    return Period(span.start, end), Period(earlier.start, before_end)


def _groupings(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of `GROUPINGS`, each once. Raise UsageError for another name."""
    groupings = tuple(dict.fromkeys(names))
    for name in groupings:
        if name not in GROUPINGS:
            raise UsageError(f'posts are not grouped by "{name}"', details=[f"there are {', '.join(GROUPINGS)}"])
    return groupings


def _measured_posts(db: Connection, account: Account, zone: ZoneInfo, period: Period) -> Iterator[MeasuredPost]:
    samples = stored_samples.newest_between(db, account.id or 0, period.start, period.end)
    usual = _usual_engagement(db, account, zone) if samples else {}
    own = queries.published_posts(db, account.id or 0, (sample.remote_id for sample in samples))
    for sample in samples:
        post = own.get(sample.remote_id)
        expected, difference, measure = usual.get(sample.remote_id, (None, None, None))
        yield MeasuredPost(
            sample,
            sample.published_at.astimezone(zone),
            None if post is None else post.post_id,
            None if post is None else post.url,
            sample.text if post is None else post.text,
            () if post is None else post.tags,
            expected,
            difference,
            measure,
        )


def _factors(db: Connection, account: Account, zone: ZoneInfo) -> tuple[ClassEffect, ...]:
    from ttp.services.optimal import account_factors

    return account_factors(account, zone, stored_samples.newest_samples(db, account.id or 0, NEWEST), db).lines


def _usual_engagement(db: Connection, account: Account, zone: ZoneInfo) -> Mapping[str, tuple[float, float, str]]:
    """Return by remote id what posts of its kind, hour and weekday usually collect, how far the post was from that, and
    whether both are of engagement or views. Of the newest posts that are old enough to be compared."""
    posts = features(stored_samples.newest_samples(db, account.id or 0, NEWEST), account=account.name, zone=zone)
    # Of few posts, none is usual.
    return _usual_of(tuple(posts)) if len(posts) >= FEWEST_SETTLED else {}


@lru_cache(maxsize=32)  # accounts; a server is asked for the same ones again and again
def _usual_of(posts: tuple[PostFeatures, ...]) -> Mapping[str, tuple[float, float, str]]:
    from ttp.domain.optimal.model import estimate

    result = estimate(posts)
    usual = {}
    for post, parts in zip(posts, result.posts, strict=True):
        expected = parts.trend + parts.kind + result.mean.slots[HOURS * post.weekday + post.hour]
        measure = VIEWS if post.known == VIEWS else "engagement"
        usual[post.remote_id] = (max(math.expm1(expected), 0.0), math.expm1(post.engagement - expected), measure)
    return usual
