"""Rows in every table of a store, made from its models: what has no meaning, and every kind of value."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Float, LargeBinary, String
from sqlmodel import SQLModel

from ttp.store.copies import table_copy
from ttp.store.dialect import Connection

ODD = "tab\t 'quote' \"q\" 100 % ? :name {} \\ ünï 🚀 \u202e\x1b"


def fill(db: Connection, rows: int) -> None:
    """Put rows in every table; the highest id of each is one whose row was deleted."""
    for table in table_copy.tables():
        columns = list(SQLModel.metadata.tables[table.name].columns)
        made = [tuple(_value(table.name, column, number) for column in columns) for number in range(1, rows + 1)]
        table_copy.insert(db, table, made)
        if table.counts:
            db.execute(f"UPDATE {table.name} SET id = id")
            db.continue_ids(table.name, rows + 7)


def _value(table: str, column: Column[Any], number: int) -> Any:
    if (table, column.name) == ("delivery", "state"):
        return "pending"
    if column.foreign_keys or column.primary_key:
        return f"{ODD} {number}" if isinstance(column.type, String) else number
    if column.nullable and number % 2:
        return None
    match column.type:
        case Boolean():
            return number % 2 == 0
        case Float():
            return number / 3
        case String():
            return f"{ODD} {column.name} {number}"
        case LargeBinary():
            return bytes([0, 255, number])
        case _:
            return number * 10**12


def contents(db: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that a copy has."""
    return {
        table.name: [row for rows in table_copy.batches(db, table) for row in rows] for table in table_copy.tables()
    }
