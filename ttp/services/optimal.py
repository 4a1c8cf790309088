"""Which hours and days bring an account more engagement, from its own samples; and the next free one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from ttp.domain.account import Account
from ttp.domain.clock import Clock
from ttp.domain.config import Config
from ttp.domain.errors import Hint, UsageError
from ttp.domain.optimal import Recommendation, recommend
from ttp.domain.optimal.free import FreeHour, next_free_hour
from ttp.store import metrics, reads
from ttp.store.database import Database

NOTHING: Mapping[str, Sequence[datetime]] = MappingProxyType({})
FIRST_PULL = 200
"""Posts that a newcomer reads first: enough for a signal, and twenty cents of X."""
NEWEST = 1000
"""Posts of an account that are looked at: the newest (OPTIMAL: the method, step 1)."""


class Optimal:
    def __init__(self, database: Database, clock: Clock, config: Config) -> None:
        self._database = database
        self._clock = clock
        self._config = config

    def recommend(self, account: Account, zone: ZoneInfo) -> Recommendation:
        """The recommendation for one account, its hours and days in `zone`."""
        with self._database.reading() as db:
            samples = metrics.newest(db, account.id or 0, NEWEST) if db else []
        return recommend(samples, account=account.name, zone=zone)

    def next(
        self,
        accounts: Sequence[Account],
        zones: Sequence[ZoneInfo],
        count: int = 1,
        taken: Mapping[str, Sequence[datetime]] = NOTHING,
    ) -> tuple[FreeHour, ...]:
        """The earliest free ones among the best slots of all these accounts together; none without data.

        `taken`: instants by account that are given away already, and not stored yet.
        """
        told = [self.recommend(account, zone) for account, zone in zip(accounts, zones, strict=True)]
        if not told or any(one.data_points == 0 for one in told):
            return ()
        gap = self._config.seconds("plan.min_gap_s")
        now = self._clock.now()
        since = now - timedelta(seconds=gap)
        with self._database.reading() as db:
            stored = {one.name: reads.busy_instants(db, one.id or 0, since) if db else [] for one in accounts}
        busy = {name: sorted([*instants, *taken.get(name, ())]) for name, instants in stored.items()}
        return tuple(next_free_hour(told, now=now, busy=busy, min_gap_s=gap, count=count))

    def one_next(
        self, accounts: Sequence[Account], zones: Sequence[ZoneInfo], taken: Mapping[str, Sequence[datetime]] = NOTHING
    ) -> FreeHour:
        """The next slot for a post to these accounts. UsageError with the command that would get data."""
        found = self.next(accounts, zones, taken=taken)
        if not found:
            names = ", ".join(account.name for account in accounts)
            raise UsageError(f"no metrics of {names} to find the best time with", *self.ways_to_data(accounts))
        return found[0]

    def ways_to_data(self, accounts: Sequence[Account]) -> tuple[Hint, ...]:
        """The commands that get numbers of those accounts that have none."""
        with self._database.reading() as db:
            empty = [one for one in accounts if db is None or not metrics.newest(db, one.id or 0, 1)]
        return tuple(dict.fromkeys(Hint("get some", way_to_data(one)) for one in empty or accounts))


def way_to_data(account: Account) -> str:
    """The command that gets numbers of an account's posts: from its platform, where it is connected."""
    if account.connected and not account.needs_reconnect:
        return f"ttp metrics pull --history {FIRST_PULL} --account {account.name}"
    return "ttp metrics import FILE"
