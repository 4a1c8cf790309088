"""Backups: whole whatever happens meanwhile, and put in place without losing what was there."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.clock import START
from tests.store.process_limits import umask
from tests.store.stores import add_account, add_post, new_store, to, transaction
from ttp.domain.errors import Busy, Damaged, NewerStore, NotFound, OlderStore, UsageError
from ttp.store.copies import backup as stored_backup
from ttp.store.copies.backup import back_up, restore
from ttp.store.database import Database
from ttp.store.home.locks import LockHeld, publisher_lock
from ttp.store.machine.ownership import RESTORED


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = new_store(tmp_path / "home")
    add_post(made, to(add_account(made), START), content="kept")
    return made


@pytest.fixture
def backup(database: Database, tmp_path: Path) -> Path:
    back_up(database, tmp_path / "backup.db")
    return tmp_path / "backup.db"


def texts(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return [row[0] for row in db.execute("SELECT content FROM post ORDER BY id")]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# Making one.


def test_a_backup_is_one_file_of_its_owners_with_all_that_was_committed(database: Database, tmp_path: Path) -> None:
    with closing(database.connect()):  # what is committed is in the write-ahead log still
        add_post(database, content="in the log")
        with umask(0):
            back_up(database, tmp_path / "backup.db")
    backup = tmp_path / "backup.db"
    assert texts(backup) == ["kept", "in the log"]
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert names(tmp_path) == ["backup.db", "home"]


WRITING = """
import sys, pathlib
from tests.store.stores import add_post
from ttp.store.database import Database
database = Database(pathlib.Path(sys.argv[1]))
while True:
    add_post(database, content="x" * 2000)
    print("written", flush=True)
