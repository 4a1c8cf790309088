"""Rate limits that the platforms reported: in memory for the next call, in the store for the next process.

A limit is stored with the publisher's next write, so that it costs no commit; if that fails, only the limit is lost.
Another process may store newer ones: the publisher reads them at the start of each delivery.

`Pace` is the limit of the user: a minimum gap, and a maximum in 24 hours. An account that must wait is put on hold, as
when a platform asks for a wait. Claims need no change, nothing counts as missed, and `ttp status` shows the time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import closing, suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from ttp.domain.account import Account
from ttp.domain.errors import TtpError
from ttp.domain.publishing.rate_limit import Limit, LimitKey, owner
from ttp.domain.time.clock import Clock, from_ms, to_ms
from ttp.store import accounts, dialect, row_mapper
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


class _Report(NamedTuple):
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
        self._known: dict[tuple[str, LimitKey], _Report] = {}
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
                    self._known[key] = _Report(limit, now, account.id, written=account.id is None)

    def last_known(self, account: Account, key: LimitKey) -> Limit | None:
        """Return the last reported limit, from memory or the store; None without a report."""
        if account.id is not None and account.id not in self._recalled:
            with self._database.reading() as db:
                if db is not None:
                    self.recall(db, {account.id: account.name})()
        with self._lock:
            report = self._known.get((owner(account.name, key), key))
        return None if report is None else report.limit

    def keep(self) -> None:
        """Store new limits in a separate transaction. Raises nothing."""
        if not self._unwritten():
            return
        # Errors of the store are reported by the next command or publisher that needs it.
        with suppress(TtpError, StoreError, OSError), closing(self._database.connect()) as db, db.transaction():
            self.write(db)

    # For the publisher, inside its transactions.

    def recall(self, db: Connection, names: Mapping[int, str]) -> Callable[[], None]:
        """Return what loads the stored limits of these accounts, names by id, and of their apps, where they are newer
        than those in memory. Limits deleted from the store are forgotten: a person lifted the hold."""
        platforms = sorted({name.partition("/")[0] for name in names.values()})
        rows = db.execute(_READ, {"accounts": List(sorted(names)), "platforms": List(platforms)})
        return lambda: self._load([_report(row) for row in rows], names.keys())

    def _load(self, stored: list[_Report], ids: Collection[int]) -> None:
        with self._lock:
            for key in [key for key, report in self._known.items() if report.account_id in ids and report.written]:
                del self._known[key]
            for report in stored:
                key = (owner(report.limit.account, report.limit.key), report.limit.key)
                mine = self._known.get(key)
                if mine is None or mine.at < report.at:
                    self._known[key] = report
            self._recalled.update(ids)

    def write(self, db: Connection) -> None:
        """Store new limits. If that fails, the rest of the transaction is unaffected. Raises what failed before."""
        unwritten = self._unwritten()
        if not unwritten:
            return
        has_begun = False
        try:
            with db.savepoint():
                has_begun = True
                db.executemany(_WRITE, [_columns(report) for report in unwritten.values()])
        except StoreError:
            # What was sent before failed, no room, an I/O error: the transaction is gone, and its owner must know.
            if not has_begun or not db.in_transaction:
                raise
        with self._lock:
            for key, report in unwritten.items():
                if self._known.get(key) is report:
                    self._known[key] = report._replace(written=True)

    def _unwritten(self) -> dict[tuple[str, LimitKey], _Report]:
        with self._lock:
            return {key: report for key, report in self._known.items() if not report.written}


def current_limits(db: Connection, now: datetime) -> list[Limit]:
    """Return the limits that have not reset, the most used ones first. A limit that several accounts share is listed
    once, as it was last reported."""
    sql = (
        "SELECT r.*, a.platform, a.handle FROM rate_limit r JOIN account a ON a.id = r.account_id"
        " WHERE a.removed_at IS NULL AND r.reset_at > ? ORDER BY r.seen_at"
    )
    newest = {}
    for row in db.execute(sql, (to_ms(now),)):
        limit = _report(row).limit
        newest[owner(limit.account, limit.key), limit.key] = limit
    return sorted(newest.values(), key=lambda limit: (limit.share_left, limit.account, limit.label))


def _alike(one: Limit, other: Limit) -> bool:
    assert one.resets_at is not None
    assert other.resets_at is not None
    same = (one.left, one.limit) == (other.left, other.limit)
    return same and abs(one.resets_at - other.resets_at) < _ALIKE


def _report(row: Row) -> _Report:
    account = f"{row['platform']}/{row['handle']}"
    limit = Limit(
        account, row["endpoint"], row["remaining"], row["most"], from_ms(row["reset_at"]), row["scope"], row["subject"]
    )
    return _Report(limit, from_ms(row["seen_at"]), row["account_id"], written=True)


def _columns(report: _Report) -> tuple[row_mapper.Column, ...]:
    limit = report.limit
    return (
        report.account_id,
        limit.scope,
        limit.subject,
        limit.name,
        limit.limit,
        limit.left,
        row_mapper.ms(limit.resets_at),
        to_ms(report.at),
    )


_DAY = timedelta(days=1)
_PATIENCE = timedelta(days=8)
"""No delivery is published later than this after it was due."""


# Accounts that could have a post claimed now: one index seek for each. Comments neither count nor wait for the pace.
_READY_ACCOUNTS = """
SELECT a.id FROM account a
WHERE (a.hold_until IS NULL OR a.hold_until <= :now) AND EXISTS (
    SELECT 1 FROM delivery d
    WHERE d.account_id = a.id AND d.state IN ('pending', 'retrying') AND d.next_at IS NOT NULL AND d.next_at <= :now
        AND d.parent_id IS NULL
)
"""


# When an account's last posts were published, or may have been, newest first. By the index of account and time.
_PUBLISHED_AT = """
SELECT at FROM (
    SELECT coalesce(d.published_at, (
        SELECT max(t.at) FROM attempt t WHERE t.delivery_id = d.id AND t.phase = 'publish'
    )) AS at
    FROM delivery d
    WHERE d.account_id = :account AND d.due_at > :since AND d.parent_id IS NULL
        AND d.state IN ('sending', 'processing', 'reconciling', 'published', 'needs_review')
) AS sent WHERE at IS NOT NULL ORDER BY at DESC LIMIT :most
"""
_HELD = """
SELECT id, hold_until FROM account
WHERE hold_until > :now AND (hold_reason LIKE '%: publish.min_gap_s' OR hold_reason LIKE '%: publish.per_day')
"""


class Pace(NamedTuple):
    """`min_gap` between two posts of an account, `per_day` in any 24 hours; zero: no limit. `approved`: only approved
    posts are published. Runs in the transaction that claims."""

    min_gap: timedelta
    per_day: int
    approved: bool = False

    def hold(self, db: Connection, now: datetime) -> bool:
        """Put accounts that must wait on hold. Return whether there were any."""
        if not self.min_gap and not self.per_day:
            return False
        any_held = False
        sql = dialect.only_approved(_READY_ACCOUNTS) if self.approved else _READY_ACCOUNTS
        for row in db.execute(sql, {"now": to_ms(now)}).fetchall():
            until, why = self._waits(db, row["id"], now)
            if until > now:
                accounts.mark_account(db, row["id"], hold_until=until, hold_reason=why)
                any_held = True
        return any_held

    def renew(self, db: Connection, now: datetime) -> None:
        """Shorten holds that came from earlier settings to what these settings need."""
        for row in db.execute(_HELD, {"now": to_ms(now)}).fetchall():
            until, _ = self._waits(db, row["id"], now)
            if to_ms(until) < row["hold_until"]:
                accounts.lift_hold(db, row["id"], now)

    def _waits(self, db: Connection, account_id: int, now: datetime) -> tuple[datetime, str]:
        """Return until when an account waits, and the setting that says so."""
        values = {"account": account_id, "since": to_ms(now - _PATIENCE), "most": max(1, self.per_day)}
        published = [from_ms(row["at"]) for row in db.execute(_PUBLISHED_AT, values)]
        waits = [(now, "")]
        if published and self.min_gap:
            waits.append((published[0] + self.min_gap, f"{self.min_gap.total_seconds():g} s apart: publish.min_gap_s"))
        if self.per_day and len(published) == self.per_day:
            waits.append((published[-1] + _DAY, f"{self.per_day} in 24 hours: publish.per_day"))
        return max(waits)
