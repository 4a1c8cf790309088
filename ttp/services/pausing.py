"""Pausing accounts: what comes due waits, and goes out when they are resumed. Nothing is dropped.

A pause is a hold without an end, so that all that is said and done of holds is so of a pause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ttp.domain.account import PAUSED_UNTIL, Account
from ttp.domain.time.clock import Clock
from ttp.store import accounts as store
from ttp.store import reads
from ttp.store.database import Database
from ttp.store.limits import lift_hold

REASON = "paused"


class Pausing:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def pause(self, wanted: Sequence[Account]) -> list[Account]:
        """Let nothing go out to these accounts until they are resumed. What is under way goes on."""
        if not wanted:
            return []
        with self._database.writing() as db:
            known = reads.accounts_by_id(db, [account.id or 0 for account in wanted])
            paused = [replace(one, hold_until=PAUSED_UNTIL, hold_reason=REASON) for one in known.values()]
            for account in paused:
                store.save(db, account, now=self._clock.now())
        return sorted(paused, key=lambda account: account.name)

    def resume(self, wanted: Sequence[Account]) -> list[Account]:
        """Let posts go out again to those of these accounts that are paused; answers them."""
        if not wanted:
            return []
        now = self._clock.now()
        with self._database.writing() as db:
            known = reads.accounts_by_id(db, [account.id or 0 for account in wanted])
            resumed = [account for account in known.values() if account.is_paused]
            for account in resumed:
                lift_hold(db, account.id or 0, now)
        return [replace(account, hold_until=None, hold_reason=None) for account in resumed]