"""


@contextmanager
def a_writer(home: Path) -> Iterator[None]:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, "-c", WRITING, str(home)], stdout=subprocess.PIPE, env=environ) as process:
        assert process.stdout is not None
        try:
            process.stdout.readline()
            yield
            assert process.poll() is None
        finally:
            process.kill()


def test_a_backup_while_another_process_writes_is_whole_and_stops_nobody(database: Database, tmp_path: Path) -> None:
    seen = []
    with a_writer(database.home), publisher_lock(database.home):
        for _ in range(5):
            back_up(database, tmp_path / "backup.db")
            seen.append(len(texts(tmp_path / "backup.db")))
    assert seen == sorted(seen)
    assert seen[0] > 1


def test_an_older_backup_of_the_store_is_replaced_and_nothing_else(
    database: Database, backup: Path, tmp_path: Path
) -> None:
    add_post(database, content="more")
    back_up(database, backup)
    assert texts(backup) == ["kept", "more"]
    other = new_store(tmp_path / "other")
    with transaction(other) as db:
        db.execute("UPDATE store SET store_id = 'other'")
    back_up(other, tmp_path / "other.db")
    (tmp_path / "letter").write_text("dear")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("other.db", "letter", "folder", "link", "home/ttp.db"):
        before = names(tmp_path)
        with pytest.raises(UsageError) as caught:
            back_up(database, tmp_path / name)
        assert getattr(caught.value.hints[0].way, "name", None) == "backup"
        assert names(tmp_path) == before
    assert (tmp_path / "letter").read_text() == "dear"


def test_without_a_store_there_is_nothing_to_back_up_and_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        back_up(Database(tmp_path / "home"), tmp_path / "backup.db")
    assert names(tmp_path) == []


def test_a_place_that_cannot_be_written_is_told(database: Database, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        back_up(database, tmp_path / "nowhere" / "backup.db")


def test_a_disk_that_is_full_leaves_the_older_backup(
    database: Database, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_post(database, content="more")

    def refuse(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stored_backup, "sync", refuse)
    with pytest.raises(Busy, match="No space left on device"):
        back_up(database, backup)
    assert texts(backup) == ["kept"]
    assert names(backup.parent) == ["backup.db", "home"]


def test_a_damaged_store_is_not_backed_up(database: Database, backup: Path) -> None:
    spoil(database)
    with pytest.raises(Damaged):
        back_up(database, backup)
    assert texts(backup) == ["kept"]


def spoil(database: Database) -> None:
    """Overwrite the middle of the file, from the third page on."""
    with closing(database.connect()) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with database.path.open("r+b") as file:
        file.seek(4096 * 2)
        file.write(b"\x5a" * 4096 * 20)


# Putting one in place.


def test_a_restored_store_is_what_the_backup_was_and_nobodys(database: Database, backup: Path) -> None:
    add_post(database, content="since")
    kept = restore(database, backup)
    assert texts(database.path) == ["kept"]
    assert kept == database.home / "ttp.db.before-restore"
    assert texts(kept) == ["kept", "since"]
    again = Database(database.home)
    with closing(again.connect()) as db:
        assert db.execute("SELECT host FROM store").fetchone()[0] == RESTORED
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    add_post(again, content="works")
    assert names(database.home) == ["publisher.lock", "publisher.mark", "ttp.db", "ttp.db.before-restore"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in database.home.iterdir()} == {0o600}


def test_each_store_that_was_replaced_is_kept(database: Database, backup: Path) -> None:
    for text in ("first", "second"):
        add_post(database, content=text)
        restore(database, backup)
    assert texts(database.home / "ttp.db.before-restore") == ["kept", "first"]
    assert texts(database.home / "ttp.db.before-restore-2") == ["kept", "second"]


def test_a_backup_can_be_restored_where_there_is_no_store(backup: Path, tmp_path: Path) -> None:
    database = Database(tmp_path / "new")
    assert restore(database, backup) is None
    assert texts(database.path) == ["kept"]
    assert stat.S_IMODE(database.home.stat().st_mode) == 0o700


def test_a_damaged_store_is_kept_as_it_is_with_what_is_beside_it(database: Database, backup: Path) -> None:
    spoil(database)
    database.path.write_bytes(b"no database at all" * 1000)
    beside = database.home / "ttp.db-wal"
    beside.write_bytes(b"a log of another time")
    bytes_of = database.path.read_bytes()
    kept = restore(database, backup)
    assert kept is not None
    assert kept.read_bytes() == bytes_of
    assert kept.with_name(f"{kept.name}-wal").read_bytes() == b"a log of another time"
    assert texts(database.path) == ["kept"]


def test_an_empty_file_in_the_stores_place_is_replaced(database: Database, backup: Path) -> None:
    database.path.write_bytes(b"")
    restore(database, backup)
    assert texts(database.path) == ["kept"]


def test_nothing_is_restored_while_something_publishes(database: Database, backup: Path) -> None:
    add_post(database, content="since")
    with publisher_lock(database.home), pytest.raises(LockHeld):
        restore(database, backup)
    assert texts(database.path) == ["kept", "since"]


def test_nothing_is_restored_while_another_program_reads(
    database: Database, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **{**k, "timeout": 0.0}))
    with transaction(database), pytest.raises(Busy):
        restore(database, backup)
    assert names(database.home) == ["publisher.lock", "publisher.mark", "ttp.db"]


@pytest.mark.parametrize("kind", ["none", "text", "empty", "other", "shop", "newer", "older", "spoilt", "itself"])
def test_what_is_no_good_backup_is_refused_and_nothing_changes(
    database: Database, backup: Path, tmp_path: Path, kind: str
) -> None:
    add_post(database, content="since")
    file, error = tmp_path / "file", Damaged
    match kind:
        case "none":
            error = NotFound  # type: ignore[assignment]  # another of our errors
        case "text":
            file.write_text("dear " * 1000)
        case "empty":
            file.touch()
        case "other":
            with closing(sqlite3.connect(file)) as db:
                db.execute("CREATE TABLE post (id)")
        case "shop":  # it has a table of that name, too
            with closing(sqlite3.connect(file)) as db:
                db.executescript("CREATE TABLE store (name); INSERT INTO store VALUES ('corner')")
        case "newer" | "older":
            shutil.copy(backup, file)
            with closing(sqlite3.connect(file)) as db:
                db.execute("UPDATE alembic_version SET version_num = ?", ("9999" if kind == "newer" else "0006",))
                db.commit()
            error = NewerStore if kind == "newer" else OlderStore  # type: ignore[assignment]  # other errors of ttp
        case "spoilt":
            file.write_bytes(backup.read_bytes()[: 4096 * 5] + b"\x5a" * 4096 * 60)
        case "itself":
            file, error = database.path, UsageError  # type: ignore[assignment]  # another of our errors
    with pytest.raises(error):
        restore(database, file)
    assert texts(database.path) == ["kept", "since"]
    assert set(names(database.home)) - {"publisher.lock"} == {"publisher.mark", "ttp.db"}
