"""A store is copied to the other database and back, and at most one of the two publishes at every moment."""

from __future__ import annotations

import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.clock import START
from tests.store import stores
from tests.store.backends import KEY
from tests.store.rows import contents, fill
from tests.store.schemas import Schemas
from tests.store.stores import add_account, add_post, to
from ttp.domain.account import Credentials
from ttp.domain.errors import Busy, Conflict, Damaged, NotFound, StateRefused
from ttp.services.store_copy import StoreCopy, unseal_without_copy
from ttp.store.copies import table_copy
from ttp.store.credentials.keys import Keys
from ttp.store.credentials.table import CredentialsTable
from ttp.store.database import Database
from ttp.store.dialect import Sealed
from ttp.store.machine import seal
from ttp.store.machine.ownership import Machine, OwnedElsewhere, Owner
from ttp.store.postgresql.connection import PostgresConnection
from ttp.store.sqlite import SqliteConnection

Make = Callable[[str], Database]
WAYS = [("sqlite", "postgresql"), ("postgresql", "sqlite"), ("sqlite", "sqlite"), ("postgresql", "postgresql")]
ways = pytest.mark.parametrize("way", WAYS, ids=" to ".join)


@pytest.fixture
def make(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """A new, empty store of a kind."""
    numbers = iter(range(100))
    lent = ExitStack()
    used: list[Schemas] = []

    def made(kind: str) -> Database:
        schemas = request.getfixturevalue("schemas") if kind == "postgresql" else None
        if schemas is not None and not used:
            used.append(schemas)
            lent.enter_context(schemas.lending())
        monkeypatch.setattr(stores, "POSTGRESQL", schemas)
        database = stores.new_store(tmp_path / f"{kind}{next(numbers)}")
        with closing(database.connect()) as db:
            db.execute("UPDATE store SET store_id = ?", (secrets.token_hex(16),))  # a file has that of its template
        return database

    with lent:
        yield made


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_copy, "BATCH", 2)


class Undone(Exception):
    """Ends a transaction."""


def filled(database: Database, rows: int = 3) -> Database:
    with closing(database.connect()) as db, db.transaction():
        fill(db, rows)
    return database


