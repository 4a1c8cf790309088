"""Times for many posts in turn: the next slot, or the next of the best hours, for each after those before it.

What the store holds is read once for each account, and every line of instants is walked once, so that a thousand posts
take a thousand steps. Writes nothing: who stores the posts looks again whether the times are still free.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ttp.domain.account import Account
from ttp.domain.optimal.free import FreeHour
from ttp.services.book import Book
from ttp.services.optimal import Optimal
from ttp.services.slots import Line, Slots
from ttp.store import reads

Names = tuple[str, ...]


class Turns:
    """One file's, or one command's. What it gives is taken for all that come behind."""

    def __init__(self, book: Book, slots: Slots, optimal: Optimal) -> None:
        self._book = book
        self._slots = slots
        self._optimal = optimal
        self._busy: dict[str, list[datetime]] = {}
        self._lines: dict[Names, Line] = {}
        self._hours: dict[Names, Iterator[FreeHour]] = {}

    def slot(self, accounts: Sequence[Account]) -> datetime:
        """The next instant that is a slot of all these accounts and free for each. UsageError where there is none."""
        names = tuple(account.name for account in accounts)
        if names not in self._lines:
            self._lines[names] = self._slots.line(accounts)
        busy = self._busy_of(accounts)
        return self._lines[names].first(lambda at: any(_has(one, at) for one in busy))

    def hour(self, accounts: Sequence[Account], zones: Sequence[ZoneInfo]) -> datetime:
        """The next free one of the best hours of these accounts. UsageError where there is none."""
        names = tuple(account.name for account in accounts)
        if names not in self._hours:
            self._hours[names] = self._optimal.free_hours(accounts, zones, self._busy_of(accounts))
        found = next(self._hours[names], None)
        if found is None:
            raise self._optimal.no_hour(accounts)
        return found.at

    def take(self, accounts: Sequence[Account], at: datetime) -> None:
        """Give an instant away."""
        for busy in self._busy_of(accounts):
            insort(busy, at)

    def _busy_of(self, accounts: Sequence[Account]) -> list[list[datetime]]:
        """When each account has posts, in order: those of the store, and those that were given times here."""
        for account in accounts:
            if account.name not in self._busy:
                since = self._book.clock.now() - timedelta(seconds=self._book.config.seconds("plan.min_gap_s"))
                with self._book.database.reading() as db:
                    self._busy[account.name] = reads.busy_instants(db, account.id or 0, since) if db else []
        return [self._busy[account.name] for account in accounts]


def _has(instants: Sequence[datetime], at: datetime) -> bool:
    place = bisect_left(instants, at)
    return place < len(instants) and instants[place] == at
