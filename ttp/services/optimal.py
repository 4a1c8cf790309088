"""Recommend hours and days from an account's own samples, and find the next free ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from random import Random
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypedDict
from zoneinfo import ZoneInfo

from ttp.domain.account import Account
from ttp.domain.action import Action, WayOut, action, other_options
from ttp.domain.config import Config
from ttp.domain.errors import NO_DATA, Hint, UsageError
from ttp.domain.metrics.sample import OnlineFollowers, Sample, average_online
from ttp.domain.optimal.factors import Factors, find_factors
from ttp.domain.optimal.features import NEWEST
from ttp.domain.optimal.free_hours import (
    ANYWHERE,
    FreeHour,
    Reach,
    Week,
    combine_weeks,
    draw_free_hour,
    free_best_slots,
    free_hours,
    hours_of_week,
    next_free_hour,
)
from ttp.domain.optimal.recommendation import Recommendation, recommend
from ttp.domain.post import PostFields, calendar_time
from ttp.domain.time.clock import Clock
from ttp.domain.time.durations import compact_duration, parse_duration
from ttp.domain.time.quiet_hours import QuietHours, parse_quiet_hours
from ttp.store import queries
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.metrics import samples as stored_samples
from ttp.store.queries import PostFilter

if TYPE_CHECKING:
    from ttp.domain.optimal.backtest import Backtest
    from ttp.domain.optimal.explanation import Explanation
    from ttp.domain.time.calendar_range import CalendarRange

FIRST_PULL = 500
"""Posts that a first `metrics pull` reads: enough for a recommendation and for what brings more."""
DRAFTS_LISTED = 20
_NO_INSTANTS: Mapping[int, Sequence[datetime]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ExplainedRating:
    """An explanation, the known texts of the account's posts by remote id, and all classes of posts."""

    explanation: Explanation
    texts: Mapping[str, str]
    factors: Factors = field(default_factory=Factors)


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommendation, and what to do with it."""

    recommendation: Recommendation
    next: FreeHour | None
    """The next free hour, the one that `--at optimal` takes; None without data."""
    drafts: tuple[int, ...]
    """Drafts for this account alone, oldest first, at most `DRAFTS_LISTED`."""
    data_action: WayOut
    """The action that collects metrics of the account."""
    online: OnlineFollowers | None = None
    """When followers are online, if the platform reports it. The recommendation does not use it."""
    factors: Factors = field(default_factory=Factors)
    """What brought more than the usual post."""


class HoursOfSpan(NamedTuple):
    """The free best slots of a span, and its full hours, which are those of a clock in the first account's zone."""

    free: tuple[FreeHour, ...] = ()
    rated: tuple[FreeHour, ...] = ()


