"""The schema: generated from the models, and a migration happens whole or not at all."""

from __future__ import annotations

import re
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory

from tests.clock import START
from tests.drift import store_schema
from tests.store.migrations.next_version import become_next
from tests.store.stores import add_account, add_post, new_store, raw, to
from ttp.domain.errors import Busy, NewerStore
from ttp.store import database, migrations, queries
from ttp.store.columns import REVISIONS
from ttp.store.copies.backup import back_up, restore
from ttp.store.database import Database
from ttp.store.dialect import Sealed
from ttp.store.home.locks import publisher_lock
from ttp.store.machine import seal
from ttp.store.machine.ownership import RESTORED

FOLDER = Path(migrations.__file__).parent


@pytest.fixture
def created(tmp_path: Path) -> sqlite3.Connection:
    return raw(new_store(tmp_path / "home").connect())


def schema(db: sqlite3.Connection) -> dict[str, Any]:
    """All that SQLite knows of every table: columns, keys, references, and its indexes with their words."""
    with closing(db):
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        return {t: table(db, t) for t in tables if not t.startswith(("sqlite_", "alembic_"))}


def table(db: sqlite3.Connection, name: str) -> dict[str, Any]:
    made = db.execute("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", (name,)).fetchone()[0]
    indexes = {}
    for _, index, unique, origin, partial in db.execute(f"PRAGMA index_list({name})").fetchall():
        # Of the place of a column only whether it is one: a new column may stand between others.
        columns = [(min(row[1], 0), *row[2:]) for row in db.execute(f"PRAGMA index_xinfo({index})")]
        sql = db.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (index,)).fetchone()[0] or ""
        where = " ".join(sql.partition(" WHERE ")[2].split())
        key = (index if origin == "c" else origin, str(columns))
        indexes[key] = (unique, origin, partial, where)
    return {
        "columns": sorted(tuple(row)[1:] for row in db.execute(f"PRAGMA table_xinfo({name})")),
        "collations": sorted(re.findall(r"(\w+) TEXT COLLATE \"?(\w+)", made)),
        "references": sorted(tuple(row)[2:] for row in db.execute(f"PRAGMA foreign_key_list({name})")),
        "indexes": indexes,
        "autoincrement": "AUTOINCREMENT" in made,
        "strict": tuple(db.execute("SELECT wr, strict FROM pragma_table_list WHERE name = ?", (name,)).fetchone()),
    }


@pytest.mark.parametrize("path", store_schema.generated(), ids=lambda path: path.name)
def test_a_generated_file_is_up_to_date(path: Path) -> None:
    assert path.read_text() == store_schema.generated()[path], f"run {store_schema.COMMAND}"


def test_ids_are_never_used_again(created: sqlite3.Connection) -> None:
    made = schema(created)
    with_ids = {name for name, shape in made.items() if "id" in [column[0] for column in shape["columns"]]}
    assert {name for name, shape in made.items() if shape["autoincrement"]} == with_ids - {"store"}


def test_the_revisions_are_those_of_the_migrations() -> None:
    scripts = ScriptDirectory.from_config(migrations.configuration())
    assert tuple(script.revision for script in reversed(list(scripts.walk_revisions()))) == REVISIONS
    assert scripts.get_heads() == [REVISIONS[-1]]


# From an older revision.

NEXT = """
from alembic import op
revision = "9999"
down_revision = "{newest}"
def upgrade():
    for statement in {statements!r}:
        op.execute(statement)
"""
REBUILT = [
    "CREATE TABLE fresh AS SELECT * FROM account",
    "DROP TABLE account",
    "CREATE TABLE account (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, platform TEXT NOT NULL, handle TEXT NOT NULL,"
    " user_id TEXT, connected BOOLEAN, needs_reconnect BOOLEAN, enabled BOOLEAN, timezone TEXT, expires_at INTEGER,"
    " scopes TEXT, hold_until INTEGER, hold_reason TEXT, options TEXT, created_at INTEGER, removed_at INTEGER,"
    " late_claim_at INTEGER, server TEXT, server_info TEXT NOT NULL, split TEXT, utm TEXT)",
    "INSERT INTO account SELECT * FROM fresh",
    "DROP TABLE fresh",
]

WithNext = Callable[[list[str]], None]


@pytest.fixture
def with_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WithNext:
    """Make this program one revision newer than the store: the next migration runs these statements."""

    def make(statements: list[str]) -> None:
        (tmp_path / "v9999_next.py").write_text(NEXT.format(newest=REVISIONS[-1], statements=statements))
        become_next(monkeypatch.setattr, tmp_path, "9999")

    return make