def rows_of(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    with closing(database.connect()) as db:
        return contents(db)


def seal_of(database: Database) -> seal.Seal:
    with closing(database.connect()) as db:
        return seal.read(db)


def may_publish(database: Database) -> bool:
    """Whether a publisher could claim a delivery."""
    with closing(database.connect()) as db:
        refuses = False
        try:
            with db.transaction():
                db.execute("INSERT INTO change (id, command, at) VALUES (999, 'x', 1)")
                raise Undone
        except Sealed:
            refuses = True
        except Undone:
            pass
        assert refuses == seal.read(db).is_closed
        return not refuses and db.execute("SELECT count(*) FROM delivery").fetchone()[0] > 0


class Killed(BaseException):
    """The end of the process."""


@pytest.fixture
def kill(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """End the process right after a number of commits; -1: not."""
    left = -1

    def after(commits: int) -> None:
        nonlocal left
        left = commits

    def killing(kind: Any) -> None:
        commit = kind.transaction

        @contextmanager
        def transaction(self: Any) -> Iterator[None]:
            nonlocal left
            with commit(self):
                yield
            left -= 1
            if left == 0:
                raise Killed

        monkeypatch.setattr(kind, "transaction", transaction)

    killing(SqliteConnection)
    killing(PostgresConnection)
    return after


@ways
def test_a_copy_has_every_row_and_publishes_in_place_of_the_store(make: Make, way: tuple[str, str]) -> None:
    source, target = (make(kind) for kind in way)
    before = rows_of(filled(source))
    found = list(StoreCopy(source, target).run())
    assert rows_of(target) == rows_of(source) == before
    assert {step.table: step.rows for step in found if step.is_compared} == {
        name: len(rows) for name, rows in before.items()
    }
    assert (may_publish(source), may_publish(target)) == (False, True)
    assert seal_of(source).store_id == seal_of(target).store_id
    assert seal_of(source).moved_to == target.name
    with closing(source.connect()) as here, closing(target.connect()) as there:
        for table in table_copy.tables():
            if table.counts:
                assert there.highest_id(table.name) == here.highest_id(table.name) > 0


@ways
def test_ids_go_on_where_they_were(make: Make, way: tuple[str, str]) -> None:
    source, target = (make(kind) for kind in way)
    list(StoreCopy(filled(source), target).run())
    post = add_post(target, to(add_account(target, "x/new"), START))
    assert post.id == 3 + 7 + 1


@pytest.mark.parametrize("way", WAYS[:2], ids=" to ".join)
def test_a_copy_that_is_killed_goes_on_and_two_never_publish(
    make: Make, way: tuple[str, str], kill: Callable[[int], None]
) -> None:
    source, target = (make(kind) for kind in way)
    before = rows_of(filled(source))
    for commits in (1, 2, 3, 4, 11):
        stopped(source, target, kill, commits)
        assert may_publish(source) + may_publish(target) <= 1
    for _ in StoreCopy(source, target).run():
        assert not may_publish(source)
    assert (may_publish(source), may_publish(target)) == (False, True)
    assert rows_of(target) == rows_of(source) == before


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS[:2], ids=" to ".join)
def test_a_copy_that_is_killed_at_any_commit_goes_on_and_two_never_publish(
    make: Make, way: tuple[str, str], kill: Callable[[int], None]
) -> None:
    source, target = (make(kind) for kind in way)
    before = rows_of(filled(source))
    commits, stops = 1, [progress(source, target)]
    while True:
        kill(commits)
        try:
            list(StoreCopy(source, target).run())
            break
        except Killed:
            pass
        except Busy:  # the server has not noticed yet that the session is gone
            continue
        finally:
            kill(-1)
        assert may_publish(source) + may_publish(target) <= 1
        reached = progress(source, target)
        commits = 1 if reached != stops[-1] else commits + 1
        if reached != stops[-1]:
            stops.append(reached)
    assert len(stops) == 1 + 3 + 2 * len(before)  # both seals, two batches of each table, the last commit
    assert (may_publish(source), may_publish(target)) == (False, True)
    assert rows_of(target) == rows_of(source) == before


def progress(source: Database, target: Database) -> object:
    """What a commit has changed."""
    return seal_of(source), seal_of(target), sum(map(len, rows_of(target).values()))


def test_the_same_copy_again_changes_nothing(make: Make) -> None:
    source, target = make("sqlite"), make("postgresql")
    list(StoreCopy(filled(source), target).run())
    post = add_post(target, to(add_account(target, "x/new"), START))
    assert list(StoreCopy(source, target).run()) == []
    assert (may_publish(source), may_publish(target)) == (False, True)
    with target.reading() as db:
        assert db is not None
        assert db.execute("SELECT content FROM post WHERE id = ?", (post.id,)).fetchone()[0] == "hi"


@pytest.mark.parametrize("state", ["claimed", "sending", "processing", "reconciling"])
@pytest.mark.parametrize("way", [("sqlite", "postgresql"), ("postgresql", "sqlite")], ids=" to ".join)
def test_a_store_with_a_delivery_in_flight_is_not_copied(make: Make, way: tuple[str, str], state: str) -> None:
    source, target = (make(kind) for kind in way)
    with closing(filled(source).connect()) as db, db.transaction():
        db.execute("UPDATE delivery SET state = ? WHERE id = 2", (state,))
    with pytest.raises(StateRefused):
        list(StoreCopy(source, target).run())
    assert (may_publish(source), may_publish(target)) == (True, False)
    assert not seal_of(source).is_closed


def test_a_claim_just_before_the_seal_is_noticed(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = filled(make("sqlite")), make("sqlite")
    close = seal.close_target

    def claiming(*args: Any) -> None:
        with closing(source.connect()) as db, db.transaction():
            db.execute("UPDATE delivery SET state = 'claimed' WHERE id = 2")
        close(*args)

    monkeypatch.setattr(seal, "close_target", claiming)
    with pytest.raises(StateRefused):
        list(StoreCopy(source, target).run())
    assert (may_publish(source), may_publish(target)) == (True, False)


@ways
def test_a_sealed_store_can_be_read_and_refuses_each_change(make: Make, way: tuple[str, str]) -> None:
    source, target = (make(kind) for kind in way)
    account = add_account(source)
    post = add_post(source, to(account, START))
    list(StoreCopy(source, target).run())
    with source.reading() as db:
        assert db is not None
        assert db.execute("SELECT content FROM post WHERE id = ?", (post.id,)).fetchone()[0] == "hi"
    with pytest.raises((seal.StoreSealed, Sealed)):
        add_post(source, to(account, START))
    with closing(source.connect()) as db:
        for statement in (
            "INSERT INTO change (id, command, at) VALUES (9, 'x', 1)",
            "UPDATE account SET enabled = enabled",
            "DELETE FROM post_tag WHERE post_id = 1" if way[0] == "postgresql" else "DELETE FROM delivery",
        ):
            with pytest.raises(Sealed), db.transaction():
                db.execute(statement)


def test_another_target_of_a_copied_store_is_refused(make: Make) -> None:
    source, target, other = filled(make("sqlite")), make("postgresql"), make("sqlite")
    list(StoreCopy(source, target).run())
    with pytest.raises(seal.StoreSealed):
        list(StoreCopy(source, other).run())
    assert (may_publish(source), may_publish(target), may_publish(other)) == (False, True, False)


def test_a_target_with_contents_is_not_overwritten(make: Make) -> None:
    source, target = filled(make("sqlite")), make("postgresql")
    add_account(target)
    with pytest.raises(Conflict):
        list(StoreCopy(source, target).run())
    assert may_publish(source)


def test_a_store_is_not_copied_onto_itself(make: Make) -> None:
    source = filled(make("sqlite"))
    with pytest.raises(Conflict):
        list(StoreCopy(source, Database(source.home)).run())
    assert may_publish(source)


def test_a_store_that_does_not_exist_is_not_copied(make: Make, tmp_path: Path) -> None:
    target = make("sqlite")
    with pytest.raises(NotFound):
        list(StoreCopy(Database(tmp_path / "none"), target).run())
    assert not seal_of(target).is_closed


def test_a_row_that_postgresql_cannot_hold_is_named(make: Make) -> None:
    source, target = filled(make("sqlite")), make("postgresql")
    with closing(source.connect()) as db, db.transaction():
        db.execute("UPDATE post SET content = ? WHERE id = 2", ("a\0b",))
    with pytest.raises(Damaged) as refused:
        list(StoreCopy(source, target).run())
    assert "row 2 of post" in refused.value.message
    assert (may_publish(source), may_publish(target)) == (False, False)


def test_rows_that_differ_after_copying_are_noticed(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = filled(make("sqlite")), make("postgresql")
    insert = table_copy.insert

    def forgetting(db: Any, table: Any, rows: Any) -> None:
        insert(db, table, [row if row[0] != 3 or table.name != "sample" else (*row[:-1], "other") for row in rows])

    monkeypatch.setattr(table_copy, "insert", forgetting)
    with pytest.raises(Damaged):
        list(StoreCopy(source, target).run())
    assert not may_publish(target)


def stopped(source: Database, target: Database, kill: Callable[[int], None], commits: int) -> None:
    """Copy until the process ends after a number of commits."""
    kill(commits)
    with pytest.raises(Killed):
        list(StoreCopy(source, target).run())
    kill(-1)


@ways
def test_a_copy_that_is_given_up_never_goes_live_and_can_begin_again(
    make: Make, way: tuple[str, str], kill: Callable[[int], None]
) -> None:
    source, target = (make(kind) for kind in way)
    stopped(filled(source), target, kill, 5)
    StoreCopy(source, target).give_up()
    assert (may_publish(source), may_publish(target)) == (True, False)
    with closing(source.connect()) as db, db.transaction():
        db.execute("UPDATE account SET timezone = 'Europe/Berlin'")  # which the first copy has without
    list(StoreCopy(source, target).run())
    assert (may_publish(source), may_publish(target)) == (False, True)
    assert rows_of(target) == rows_of(source)


@ways
def test_a_copy_that_is_given_up_while_it_runs_does_not_go_live(make: Make, way: tuple[str, str]) -> None:
    source, target = (make(kind) for kind in way)
    running = StoreCopy(filled(source), target).run()
    next(running)
    StoreCopy(source, target).give_up()
    with pytest.raises(Busy):
        list(running)
    assert (may_publish(source), may_publish(target)) == (True, False)


def test_a_copy_that_is_complete_cannot_be_given_up(make: Make) -> None:
    source, target = filled(make("sqlite")), make("postgresql")
    list(StoreCopy(source, target).run())
    with pytest.raises(Conflict):
        StoreCopy(source, target).give_up()
    assert (may_publish(source), may_publish(target)) == (False, True)


def test_another_store_is_no_reason_to_give_a_copy_up(make: Make) -> None:
    source, target, other = filled(make("sqlite")), make("sqlite"), make("sqlite")
    list(StoreCopy(source, target).run())
    with pytest.raises(Conflict):
        StoreCopy(source, other).give_up()
    assert not may_publish(source)


def test_a_store_whose_copy_is_lost_waits_for_a_take_over(make: Make) -> None:
    source, target = filled(make("sqlite")), make("postgresql")
    list(StoreCopy(source, target).run())
    unseal_without_copy(source)
    with closing(source.connect()) as db:
        assert Owner(source.home, Machine("here", "1")).refusal(db) is not None
        assert not seal.read(db).is_closed


def test_an_incomplete_copy_is_not_unsealed(make: Make, kill: Callable[[int], None]) -> None:
    source, target = filled(make("sqlite")), make("sqlite")
    stopped(source, target, kill, 4)
    with pytest.raises(seal.StoreSealed):
        unseal_without_copy(target)
    with pytest.raises(seal.StoreSealed):
        StoreCopy(target, make("sqlite")).give_up()
    assert not may_publish(target)


def test_a_store_that_was_copied_goes_back_the_other_way(make: Make) -> None:
    source, there, back = filled(make("sqlite")), make("postgresql"), make("sqlite")
    before = rows_of(source)
    list(StoreCopy(source, there).run())
    list(StoreCopy(there, back).run())
    assert rows_of(back) == before
    assert (may_publish(source), may_publish(there), may_publish(back)) == (False, False, True)


def test_the_files_of_a_copy_are_its_own(make: Make) -> None:
    source, target = filled(make("postgresql")), make("sqlite")
    list(StoreCopy(source, target).run())
    owner = Owner(target.home, Machine("here", "1"))
    with target.reading() as db:
        assert db is not None
        assert owner.refusal(db) is None


@ways
def test_encrypted_credentials_are_copied_and_the_same_key_decrypts_them(make: Make, way: tuple[str, str]) -> None:
    source, target = (make(kind) for kind in way)
    add_account(source)
    held = Credentials("s3cret", "api.x.com", "s3cret-r")
    CredentialsTable(source, Keys(KEY, (), source.home)).put("x/me", held)
    list(StoreCopy(source, target).run())
    assert CredentialsTable(target, Keys(KEY, (), target.home)).get("x/me") == held


def test_a_store_on_which_a_publisher_runs_is_not_copied(make: Make) -> None:
    source, target = filled(make("postgresql")), make("sqlite")
    session = source.publisher_session("loop", timedelta(seconds=30))
    with closing(session.connect()), pytest.raises(Busy):
        list(StoreCopy(source, target).run())
    assert not seal_of(source).is_closed
    with target.publisher_lock(), pytest.raises(Busy):
        list(StoreCopy(make("sqlite"), target).run())
    assert not seal_of(target).is_closed


def test_a_publisher_does_not_begin_on_a_sealed_store(make: Make) -> None:
    source, target = filled(make("postgresql")), make("sqlite")
    list(StoreCopy(source, target).run())
    with closing(source.connect()) as db, pytest.raises(seal.StoreSealed):
        seal.refuse_if_sealed(db, source.name)


def test_a_store_that_may_not_publish_is_not_copied(make: Make, tmp_path: Path) -> None:
    source = filled(make("sqlite"))
    with source.writing():
        pass  # it remembers its files
    shutil.copytree(source.home, tmp_path / "copied")
    copied, target = Database(tmp_path / "copied"), make("postgresql")
    with pytest.raises(OwnedElsewhere):
        list(StoreCopy(copied, target).run())
    assert not seal_of(target).is_closed
    assert not seal_of(copied).is_closed


def test_a_store_that_was_copied_to_another_server_is_not_copied_from_there(make: Make) -> None:
    source, target = filled(make("postgresql")), make("sqlite")
    with closing(source.connect()) as db:
        db.execute("UPDATE store SET server = 'another/1', timeline = 1")
    with pytest.raises(OwnedElsewhere):
        list(StoreCopy(source, target).run())
    assert not seal_of(target).is_closed


DYING = """
import os, sys
from contextlib import contextmanager
from pathlib import Path
from ttp.services.store_copy import StoreCopy
from ttp.store.copies import table_copy
from ttp.cli.context import open_database
from ttp.store.postgresql.connection import PostgresConnection
from ttp.store.sqlite import SqliteConnection

left = int(sys.argv[1])
table_copy.BATCH = 2

def dying(kind):
    commit = kind.transaction
    @contextmanager
    def transaction(self):
        global left
        with commit(self):
            yield
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
    kind.transaction = transaction

dying(SqliteConnection)
dying(PostgresConnection)
homes = [Path(home) for home in sys.argv[2::2]]
list(StoreCopy(*map(open_database, homes, sys.argv[3::2])).run())
"""


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS[:2], ids=" to ".join)
def test_a_copy_whose_process_is_killed_goes_on(make: Make, way: tuple[str, str]) -> None:
    source, target = (make(kind) for kind in way)
    before = rows_of(filled(source))
    places = [word for one in (source, target) for word in (str(one.home), "" if one.has_files else one.name)]
    for commits in (1, 2, 3, 4, 11):
        died = subprocess.run([sys.executable, "-c", DYING, str(commits), *places], capture_output=True, timeout=300)
        assert died.returncode == -signal.SIGKILL, died.stderr
        assert may_publish(source) + may_publish(target) <= 1
    for _ in StoreCopy(source, target).run():
        assert not may_publish(source)
    assert (may_publish(source), may_publish(target)) == (False, True)
    assert rows_of(target) == rows_of(source) == before
