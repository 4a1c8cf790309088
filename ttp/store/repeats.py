"""Read and write repeats and their occurrences. An occurrence is keyed by its repeat and its instant, so that it is
created once, whoever creates it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from ttp.domain.delivery import Delivery
from ttp.domain.recurrence import Occurrence, OccurrenceState, Recurrence
from ttp.domain.time.clock import from_ms, to_ms
from ttp.store import columns, row_mapper
from ttp.store.dialect import NOT_QUARANTINED, Connection, List, Row, greatest, insert_row, rows_of
from ttp.store.row_mapper import Quarantine, RowMapping, as_corrupt_row, assign, ms

_RECURRENCE = RowMapping(columns.RECURRENCE, without=("created_at",))
_GOING = "paused_at IS NULL AND ended_at IS NULL"
_DUE = f"""
SELECT id FROM recurrence WHERE {_GOING} AND next_at IS NOT NULL AND next_at <= :horizon
UNION SELECT id FROM recurrence WHERE {_GOING} AND next_at IS NOT NULL AND coalesce(made_until, 0) <= :now
"""


# The posts of a tag by their last use: as a pattern, or published themselves. Copies do not belong to the pool.
_AS_PATTERN = "coalesce((SELECT max(o.at) FROM occurrence o WHERE o.source_id = p.id), 0)"
_LEAST_USED = f"""
SELECT id FROM (
    SELECT p.id, {greatest(_AS_PATTERN, "coalesce(p.published_at, p.scheduled_at, 0)")} AS used_at
    FROM post_tag t JOIN post p ON p.id = t.post_id
    WHERE t.tag = :tag AND p.deleted_at IS NULL
        AND EXISTS (SELECT 1 FROM delivery d WHERE d.post_id = p.id AND d.state <> 'cancelled')
        AND NOT EXISTS (SELECT 1 FROM occurrence o WHERE o.post_id = p.id AND o.source_id IS NOT NULL)
) AS used WHERE used_at <= :rested ORDER BY used_at, id LIMIT 1
"""


# Late occurrences of a repeat with a later one due, unchanged since creation, and late only for lack of a publisher. By
# the index of ready deliveries.
_SUPERSEDED = f"""
SELECT d.*, a.platform, a.handle AS account_handle, o.recurrence_id
FROM delivery d JOIN account a ON a.id = d.account_id JOIN occurrence o ON o.post_id = d.post_id
WHERE d.state IN ('pending', 'retrying') AND d.next_at IS NOT NULL AND d.next_at < :late AND d.state = 'pending'
    AND d.parent_id IS NULL AND d.due_at = o.at AND d.due_at > coalesce(a.hold_until, 0) AND {NOT_QUARANTINED}
    AND EXISTS (
        SELECT 1 FROM occurrence l JOIN delivery e ON e.post_id = l.post_id JOIN post p ON p.id = l.post_id
        WHERE l.recurrence_id = o.recurrence_id AND l.at > o.at AND l.at <= :now
            AND e.account_id = d.account_id AND e.state <> 'cancelled' AND p.deleted_at IS NULL
            AND (NOT :approved OR d.approved_at IS NULL OR e.approved_at IS NOT NULL)
    )
