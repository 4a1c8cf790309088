"""Copy the rows of a store to another one in batches, and compare the two. The tables and their order are those of the
models, which makes this the one module that imports them at run time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy
from sqlalchemy import Boolean, String

from ttp.store import models
from ttp.store.dialect import Connection, bytewise
from ttp.store.row_mapper import marks

BATCH = 1000
"""Rows in memory, and in one transaction."""
_OF_THE_PLACE = ("store", "store_mark", "publisher")
"""Tables about a store's place and its processes, which a copy has its own of."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is copied. `columns`: their names, quoted; `booleans`: positions of those that hold booleans; `key`:
    positions of the columns of its primary key; `order`: these, in the order that both databases agree on; `counts`: it
    gives out ids."""

    name: str
    columns: tuple[str, ...]
    booleans: frozenset[int]
    key: tuple[int, ...]
    order: tuple[str, ...]
    counts: bool

    @property
    def column_list(self) -> str:
        return ", ".join(self.columns)

    def key_of(self, row: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(row[place] for place in self.key)


@dataclass(frozen=True, slots=True)
class Sum:
    """The number of rows of a table, and a digest of all their values in the order of the key."""

    rows: int
    digest: str


@cache
def tables() -> tuple[Table, ...]:
    """Return the tables that are copied, each after those that it refers to."""
    metadata = models.StoreRow.metadata
    return tuple(_table(table) for table in metadata.sorted_tables if table.name not in _OF_THE_PLACE)


def _table(table: sqlalchemy.Table) -> Table:
    names = tuple(f'"{column.name}"' for column in table.columns)
    key = tuple(place for place, column in enumerate(table.columns) if column.primary_key)
    texts = {place for place, column in enumerate(table.columns) if isinstance(column.type, String)}
    return Table(
        table.name,
        names,
        frozenset(place for place, column in enumerate(table.columns) if isinstance(column.type, Boolean)),
        key,
        tuple(bytewise(names[place]) if place in texts else names[place] for place in key),
        counts=bool(table.dialect_options["sqlite"]["autoincrement"]),
    )


def names() -> tuple[str, ...]:
    """Return the names of the tables that a sealed store does not let anybody change."""
    return tuple(table.name for table in tables())


def is_empty(db: Connection) -> bool:
    """Return whether a store has no rows to lose."""
    return all(db.execute(f"SELECT 1 FROM {table.name} LIMIT 1").fetchone() is None for table in tables())


def clear(db: Connection) -> None:
    """Delete the rows of a store; inside a transaction in which it may be changed."""
    for table in reversed(tables()):
        db.execute(f"DELETE FROM {table.name}")


def last_key(db: Connection, table: Table) -> tuple[Any, ...] | None:
    """Return the highest key of a table; None for an empty one."""
    backwards = ", ".join(f"{column} DESC" for column in table.order)
    row = db.execute(f"SELECT {table.column_list} FROM {table.name} ORDER BY {backwards} LIMIT 1").fetchone()
    return None if row is None else table.key_of(tuple(row))


def batches(db: Connection, table: Table, after: tuple[Any, ...] | None = None) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of a table in the order of its key, those with a key above `after`, BATCH at a time."""
    order = ", ".join(table.order)
    start, end = f"SELECT {table.column_list} FROM {table.name}", f"ORDER BY {order} LIMIT {BATCH}"
    further = f"WHERE ({order}) > ({marks(table.key)})"
    while True:
        where, values = ("", ()) if after is None else (further, after)
        rows = [_plain(table, row) for row in db.execute(f"{start} {where} {end}", values)]
        if not rows:
            return
        yield rows
        after = table.key_of(rows[-1])


def insert(db: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write rows with their ids; inside a transaction in which the store may be changed."""
    db.executemany(f"INSERT INTO {table.name} ({table.column_list}) VALUES ({marks(table.columns)})", rows)


def sum_of(db: Connection, table: Table) -> Sum:
    """Read a whole table, and return its sum."""
    count, digest = 0, hashlib.blake2b(digest_size=16)
    for rows in batches(db, table):
        count += len(rows)
        for row in rows:
            digest.update(repr(row).encode("utf-8", "surrogatepass"))
    return Sum(count, digest.hexdigest())


def _plain(table: Table, row: Any) -> tuple[Any, ...]:
    """Return a row with the same values from both databases: SQLite's booleans are numbers."""
    return tuple(
        bool(value) if place in table.booleans and value is not None else value for place, value in enumerate(row)
    )
