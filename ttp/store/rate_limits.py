"""Rate limits that the platforms reported: in memory for the next call, in the store for the next process.

A limit is stored with the publisher's next write, so that it costs no commit; if that fails, only the limit is lost.
Another process may store newer ones: the publisher reads them at the start of each delivery.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ttp.domain.account import Account
from ttp.domain.errors import TtpError
from ttp.domain.rate_limit import Limit, LimitKey, owner
from ttp.domain.time.clock import Clock, from_ms, to_ms
from ttp.store import row_mapper
from ttp.store.database import Database
from ttp.store.dialect import Connection, List, Row, StoreError, in_list, not_in_list

_ALIKE = timedelta(seconds=2)
"""Resets closer together are the same one, told by two answers."""
_READ = f"""
SELECT r.*, a.platform, a.handle FROM rate_limit r JOIN account a ON a.id = r.account_id
WHERE {in_list("r.account_id", "accounts")}
UNION ALL
SELECT r.*, a.platform, a.handle FROM account a JOIN rate_limit r ON r.account_id = a.id
WHERE {in_list("a.platform", "platforms")} AND {not_in_list("a.id", "accounts")}
    AND r.scope <> 'account'
"""
_WRITE = """
INSERT INTO rate_limit (account_id, scope, subject, endpoint, most, remaining, reset_at, seen_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account_id, scope, subject, endpoint) DO UPDATE SET
    most = excluded.most, remaining = excluded.remaining, reset_at = excluded.reset_at, seen_at = excluded.seen_at
WHERE excluded.seen_at >= rate_limit.seen_at
"""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A limit, when it was reported and to which account. `written`: it is stored."""

    limit: Limit
    at: datetime
    account_id: int | None
    written: bool


class Limits:
    """The limits of all accounts. Thread-safe."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[tuple[str, LimitKey], _Seen] = {}
        self._recalled: set[int] = set()
        self._lock = threading.Lock()

    # For the clients.

    def note(self, account: Account, limits: Iterable[Limit]) -> None:
        """Remember an account's reported limits; stored later. A limit without a reset is ignored."""
        now = self._clock.now()
        with self._lock:
            for limit in limits:
                key = (owner(account.name, limit.key), limit.key)
                before = self._known.get(key)
                if limit.resets_at is not None and not (before is not None and _alike(before.limit, limit)):
                    self._known[key] = _Seen(limit, now, account.id, written=account.id is None)

    def known(self, account: Account, key: LimitKey) -> Limit | None:
        """Return the last reported limit, from memory or the store; None if there was no report."""
        if account.id is not None and account.id not in self._recalled:
            with self._database.reading() as db:
                if db is not None:
                    self.recall(db, account)
        with self._lock:
            seen = self._known.get((owner(account.name, key), key))
        return None if seen is None else seen.limit

    def keep(self) -> None:
        """Store new limits in a separate transaction. Raises nothing."""
        if not self._unwritten():
            return
        # Errors of the store are reported by the next command or publisher that needs it.
        with suppress(TtpError, StoreError, OSError), closing(self._database.connect()) as db, db.transaction():
            self.write(db)

    # For the publisher, inside its transactions.

    def recall(self, db: Connection, *accounts: Account) -> None:
        """Load the stored limits of these accounts and their apps where they are newer than those in memory. Limits
        deleted from the store are forgotten: a person lifted the hold."""
        ids = {account.id for account in accounts if account.id is not None}
        names = {
            "accounts": List(sorted(ids)),
            "platforms": List(sorted({account.platform for account in accounts})),
        }
        stored = [_seen(row) for row in db.execute(_READ, names)]
        with self._lock:
            for key in [key for key, seen in self._known.items() if seen.account_id in ids and seen.written]:
                del self._known[key]
            for seen in stored:
                key = (owner(seen.limit.account, seen.limit.key), seen.limit.key)
                mine = self._known.get(key)
                if mine is None or mine.at < seen.at:
                    self._known[key] = seen
            self._recalled |= ids

    def write(self, db: Connection) -> None:
        """Store new limits. If that fails, the rest of the transaction is unaffected."""
        unwritten = self._unwritten()
        if not unwritten:
            return
        try:
            with db.savepoint():
                db.executemany(_WRITE, [_columns(seen) for seen in unwritten.values()])
        except StoreError:
            if not db.in_transaction:  # no room, or an I/O error: the whole transaction is gone, its owner must know
                raise
        with self._lock:
            for key, seen in unwritten.items():
                if self._known.get(key) is seen:
                    self._known[key] = replace(seen, written=True)

    def _unwritten(self) -> dict[tuple[str, LimitKey], _Seen]:
        with self._lock:
            return {key: seen for key, seen in self._known.items() if not seen.written}


def current_limits(db: Connection, now: datetime) -> list[Limit]:
    """Return the limits that have not reset, the most used ones first. A limit that several accounts share is listed
    once, as it was last reported."""
    sql = (
        "SELECT r.*, a.platform, a.handle FROM rate_limit r JOIN account a ON a.id = r.account_id"
        " WHERE a.removed_at IS NULL AND r.reset_at > ? ORDER BY r.seen_at"
    )
    newest = {}
    for row in db.execute(sql, (to_ms(now),)):
        limit = _seen(row).limit
        newest[owner(limit.account, limit.key), limit.key] = limit
    return sorted(newest.values(), key=lambda limit: (limit.share_left, limit.account, limit.label))


def _alike(one: Limit, other: Limit) -> bool:
    assert one.resets_at is not None
    assert other.resets_at is not None
    same = (one.left, one.limit) == (other.left, other.limit)
    return same and abs(one.resets_at - other.resets_at) < _ALIKE


def _seen(row: Row) -> _Seen:
    account = f"{row['platform']}/{row['handle']}"
    limit = Limit(
        account, row["endpoint"], row["remaining"], row["most"], from_ms(row["reset_at"]), row["scope"], row["subject"]
    )
    return _Seen(limit, from_ms(row["seen_at"]), row["account_id"], written=True)


def _columns(seen: _Seen) -> tuple[row_mapper.Column, ...]:
    limit = seen.limit
    return (
        seen.account_id,
        limit.scope,
        limit.subject,
        limit.name,
        limit.limit,
        limit.left,
        row_mapper.ms(limit.resets_at),
        to_ms(seen.at),
    )