class Optimal:
    def __init__(self, database: Database, clock: Clock, config: Config) -> None:
        self._database = database
        self._clock = clock
        self._config = config

    def recommend(self, account: Account, zone: ZoneInfo, db: Connection | None = None) -> Recommendation:
        """Rate the hours, days and slots of one account in `zone`."""
        return recommend(self._samples(account, db), account=account.name, zone=zone)

    def advise(self, account: Account, zone: ZoneInfo) -> Advice:
        """Return the recommendation for one account, its next free hour, and drafts that could use it."""
        post_filter = PostFilter(statuses=queries.DRAFTS, accounts=(account.id or 0,), limit=DRAFTS_LISTED)
        with self._database.reading() as db:
            samples = self._samples(account, db)
            recommendation = recommend(samples, account=account.name, zone=zone)
            free = self._next_free([recommendation], self._busy([account], db))
            drafts = tuple(p.id or 0 for p in queries.posts(db, post_filter) if len(p.accounts) == 1) if db else ()
            online = average_online(stored_samples.newest_days(db, account.id or 0)) if db else None
            factors = account_factors(account, zone, samples, db)
        data = data_action(account, self._config)
        return Advice(recommendation, free[0] if free else None, drafts, data, online, factors)

    def week(self, accounts: Sequence[Account], zones: Sequence[ZoneInfo]) -> Week:
        """Return every weekday's hours, best first, for all of these accounts together that have data."""
        return combine_weeks(self._recommendations(accounts, zones), self._clock.now())

    def explain(self, account: Account, zone: ZoneInfo, day: int | None, hour: int | None) -> ExplainedRating | None:
        """Explain the rating of an hour, a weekday or a slot by the posts in it; None without data."""
        from ttp.domain.optimal.explanation import explain

        with self._database.reading() as db:
            samples = self._samples(account, db)
            factors = account_factors(account, zone, samples, db)
        explanation = explain(samples, account=account.name, zone=zone, day=day, hour=hour)
        texts = {one.remote_id: one.text for one in samples if one.text}
        return ExplainedRating(explanation, texts, factors) if explanation else None

    def factors(self, account: Account, zone: ZoneInfo, db: Connection | None = None) -> Factors:
        """Return what brought one account more than its usual post."""
        with self._database.reading(db) as db:
            return account_factors(account, zone, self._samples(account, db), db)

    def backtest(self, account: Account, zone: ZoneInfo) -> Backtest:
        """Test the recommendation on posts that it was not made from."""
        from ttp.domain.optimal.backtest import backtest

        with self._database.reading() as db:
            samples = self._samples(account, db)
            own = _own_posts(account, samples, db)
        return backtest(samples, account=account.name, zone=zone, **own)

    def next(
        self,
        accounts: Sequence[Account],
        zones: Sequence[ZoneInfo],
        count: int = 1,
        *,
        reach: Reach = ANYWHERE,
        explore: float = 0.0,
        seed: int | None = None,
    ) -> tuple[FreeHour, ...]:
        """Return the next free hours of all these accounts together, by time; none without data, or where none is free
        before the end of `reach`.

        With probability `explore` an hour is one of the best by a draw of the posterior. `seed` None: derived from the
        accounts and the present hour, so that asking again returns the same.
        """
        recommendations = self._recommendations(accounts, zones)
        if not _all_have_data(recommendations):
            return ()
        gap = self._config.seconds("plan.min_gap_s")
        now, busy = self._clock.now(), self._busy(accounts)
        if not explore:
            return self._next_free(recommendations, busy, count, reach)
        quiet = QuietHours(parse_quiet_hours(self._config.text("plan.quiet_hours")))
        random = Random(f"{now:%Y-%m-%d %H} {' '.join(busy)}" if seed is None else seed)  # noqa: S311 (no secret)
        hours: list[FreeHour] = []
        for _ in range(count):
            if random.random() < explore:
                hour = draw_free_hour(recommendations, random, now=now, busy=busy, min_gap_s=gap, quiet=quiet)
            else:
                hour = next(iter(self._next_free(recommendations, busy, reach=reach)), None)
            if hour is not None:
                hours.append(hour)
                busy = {name: sorted([*instants, hour.at]) for name, instants in busy.items()}
        return tuple(sorted(hours, key=lambda hour: hour.at))

    def keeping_to_best(self, accounts: Sequence[Account], zones: Sequence[ZoneInfo]) -> list[str]:
        """Return the names of the accounts that hardly try other than their best hours any more."""
        return [one.account for one in self._recommendations(accounts, zones) if one.keeps_to_best]

    def next_hour(
        self,
        accounts: Sequence[Account],
        zones: Sequence[ZoneInfo],
        *,
        reach: Reach = ANYWHERE,
        taken: Mapping[int, Sequence[datetime]] = _NO_INSTANTS,
        db: Connection | None = None,
    ) -> FreeHour:
        """Return the next free hour for a post to these accounts. UsageError with the command that collects data.
        `taken`: instants by account id that are not free either. `db`: the transaction to read in."""
        recommendations = self._recommendations(accounts, zones, db)
        hours: tuple[FreeHour, ...] = ()
        if _all_have_data(recommendations):
            busy = self._busy(accounts, db)
            for account in accounts:
                busy[account.name] = sorted([*busy[account.name], *taken.get(account.id or 0, ())])
            hours = self._next_free(recommendations, busy, reach=reach)
        if not hours:
            raise self.no_hour_error(accounts, db, reach)
        return hours[0]

    def is_free(self, db: Connection, accounts: Sequence[Account], at: datetime) -> bool:
        """Whether an hour that `next_hour` chose is still free."""
        gap = timedelta(seconds=self._config.seconds("plan.min_gap_s"))
        return not any(
            abs(one - at) < gap
            for account in accounts
            for one in queries.busy_instants(db, account.id or 0, at - gap, at + gap)
        )

    def free_hours(
        self,
        accounts: Sequence[Account],
        zones: Sequence[ZoneInfo],
        busy: Sequence[Sequence[datetime]],
        reach: Reach = ANYWHERE,
    ) -> Iterator[FreeHour]:
        """Yield the next free hours of all these accounts together, each apart from those before it; none without data.
        `busy`: the instants of each account's posts, sorted; read again for each hour."""
        recommendations = self._recommendations(accounts, zones)
        if not _all_have_data(recommendations):
            return iter(())
        gap, horizon = self._config.seconds("plan.min_gap_s"), self._config.seconds("plan.horizon_s")
        return free_hours(recommendations, self._clock.now(), busy, gap, horizon, self._within_s(), reach)

    def reach(
        self,
        within: timedelta | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        is_time: bool = False,
    ) -> Reach:
        """Return where to look for an hour. Raise UsageError if `within` is longer than `plan.horizon_s`, or nothing is
        left. `is_time`: `within` is a part of the TIME."""
        now, horizon = self._clock.now(), self._config.seconds("plan.horizon_s")
        if end is not None and end <= max(now, start or now):
            raise UsageError("that time is over before it begins")
        if within is not None and not 0 < within.total_seconds() <= horizon:
            farthest = compact_duration(timedelta(seconds=horizon))
            options = {"at": f"optimal within {farthest}", "within": None} if is_time else {"within": farthest}
            message = (
                f"best hours are chosen at most {farthest} ahead (plan.horizon_s)"
                if within
                else "within is zero: no hour begins in it"
            )
            raise UsageError(message, Hint("try", other_options(**options)))
        return Reach(None if within is None else within.total_seconds(), start, end)

    def _within_s(self) -> float:
        return parse_duration(self._config.text("best.within")).total_seconds()

    def free_between(
        self,
        accounts: Sequence[Account],
        zones: Sequence[ZoneInfo],
        span: CalendarRange,
        posts: Iterable[PostFields],
    ) -> tuple[FreeHour, ...]:
        """Return the free ones of the best weekly slots within `span`, for accounts that all have data. `posts`: those
        of the span, also the ones that are not stored yet."""
        return self.hours_between(accounts, zones, span, posts).free

    def hours_between(
        self,
        accounts: Sequence[Account],
        zones: Sequence[ZoneInfo],
        span: CalendarRange,
        posts: Iterable[PostFields],
    ) -> HoursOfSpan:
        """Return what `free_between` returns, and the expected gain of each full hour of the span's first week."""
        gap, now = timedelta(seconds=self._config.seconds("plan.min_gap_s")), self._clock.now()
        start, end = span.start, span.end
        if not accounts or end <= now:
            return HoursOfSpan()
        coming = {one.name: [calendar_time(post) for post in posts if one.name in post.accounts] for one in accounts}
        with self._database.reading() as db:
            recommendations = self._recommendations(accounts, zones, db)
            stored = [queries.busy_instants(db, one.id or 0, now - gap, end + gap) if db else [] for one in accounts]
        busy = [sorted([*instants, *coming[one.name]]) for one, instants in zip(accounts, stored, strict=True)]
        hours = takewhile(lambda slot: slot.at < end, free_best_slots(recommendations, now, busy, gap.total_seconds()))
        rated = takewhile(lambda hour: hour.at < end, hours_of_week(recommendations, start))
        return HoursOfSpan(tuple(slot for slot in hours if slot.at >= start), tuple(rated))

    def no_hour_error(
        self, accounts: Sequence[Account], db: Connection | None = None, reach: Reach = ANYWHERE
    ) -> UsageError:
        """Return the error for accounts without a free hour or without data."""
        names = ", ".join(account.name for account in accounts)
        if accounts and not (empty := self._without_data(accounts, db)):
            if reach.end is not None:
                message = f"no good hour of {names} is free before then"
                return UsageError(message, Hint("try", other_options(until=None)))
            if reach.has_end:
                way = action("optimal next", account=[account.name for account in accounts])
                return UsageError(f"no hour of {names} is free in that time", Hint("see", way))
            return UsageError(f"all best hours of {names} are busy for a year", Hint("see", action("list")))
        names = ", ".join(account.name for account in empty) if accounts else "any account"
        message = f"no metrics of {names} to find the best time with"
        return UsageError(message, *self.data_hints(accounts, db), flaw=NO_DATA)

    def with_data(self, accounts: Sequence[Account]) -> list[Account]:
        empty = self._without_data(accounts)
        return [one for one in accounts if one not in empty]

    def data_hints(self, accounts: Sequence[Account], db: Connection | None = None) -> tuple[Hint, ...]:
        """Return the commands that collect metrics of the accounts without data."""
        empty = self._without_data(accounts, db)
        ways = [data_action(one, self._config) for one in empty or accounts] or [action("metrics import", "FILE")]
        return tuple(dict.fromkeys(Hint("fix", way) for way in ways))

    def _without_data(self, accounts: Sequence[Account], db: Connection | None = None) -> list[Account]:
        with self._database.reading(db) as db:
            return [one for one in accounts if db is None or not stored_samples.newest_samples(db, one.id or 0, 1)]

    def _recommendations(
        self, accounts: Sequence[Account], zones: Sequence[ZoneInfo], db: Connection | None = None
    ) -> list[Recommendation]:
        return [self.recommend(account, zone, db) for account, zone in zip(accounts, zones, strict=True)]

    def _next_free(
        self,
        recommendations: Sequence[Recommendation],
        busy: Mapping[str, Sequence[datetime]],
        count: int = 1,
        reach: Reach = ANYWHERE,
    ) -> tuple[FreeHour, ...]:
        return next_free_hour(
            recommendations,
            now=self._clock.now(),
            busy=busy,
            min_gap_s=self._config.seconds("plan.min_gap_s"),
            horizon_s=self._config.seconds("plan.horizon_s"),
            within_s=self._within_s(),
            reach=reach,
            count=count,
        )

    def _samples(self, account: Account, db: Connection | None = None) -> list[Sample]:
        with self._database.reading(db) as db:
            return stored_samples.newest_samples(db, account.id or 0, NEWEST) if db else []

    def _busy(self, accounts: Sequence[Account], db: Connection | None = None) -> dict[str, list[datetime]]:
        """Return the sorted instants of each account's posts that an hour could be too close to."""
        since = self._clock.now() - timedelta(seconds=self._config.seconds("plan.min_gap_s"))
        with self._database.reading(db) as db:
            return {one.name: queries.busy_instants(db, one.id or 0, since) if db else [] for one in accounts}


