"""Copy the rows of a store to another one in batches, and compare the two. The tables and their order are those of the
models, which makes this the one module that imports them at run time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, String
from sqlmodel import SQLModel

from ttp.store import models
from ttp.store.dialect import Connection, bytewise, marks

BATCH = 1000
"""Rows in memory, and in one transaction."""
_OF_THE_PLACE = ("store", "publisher")
"""Tables about a store's place and its processes, which a copy has its own of."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    is_boolean: bool
    is_text: bool

    @property
    def quoted(self) -> str:
        return f'"{self.name}"'

    @property
    def sorted(self) -> str:
        """The column in the order that both databases agree on."""
        return bytewise(self.quoted) if self.is_text else self.quoted


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is copied. `key`: positions of the columns of its primary key; `counts`: it gives out ids."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[int, ...]
    counts: bool

    @property
    def order(self) -> str:
        return ", ".join(self.columns[place].sorted for place in self.key)

    def key_of(self, row: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(row[place] for place in self.key)


@dataclass(frozen=True, slots=True)
class Sum:
    """The number of rows of a table, and a digest of all their values in the order of the key."""

    rows: int
    digest: str


def tables() -> tuple[Table, ...]:
    """Return the tables that are copied, each after those that it refers to."""
    assert models.StoreRow.__tablename__ in SQLModel.metadata.tables
    return tuple(_tables())


def _tables() -> Iterator[Table]:
    for table in SQLModel.metadata.sorted_tables:
        if table.name in _OF_THE_PLACE:
            continue
        columns = tuple(
            Column(column.name, isinstance(column.type, Boolean), isinstance(column.type, String))
            for column in table.columns
        )
        key = tuple(place for place, column in enumerate(table.columns) if column.primary_key)
        counts = bool(table.dialect_options["sqlite"]["autoincrement"])
        yield Table(table.name, columns, key, counts)


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
    backwards = ", ".join(f"{table.columns[place].sorted} DESC" for place in table.key)
    row = db.execute(f"SELECT {_listed(table)} FROM {table.name} ORDER BY {backwards} LIMIT 1").fetchone()
    return None if row is None else table.key_of(tuple(row))


def batches(db: Connection, table: Table, after: tuple[Any, ...] | None = None) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of a table in the order of its key, those with a key above `after`, BATCH at a time."""
    start = f"SELECT {_listed(table)} FROM {table.name}"
    end = f"ORDER BY {table.order} LIMIT {BATCH}"
    further = f"WHERE ({table.order}) > ({marks(table.key)})"
    while True:
        where, values = ("", ()) if after is None else (further, after)
        rows = [_plain(table, row) for row in db.execute(f"{start} {where} {end}", values)]
        if not rows:
            return
        yield rows
        after = table.key_of(rows[-1])


def insert(db: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write rows with their ids; inside a transaction in which the store may be changed."""
    db.executemany(f"INSERT INTO {table.name} ({_listed(table)}) VALUES ({marks(table.columns)})", rows)


def sum_of(db: Connection, table: Table) -> Sum:
    """Read a whole table, and return its sum."""
    count, digest = 0, hashlib.blake2b(digest_size=16)
    for rows in batches(db, table):
        count += len(rows)
        for row in rows:
            digest.update(repr(row).encode("utf-8", "surrogatepass"))
    return Sum(count, digest.hexdigest())


def _listed(table: Table) -> str:
    return ", ".join(column.quoted for column in table.columns)


def _plain(table: Table, row: Any) -> tuple[Any, ...]:
    """Return a row with the same values from both databases: SQLite's booleans are numbers."""
    return tuple(
        bool(value) if column.is_boolean and value is not None else value
        for column, value in zip(table.columns, row, strict=True)
    )
