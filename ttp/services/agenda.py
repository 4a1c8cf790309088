"""When accounts have posts, while times are chosen for others: what the store has, and what was given away meanwhile.

Each account is read once. What was chosen rests on that; inside the transaction that stores it, it is looked at again.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left, insort
from collections.abc import Sequence
from datetime import datetime

from ttp.domain.account import Account
from ttp.domain.errors import Hint, StateRefused
from ttp.store import reads
from ttp.store.database import Database


class Agenda:
    """From `since` on."""

    def __init__(self, database: Database, since: datetime) -> None:
        self._database = database
        self._since = since
        self._stored: dict[str, tuple[Account, list[datetime]]] = {}
        self._instants: dict[str, list[datetime]] = {}
        self._rests: set[str] = set()

    def of(self, account: Account) -> Sequence[datetime]:
        """The instants of an account's posts, in order; what is given away later comes into the same list."""
        if account.name not in self._stored:
            with self._database.reading() as db:
                self._stored[account.name] = account, self._read(db, account) if db else []
            self._instants[account.name] = list(self._stored[account.name][1])
        return self._instants[account.name]

    def has(self, account: Account, at: datetime) -> bool:
        """Whether the account has a post at that very instant."""
        instants = self.of(account)
        place = bisect_left(instants, at)
        return place < len(instants) and instants[place] == at

    def give(self, accounts: Sequence[Account], at: datetime) -> None:
        """Give an instant away."""
        for account in accounts:
            self.of(account)
            insort(self._instants[account.name], at)

    def rest_on(self, accounts: Sequence[Account]) -> None:
        """A time was chosen by what is known of these accounts."""
        self._rests |= {account.name for account in accounts}

    def refuse_changed(self, db: sqlite3.Connection) -> None:
        """StateRefused where an account that a choice rests on has other posts than it had."""
        for account, stored in (self._stored[name] for name in self._rests):
            if self._read(db, account) != stored:
                raise StateRefused(
                    f"posts of {account.name} were scheduled or changed since this was planned",
                    Hint("see them, and try again", "ttp list --status scheduled,draft"),
                )

    def _read(self, db: sqlite3.Connection, account: Account) -> list[datetime]:
        return reads.busy_instants(db, account.id or 0, self._since)
