"""A store in PostgreSQL: what is refused, with one line and a way out; upgrades; connections that end."""

from __future__ import annotations

import logging
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command as alembic
from alembic.config import Config

from tests.conftest import Program, Ran
from tests.faults.team import Postgres, find_binaries
from tests.store.migrations import old_stores
from tests.store.migrations.next_version import NEXT, become_next
from ttp.cli.context import open_database
from ttp.domain.errors import Busy, NewerStore, NotAllowed, OlderStore
from ttp.domain.time.clock import SystemClock
from ttp.store.columns import REVISIONS
from ttp.store.copies import table_copy
from ttp.store.dialect import Connection, NotDurable, SessionLost, StoreError
from ttp.store.postgresql import database, upgrade
from ttp.store.postgresql.address import read_address
from ttp.store.postgresql.connection import PostgresConnection
from ttp.store.postgresql.database import PostgresDatabase
from ttp.store.postgresql.errors import sentence
from ttp.store.postgresql.server_check import ServerState
from ttp.store.row_mapper import marks

COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable, is_identity, column_default
FROM information_schema.columns WHERE table_schema = current_schema()
UNION ALL
SELECT indexname, replace(indexdef, current_schema() || '.', ''), NULL, NULL, NULL, NULL
FROM pg_indexes WHERE schemaname = current_schema()
"""


@pytest.fixture
def ttp(ttp: Program, store_url: str, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setenv("TTP_STORE__URL", store_url)
    return ttp


def refused(ran: Ran, code: int, *, hint: bool = True) -> str:
    """Check that a refusal is one line and a way out, and return the line."""
    assert ran.code == code, ran
    line, *ways = ran.err.splitlines()
    assert line.startswith("ttp: error: ")
    assert "Traceback" not in ran.err
    assert "bug" not in line
    assert not hint or ways
    assert ran.out == ""
    return line


def on_server(url: str, *statements: str) -> None:
    with closing(PostgresConnection(read_address(url))) as db:
        for statement in statements:
            db.execute(statement)


def test_what_waited_for_a_lock_sees_what_was_committed_meanwhile_whatever_the_default(store_url: str) -> None:
    with closing(PostgresConnection(read_address(store_url))) as db:
        db.execute("SET default_transaction_isolation = 'serializable'")
        for begin in (db.transaction, db.change):
            with begin():
                assert db.execute("SHOW transaction_isolation").fetchone()[0] == "read committed"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql://127.0.0.1:1/ttp", 5),
        ("postgresql:///ttp?host=/nowhere", 5),
        ("postgresql://nobody.invalid/ttp", 5),
        ("mysql://localhost/ttp", 2),
        ("postgresql://localhost:port/ttp", 2),
        ("postgresql://localhost/ttp?no_such_parameter=1", 2),
    ],
)
def test_an_address_that_leads_nowhere(ttp: Program, monkeypatch: pytest.MonkeyPatch, url: str, code: int) -> None:
    monkeypatch.setenv("TTP_STORE__URL", url)
    for command in (("list",), ("create", "Hello"), ("run", "--once"), ("status",)):
        refused(ttp(*command), code)
    monkeypatch.delenv("TTP_STORE__URL")
    refused(ttp("init", url), code)
    assert not (ttp.home / "config.toml").exists()


def reload(url: str) -> None:
    """Let a server read its files again, and wait until new sessions go by them."""

    def loaded() -> object:
        with closing(PostgresConnection(read_address(url))) as db:
            return db.execute("SELECT pg_conf_load_time()").fetchone()[0]

    before = loaded()
    on_server(url, "SELECT pg_reload_conf()")
    while loaded() == before:
        pass


@pytest.fixture
def guarded(postgresql: str, store_url: str) -> Iterator[str]:
    """The address of a user who has a password, and no right in the store."""
    rules = Path(postgresql.rpartition("host=")[2]) / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text(f"local all guarded scram-sha-256\n{before}")
    on_server(postgresql, "CREATE ROLE guarded LOGIN PASSWORD 'open sesame'")
    reload(postgresql)
    yield store_url.replace("postgres:@", "guarded@")
    rules.write_text(before)
    on_server(postgresql, "DROP OWNED BY guarded; DROP ROLE guarded")
    reload(postgresql)


def test_a_password(guarded: str, ttp: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TTP_STORE__URL")
    monkeypatch.setenv("HOME", str(tmp_path))
    refused(ttp("init", guarded), 5)
    wrong = guarded.replace("guarded@", "guarded:wrong-one@")
    monkeypatch.setenv("TTP_STORE__URL", wrong)
    assert "wrong-one" not in refused(ttp("list"), 5)
    monkeypatch.setenv("TTP_STORE__URL", guarded)
    monkeypatch.setenv("TTP_STORE__PASSWORD_COMMAND", '["false"]')
    refused(ttp("list"), 5)
    monkeypatch.setenv("TTP_STORE__PASSWORD_COMMAND", '["echo", "open sesame"]')
    line = refused(ttp("list"), 5)
    assert "guarded" in line  # who logs in, and lacks a right
    assert "open sesame" not in line


def test_a_right_is_missing(guarded: str, ttp: Program, store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = store_url.rpartition("application_name=")[2]
    on_server(
        store_url,
        f"GRANT USAGE ON SCHEMA {schema} TO guarded; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO guarded",
    )
    monkeypatch.setenv("TTP_STORE__URL", guarded)
    monkeypatch.setenv("TTP_STORE__PASSWORD_COMMAND", '["echo", "open sesame"]')
    assert ttp.ok("list").out == ""
    refused(ttp("create", "Hello"), 5)
    # Whoever owns the database still has no right to another user's tables.
    (hint,) = ttp("create", "Hello", "--json").error["hints"]
    assert "OWNER" not in hint


@pytest.mark.parametrize(
    "said",
    [
        'root certificate file "/nope" does not exist\nEither provide the file, or change sslmode.\n',
        "server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally\n",
    ],
)
def test_the_drivers_advice_is_left_out(said: str) -> None:
    assert sentence(psycopg.OperationalError(f"connection failed: {said}")) == said.partition("\n")[0]


def test_a_server_that_is_down_is_no_wrong_address(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_STORE__URL", "postgresql://localhost:1/ttp")
    assert ttp("list", "--json").error["hint"] == "ttp doctor"


def test_the_driver_prints_nothing_of_a_lost_session(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("psycopg").warning("error ignored terminating a pipeline")
    assert not caplog.records


def test_a_server_that_is_too_old(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttp.store.postgresql.database.OLDEST", 990000)
    refused(ttp("list"), 5, hint=False)


def test_a_store_that_is_read_only(ttp: Program, store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read_only = store_url.replace("options=", "options=-c%20default_transaction_read_only%3Don%20")
    monkeypatch.setenv("TTP_STORE__URL", read_only)
    assert ttp.ok("list").out == ""
    refused(ttp("create", "Hello"), 5)


def test_a_database_of_something_else(ttp: Program, store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    on_server(store_url, "ALTER TABLE store RENAME TO shop; ALTER TABLE alembic_version RENAME TO version")
    try:
        refused(ttp("list"), 5)
        monkeypatch.delenv("TTP_STORE__URL")
        refused(ttp("init", store_url), 2)
        assert not (ttp.home / "config.toml").exists()
    finally:
        on_server(store_url, "ALTER TABLE shop RENAME TO store; ALTER TABLE version RENAME TO alembic_version")


FAILING = """
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN {} RETURN NEW; END $body$;
CREATE {} TRIGGER failing AFTER INSERT ON post {} FOR EACH ROW EXECUTE FUNCTION fail()
"""
FULL = "RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100';"
LOST = "PERFORM pg_terminate_backend(pg_backend_pid());"


@pytest.mark.parametrize(
    "failure",
    [
        FAILING.format(FULL, "", ""),
        FAILING.format(LOST, "", ""),
        FAILING.format(LOST, "CONSTRAINT", "DEFERRABLE INITIALLY DEFERRED"),
    ],
    ids=["full disk", "lost", "lost in the commit"],
)
def test_what_fails_in_the_middle_saves_nothing(ttp: Program, store_url: str, failure: str) -> None:
    on_server(store_url, failure)
    try:
        refused(ttp("create", "Hello"), 5)
        assert ttp.ok("list").out == ""
    finally:
        on_server(store_url, "DROP TRIGGER failing ON post; DROP FUNCTION fail()")
    ttp.ok("create", "Hello")


def test_a_session_that_ended_while_idle_is_not_used_again(store_url: str, tmp_path: Path) -> None:
    database = open_database(tmp_path, store_url)
    with database.reading() as db:
        assert db is not None
        pid = db.execute("SELECT pg_backend_pid()").fetchone()[0]
    on_server(store_url, f"SELECT pg_terminate_backend({pid}, 60000)")
    with database.reading() as db:
        assert db is not None
        assert db.execute("SELECT pg_backend_pid()").fetchone()[0] != pid


def test_without_the_driver_its_extra_is_named(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ttp.store.postgresql.database", None)
    assert "postgres" in refused(ttp("list"), 2)


def test_other_hosts_are_verified_unless_the_address_says_otherwise() -> None:
    for url in ("postgresql://db.example.org/ttp", "postgresql://127.0.0.1,db.example.org/ttp"):
        assert read_address(url)["sslmode"] == "verify-full"
    for url in ("postgresql://127.0.0.1/ttp", "postgresql:///ttp", "postgresql:///ttp?host=/run/postgresql"):
        assert "sslmode" not in read_address(url)
    assert read_address("postgresql://db.example.org/ttp?sslmode=require")["sslmode"] == "require"


@pytest.fixture
def own_schema(postgresql: str, store_url: str) -> Iterator[str]:
    """The address of a store whose tables no other test has."""
    name = store_url.rpartition("application_name=")[2]
    url = store_url.replace(name, "own_schema")
    on_server(postgresql, "CREATE SCHEMA own_schema")
    PostgresDatabase(Path(), url).create()
    yield url
    on_server(postgresql, "DROP SCHEMA own_schema CASCADE")


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch) -> None:
    become_next(monkeypatch.setattr)


def columns(url: str) -> set[tuple[object, ...]]:
    with closing(PostgresConnection(read_address(url))) as db:
        return {tuple(row) for row in db.execute(COLUMNS)}


def test_a_store_of_the_first_revision_becomes_what_a_new_one_is(own_schema: str, tmp_path: Path) -> None:
    """It has the rows of an old store on SQLite, and afterwards those that the upgrade there leaves."""
    new = columns(own_schema)
    on_server(own_schema, "DROP SCHEMA own_schema CASCADE", "CREATE SCHEMA own_schema")
    on_server(own_schema, (old_stores.FOLDER / f"postgresql_{REVISIONS[0]}.sql").read_text())
    old = old_stores.unpack(tmp_path / "old", REVISIONS[0])
    with closing(sqlite3.connect(old.path)) as source, closing(PostgresConnection(read_address(own_schema))) as db:
        names = {row[0] for row in source.execute("SELECT name FROM sqlite_schema")}  # a later table is not among them
        for table in (table for table in table_copy.tables() if table.name in names):
            for row in source.execute(f"SELECT * FROM {table.name}"):
                texts = [value if value is None else str(value) for value in row]  # the server reads 1 as a boolean
                db.execute(f"INSERT INTO {table.name} VALUES ({marks(row)})", texts)
    with closing(open_database(tmp_path, own_schema).connect()) as db, closing(old.connect()) as upgraded:
        assert columns(own_schema) == new
        assert not upgrade.is_usable_from(db, "0018")
        for table in table_copy.tables():
            assert table_copy.sum_of(db, table) == table_copy.sum_of(upgraded, table), table.name


@pytest.mark.usefixtures("next_version")
def test_an_older_store_is_upgraded_when_it_is_opened(own_schema: str, tmp_path: Path) -> None:
    before = columns(own_schema)
    with pytest.raises(NotAllowed):
        open_database(tmp_path, own_schema, may_upgrade=False).connect()
    assert columns(own_schema) == before
    with closing(open_database(tmp_path, own_schema).connect()) as db:
        assert db.execute("SELECT version_num FROM alembic_version").fetchone()[0] == NEXT
    assert before < columns(own_schema)


@pytest.mark.parametrize("has_next", [False, True], ids=["no column", "the next revision's columns"])
def test_a_store_that_another_build_wrote_is_not_damaged(
    own_schema: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_next: bool
) -> None:
    """It lacks a column of its revision, or has one of the next."""
    if has_next:
        on_server(own_schema, "ALTER TABLE post ADD COLUMN more TEXT")
        become_next(monkeypatch.setattr)

    def read() -> None:
        with open_database(tmp_path, own_schema).writing() as db:
            db.execute("SELECT more FROM post")

    with pytest.raises(OlderStore):
        read()


def test_a_newer_store_is_refused_unless_it_says_that_it_may_be_used(own_schema: str, tmp_path: Path) -> None:
    on_server(own_schema, "UPDATE alembic_version SET version_num = '0999'")
    open_database(tmp_path, own_schema).connect().close()
    on_server(own_schema, "COMMENT ON TABLE alembic_version IS 'usable from 0998'")
    with pytest.raises(NewerStore):
        open_database(tmp_path, own_schema).connect()


def test_an_older_publisher_that_would_misread_the_upgraded_store_must_end_first(
    own_schema: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would send media to other parts or accounts, and take a planned part for the whole post."""
    session = open_database(tmp_path, own_schema).publisher_session("loop", timedelta(seconds=30))
    with closing(session.connect()):
        become_next(monkeypatch.setattr)
        monkeypatch.setattr(database, "USABLE_FROM", NEXT)
        with pytest.raises(Busy):
            open_database(tmp_path, own_schema).connect()
    open_database(tmp_path, own_schema).connect().close()