LIMIT :most
"""


def due_recurrences(db: Connection, *, now: datetime, horizon: datetime) -> list[int]:
    """Return the repeats with something to create: an instant up to `horizon`, or none created still to come."""
    return [row["id"] for row in db.execute(_DUE, {"now": ms(now), "horizon": ms(horizon)})]


def superseded_deliveries(
    db: Connection, *, now: datetime, most: int, approved: bool, quarantine: Quarantine
) -> list[tuple[Delivery, int]]:
    """Return due deliveries of repeats for which a later occurrence is due too, with the id of the repeat. `approved`:
    only approved posts are published, so that an unapproved one supersedes nothing."""
    from ttp.store.claims import LATE_MS  # here: whoever creates a post claims nothing

    values = {"now": ms(now), "late": to_ms(now) - LATE_MS, "most": most, "approved": approved, **quarantine.values}
    return [(row_mapper.delivery(row), int(row["recurrence_id"])) for row in db.execute(_SUPERSEDED, values)]


def recurrence(db: Connection, recurrence_id: int) -> Recurrence | None:
    row = db.execute("SELECT * FROM recurrence WHERE id = ?", (recurrence_id,)).fetchone()
    return None if row is None else read_recurrence(row)


def recurrences(db: Connection) -> list[Recurrence]:
    """Return all repeats, active ones first."""
    return [read_recurrence(row) for row in db.execute("SELECT * FROM recurrence ORDER BY ended_at IS NOT NULL, id")]


def insert(db: Connection, one: Recurrence, *, now: datetime) -> int:
    return int(insert_row(db, "recurrence", {**_columns(one), "created_at": ms(now)})["id"])


def update(db: Connection, one: Recurrence) -> None:
    """Store the changeable fields of a repeat."""
    values = _columns(one)
    db.execute(f"UPDATE recurrence SET {assign(values)} WHERE id = :id", {**values, "id": one.id})


def add_occurrence(db: Connection, recurrence_id: int, one: Occurrence, source_id: int | None = None) -> None:
    """Store the result of an instant. Raises Conflicting if it is stored already."""
    db.execute(
        "INSERT INTO occurrence (recurrence_id, at, state, post_id, source_id) VALUES (?, ?, ?, ?, ?)",
        (recurrence_id, ms(one.at), one.state.value, one.post_id, source_id),
    )


def skip_occurrence(db: Connection, recurrence_id: int, at: datetime) -> None:
    """Mark an instant as skipped, stored or not."""
    db.execute(
        "INSERT INTO occurrence (recurrence_id, at, state) VALUES (?, ?, 'skipped')"
        " ON CONFLICT (recurrence_id, at) DO UPDATE SET state = 'skipped'",
        (recurrence_id, ms(at)),
    )


def forget_occurrence(db: Connection, recurrence_id: int, at: datetime) -> None:
    """Delete an occurrence, so that it can be created again."""
    db.execute("DELETE FROM occurrence WHERE recurrence_id = ? AND at = ?", (recurrence_id, ms(at)))


def has_occurrence(db: Connection, recurrence_id: int, at: datetime) -> bool:
    """Return whether the instant has a stored result."""
    rows = db.execute("SELECT 1 FROM occurrence WHERE recurrence_id = ? AND at = ?", (recurrence_id, ms(at)))
    return rows.fetchone() is not None


def occurrences_after(db: Connection, recurrence_id: int, at: datetime) -> Iterator[Occurrence]:
    """Yield the stored occurrences after `at`, in order. One whose post is deleted counts as skipped."""
    sql = (
        "SELECT o.*, p.deleted_at FROM occurrence o LEFT JOIN post p ON p.id = o.post_id"
        " WHERE o.recurrence_id = ? AND o.at > ? ORDER BY o.at"
    )
    for row in db.execute(sql, (recurrence_id, ms(at))):
        state = OccurrenceState.SKIPPED if row["deleted_at"] is not None else OccurrenceState(row["state"])
        yield Occurrence(from_ms(row["at"]), state, row["post_id"])


def posts_of_same_repeat(db: Connection, post_id: int, others: Collection[int]) -> set[int]:
    """Return those of `others` that share a repeat with `post_id`, as occurrences or as its pattern."""
    sql = f"""
    WITH shared AS (
        SELECT id FROM recurrence WHERE post_id = :post
        UNION SELECT recurrence_id FROM occurrence WHERE post_id = :post
    )
    SELECT value AS id FROM {rows_of("others")} WHERE value IN (
        SELECT post_id FROM recurrence WHERE id IN (SELECT id FROM shared) AND post_id IS NOT NULL
        UNION SELECT o.post_id FROM occurrence o WHERE o.post_id = value AND o.recurrence_id IN (SELECT id FROM shared)
    )
    """
    rows = db.execute(sql, {"post": post_id, "others": List(sorted(others))})
    return {row["id"] for row in rows}


def count_by_state(db: Connection, recurrence_id: int) -> dict[OccurrenceState, int]:
    sql = (
        "SELECT CASE WHEN p.deleted_at IS NULL THEN o.state ELSE 'skipped' END AS state, count(*) AS many"
        " FROM occurrence o LEFT JOIN post p ON p.id = o.post_id WHERE o.recurrence_id = ? GROUP BY 1"
    )
    counts = {row["state"]: row["many"] for row in db.execute(sql, (recurrence_id,))}
    return {state: counts.get(state.value, 0) for state in OccurrenceState}


def count_occurrences(db: Connection, recurrence_id: int, *, made: bool = False) -> int:
    """Return the number of stored occurrences; `made`: of those that became a post."""
    more = " AND state = 'made'" if made else ""
    rows = db.execute(f"SELECT count(*) FROM occurrence WHERE recurrence_id = ?{more}", (recurrence_id,))
    return int(rows.fetchone()[0])


def least_used_post(db: Connection, tag: str, *, rested: datetime) -> int | None:
    """Return the post of a tag that was used longest ago, not after `rested`."""
    row = db.execute(_LEAST_USED, {"tag": tag, "rested": ms(rested)}).fetchone()
    return None if row is None else int(row["id"])


@as_corrupt_row("recurrence")
def read_recurrence(row: Row) -> Recurrence:
    return Recurrence(**_RECURRENCE.fields_of_one(row))


def _columns(one: Recurrence) -> dict[str, row_mapper.Column]:
    return _RECURRENCE.columns(one, (name for name in _RECURRENCE.names if name != "id"))
