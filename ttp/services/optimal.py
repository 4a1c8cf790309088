"""Which hours and days bring an account more engagement, from its own samples; and the next free one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from random import Random
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ttp.domain.account import Account
from ttp.domain.action import Action, WayOut, action
from ttp.domain.config import Config
from ttp.domain.errors import Hint, UsageError
from ttp.domain.optimal import Recommendation, recommend
from ttp.domain.optimal.free_hours import (
    FreeHour,
    Week,
    explored_hour,
    free_best_slots,
    free_hours,
    next_free_hour,
    week_of,
)
from ttp.domain.sample import Sample
from ttp.domain.time.clock import Clock
from ttp.domain.time.quiet_hours import QuietHours, parse_quiet_hours
from ttp.store import queries
from ttp.store import samples as stored_samples
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.queries import PostFilter

if TYPE_CHECKING:
    from ttp.domain.optimal.backtest import Backtest
    from ttp.domain.optimal.explanation import Explanation

FIRST_PULL = 200
"""Posts that a newcomer reads first: enough for a signal, and twenty cents of X."""
OFFERED = 20
"""Drafts that are looked at for one to offer a slot to."""
_NONE_TAKEN: Mapping[int, Sequence[datetime]] = MappingProxyType({})
NEWEST = 1000
"""The newest posts of an account that are used (docs/explanation/optimal.md, the method)."""


@dataclass(frozen=True, slots=True)
class Explained:
    """An explanation, and the texts of the account's posts by their remote ids, where they are known."""

    explanation: Explanation
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommendation, and what can be done with it."""

    recommendation: Recommendation
    next_at: datetime | None
    """The next free hour (`free_hours`); None without data."""
    drafts: tuple[int, ...]
    """Drafts for this account alone, oldest first: as many as are looked at."""
    way: WayOut
    """What gets numbers of its posts."""
    why: str = ""
    """Why that hour is the next, in a clause."""


class Optimal:
    def __init__(self, database: Database, clock: Clock, config: Config) -> None:
        self._database = database
        self._clock = clock
        self._config = config

    def recommend(self, account: Account, zone: ZoneInfo, db: Connection | None = None) -> Recommendation:
        """The recommendation for one account, its hours and days in `zone`."""
        return recommend(self._samples(account, db), account=account.name, zone=zone)

    def advise(self, account: Account, zone: ZoneInfo) -> Advice:
        """The recommendation for one account, the next free slot of it, and drafts that could take that."""
        told = self.recommend(account, zone)
        free = self._next_free([told], self._busy([account]))
        wanted = PostFilter(statuses=queries.DRAFTS, accounts=(account.id or 0,), limit=OFFERED)
        with self._database.reading() as db:
            drafts = tuple(p.id or 0 for p in queries.posts(db, wanted) if len(p.accounts) == 1) if db else ()
        return Advice(told, free[0].at if free else None, drafts, way_to_data(account), free[0].why if free else "")

    def week(self, accounts: Sequence[Account], zones: Sequence[ZoneInfo]) -> Week:
        """Every weekday's hours, best first, for all of these accounts together that have data."""
        told = [self.recommend(account, zone) for account, zone in zip(accounts, zones, strict=True)]
        return week_of(told, self._clock.now())

    def explain(self, account: Account, zone: ZoneInfo, day: int | None, hour: int | None) -> Explained | None:
        """Why an hour, a weekday or a slot is rated so, with the texts of the posts behind it; None without data."""
        from ttp.domain.optimal.explanation import explain

        samples = self._samples(account)
        found = explain(samples, account=account.name, zone=zone, day=day, hour=hour)
        return Explained(found, {one.remote_id: one.text for one in samples if one.text}) if found else None

    def backtest(self, account: Account, zone: ZoneInfo) -> Backtest:
        """Whether the recommendation would have helped, on posts that it was not made from."""
        from ttp.domain.optimal.backtest import backtest

        return backtest(self._samples(account), account=account.name, zone=zone)

    def next(
        self,
        accounts: Sequence[Account],
        zones: Sequence[ZoneInfo],
        count: int = 1,
        *,
        explore: float = 0.0,
        seed: int | None = None,
    ) -> tuple[FreeHour, ...]:
        """The next free hours of all these accounts together, by time; none without data.

        Each is, with probability `explore`, one of the best by a draw of the posterior; `seed` None: one that follows
        from accounts and hour.
        """
        told = [self.recommend(account, zone) for account, zone in zip(accounts, zones, strict=True)]
        if not told or any(one.data_points == 0 for one in told):
            return ()
        gap = self._config.seconds("plan.min_gap_s")
        now, busy = self._clock.now(), self._busy(accounts)
        if not explore:
            return self._next_free(told, busy, count)
        quiet = QuietHours(parse_quiet_hours(self._config.text("plan.quiet_hours")))
        random = Random(f"{now:%Y-%m-%d %H} {' '.join(busy)}" if seed is None else seed)  # noqa: S311 (no secret)
        found: list[FreeHour] = []
        for _ in range(count):
            slots = (
                explored_hour(told, random, now=now, busy=busy, min_gap_s=gap, quiet=quiet)
                if random.random() < explore
                else self._next_free(told, busy)
            )
            found += slots
            busy = {name: sorted([*instants, *(slot.at for slot in slots)]) for name, instants in busy.items()}
        return tuple(sorted(found, key=lambda slot: slot.at))

    def one_next(
        self,
        accounts: Sequence[Account],
        zones: Sequence[ZoneInfo],
        *,
        taken: Mapping[int, Sequence[datetime]] = _NONE_TAKEN,
        db: Connection | None = None,
    ) -> FreeHour:
        """The next slot for a post to these accounts. UsageError with the command that would get data.

        `taken`: instants by account id that are given away already. `db`: the transaction to look in.
        """
        told = [self.recommend(account, zone, db) for account, zone in zip(accounts, zones, strict=True)]
        found: tuple[FreeHour, ...] = ()
        if told and all(one.data_points for one in told):
            busy = self._busy(accounts, db)
            for account in accounts:
                busy[account.name] = sorted([*busy[account.name], *taken.get(account.id or 0, ())])
            found = self._next_free(told, busy)
        if not found:
            raise self.no_hour(accounts, db)
        return found[0]

    def is_free(self, db: Connection, accounts: Sequence[Account], at: datetime) -> bool:
        """Whether no post of these accounts has come too close to an hour that `one_next` chose."""
        gap = timedelta(seconds=self._config.seconds("plan.min_gap_s"))
        return not any(
            abs(one - at) < gap
            for account in accounts
            for one in queries.busy_instants(db, account.id or 0, at - gap, at + gap)
        )

    def free_hours(
        self, accounts: Sequence[Account], zones: Sequence[ZoneInfo], busy: Sequence[Sequence[datetime]]
    ) -> Iterator[FreeHour]:
        """The next free hours of all these accounts together, each beside those before it; none without data.

        `busy`: when each account has posts, in order; looked at whenever the next one is asked for.
        """
        told = [self.recommend(account, zone) for account, zone in zip(accounts, zones, strict=True)]
        if not told or any(one.data_points == 0 for one in told):
            return iter(())
        gap, horizon = self._config.seconds("plan.min_gap_s"), self._config.seconds("plan.horizon_s")
        return free_hours(told, self._clock.now(), busy, gap, horizon)

    def free_between(
        self,
        accounts: Sequence[Account],
        zones: Sequence[ZoneInfo],
        span: tuple[datetime, datetime],
        coming: Mapping[str, Sequence[datetime]],
    ) -> list[FreeHour]:
        """The free ones, from the first instant of `span` on and before the second, among the best slots of all these
        accounts together, which all have data. `coming`: more posts, that the store need not have yet, by account."""
        gap, now = timedelta(seconds=self._config.seconds("plan.min_gap_s")), self._clock.now()
        start, end = span
        if not accounts or end <= now:
            return []
        told = [self.recommend(account, zone) for account, zone in zip(accounts, zones, strict=True)]
        with self._database.reading() as db:
            stored = [queries.busy_instants(db, one.id or 0, now - gap, end + gap) if db else [] for one in accounts]
        busy = [sorted([*known, *coming.get(one.name, ())]) for one, known in zip(accounts, stored, strict=True)]
        hours = takewhile(lambda slot: slot.at < end, free_best_slots(told, now, busy, gap.total_seconds()))
        return [slot for slot in hours if slot.at >= start]

    def no_hour(self, accounts: Sequence[Account], db: Connection | None = None) -> UsageError:
        """That there is no best slot for a post to these accounts."""
        names = ", ".join(account.name for account in accounts)
        if accounts and not self._without_data(accounts, db):
            return UsageError(
                f"every one of the best hours of {names} is taken for a year", Hint("see them", action("list"))
            )
        return UsageError(f"no metrics of {names} to find the best time with", *self.ways_to_data(accounts, db))

    def measured(self, accounts: Sequence[Account]) -> list[Account]:
        """Those of the accounts that have data."""
        empty = self._without_data(accounts)
        return [one for one in accounts if one not in empty]

    def ways_to_data(self, accounts: Sequence[Account], db: Connection | None = None) -> tuple[Hint, ...]:
        """The commands that get numbers of those accounts that have none."""
        empty = self._without_data(accounts, db)
        return tuple(dict.fromkeys(Hint("get some", way_to_data(one)) for one in empty or accounts))

    def _without_data(self, accounts: Sequence[Account], db: Connection | None = None) -> list[Account]:
        with nullcontext(db) if db else self._database.reading() as db:
            return [one for one in accounts if db is None or not stored_samples.newest_samples(db, one.id or 0, 1)]

    def _next_free(
        self, told: Sequence[Recommendation], busy: Mapping[str, Sequence[datetime]], count: int = 1
    ) -> tuple[FreeHour, ...]:
        gap, horizon = self._config.seconds("plan.min_gap_s"), self._config.seconds("plan.horizon_s")
        return next_free_hour(told, now=self._clock.now(), busy=busy, min_gap_s=gap, horizon_s=horizon, count=count)

    def _samples(self, account: Account, db: Connection | None = None) -> list[Sample]:
        with nullcontext(db) if db else self._database.reading() as db:
            return stored_samples.newest_samples(db, account.id or 0, NEWEST) if db else []

    def _busy(self, accounts: Sequence[Account], db: Connection | None = None) -> dict[str, list[datetime]]:
        """The instants of each account's posts that a slot may come too close to, sorted."""
        since = self._clock.now() - timedelta(seconds=self._config.seconds("plan.min_gap_s"))
        with nullcontext(db) if db else self._database.reading() as db:
            return {one.name: queries.busy_instants(db, one.id or 0, since) if db else [] for one in accounts}


def way_to_data(account: Account) -> Action:
    """The action that gets numbers of an account's posts: from its platform, where it is connected."""
    if account.connected and not account.needs_reconnect:
        return action("metrics pull", history=FIRST_PULL, account=account.name)
    return action("metrics import", "FILE")
