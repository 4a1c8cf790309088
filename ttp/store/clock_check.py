"""When things happened by the clock of this machine: whether it can be right, and mending what a wrong one left.

A clock that stands before something that has happened is behind (a Raspberry Pi before its time is set). What a clock
that was ahead wrote down lies in the future, and would be waited for. What is planned tells nothing of a clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ttp.domain.time.clock import to_ms
from ttp.store import row_mapper
from ttp.store.dialect import Connection, greatest, least

STEP = timedelta(minutes=5)
"""How far a clock may be set back without a doubt: time synchronisation does so."""

# Each by an index, whatever the number of posts. Of a call the earlier of both clocks counts: a platform's may be
# ahead, and what this machine's wrote down while it was ahead is no reason to wait.
_NEWEST = f"""
SELECT max(at) FROM (
    SELECT ran_at AS at FROM store
    UNION ALL SELECT * FROM (SELECT created_at FROM account ORDER BY id DESC LIMIT 1) AS newest_account
    UNION ALL SELECT * FROM (SELECT created_at FROM post ORDER BY id DESC LIMIT 1) AS newest_post
    UNION ALL SELECT * FROM (
        SELECT {least("at", "platform_at")} FROM attempt WHERE platform_at IS NOT NULL ORDER BY id DESC LIMIT 1
    ) AS newest_attempt
) AS instants
"""
# What is waited for, and when its last step was made.
_WAITS = """
SELECT d.id, d.next_at, (
    SELECT coalesce(t.ended_at, t.at) FROM attempt t WHERE t.delivery_id = d.id ORDER BY t.id DESC LIMIT 1
) AS last
FROM delivery d
WHERE d.state IN ('processing', 'reconciling', 'published') AND d.next_at IS NOT NULL AND d.next_at > :now
UNION ALL
SELECT d.id, d.next_at, (
    SELECT coalesce(t.ended_at, t.at) FROM attempt t WHERE t.delivery_id = d.id ORDER BY t.id DESC LIMIT 1
)
FROM post p JOIN delivery d ON d.post_id = p.id
WHERE p.status = 'publishing' AND p.deleted_at IS NULL AND d.state = 'retrying' AND d.next_at > :now
"""


def last_recorded_instant(db: Connection) -> datetime | None:
    """The newest instant at which anything is known to have happened; None in a store where nothing has."""
    return row_mapper.instant(db.execute(_NEWEST).fetchone()[0])


def record_instant(db: Connection, at: datetime | None) -> None:
    """Let no later run hear of an earlier instant than `at`."""
    if at is not None:
        db.execute(f"UPDATE store SET ran_at = {greatest('ran_at', ':at')} WHERE ran_at IS NOT NULL", {"at": to_ms(at)})


def shorten_waits(db: Connection, now: datetime) -> None:
    """Shorten the waits that began while the clock was ahead: each is as long as it was to be, from `now`."""
    here = to_ms(now)
    for row in db.execute(_WAITS, {"now": here}).fetchall():
        last = row["last"] or 0
        ahead = last - here
        if ahead > STEP // timedelta(milliseconds=1) and row["next_at"] >= last:  # else it is mended already
            db.execute(
                f"UPDATE delivery SET next_at = {greatest('next_at - :ahead', ':now')},"
                " waiting_until = waiting_until - :ahead WHERE id = :id",
                {"ahead": ahead, "now": here, "id": row["id"]},
            )
    db.execute("UPDATE account SET late_claim_at = :now WHERE late_claim_at > :now", {"now": here})


def trust_clock(db: Connection, now: datetime) -> None:
    """The clock is right: what lies ahead of `now` was written down by one that was not. The records of what was sent
    stay as they are."""
    for name in ("account", "post"):
        db.execute(f"UPDATE {name} SET created_at = :now WHERE created_at > :now", {"now": to_ms(now)})
    db.execute("UPDATE post SET updated_at = :now WHERE updated_at > :now", {"now": to_ms(now)})
    db.execute("UPDATE store SET ran_at = :now WHERE ran_at > :now", {"now": to_ms(now)})


def clock_behind(now: datetime, known: datetime | None) -> datetime | None:
    """The instant `known` where a clock at `now` cannot be right, having seen it; None where it can."""
    return known if known is not None and now < known - STEP else None
