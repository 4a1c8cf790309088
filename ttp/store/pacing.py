"""Limit how fast an account posts: a minimum gap, and a maximum in 24 hours.

An account that must wait is put on hold, as when a platform asks for a wait. So claims need no change, nothing is
counted as missed, and `ttp status` shows the time. Runs in the transaction that claims.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ttp.domain.time.clock import from_ms, to_ms
from ttp.store import accounts, conditions
from ttp.store.dialect import Connection

_DAY = timedelta(days=1)
_PATIENCE = timedelta(days=8)
"""No delivery is published later than this after it was due."""

# Accounts that could have something claimed now: one index seek for each.
_READY_ACCOUNTS = """
SELECT a.id FROM account a
WHERE (a.hold_until IS NULL OR a.hold_until <= :now) AND EXISTS (
    SELECT 1 FROM delivery d
    WHERE d.account_id = a.id AND d.state IN ('pending', 'retrying') AND d.next_at IS NOT NULL AND d.next_at <= :now
)
"""
# When an account's last posts were published, or may have been, newest first. By the index of account and time.
_PUBLISHED_AT = """
SELECT at FROM (
    SELECT coalesce(d.published_at, (
        SELECT max(t.at) FROM attempt t WHERE t.delivery_id = d.id AND t.phase = 'publish'
    )) AS at
    FROM delivery d
    WHERE d.account_id = :account AND d.due_at > :since
        AND d.state IN ('sending', 'processing', 'reconciling', 'published', 'needs_review')
) AS sent WHERE at IS NOT NULL ORDER BY at DESC LIMIT :most
"""
_HELD = """
SELECT id, hold_until FROM account
WHERE hold_until > :now AND (hold_reason LIKE '%: publish.min_gap_s' OR hold_reason LIKE '%: publish.per_day')
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """`min_gap` between two posts of an account, `per_day` in 24 hours; zero: no limit. `approved`: only approved."""

    min_gap: timedelta
    per_day: int
    approved: bool = False

    def hold(self, db: Connection, now: datetime) -> None:
        """Put accounts that must wait on hold."""
        if not self.min_gap and not self.per_day:
            return
        sql = conditions.only_approved(_READY_ACCOUNTS) if self.approved else _READY_ACCOUNTS
        for row in db.execute(sql, {"now": to_ms(now)}).fetchall():
            until, why = self._waits(db, row["id"], now)
            if until > now:
                accounts.mark_account(db, row["id"], hold_until=until, hold_reason=why)

    def renew(self, db: Connection, now: datetime) -> None:
        """Shorten holds that came from earlier settings to what these settings need."""
        for row in db.execute(_HELD, {"now": to_ms(now)}).fetchall():
            until, _ = self._waits(db, row["id"], now)
            if to_ms(until) < row["hold_until"]:
                accounts.lift_hold(db, row["id"], now)

    def _waits(self, db: Connection, account_id: int, now: datetime) -> tuple[datetime, str]:
        """Return until when an account waits, and the setting that says so."""
        values = {"account": account_id, "since": to_ms(now - _PATIENCE), "most": max(1, self.per_day)}
        published = [from_ms(found["at"]) for found in db.execute(_PUBLISHED_AT, values)]
        waits = [(now, "")]
        if published and self.min_gap:
            waits.append((published[0] + self.min_gap, f"{self.min_gap.total_seconds():g} s apart: publish.min_gap_s"))
        if self.per_day and len(published) == self.per_day:
            waits.append((published[-1] + _DAY, f"{self.per_day} in 24 hours: publish.per_day"))
        return max(waits)
