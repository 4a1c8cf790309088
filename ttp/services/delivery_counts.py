"""Count deliveries for a monitor: what is due or needs a person, and what was published since the program began."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta

from ttp.domain.time.clock import Clock
from ttp.store import accounts as stored_accounts
from ttp.store import queries as store
from ttp.store.database import Database

LATE_S = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
"""Upper bounds of the groups by lateness; the last group has none."""
_SETTLED_AFTER = timedelta(minutes=10)
"""A delivery is stored a moment after it was published. What is older than this is counted once and for all."""


@dataclass
class Lateness:
    """Published deliveries of a platform, by lateness. `groups` has one more than LATE_S; `total_s`: all together."""

    groups: list[int] = field(default_factory=lambda: [0] * (len(LATE_S) + 1))
    total_s: float = 0.0

    @property
    def count(self) -> int:
        return sum(self.groups)


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """Counts by platform. Every platform that has an account is in each."""

    due: Mapping[str, int]
    failed: Mapping[str, int]
    needs_review: Mapping[str, int]
    published: Mapping[str, Lateness]


class DeliveryCounter:
    """Counts deliveries of one store. What was published counts from the creation of this object on, whoever published
    it, and is read once: a question takes no longer with more posts."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._settled: dict[str, Lateness] = {}
        self._until = clock.now()
        self._turn = threading.Lock()

    def count(self) -> DeliveryCounts:
        """Return the counts of now. Raise Busy, Damaged."""
        now = self._clock.now()
        with self._turn, self._database.reading() as db:
            if db is None:
                return DeliveryCounts({}, {}, {}, {})
            names = sorted({one.platform for one in stored_accounts.accounts(db)})
            before = max(self._until, now - _SETTLED_AFTER)
            _add(self._settled, store.latenesses(db, self._until, before))
            self._until = before
            published = {name: deepcopy(self._settled.get(name, Lateness())) for name in names}
            _add(published, store.latenesses(db, before, now))
            zero = dict.fromkeys(names, 0)
            return DeliveryCounts(
                due={**zero, **store.count_due(db, now)},
                failed={**zero, **store.count_needing_action(db, "failed")},
                needs_review={**zero, **store.count_needing_action(db, "needs_review")},
                published=published,
            )


def _add(to: dict[str, Lateness], rows: Iterable[tuple[str, float]]) -> None:
    for platform, late_s in rows:
        one = to.setdefault(platform, Lateness())
        one.groups[bisect_left(LATE_S, late_s)] += 1
        one.total_s += late_s
