"""Write the files of the store that are generated from its models.

    python -m tests.drift.store_schema

`tests/store/test_schema.py` fails where they differ from the models.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Boolean, Column, Float, Index, Integer, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import SQLModel

from ttp.store import models
from ttp.store.database import REVISIONS

STORE = Path(models.__file__).parent
COMMAND = "python -m tests.drift.store_schema"
MAPPED = ("account", "attempt", "delivery", "post", "post_media")
"""The tables whose rows become domain objects by `row_mapper`."""

_INDEXES = {
    str(model.__tablename__): [one for one in getattr(model, "__table_args__", ()) if isinstance(one, Index)]
    for model in vars(models).values()
    if isinstance(model, type) and issubclass(model, SQLModel) and model is not SQLModel
}


def generated() -> dict[Path, str]:
    """Return the path and the whole text of each generated file."""
    return {STORE / "schema.sql": "\n".join(_schema()), STORE / "columns.py": "\n".join(_columns())}


def _schema() -> Iterator[str]:
    yield f"-- A new SQLite store. Generated from models.py: {COMMAND}"
    for table in SQLModel.metadata.sorted_tables:
        yield _statement(CreateTable(table))
        # In the order of the model: of two indexes that serve alike, SQLite takes the one that was created last.
        yield from (_statement(CreateIndex(index)) for index in _INDEXES[table.name])
    yield "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);"
    yield f"INSERT INTO alembic_version (version_num) VALUES ('{REVISIONS[-1]}');"
    yield "INSERT INTO store (id, store_id, created_at)"
    yield "VALUES (1, lower(hex(randomblob(16))), CAST(unixepoch('subsec') * 1000 AS INTEGER));\n"


def _statement(element: CreateTable | CreateIndex) -> str:
    lines = str(element.compile(dialect=sqlite.dialect())).strip().splitlines()
    return "\n".join(line.rstrip().replace("\t", "    ") for line in lines) + ";"


def _columns() -> Iterator[str]:
    yield f'"""Columns of the tables that row_mapper reads. Generated from models.py: {COMMAND}"""\n'
    yield "from __future__ import annotations\n"
    yield "from typing import Literal\n"
    kinds = ("boolean", "instant", "integer", "list", "object", "real", "text", "texts")
    yield f"Kind = Literal[{', '.join(map(json.dumps, kinds))}]"
    yield '"""What a column holds: `list`, `object` and `texts` (object of texts) are JSON."""'
    for name in MAPPED:
        table = SQLModel.metadata.tables[name]
        yield f"\n{name.upper()}: dict[str, Kind] = {{"
        yield from (f'    "{column.name}": "{_kind(column)}",' for column in _of(table))
        yield "}"
    yield ""


def _of(table: Table) -> Iterator[Column[object]]:
    yield from table.columns


def _kind(column: Column[object]) -> str:
    if "json" in column.info:
        return str(column.info["json"])
    kinds = ((models.Instant, "instant"), (Boolean, "boolean"), (Integer, "integer"), (Float, "real"))
    return next((kind for form, kind in kinds if isinstance(column.type, form)), "text")


def main() -> None:
    """Write every generated file."""
    for path, text in generated().items():
        path.write_text(text)


if __name__ == "__main__":
    main()
