"""A store of each older schema, with every feature in it, is upgraded and keeps working.

`old_stores/0007.sql` is the dump of a store that commit 9b70481 filled through its own commands against the sandbox.
`0015.sql` is the same store, upgraded by the last commit with that schema: it also has followers of an account, a
token, a person who is logged in, an event, a notification, a webhook with a call, and a submitted draft. Those between
are made of the first one by the migrations up to them.
"""

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
from tests.store.migrations.test_schema import dump, schema
from tests.store.stores import new_store, raw, transaction
from ttp.domain.delivery import DeliveryState
from ttp.store import accounts, claims, posts, queries
from ttp.store.database import REVISIONS, Database
from ttp.store.migrations import upgrade
from ttp.store.sqlite import connect_unchecked

OLD = Path(__file__).parent / "old_stores"
DUMPED = ("0007", "0015")
NEWEST = REVISIONS[-1]
ADDED_SINCE_0016 = ("change", "idempotency_key", "publisher", "token", "alembic_version")
ADDED_TO = ("delivery", "store", *ADDED_SINCE_0016)
CHANGED = {
    "0007": ("account", "rate_limit", "post", *ADDED_TO),
    "0008": ("post", *ADDED_TO),
    "0009": ("post", *ADDED_TO),
    **dict.fromkeys(("0010", "0011", "0012", "0013", "0014", "0015"), ADDED_TO),
    "0016": ADDED_SINCE_0016,
}
"""The tables that lose rows or get other ones, by the revision that a store has before."""
LATER = datetime(2031, 1, 1, tzinfo=UTC)


def old_store(home: Path, revision: str = "0007") -> Database:
    """Create a store of that revision under `home`."""
    home.mkdir(mode=0o700, exist_ok=True)
    store = Database(home)
    store.path.touch(0o600)
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript((OLD / f"{revision if revision in DUMPED else DUMPED[0]}.sql").read_text())
    if revision not in DUMPED:
        with closing(connect_unchecked(store.path)) as db:
            upgrade(db, revision)
    return store


@pytest.fixture(params=every(len(REVISIONS) - 2, REVISIONS[:-1]))  # the first and the last of them
def revision(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(tmp_path: Path, revision: str) -> Database:
    return old_store(tmp_path / "old", revision)


@pytest.mark.parametrize("revision", DUMPED)
def test_it_has_rows_in_every_table(store: Database) -> None:
    with closing(sqlite3.connect(store.path)) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        assert [name for name in tables if not db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]] == []


def test_its_schema_is_that_of_a_new_store(store: Database, tmp_path: Path) -> None:
    assert schema(raw(store.connect())) == schema(raw(new_store(tmp_path / "new").connect()))


def test_opening_it_upgrades_it_and_keeps_the_old_one_beside_it(store: Database, revision: str) -> None:
    before = dump(store.path)
    store.connect().close()
    assert dump(store.home / f"ttp.db.before-{NEWEST}") == before
    kept = dump(store.path)
    lost = sorted({*before} - {*kept})
    assert all(any(f'"{name}"' in line or f" {name} " in line for name in CHANGED[revision]) for line in lost), lost
    with closing(store.connect()) as db:
        assert {(one.server, one.server_info == {}) for one in accounts.accounts(db)} == {(None, True)}
    assert kept == dump(store.path)


def test_a_command_says_once_where_the_old_one_is(ttp: Program, revision: str) -> None:
    old = old_store(ttp.home, revision)
    first, second = ttp("list"), ttp("list")
    assert (first.code, second.code) == (0, 0)
    assert str(old.home / f"ttp.db.before-{NEWEST}") in first.err
    assert "before" not in second.err


KILLER = """
import os, signal, sys
from pathlib import Path
from alembic import command
from ttp.store import database, models
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
        [sys.executable, "-c", KILLER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process


STEPS = ("before the backup", "after the backup", "BEGIN", "CREATE", "UPDATE alembic_version")
LAST_STEPS = ("PRAGMA foreign_key_check", "COMMIT", "after the upgrade")


@pytest.mark.parametrize(
    ("revision", "step"),
    [
        *(("0007", step) for step in (*STEPS, "ALTER", "DROP", *LAST_STEPS)),
        *(("0015", step) for step in (*STEPS, *LAST_STEPS)),
    ],
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
        assert db.execute("SELECT version_num FROM alembic_version").fetchone()[0] == NEWEST
    assert dump(store.home / f"ttp.db.before-{NEWEST}") == before


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
    old_store(ttp.home, revision)
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
