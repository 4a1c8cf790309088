"""Read and write sources and their items. A key is there once in a source, so that an item becomes one post."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from ttp.domain.source import KEPT_FOR, MOST_ITEMS, ItemState, Source, SourceItem
from ttp.domain.time.clock import to_ms
from ttp.store import columns
from ttp.store.dialect import Connection, List, Row, in_list, insert_into, insert_row
from ttp.store.row_mapper import RowMapping, as_corrupt_row, assign, ms

_SOURCE = RowMapping(columns.SOURCE)
_ITEM = RowMapping(columns.SOURCE_ITEM, enums={"state": ItemState})
_THERE = "removed_at IS NULL"


def source(db: Connection, source_id: int) -> Source | None:
    row = db.execute(f"SELECT * FROM source WHERE id = ? AND {_THERE}", (source_id,)).fetchone()
    return None if row is None else read_source(row)


def removed_source(db: Connection, one: Source) -> Source | None:
    """Return the source that was removed last of those with the address of this one."""
    which = "(url IN (:url, :address) OR address IN (:url, :address)) AND removed_at IS NOT NULL"
    sql = f"SELECT * FROM source WHERE {which} ORDER BY removed_at DESC LIMIT 1"
    row = db.execute(sql, {"url": one.url, "address": one.address}).fetchone()
    return None if row is None else read_source(row)


def sources(db: Connection) -> list[Source]:
    return [read_source(row) for row in db.execute(f"SELECT * FROM source WHERE {_THERE} ORDER BY id")]


def insert(db: Connection, one: Source) -> int:
    """Store a new source and return its id."""
    values = _SOURCE.columns(one, (name for name in _SOURCE.names if name != "id"))
    return int(insert_row(db, "source", values)["id"])


def update(db: Connection, one: Source, before: Source) -> None:
    """Store what differs from `before`."""
    if values := _SOURCE.columns(one, _SOURCE.names, before):
        db.execute(f"UPDATE source SET {assign(values)} WHERE id = :id", {**values, "id": one.id})


def lock(db: Connection, source_id: int) -> Source | None:
    """Return a source, which no other transaction changes before this one ends."""
    db.execute("UPDATE source SET polls = polls WHERE id = ?", (source_id,))
    return source(db, source_id)


def count_items(db: Connection, source_id: int | None = None) -> dict[int, dict[ItemState, int]]:
    """Return how many items are in each state, by source; of one source, or of all."""
    which = "" if source_id is None else " WHERE source_id = ?"
    sql = f"SELECT source_id, state, count(*) AS many FROM source_item{which} GROUP BY source_id, state"
    counts: dict[int, dict[ItemState, int]] = {}
    for row in db.execute(sql, () if source_id is None else (source_id,)):
        counts.setdefault(row["source_id"], {})[ItemState(row["state"])] = row["many"]
    return counts


def count_held(db: Connection) -> dict[int, int]:
    """Return how many items wait for a person, by source."""
    sql = "SELECT source_id, count(*) AS many FROM source_item WHERE state = 'held' GROUP BY source_id"
    return {row["source_id"]: row["many"] for row in db.execute(sql)}


def items(
    db: Connection, source_id: int, states: Collection[ItemState] = (), most: int | None = None
) -> list[SourceItem]:
    """Return items of a source, newest first. `states`: of these alone; empty: of all. `most`: None for all, which may
    be more than `MOST_ITEMS`: those that stay in the feed."""
    of_state = f" AND {in_list('state', 'states')}" if states else ""
    limit = "" if most is None else f" LIMIT {most:d}"
    sql = f"SELECT * FROM source_item WHERE source_id = :source{of_state} ORDER BY id DESC{limit}"
    values = {"source": source_id} | ({"states": List(map(str, states))} if states else {})
    return [read_item(row) for row in db.execute(sql, values)]


def item(db: Connection, item_id: int) -> SourceItem | None:
    row = db.execute("SELECT * FROM source_item WHERE id = ?", (item_id,)).fetchone()
    return None if row is None else read_item(row)


def count_posted(db: Connection, source_id: int, since: datetime) -> int:
    """Return how many items became posts of polls since an instant."""
    sql = "SELECT count(*) FROM source_item WHERE source_id = ? AND posted_at >= ?"
    return int(db.execute(sql, (source_id, ms(since))).fetchone()[0])


def insert_items(db: Connection, new: Iterable[SourceItem]) -> None:
    """Store new items. Raise Conflicting if another process stored the same key."""
    names = [name for name in _ITEM.names if name != "id"]
    for one in new:
        values = _ITEM.columns(one, names)
        db.execute(insert_into("source_item", values), values)


def update_item(db: Connection, one: SourceItem, before: SourceItem) -> None:
    """Store what differs from `before`."""
    if values := _ITEM.columns(one, _ITEM.names, before):
        db.execute(f"UPDATE source_item SET {assign(values)} WHERE id = :id", {**values, "id": one.id})


def note_seen(db: Connection, source_id: int, keys: Collection[str], now: datetime) -> None:
    """Record which items the feed has, and forget those that it lost long ago, or that are too many."""
    values: dict[str, object] = {"now": to_ms(now), "source": source_id, "keys": List(sorted(keys))}
    db.execute(f"UPDATE source_item SET seen_at = :now WHERE source_id = :source AND {in_list('k1', 'keys')}", values)
    db.execute(
        "UPDATE source_item SET content = '{}' WHERE source_id = ? AND seen_at < ? AND state <> 'held'"
        " AND content <> '{}'",
        (source_id, to_ms(now)),
    )
    db.execute(
        "DELETE FROM source_item WHERE source_id = :source AND (seen_at < :before OR (seen_at < :now AND id <= (SELECT"
        " id FROM source_item WHERE source_id = :source ORDER BY id DESC LIMIT 1 OFFSET :most)))",
        {"source": source_id, "before": to_ms(now - KEPT_FOR), "now": to_ms(now), "most": MOST_ITEMS},
    )


def delete_removed(db: Connection, now: datetime) -> None:
    """Delete the sources that were removed long ago, and their items."""
    old = "(SELECT id FROM source WHERE removed_at < :before)"
    values: Mapping[str, object] = {"before": to_ms(now - KEPT_FOR)}
    db.execute(f"DELETE FROM source_item WHERE source_id IN {old}", values)
    db.execute("DELETE FROM source WHERE removed_at < :before", values)


@as_corrupt_row("source")
def read_source(row: Row) -> Source:
    return Source(**_SOURCE.fields_of_one(row))


@as_corrupt_row("source item")
def read_item(row: Row) -> SourceItem:
    return SourceItem(**_ITEM.fields_of_one(row))
