"""The database file: made whole, opened by its owner alone, and never touched once it is damaged or too new."""

from __future__ import annotations

import os
import shlex
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path

import pytest

from tests.clock import START, FakeClock
from tests.people import OWNER
from tests.platforms.factories import PLATFORMS
from tests.rows import each
from tests.settings import Config
from tests.store.migrations.next_version import become_next
from tests.store.process_limits import files_at_most, umask
from tests.store.stores import add_account, new_store, raw
from ttp.cli.errors import exit_code
from ttp.domain.action import action
from ttp.domain.errors import Busy, Damaged, NewerStore, OlderStore
from ttp.domain.post import Post
from ttp.services.queries import Queries
from ttp.store import accounts, posts, queries, sqlite
from ttp.store.columns import REVISIONS
from ttp.store.database import BUSY_TIMEOUT_S, LAST_WRITER, Database, Writing
from ttp.store.home.files import make_home
from ttp.store.sqlite import WriteQueue, quick_check, translate_errors


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "the home"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# Making.


def test_a_store_is_made_on_first_use_with_an_id_of_its_own(home: Path, tmp_path: Path) -> None:
    ids: set[str] = set()
    for place in (home, tmp_path / "other"):
        database = Database(place)
        assert not database.exists()
        with closing(database.connect()) as db:
            assert db.execute("SELECT version_num FROM alembic_version").fetchall()[0][0] == REVISIONS[-1]
            ids.update(row["store_id"] for row in db.execute("SELECT store_id FROM store"))
        assert [path.name for path in place.iterdir()] == ["ttp.db"], "nothing is left of the making"
    assert len(ids) == 2


def test_a_question_makes_no_store(home: Path) -> None:
    with Database(home).reading() as db:
        assert db is None
    assert not home.exists()


CREATING = """
import sys, pathlib
from ttp.store.database import Database
database = Database(pathlib.Path(sys.argv[1]))
sys.stdin.read(1)
print(database.connect().execute("SELECT store_id FROM store").fetchone()[0])
"""