@pytest.fixture
def older(tmp_path: Path) -> Database:
    """A store of this revision that holds a post for an account."""
    store = new_store(tmp_path / "home")
    add_post(store, to(add_account(store), START), content="kept")
    return store


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


def test_a_sealed_store_stays_sealed_when_it_is_brought_up_to_date(older: Database, with_next: WithNext) -> None:
    with closing(older.connect()) as db, db.transaction():
        seal.close_source(db, ("account", "post"), "id", older.name, "elsewhere")
    with_next([*REBUILT, "UPDATE post SET content = 'changed'"])
    with closing(Database(older.home).connect()) as db:
        assert db.execute("SELECT content FROM post").fetchone()[0] == "changed"
        for statement in ("DELETE FROM account", "DELETE FROM post"):
            with pytest.raises(Sealed), db.transaction():
                db.execute(statement)


def test_an_older_store_is_brought_up_to_date_with_a_backup_beside_it(older: Database, with_next: WithNext) -> None:
    before = dump(older.path)
    with_next(["ALTER TABLE post ADD COLUMN made_up TEXT"])
    with closing(Database(older.home).connect()) as db:
        assert db.execute("SELECT version_num FROM alembic_version").fetchone()[0] == "9999"
        assert db.execute("SELECT content, made_up FROM post").fetchone()[0] == "kept"
    backup = older.home / "ttp.db.before-9999"
    assert dump(backup) == before
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_a_restored_backup_of_an_older_revision_is_brought_up_to_date(
    older: Database, with_next: WithNext, tmp_path: Path
) -> None:
    back_up(older, tmp_path / "backup.db")
    restore(older, tmp_path / "backup.db")
    with_next(["ALTER TABLE post ADD COLUMN made_up TEXT"])
    with closing(Database(older.home).connect()) as db:
        assert db.execute("SELECT host, ran_at FROM store").fetchone()[0] == RESTORED
        assert db.execute("SELECT made_up FROM post").fetchone()[0] is None


def test_rebuilding_a_table_keeps_its_children(older: Database, with_next: WithNext) -> None:
    with_next(REBUILT)
    with closing(Database(older.home).connect()) as db:
        (post,) = queries.posts(db, queries.PostFilter())
        assert [d.account for d in post.deliveries] == ["x/me"]
        assert db.execute("PRAGMA foreign_keys").fetchone()[0] == 1


@pytest.mark.parametrize(
    "statements",
    [
        [
            "ALTER TABLE post ADD COLUMN made_up TEXT",
            "UPDATE post SET content = 'lost'",
            "INSERT INTO nowhere VALUES (1)",
        ],
        ["ALTER TABLE post ADD COLUMN made_up TEXT", "DELETE FROM account"],
    ],
    ids=["a wrong statement", "a reference that would break"],
)
def test_a_migration_that_fails_changes_nothing(older: Database, with_next: WithNext, statements: list[str]) -> None:
    before = dump(older.path)
    with_next(statements)
    opening = Database(older.home)
    for _ in range(2):
        with pytest.raises(Exception, match=r"nowhere|\b1\b"):
            opening.connect()
        assert dump(older.path) == before
    with publisher_lock(older.home):
        pass


def test_a_store_is_not_migrated_under_a_running_publisher(older: Database, with_next: WithNext) -> None:
    before = older.path.read_bytes()
    with_next(["ALTER TABLE post ADD COLUMN made_up TEXT"])
    with publisher_lock(older.home):
        with pytest.raises(Busy) as caught:
            Database(older.home).connect()
        assert caught.value.code == "busy"
    assert older.path.read_bytes() == before
    assert not (older.home / "ttp.db.before-9999").exists()
    Database(older.home).connect().close()


def test_who_comes_second_keeps_the_backup_of_the_first(older: Database, with_next: WithNext) -> None:
    before = dump(older.path)
    with_next(["ALTER TABLE post ADD COLUMN made_up TEXT"])
    one = Database(older.home)
    one._migrate()
    one._migrate()  # as of a process that had found the store behind before the first was through
    assert dump(older.home / "ttp.db.before-9999") == before


def test_a_migrated_store_is_too_new_for_the_program_before(
    older: Database, with_next: WithNext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_next(["ALTER TABLE post ADD COLUMN made_up TEXT"])
    Database(older.home).connect().close()
    monkeypatch.setattr(database, "REVISIONS", REVISIONS)
    with pytest.raises(NewerStore, match='"9999"'):
        Database(older.home).connect()
