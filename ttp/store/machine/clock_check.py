"""Check the system clock against recorded events, and repair what a clock that was ahead left.

A clock earlier than a recorded event is behind (a Raspberry Pi before time synchronisation). Events recorded while the
clock was ahead lie in the future and would delay retries. Planned times say nothing about the clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ttp.domain.time.clock import to_ms
from ttp.store import row_mapper
from ttp.store.dialect import Connection, greatest, least

STEP = timedelta(minutes=5)
"""Time synchronisation may set the clock back this far without a warning."""
DIFFER_AT_MOST = timedelta(minutes=1)
"""A machine whose clock differs more from that of the store's server publishes nothing."""

# Each by an index, whatever the number of posts. Of a call the earlier of both clocks counts: either may be ahead.
_LATER_RUN, _SHORTER_WAIT = greatest("ran_at", ":at"), greatest("next_at - :ahead", ":now")
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
# Deliveries that wait, with the time of their last step.
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
UNION
SELECT d.id, d.next_at, (
    SELECT coalesce(t.ended_at, t.at) FROM attempt t WHERE t.delivery_id = d.id ORDER BY t.id DESC LIMIT 1
)
FROM delivery d
WHERE d.parent_id IS NOT NULL AND d.state IN ('pending', 'retrying') AND d.next_at IS NOT NULL
    AND d.state = 'retrying' AND d.next_at > :now
"""


# Comments on posts that were published while the clock was ahead.
_COMMENTS = """
SELECT d.id, d.due_at - p.published_at AS after
FROM delivery d JOIN delivery p ON p.id = d.parent_id
WHERE d.parent_id IS NOT NULL AND d.state IN ('pending', 'retrying') AND d.next_at IS NOT NULL
    AND d.state = 'pending' AND d.next_at > :now AND p.published_at > :now + :step AND d.due_at >= p.published_at
"""


def last_recorded_instant(db: Connection) -> datetime | None:
    """Return the newest instant at which something happened; None in a store without events."""
    return row_mapper.instant(db.execute(_NEWEST).fetchone()[0])


def record_instant(db: Connection, at: datetime | None) -> None:
    """Store that the clock has shown `at`, so that later runs notice an earlier clock."""
    if at is not None:
        db.execute(f"UPDATE store SET ran_at = {_LATER_RUN} WHERE ran_at IS NOT NULL", {"at": to_ms(at)})


def shorten_waits(db: Connection, now: datetime) -> None:
    """Shorten waits that began while the clock was ahead to their planned length from `now`."""
    here = to_ms(now)
    for row in db.execute(_WAITS, {"now": here}).fetchall():
        last = row["last"] or 0
        ahead = last - here
        if ahead > STEP // timedelta(milliseconds=1) and row["next_at"] >= last:  # else it is shortened already
            db.execute(
                f"UPDATE delivery SET next_at = {_SHORTER_WAIT}, waiting_until = waiting_until - :ahead WHERE id = :id",
                {"ahead": ahead, "now": here, "id": row["id"]},
            )
    step = STEP // timedelta(milliseconds=1)
    for row in db.execute(_COMMENTS, {"now": here, "step": step}).fetchall():
        at = here + row["after"]
        db.execute("UPDATE delivery SET due_at = ?, next_at = ? WHERE id = ?", (at, at, row["id"]))
    db.execute("UPDATE account SET late_claim_at = :now WHERE late_claim_at > :now", {"now": here})


def trust_clock(db: Connection, now: datetime) -> None:
    """Move recorded instants that lie after `now` back to it. Records of attempts stay unchanged."""
    for name in ("account", "post"):
        db.execute(f"UPDATE {name} SET created_at = :now WHERE created_at > :now", {"now": to_ms(now)})
    db.execute("UPDATE post SET updated_at = :now WHERE updated_at > :now", {"now": to_ms(now)})
    db.execute("UPDATE store SET ran_at = :now WHERE ran_at > :now", {"now": to_ms(now)})


def clock_behind(now: datetime, known: datetime | None) -> datetime | None:
    return known if known is not None and now < known - STEP else None
