"""`python -m tests.drift.migration`: what it writes brings an older store of either database to the models."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import SQLModel

from tests.drift import migration, store_schema
from tests.store.migrations.next_version import become_next
from tests.store.migrations.test_schema import table
from tests.store.stores import new_store, raw
from ttp.store import model_fields
from ttp.store.columns import REVISIONS
from ttp.store.database import Database
from ttp.store.postgresql.database import PostgresDatabase

SCHEMA = (store_schema.STORE / "schema.sql").read_text()


@pytest.fixture
def changed() -> sa.MetaData:
    """The models with columns of each kind, an index and a table more."""
    changed = sa.MetaData()
    for one in SQLModel.metadata.sorted_tables:
        one.to_metadata(changed)
    post = changed.tables["post"]
    for name, form, more in (
        ("a_text", model_fields.TEXT, {}),
        ("an_instant", model_fields.Instant(), {}),
        ("a_flag", sa.Boolean(), {}),
        ("a_list", sa.Text(), {"nullable": False, "server_default": "[]"}),
        ("a_count", sa.Integer(), {"nullable": False, "server_default": sa.text("0")}),
    ):
        post.append_column(sa.Column(name, form, **more))  # type: ignore[arg-type]  # the options of a column
    condition = sa.text("a_text IS NOT NULL")
    sa.Index("post_a_text", post.c.a_text, sqlite_where=condition, postgresql_where=condition)
    sa.Table(
        "one_more",
        changed,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("post_id", sa.ForeignKey("post.id"), nullable=False),
        sa.Column("name", model_fields.TEXT, nullable=False),
        sa.UniqueConstraint("name"),
        sqlite_autoincrement=True,
    )
    return changed


def test_models_that_did_not_change_need_no_migration() -> None:
    assert migration.operations(SCHEMA, SQLModel.metadata) == "pass"


@pytest.fixture
def written(changed: sa.MetaData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write the migration and let this process be the version that has it; its revision."""
    text = migration.source("Add one more", REVISIONS[-1], migration.operations(SCHEMA, changed))
    revision = f"{int(REVISIONS[-1]) + 1:04d}"
    (tmp_path / f"v{revision}_one_more.py").write_text(text)
    become_next(monkeypatch.setattr, tmp_path, revision)
    return revision


def test_it_makes_of_a_file_what_the_models_say(written: str, changed: sa.MetaData, tmp_path: Path) -> None:
    home = new_store(tmp_path / "home").home
    with closing(raw(Database(home).connect())) as upgraded, closing(sqlite3.connect(":memory:")) as new:
        for name in ("post", "one_more"):
            for statement in _create(changed.tables[name]):
                new.execute(statement)
            assert table(upgraded, name) == table(new, name)
        assert upgraded.execute("SELECT version_num FROM alembic_version").fetchone()[0] == written


def _create(table: sa.Table) -> list[str]:
    elements: list[CreateTable | CreateIndex] = [CreateTable(table), *map(CreateIndex, table.indexes)]
    return [str(one.compile(dialect=sqlite.dialect())) for one in elements]


def test_it_makes_of_a_database_what_the_models_say(written: str, store_url: str) -> None:
    store = PostgresDatabase(Path(), store_url)
    store.create()
    with closing(store.connect()) as db:
        kinds = dict(
            db.execute(
                "SELECT column_name, data_type FROM information_schema.columns"
                " WHERE table_schema = current_schema() AND table_name IN ('one_more', 'post')"
            ).fetchall()
        )
        assert kinds | {"id": "bigint", "post_id": "bigint", "name": "text", "a_text": "text"} == kinds
        assert kinds | {"an_instant": "bigint", "a_flag": "boolean", "a_list": "text", "a_count": "bigint"} == kinds
        db.execute(
            "INSERT INTO post (content, status, created_at, updated_at, variants, thread, options)"
            " VALUES ('', 'draft', 1, 1, '{}', '[]', '{}')"
        )
        assert db.execute("INSERT INTO one_more (post_id, name) VALUES (1, 'x') RETURNING id").fetchone()[0] == 1
        assert db.execute("SELECT version_num FROM alembic_version").fetchone()[0] == written