ASKED = "SELECT * FROM account WHERE id = ?"


def prepare(db: Connection) -> None:
    """Ask until the driver has the statement prepared."""
    for _ in range(10):
        db.execute(ASKED, (1,)).fetchone()


def test_what_was_prepared_for_an_older_schema_is_prepared_anew(own_schema: str, tmp_path: Path) -> None:
    """Another program upgrades the store meanwhile. In a transaction it is too late for that."""
    opened = open_database(tmp_path, own_schema)
    with closing(opened.connect()) as db, closing(opened.connect()) as other:
        for one in (db, other):
            prepare(one)
        on_server(own_schema, "ALTER TABLE account ADD COLUMN more text")
        prepare(db)
        with pytest.raises(SessionLost), other.transaction():
            other.execute(ASKED, (1,))
        assert isinstance(db, PostgresConnection)
        assert isinstance(other, PostgresConnection)
        assert (db.is_usable, other.is_usable) == (True, False)


@pytest.mark.parametrize("reads", [True, False])
def test_one_session_that_is_of_an_older_schema_stands_for_all(own_schema: str, tmp_path: Path, reads: bool) -> None:
    database = open_database(tmp_path, own_schema)
    with database.reading() as db, database.reading() as other, database.reading() as third:
        for one in (db, other, third):
            assert one is not None
            prepare(one)
    on_server(own_schema, "ALTER TABLE account ADD COLUMN more text")
    if reads:
        with database.reading() as db:
            assert db is not None
            db.execute(ASKED, (1,))
    else:
        with pytest.raises(Busy), database.writing() as db:
            db.execute(ASKED, (1,))
    with database.writing() as db, database.reading() as other:
        for one in (db, other):
            assert one is not None
            with nullcontext() if one is db else one.transaction():
                one.execute(ASKED, (1,))