def _all_have_data(recommendations: Sequence[Recommendation]) -> bool:
    return bool(recommendations) and all(one.data_points for one in recommendations)


def data_action(account: Account, config: Config) -> Action:
    """Return the action that collects metrics of an account: from its platform if it is connected, and has some."""
    if account.connected and not account.needs_reconnect and account.platform in config.readable_platforms:
        return action("metrics pull", history=FIRST_PULL, account=account.name)
    return action("metrics import", "FILE")


def account_factors(account: Account, zone: ZoneInfo, samples: Sequence[Sample], db: Connection | None) -> Factors:
    """Return what brought one account more than its usual post, by its samples and the posts that ttp published."""
    if db is None or not samples:
        return Factors()
    return find_factors(samples, account=account.name, zone=zone, **_own_posts(account, samples, db))


class _OwnPosts(TypedDict, total=False):
    """What is known of the posts that ttp published: whole texts, and which are threads, by remote id."""

    texts: Mapping[str, str]
    threads: Set[str]


def _own_posts(account: Account, samples: Sequence[Sample], db: Connection | None) -> _OwnPosts:
    if db is None or not samples:
        return {}
    remote_ids = {sample.remote_id for sample in samples}
    own = queries.published_posts(db, account.id or 0, remote_ids)
    return {
        "texts": {remote_id: post.text for remote_id, post in own.items()},
        "threads": stored_samples.thread_ids(db, account.id or 0, remote_ids) if own else set(),
    }
