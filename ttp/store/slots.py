"""Read and write slots, and find the posts at an instant of an account."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from ttp.domain.slot import Slot
from ttp.domain.time.clock import from_ms
from ttp.store.dialect import BY_ACCOUNT, Connection, Row, insert_row
from ttp.store.row_mapper import marks, ms, plain_fields

_SLOTS = (
    "SELECT s.*, a.platform, a.handle FROM slot s JOIN account a ON a.id = s.account_id"
    f" WHERE a.removed_at IS NULL {{}} {BY_ACCOUNT}, s.id"
)
# A post that is scheduled or being published holds its instants; one that has ended holds none.
_HOLDING = (
    "d.state NOT IN ('published', 'failed', 'needs_review', 'cancelled') AND d.parent_id IS NULL"
    " AND p.deleted_at IS NULL"
)


def insert(db: Connection, slot: Slot, *, now: datetime) -> int:
    """Store a new slot and return its id."""
    own = {name: getattr(slot, name) for name in ("account_id", "cron", "timezone", "name")}
    return int(insert_row(db, "slot", {**own, "created_at": ms(now)})["id"])


def rename(db: Connection, slot_id: int, name: str) -> None:
    db.execute("UPDATE slot SET name = ? WHERE id = ?", (name, slot_id))


def remove(db: Connection, ids: Iterable[int]) -> None:
    """Delete slots. Posts at their instants keep their times."""
    db.executemany("DELETE FROM slot WHERE id = ?", [(slot_id,) for slot_id in ids])


def slots(db: Connection, account_ids: Collection[int] | None = None) -> list[Slot]:
    """Return the slots of these accounts (None: of all), by account, in the order in which they were added."""
    ids = sorted(account_ids or ())
    which = "" if account_ids is None else f"AND s.account_id IN ({marks(ids)})"
    return [_slot(row) for row in db.execute(_SLOTS.format(which), ids)]


def posts_at(db: Connection, account_ids: Collection[int], at: datetime, *, without: int | None) -> list[int]:
    """Return the ids of posts at an instant of one of these accounts, except `without`."""
    ids = sorted(account_ids)
    sql = (
        "SELECT DISTINCT d.post_id FROM delivery d JOIN post p ON p.id = d.post_id"
        f" WHERE d.account_id IN ({marks(ids)}) AND d.due_at = ?"
        f" AND d.post_id IS DISTINCT FROM ? AND {_HOLDING} ORDER BY d.post_id"
    )
    return [row["post_id"] for row in db.execute(sql, [*ids, ms(at), without])]


def posts_by_instant(
    db: Connection, account_ids: Collection[int], since: datetime, until: datetime
) -> dict[datetime, list[int]]:
    ids = sorted(account_ids)
    sql = (
        "SELECT DISTINCT d.due_at, d.post_id FROM delivery d JOIN post p ON p.id = d.post_id"
        f" WHERE d.account_id IN ({marks(ids)}) AND d.due_at >= ? AND d.due_at < ? AND {_HOLDING}"
        " ORDER BY d.post_id"
    )
    found: dict[datetime, list[int]] = {}
    for row in db.execute(sql, [*ids, ms(since), ms(until)]):
        found.setdefault(from_ms(row["due_at"]), []).append(row["post_id"])
    return found


def _slot(row: Row) -> Slot:
    return Slot(f"{row['platform']}/{row['handle']}", **plain_fields(row, Slot, "account"))
