"""Times for many posts in turn: the next slot, or the next of the best hours, for each after those before it.

What the store holds is read once for each account, and every line of instants is walked once, so that a thousand posts
take a thousand steps. Writes nothing: who stores the posts looks again whether the times are still free.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from ttp.domain.account import Account
from ttp.domain.optimal.free_hours import FreeHour
from ttp.services.optimal import Optimal
from ttp.services.slots import Agenda, Line, Slots

Names = tuple[str, ...]


class Turns:
    """One command's. What it gives is taken for all that come behind."""

    def __init__(self, agenda: Agenda, slots: Slots, optimal: Optimal) -> None:
        self.agenda = agenda
        self._slots = slots
        self._optimal = optimal
        self._lines: dict[Names, Line] = {}
        self._hours: dict[Names, Iterator[FreeHour]] = {}

    def slot(self, accounts: Sequence[Account]) -> datetime:
        """The next instant that is a slot of all these accounts and free for each. UsageError where there is none."""
        names = tuple(account.name for account in accounts)
        if names not in self._lines:
            self._lines[names] = self._slots.line(accounts)
        self.agenda.rest_on(accounts)
        return self._lines[names].first(lambda at: any(self.agenda.has(account, at) for account in accounts))

    def hour(self, accounts: Sequence[Account], zones: Sequence[ZoneInfo]) -> datetime:
        """The next free one of the best hours of these accounts. UsageError where there is none."""
        names = tuple(account.name for account in accounts)
        if names not in self._hours:
            busy = [self.agenda.of(account) for account in accounts]
            self._hours[names] = self._optimal.free_hours(accounts, zones, busy)
        self.agenda.rest_on(accounts)
        found = next(self._hours[names], None)
        if found is None:
            raise self._optimal.no_hour(accounts)
        return found.at
