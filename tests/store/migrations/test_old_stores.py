"""A store of each revision, with every feature in it, is upgraded to the next and keeps working."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.examples import every
from tests.store.migrations import old_stores
from tests.store.migrations.next_version import NEXT, become_next
from tests.store.migrations.test_schema import dump, schema
from tests.store.stores import new_store, raw, transaction
from ttp.domain.delivery import DeliveryState
from ttp.store import accounts, claims, posts, queries
from ttp.store.columns import REVISIONS
from ttp.store.database import Database

ROOT = Path(__file__).parents[3]
LATER = datetime(2031, 1, 1, tzinfo=UTC)


@pytest.fixture(params=every(max(len(REVISIONS) - 1, 1), REVISIONS))  # the first and the last of them
def revision(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(tmp_path: Path, revision: str) -> Database:
    return old_stores.unpack(tmp_path / "old", revision)


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch) -> None:
    become_next(monkeypatch.setattr)


def rows(path: Path) -> dict[str, list[dict[str, object]]]:
    """Return the rows of every table, in the order of their values."""
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: sorted(map(dict, db.execute(f"SELECT * FROM {name}")), key=repr) for name in names}


@pytest.mark.parametrize("revision", old_stores.revisions())
def test_it_has_rows_in_every_table(store: Database) -> None:
    assert [name for name, kept in rows(store.path).items() if not kept] == []


def test_its_schema_is_that_of_a_new_store(store: Database, tmp_path: Path) -> None:
    assert schema(raw(store.connect())) == schema(raw(new_store(tmp_path / "new").connect()))


@pytest.mark.usefixtures("next_version")
def test_opening_it_upgrades_it_and_keeps_the_old_one_beside_it(store: Database) -> None:
    before, text = rows(store.path), dump(store.path)
    store.connect().close()
    assert dump(store.home / f"ttp.db.before-{NEXT}") == text
    after = rows(store.path)
    assert after.pop("alembic_version") == [{"version_num": NEXT}]
    for name in filter(before.get, before.keys() & after.keys()):  # a table that the newest revision added has no rows
        columns = before[name][0].keys() & after[name][0].keys()
        assert [{key: row[key] for key in columns} for row in after[name]] == [
            {key: row[key] for key in columns} for row in before[name]
        ], name


@pytest.mark.usefixtures("next_version")
def test_a_command_says_once_where_the_old_one_is(ttp: Program, revision: str) -> None:
    old = old_stores.unpack(ttp.home, revision)
    first, second = ttp("list"), ttp("list")
    assert (first.code, second.code) == (0, 0)
    assert str(old.home / f"ttp.db.before-{NEXT}") in first.err
    assert "before" not in second.err


KILLER = """
import os, signal, sys
from pathlib import Path
from alembic import command
from tests.store.migrations.next_version import become_next
from ttp.store import database, models
become_next()
open_store, copy_store = database.connect_unchecked, database.copy
def die_at(step):
    if step.lstrip().startswith(fatal):
        os.kill(os.getpid(), signal.SIGKILL)
def open_watched(*values):
    connection = open_store(*values)
    connection.set_trace_callback(die_at)
    return connection
def copy_watched(*values):
    die_at("before the backup")
    copy_store(*values)
    die_at("after the backup")
database.connect_unchecked, database.copy = open_watched, copy_watched
for line in sys.stdin:
    home, fatal = line.rstrip().split("\\t")
    child = os.fork()
    if not child:
        database.Database(Path(home)).connect().close()
        die_at("after the upgrade")
        os._exit(1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Upgrades stores in processes of their own, each killed at a step. It imports what that needs once."""


@pytest.fixture(scope="module")
def killer() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", KILLER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        yield process


STEPS = ("before the backup", "after the backup", "BEGIN", "CREATE", "UPDATE alembic_version")
LAST_STEPS = ("PRAGMA foreign_key_check", "COMMIT", "after the upgrade")


@pytest.mark.usefixtures("next_version")
@pytest.mark.parametrize(
    "step", ["ALTER", *(pytest.param(step, marks=pytest.mark.slow) for step in STEPS + LAST_STEPS)]
)
def test_an_upgrade_that_is_killed_is_done_at_the_next_opening(
    store: Database, step: str, killer: subprocess.Popen[str]
) -> None:
    before = dump(store.path)
    assert killer.stdin is not None
    assert killer.stdout is not None
    print(store.home, step, sep="\t", file=killer.stdin, flush=True)
    assert int(killer.stdout.readline()) == -signal.SIGKILL
    assert (dump(store.path) == before) == (step != "after the upgrade")
    with closing(Database(store.home).connect()) as db:
        assert len(accounts.accounts(db)) == 3
        assert db.execute("SELECT version_num FROM alembic_version").fetchone()[0] == NEXT
    assert dump(store.home / f"ttp.db.before-{NEXT}") == before


def test_reading_it_changes_nothing(store: Database) -> None:
    store.connect().close()
    before = dump(store.path)
    with closing(store.connect()) as db:
        ids = queries.existing_ids(db, 1, 100)
        assert [post.id for post in queries.posts_by_id(db, ids)] == ids
        assert len(accounts.accounts(db)) == 3
    assert dump(store.path) == before


def test_every_post_is_stored_as_it_was_read(store: Database) -> None:
    store.connect().close()
    before = dump(store.path)
    with transaction(store) as db:
        for post in list(queries.posts_by_id(db, queries.existing_ids(db, 1, 100))):
            posts.update(db, post, None)
        assert {row[0] for row in db.execute("SELECT revision FROM post WHERE deleted_at IS NULL")} == {2}
        db.execute("UPDATE post SET revision = 1")
    assert sorted(dump(store.path)) == sorted(before)


def test_its_due_posts_are_claimed_and_published(store: Database) -> None:
    with transaction(store) as db:
        claimed = claims.claim(db, now=LATER, cutoff=LATER, free=9, catch_up_gap=timedelta(0))
        assert {delivery.account for delivery in claimed} == {"instagram/demo", "x/demo"}
        for number, delivery in enumerate(claimed):
            sending = delivery.mark_sending()
            assert claims.save_transition(db, delivery, sending, now=LATER) is not None
            published = sending.mark_published(at=LATER, remote_id=f"new-{number}", url=None)
            assert claims.save_transition(db, sending, published, now=LATER) is not None
            assert {one.state for one in queries.post_even_deleted(db, delivery.post_id or 0).deliveries} <= {
                DeliveryState.PUBLISHED,
                DeliveryState.PENDING,
            }


def test_every_command_goes_on_with_it(ttp: Program, revision: str) -> None:
    old_stores.unpack(ttp.home, revision)
    ttp.clock.set(datetime(2026, 11, 27, 5, tzinfo=UTC))
    ttp.sql("UPDATE store SET host = NULL, mark = NULL")  # it was another machine's
    assert ttp.ok("audit", "--json").json["ok"]
    assert len(ttp.ok("list", "--json").json) == 16
    assert ttp.ok("show", "17", "--json").json["status"] == "draft"
    assert [row[0] for row in ttp.ok("slots", "list").rows] != []
    assert len(ttp.ok("repeat", "list", "--json").json) == 2
    assert len(ttp.ok("metrics", "list", "--json").json) == 31
    ttp.ok("undo", "--post", "6")
    assert ttp.ok("show", "6", "--json").json["content"] == "Edited"
    assert ttp.ok("create", "New", "--json").json["id"] == 18