def test_two_processes_that_make_the_store_at_once_share_it(home: Path) -> None:
    command = [sys.executable, "-c", CREATING, str(home)]
    pipe = subprocess.PIPE
    both = [subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(2)]
    said = [process.communicate("go") for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert len({out for out, _ in said}) == 1
    assert [path.name for path in home.iterdir()] == ["ttp.db"]


def test_a_making_that_fails_leaves_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ttp.store.database.create_tables", no_room)
    with pytest.raises(Busy) as caught:
        Database(home).connect()
    assert shlex.split(str(caught.value.hints[0].way)) == ["df", "-h", str(home)]
    assert list(home.iterdir()) == []


def test_what_a_making_that_was_killed_left_is_in_nobodys_way(home: Path) -> None:
    home.mkdir(mode=0o700)
    (home / f"ttp.db.new-{os.getpid()}").write_bytes(b"half of a store")
    Database(home).connect().close()
    assert (home / "ttp.db").exists()


# Modes.


def test_everything_is_the_owners_alone_whatever_the_umask(home: Path) -> None:
    with umask(0):
        database = Database(home)
        add_account(database)
        with closing(database.connect()) as db:
            db.execute("UPDATE store SET host = 'here'")
            found = {path.name: mode(path) for path in home.iterdir()}
    assert found == {"publisher.mark": 0o600, "ttp.db": 0o600, "ttp.db-wal": 0o600, "ttp.db-shm": 0o600}
    assert mode(home) == 0o700


@pytest.mark.parametrize("name", ["", "ttp.db", "ttp.db-wal", "ttp.db-shm"])
def test_what_others_can_reach_is_refused_with_the_command_that_closes_it(home: Path, name: str) -> None:
    database = new_store(home)
    with closing(database.connect()) as db:
        db.execute("UPDATE store SET host = 'here'")
        place = home / name
        place.chmod(0o755 if place.is_dir() else 0o640)
        with pytest.raises(Busy) as caught:
            Database(home).connect()
        command = shlex.split(str(caught.value.hints[0].way))
        assert command == ["chmod", "700" if place.is_dir() else "600", str(place)]
        subprocess.run(command, check=True)
        Database(home).connect().close()


@pytest.mark.parametrize("kept", [(), ("config.toml",)])
def test_a_folder_that_was_made_for_it_is_closed(home: Path, kept: tuple[str, ...]) -> None:
    home.mkdir()
    home.chmod(0o755)
    for name in kept:
        (home / name).touch()
    make_home(home)
    assert mode(home) == 0o700


def test_a_folder_that_holds_other_things_is_not_touched(home: Path) -> None:
    home.mkdir()
    home.chmod(0o755)
    (home / "thesis.txt").touch()
    with pytest.raises(Busy, match="755"):
        Database(home).connect()
    assert mode(home) == 0o755
    assert [path.name for path in home.iterdir()] == ["thesis.txt"]


# Damage.


def page_overwritten(data: bytes) -> bytes:
    at = len(data) - 5 * 4096  # among the posts: the tables were made before
    return data[:at] + b"\xa5" * 4096 + data[at + 4096 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "truncated": lambda data: data[: len(data) // 2],
    "cut in a page": lambda data: data[:5000],
    "no database": lambda data: b"This is a shopping list.\n" * 1000,
    "header gone": lambda data: bytes(100) + data[100:],
    "first page overwritten": lambda data: data[:100] + b"\xa5" * 3996 + data[4096:],
    "page overwritten": page_overwritten,
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a store of many pages."""
    database = new_store(tmp_path_factory.mktemp("filled") / "home")
    with database.writing() as db:
        for number in range(100):
            posts.insert(db, Post(f"{number} " * 200, created_at=START, updated_at=START), None)
    return database.path.read_bytes()


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_store_is_told_and_never_changed(home: Path, filled: bytes, damage: Callable[[bytes], bytes]) -> None:
    database = new_store(home)
    data = damage(filled)
    database.path.write_bytes(data)
    with pytest.raises(Damaged) as caught, closing(Database(home).connect()) as db:
        quick_check(db, database.path)
    *shell, restore = (hint.way for hint in caught.value.hints)
    assert [shlex.split(str(way)) for way in shell] == [
        ["mv", str(home / "ttp.db"), str(home / "ttp.db.damaged")],
        ["sqlite3", str(home / "ttp.db.damaged"), ".recover"],
    ]
    assert restore == action("restore", "FILE")
    assert database.path.read_bytes() == data


def test_reading_a_damaged_page_is_told_as_damage(home: Path, filled: bytes) -> None:
    new_store(home).path.write_bytes(page_overwritten(filled))
    look = Queries(Database(home), FakeClock(), Config(), PLATFORMS, OWNER)
    with pytest.raises(Damaged):
        list(look.posts(queries.PostFilter()))


def test_a_database_of_another_program_is_not_taken_for_a_store(home: Path) -> None:
    home.mkdir(mode=0o700)
    path = home / "ttp.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE recipe (name TEXT)")
    path.chmod(0o600)
    before = path.read_bytes()
    with pytest.raises(Damaged, match="alembic_version"):
        Database(home).connect()
    assert path.read_bytes() == before


def test_a_folder_in_its_place_is_told(home: Path) -> None:
    (home / "ttp.db").mkdir(mode=0o700, parents=True)
    home.chmod(0o700)
    with pytest.raises(Busy, match=r"ttp\.db"):
        Database(home).connect()


# Newer.


@pytest.mark.parametrize(
    "statement", ["UPDATE alembic_version SET version_num = '9999'", "DELETE FROM alembic_version"]
)
def test_a_store_of_a_newer_program_is_refused_unchanged(home: Path, statement: str) -> None:
    database = new_store(home)
    with closing(database.connect()) as db:
        db.execute(statement)
    before = database.path.read_bytes()
    opening = Database(home)
    for _ in range(2):
        with pytest.raises(NewerStore) as caught:
            opening.connect()
        with pytest.raises(NewerStore), opening.writing():
            pytest.fail("opened")
    assert caught.value.code == "newer_store"
    assert database.path.read_bytes() == before
    assert [path.name for path in home.iterdir() if "before" in path.name] == []


# Locks, and transactions.


def test_a_locked_store_is_told_as_soon_as_the_patience_ends(home: Path) -> None:
    new_store(home)
    with closing(Database(home).connect()) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with (
            pytest.raises(Busy) as caught,
            Database(home, busy_timeout_s=0.05).writing(),
        ):
            pytest.fail("two writers")
        assert time.monotonic() - began < BUSY_TIMEOUT_S
        assert caught.value.hints[0].way == action("status")
        with Database(home, busy_timeout_s=0.05).reading() as db:
            assert db is not None
            assert accounts.accounts(db) == [], "a reader needs not wait"


def test_a_writing_transaction_locks_before_it_reads(home: Path) -> None:
    database = new_store(home, busy_timeout_s=0.01)
    with (
        database.writing(),
        closing(database.connect()) as other,
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("BEGIN IMMEDIATE")


def test_an_error_undoes_all_of_a_writing_transaction(home: Path) -> None:
    database = new_store(home)

    def half_done() -> None:
        with database.writing() as db:
            db.execute("UPDATE store SET host = 'half done'")
            raise KeyError

    with pytest.raises(KeyError):
        half_done()
    with database.reading() as db:
        assert db is not None
        assert db.execute("SELECT host FROM store").fetchone()[0] is None


def test_every_connection_is_durable_and_strict(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttp.store.database.connect", sqlite.connect)  # other tests do not wait for the disk
    database = new_store(home)
    with closing(database.connect()) as opened, database.writing() as written:
        for connection in (opened, written):
            wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0}
            found = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted}
            assert found == wanted


# What SQLite and the system raise.


def sqlite_error(name: str) -> sqlite3.Error:
    error = sqlite3.OperationalError("it says so")
    error.sqlite_errorname = name  # as the driver sets it
    return error


@each(
    ("raised", "told", "says"),
    [
        (sqlite_error("SQLITE_BUSY_SNAPSHOT"), Busy, ""),
        (sqlite_error("SQLITE_LOCKED"), Busy, ""),
        (sqlite_error("SQLITE_FULL"), Busy, ""),
        (sqlite_error("SQLITE_IOERR_WRITE"), Busy, ": it says so"),
        (sqlite_error("SQLITE_READONLY_DIRECTORY"), Busy, ": it says so"),
        (sqlite_error("SQLITE_CANTOPEN"), Busy, ""),
        (sqlite_error("SQLITE_CORRUPT_INDEX"), Damaged, ": it says so"),
        (sqlite3.DatabaseError("without a name"), Damaged, "without a name"),
        (PermissionError(13, "Permission denied"), Busy, ": Permission denied"),
        (OSError("just this"), Busy, ": just this"),
    ],
)
def test_what_the_system_raises_becomes_one_line(raised: Exception, told: type[Exception], says: str) -> None:
    with pytest.raises(told) as caught, translate_errors(Path("/srv/ttp.db")):
        raise raised
    assert str(caught.value).endswith(says)
    assert caught.value.__cause__ is raised


@each("raised", [sqlite3.IntegrityError("UNIQUE"), sqlite3.ProgrammingError("closed"), KeyError("x"), Damaged("known")])
def test_a_mistake_of_ours_is_not_called_damage(raised: Exception) -> None:
    with pytest.raises(type(raised)) as caught, translate_errors(Path("/srv/ttp.db")):
        raise raised
    assert caught.value is raised


def test_batches_share_a_connection_and_each_is_seen_when_it_ends(home: Path) -> None:
    database, used = Database(home), []

    def set_host(writing: Writing, name: str) -> None:
        with writing() as db:
            used.append(db)
            db.execute("UPDATE store SET host = ?", (name,))
            if not name:
                raise KeyboardInterrupt

    def read_host() -> object:
        with database.reading() as db:
            assert db is not None
            assert db not in used
            return db.execute("SELECT host FROM store").fetchone()[0]

    with database.writing_batches() as writing:
        set_host(writing, "one")
        assert read_host() == "one"
        with pytest.raises(KeyboardInterrupt):
            set_host(writing, "")
        assert read_host() == "one"
        set_host(writing, "two")
    assert used == [used[0]] * 3
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        used[0].execute("SELECT 1")
    set_host(database.writing, "three")
    assert used[-1] is not used[0]
    assert read_host() == "three"


def test_batches_that_write_nothing_make_no_store(home: Path) -> None:
    with Database(home).writing_batches():
        pass
    assert not (home / "ttp.db").exists()


@pytest.mark.parametrize("revision", ["0001", f"{int(REVISIONS[0]) - 1:04d}"])
def test_a_store_from_before_the_first_release_is_refused_and_unchanged(home: Path, revision: str) -> None:
    opening = new_store(home)
    with closing(sqlite3.connect(opening.path)) as db:
        db.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        db.commit()
    before = opening.path.read_bytes()
    with pytest.raises(OlderStore) as caught:
        opening.connect()
    assert exit_code(caught.value) == 5
    assert (LAST_WRITER in caught.value.message, "\n" in caught.value.message) == (True, False)
    assert opening.path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "has_next"),
    [
        ("ALTER TABLE post DROP COLUMN chosen_by", False),
        ("ALTER TABLE post_media RENAME TO picture", False),
        ("ALTER TABLE post ADD COLUMN more TEXT", True),
    ],
    ids=["no column", "no table", "the next revision's columns"],
)
def test_a_store_that_another_build_wrote_is_not_damaged(
    home: Path, change: str, monkeypatch: pytest.MonkeyPatch, *, has_next: bool
) -> None:
    opening = new_store(home)
    with closing(sqlite3.connect(opening.path)) as db:
        db.execute(change)
        db.commit()
    if has_next:
        become_next(monkeypatch.setattr)

    def read() -> None:
        with Database(home).writing() as db:
            db.execute("SELECT post.chosen_by, post_media.post_id FROM post, post_media")

    with pytest.raises(OlderStore) as caught:
        read()
    assert (exit_code(caught.value), len(caught.value.hints)) == (5, 1)


CONNECTED = """
import sys, pathlib
from ttp.store.database import Database
Database(pathlib.Path(sys.argv[1])).connect().close()
print(*sys.modules)
"""


def test_a_store_is_created_and_opened_without_alembic_and_sqlalchemy(home: Path) -> None:
    for _ in range(2):
        ran = subprocess.run([sys.executable, "-c", CONNECTED, str(home)], capture_output=True, text=True, check=True)
        assert "sqlite3" in ran.stdout.split()
        assert not {"alembic", "sqlalchemy", "sqlmodel", "pydantic"} & set(ran.stdout.split())


def test_a_store_that_the_disk_has_no_room_for_is_not_made_by_half(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limited = ExitStack()

    class FullAfterwards(sqlite3.Connection):
        """The tables are in the log, and the file has no room for them."""

        def executescript(self, sql: str, /) -> sqlite3.Cursor:
            cursor = super().executescript(sql)
            limited.enter_context(files_at_most(40_000))
            return cursor

    with limited, monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=FullAfterwards))
        with pytest.raises(Busy):
            Database(home).connect()
    assert list(home.iterdir()) == []
    with Database(home).writing() as db:
        quick_check(db, home / "ttp.db")


def test_threads_write_in_the_order_in_which_they_asked() -> None:
    queue, order, asked = WriteQueue(), list[int](), threading.Semaphore(0)

    def write(number: int) -> None:
        asked.release()
        with queue.turn(60):
            order.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(5)]
    with queue.turn(60):
        for number, thread in enumerate(threads):
            thread.start()
            asked.acquire()
            while len(queue._waiting) < number + 2:
                time.sleep(0.001)
        assert order == []
        with queue.turn(0):  # its patience is over at once
            pass
        assert len(queue._waiting) == 6
        assert [one.is_set() for one in queue._waiting] == [True, *[False] * 5], "nobody wakes out of turn"
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]
    with queue.turn(0):
        assert len(queue._waiting) == 1


def test_a_transaction_has_the_turn_of_its_file(home: Path, tmp_path: Path) -> None:
    database = new_store(home)
    with closing(raw(database.connect())) as one, closing(raw(database.connect())) as two:
        assert one.queue is two.queue
        with suppress(ZeroDivisionError), one.transaction():
            assert one.queue._waiting
            _ = 1 / 0
        assert not one.queue._waiting
    with closing(raw(new_store(tmp_path / "other").connect())) as other:
        assert other.queue is not one.queue