def test_what_an_error_kept_from_being_prepared_is_prepared_anew(store_url: str, tmp_path: Path) -> None:
    def fail_and_ask(db: Connection) -> None:
        with db.together():
            db.execute("SELECT 1 / (count(*) - 100000) FROM generate_series(1, 100000)")  # after some time
            db.execute(ASKED, (1,))

    with closing(open_database(tmp_path, store_url).connect()) as db:
        for _ in range(5):  # the driver prepares it the next time
            db.execute(ASKED, (1,)).fetchone()
        with pytest.raises(StoreError):
            fail_and_ask(db)
        prepare(db)
        assert isinstance(db, PostgresConnection)
        assert db.is_usable


def test_a_session_that_ends_between_statements_of_a_block_is_known_to_be_lost(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's last words may come before the end of the connection is seen."""
    db = open_database(tmp_path, store_url).connect()
    assert isinstance(db, PostgresConnection)

    def hear(*statement: object) -> None:
        raise psycopg.errors.AdminShutdown

    def end_and_ask() -> None:
        with db.transaction(), db.together():
            db.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            monkeypatch.setattr(db._session, "execute", hear)
            db.execute("SELECT 1")

    with pytest.raises(SessionLost):
        end_and_ask()


def test_a_warning_of_a_commit_counts_although_other_statements_are_sent_with_it(
    store_url: str, tmp_path: Path
) -> None:
    """The server warns of a standby that does not answer; here, of a transaction that has ended already."""

    def commit_twice(db: Connection) -> None:
        with db.transaction():
            db.send("COMMIT")

    with closing(open_database(tmp_path, store_url).connect()) as db:
        with pytest.raises(NotDurable):
            commit_twice(db)
        with db.transaction():
            db.send("SELECT 1")


@pytest.mark.usefixtures("next_version")
@pytest.mark.parametrize(
    ("why", "refusals", "is_upgraded"),
    [("deadlock_detected", 2, True), ("deadlock_detected", 99, False), ("lock_not_available", 1, False)],
)
def test_an_upgrade_that_meets_a_deadlock_is_tried_again(
    own_schema: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, why: str, refusals: int, is_upgraded: bool
) -> None:
    """Publishers go on meanwhile: their statements lock tables in another order. A lock that is not free for ten
    seconds ends the upgrade: others wait behind it."""
    left, original = iter(range(refusals)), alembic.upgrade

    def upgrade_late(config: Config, target: str) -> None:
        if next(left, None) is not None:
            config.attributes["connection"].exec_driver_sql(f"DO $$BEGIN RAISE {why}; END$$")
        original(config, target)

    monkeypatch.setattr(alembic, "upgrade", upgrade_late)
    monkeypatch.setattr(upgrade, "_PAUSE_S", 0.0)
    database = open_database(tmp_path, own_schema)
    if is_upgraded:
        database.connect().close()
    else:
        with pytest.raises(Busy):
            database.connect()


@pytest.mark.skipif(find_binaries() is None, reason="there are no programs of PostgreSQL here")
def test_a_subscriber_of_changes_is_no_standby(tmp_path: Path) -> None:
    """What subscribes to tables cannot take over."""
    with ExitStack() as held:
        # Not in the folder of pytest, which every pytest that starts closes to the server's user again.
        folder = held.enter_context(tempfile.TemporaryDirectory(prefix="ttp-server-"))
        server = Postgres(Path(folder))
        held.callback(server.close)

        def connect(**how: str) -> psycopg.Connection[Any]:
            return held.enter_context(closing(psycopg.connect(server.url(), autocommit=True, **how)))  # type: ignore[arg-type]

        with psycopg.connect(server.url(), autocommit=True) as session:
            session.execute("ALTER SYSTEM SET wal_level = logical")
        server.stop("fast")
        server.start()
        session = connect()
        session.execute("CREATE PUBLICATION tables")
        session.execute("SELECT pg_create_logical_replication_slot('reader', 'pgoutput')")
        reader = connect(replication="database")
        options = "proto_version '1', publication_names 'tables'"
        reader.pgconn.exec_(f"START_REPLICATION SLOT reader LOGICAL 0/0 ({options})".encode())
        database = PostgresDatabase(tmp_path, server.url())
        database.create()
        assert database.server_state(SystemClock().now).standbys == 0
        (place,) = session.execute("SELECT pg_current_wal_lsn()").fetchone() or ("",)
        standby = connect(replication="true")
        standby.pgconn.exec_(f"START_REPLICATION PHYSICAL {place}".encode())
        assert database.server_state(SystemClock().now).standbys == 1


@pytest.mark.parametrize(
    ("standbys", "publishers", "waits", "status"),
    [(0, 0, False, "ok"), (0, 1, False, "ok"), (0, 2, False, "warn"), (1, 0, False, "warn"), (1, 2, True, "ok")],
)
def test_doctor_warns_if_commits_wait_for_no_standby(
    ttp: Program, monkeypatch: pytest.MonkeyPatch, standbys: int, publishers: int, waits: bool, status: str
) -> None:
    look = PostgresDatabase.server_state

    def replicated(database: PostgresDatabase, now: object) -> ServerState:
        found = look(database, SystemClock().now)
        assert (found.waits_for_standby, found.standbys, found.publishers) == (False, 0, publishers)
        return replace(found, waits_for_standby=waits, standbys=standbys)

    monkeypatch.setattr(PostgresDatabase, "server_state", replicated)
    with ExitStack() as held:
        for _ in range(publishers):
            held.enter_context(closing(ttp.database.publisher_session("loop", timedelta(seconds=30)).connect()))
        ran = ttp("doctor", "--json")
    (check,) = [one for one in ran.json["checks"] if one["name"] == "server"]
    assert (check["status"], ran.code) == (status, 0)
