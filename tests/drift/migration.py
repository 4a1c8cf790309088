"""Write the migration for what changed in the models, and every file that follows from it.

    python -m tests.drift.migration add_notes

It compares `models.py` with `schema.sql`, which has the tables of the last revision. Then it writes the next revision,
`schema.sql`, `schema_postgresql.sql`, `columns.py`, and the store of the last revision that `test_old_stores` upgrades.
What has to happen to the rows, a person adds to the revision.
"""

from __future__ import annotations

import re
import sqlite3
import sys
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

from alembic.autogenerate import api, produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations.ops import UpgradeOps
from sqlalchemy import Boolean, Column, Float, Index, Integer, MetaData, Text, create_engine
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

from tests.drift import store_schema
from tests.store.migrations import old_stores
from ttp.store.model_fields import Instant

TYPES = {
    "NUMBER": 'sa.Integer().with_variant(sa.BigInteger, "postgresql")',
    "INSTANT": 'sa.BigInteger().with_variant(sa.Integer, "sqlite")',
    "TEXT": 'sa.Text().with_variant(sa.Text(collation="C"), "postgresql")',
}
"""What a migration calls the types of the models that differ between the databases."""
REVISION = '''"""{title}."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"

{types}

def upgrade() -> None:
    {body}
'''


def main(name: str) -> None:
    """Write the revision with this name, such as `add_notes`, and the files that follow from it."""
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        sys.exit("usage: python -m tests.drift.migration NAME (small letters, digits and _, such as add_notes)")
    body = operations((store_schema.STORE / "schema.sql").read_text(), SQLModel.metadata)
    if body == "pass":
        sys.exit("models.py has the tables of schema.sql: change it first")
    before = store_schema.revisions()[-1]
    old_stores.keep(before)
    path = store_schema.VERSIONS / f"v{int(before) + 1:04d}_{name}.py"
    path.write_text(source(f"{name.replace('_', ' ').capitalize()}", before, body))
    store_schema.main()
    print(f"wrote {path.name}: add what has to happen to the rows, then run pytest tests/store/migrations")


def source(title: str, before: str, body: str) -> str:
    """Return the text of the revision after `before`."""
    types = "".join(f"{name} = {text}\n" for name, text in TYPES.items() if name in body)
    return REVISION.format(title=title, revision=f"{int(before) + 1:04d}", before=before, types=types, body=body)


def operations(schema: str, models: MetaData) -> str:
    """Return the alembic operations, as Python code, that bring a store with this schema to these models."""
    skipped = {index.name for table in models.tables.values() for index in table.indexes if _has_expressions(index)}

    def is_ours(item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
        # SQLite has no names for unique columns.
        return name not in {"alembic_version", *skipped} and not (kind == "unique_constraint" and reflected)

    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(schema)
        engine = create_engine("sqlite://", creator=lambda: db, poolclass=StaticPool)
        with engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"include_object": is_ours, "compare_type": _differs, "render_item": _render}
            )
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", ".*expression-based index")
                ops = produce_migrations(context, models).upgrade_ops
            assert isinstance(ops, UpgradeOps)
            code = render_python_code(ops, render_item=_render, migration_context=context)
    code = code.replace(
        "sa.Column('id', NUMBER, nullable=False)", "sa.Column('id', NUMBER, sa.Identity(), nullable=False)"
    )
    return re.sub(r"(?m)^ *#.*\n| *# ### .*$", "", code).strip()


def _has_expressions(index: Index) -> bool:
    """Return whether alembic cannot compare an index, such as one by `published_at DESC`. A person writes those."""
    return any(not isinstance(one, Column) for one in index.expressions)


def _differs(context: Any, inspected: Any, column: Any, found: Any, model: Any) -> bool:
    return not isinstance(found, type(_plain(model)))


def _plain(form: Any) -> Any:
    """Return what a type of the models is on SQLite."""
    return Integer() if isinstance(form, Instant) else form


def _render(kind: str, item: Any, context: api.AutogenContext) -> str | Literal[False]:
    """Write a type by the names of `TYPES`."""
    if kind != "type":
        return False
    if isinstance(item, Instant):
        return "INSTANT"
    if isinstance(item, Boolean | Float):
        return f"sa.{type(item).__name__}()"
    if isinstance(item, Integer):
        return "NUMBER"
    if isinstance(item, Text) or item.__visit_name__ in ("string", "text"):
        return "TEXT" if "postgresql" in item._variant_mapping else "sa.Text()"
    return False


if __name__ == "__main__":
    main(Path(sys.argv[1]).name if len(sys.argv) == 2 else "")
