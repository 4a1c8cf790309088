"""Who owns a store: how a copy, a restored store and one that was put back are recognized, and what delays nothing."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import subprocess
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.store.process_limits import umask
from tests.store.stores import add_post, raw, to, transaction
from ttp.domain.account import Account
from ttp.domain.action import action
from ttp.domain.delivery import DeliveryState
from ttp.domain.publishing.outcome import Attempt, Phase
from ttp.store import attempts
from ttp.store.database import Database
from ttp.store.machine.ownership import RESTORED, Machine, Owner, possibly_published

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
PI, LAPTOP = Machine("pi", "1" * 32), Machine("laptop", "2" * 32)
SOON = timedelta(hours=1)


def publish(database: Database, who: Owner, steps: int = 1, now: datetime = NOW) -> None:
    """A run that owns the store and records so many steps."""
    with transaction(database) as db:
        who.claim(db, now)
        for _ in range(steps):
            row = Attempt("x/me", 1, "POST", Phase.PUBLISH, now, outcome="done", delivery_id=1)
            attempts.start_attempt(db, row)
    with closing(database.connect()) as db:
        who.note_progress(db)


def doubt(database: Database, who: Owner, *named: str) -> str | None:
    """Return the flaw of the refusal, if there is one. `named`: what its message names."""
    with closing(database.connect()) as db:
        before = raw(db).total_changes
        found = who.refusal(db)
        assert raw(db).total_changes == before
    if found is not None:
        assert [hint.way for hint in found.hints] == [action("run", take_over=True)]
        assert "\n" not in found.message
        assert all(one in found.message for one in named)
    return None if found is None else found.flaw


def at(home: Path, machine: Machine = PI, *, any_machine: bool = False) -> Owner:
    return Owner(home, machine, any_machine=any_machine)


def test_a_store_that_nobody_published_from_is_anybodys(database: Database) -> None:
    assert doubt(database, at(database.home)) is None
    publish(database, at(database.home), steps=0)
    assert doubt(database, at(database.home)) is None


def test_another_machine_is_refused_and_told_who_published_last(database: Database, account: Account) -> None:
    add_post(database, to(account, NOW))
    publish(database, at(database.home))
    last = f"(pi, {NOW.astimezone():%d %b %Y %H:%M})"
    assert doubt(database, at(database.home, LAPTOP), last) == "other_machine"
    assert doubt(database, at(database.home, LAPTOP, any_machine=True)) is None
    publish(database, at(database.home, LAPTOP))
    assert doubt(database, at(database.home, LAPTOP)) is None
    assert doubt(database, at(database.home), "laptop") == "other_machine"


def test_a_restored_store_is_refused_everywhere(database: Database) -> None:
    publish(database, at(database.home), steps=0)
    with transaction(database) as db:
        db.execute("UPDATE store SET host = ?", (RESTORED,))
    for who in (at(database.home), at(database.home, any_machine=True)):
        assert doubt(database, who) == "restored"


@pytest.mark.parametrize("any_machine", [False, True])
def test_a_database_that_was_put_back_alone_is_noticed(
    database: Database, account: Account, tmp_path: Path, any_machine: bool
) -> None:
    add_post(database, to(account, NOW))
    who = at(database.home, any_machine=any_machine)
    publish(database, who)
    kept = tmp_path / "kept.db"
    with closing(database.connect()) as db, closing(sqlite3.connect(kept)) as copy:
        raw(db).backup(copy)
    publish(database, who)
    assert doubt(database, who) is None
    for part in ("ttp.db", "ttp.db-wal", "ttp.db-shm"):
        (database.home / part).unlink(missing_ok=True)
    shutil.copy(kept, database.path)
    database.path.chmod(0o600)
    assert doubt(database, who) == "put_back"
    publish(database, who, steps=0)
    assert doubt(database, who) is None, "once taken over it is this machine's again"


def test_a_database_from_before_the_first_run_is_noticed_too(database: Database, account: Account) -> None:
    add_post(database, to(account, NOW))
    first = database.path.read_bytes()
    publish(database, at(database.home))
    (database.home / "ttp.db-wal").unlink(missing_ok=True)
    database.path.write_bytes(first)
    assert doubt(database, at(database.home)) == "put_back"


def test_another_store_in_the_same_folder_starts_afresh(database: Database, account: Account) -> None:
    add_post(database, to(account, NOW))
    publish(database, at(database.home), steps=5)
    for path in database.home.glob("ttp.db*"):
        path.unlink()
    fresh = Database(database.home)
    assert doubt(fresh, at(database.home)) is None
    publish(fresh, at(database.home), steps=0)
    assert doubt(fresh, at(database.home)) is None


# The folder as a whole.


@pytest.fixture
def copied(database: Database, account: Account, tmp_path: Path) -> Database:
    """A folder from which nothing was ever published, and in which nothing is due, copied."""
    add_post(database, to(account, NOW + SOON))
    shutil.copytree(database.home, tmp_path / "copy")
    return Database(tmp_path / "copy")


@pytest.mark.parametrize("any_machine", [False, True])
def test_a_copied_folder_is_refused_due_or_not(copied: Database, database: Database, any_machine: bool) -> None:
    who = at(copied.home, any_machine=any_machine)
    assert doubt(copied, who) == "copied"
    assert doubt(database, at(database.home, any_machine=any_machine)) is None
    add_post(copied, content="written in the copy")
    assert doubt(copied, who) is not None, "a change adopts nothing"
    publish(copied, who, steps=0)
    assert doubt(copied, who) is None, "once taken over it is this machine's again"


def test_a_folder_that_is_copied_after_runs_is_refused_too(
    database: Database, account: Account, tmp_path: Path
) -> None:
    publish(database, at(database.home), steps=0)
    for how in ("cp -a", "rsync -a", "rsync -a --inplace"):
        if shutil.which(how.split()[0]):
            copy = tmp_path / how.replace(" ", "")
            subprocess.run([*how.split(), f"{database.home}/", str(copy)], check=True)
            assert doubt(Database(copy), at(copy)) is not None, how
    assert doubt(database, at(database.home)) is None


def test_a_database_alone_is_a_copy(database: Database, account: Account, tmp_path: Path) -> None:
    """By `cp`, by SQLite's own backup, and by VACUUM INTO."""
    by_vacuum = tmp_path / "vacuum.db"
    with closing(sqlite3.connect(database.path)) as db:
        db.execute("VACUUM INTO ?", (str(by_vacuum),))
        db.execute("VACUUM")
    assert doubt(database, at(database.home)) is None, "VACUUM leaves it the same file"
    for source in (database.path, by_vacuum):
        home = tmp_path / f"of-{source.stem}"
        home.mkdir(mode=0o700)
        shutil.copy(source, home / "ttp.db")
        (home / "ttp.db").chmod(0o600)
        assert doubt(Database(home), at(home)) is not None


def test_a_database_that_was_put_back_with_the_same_steps_is_noticed(
    database: Database, account: Account, tmp_path: Path
) -> None:
    publish(database, at(database.home), steps=0)
    kept = Path(shutil.copy(database.path, tmp_path / "kept.db"))
    kept.chmod(0o600)
    kept.rename(database.path)
    assert doubt(Database(database.home), at(database.home)) == "copied"


def test_a_store_of_an_earlier_version_learns_which_file_it_is_with_its_first_change(
    database: Database, account: Account, tmp_path: Path
) -> None:
    (database.home / "publisher.mark").unlink()
    with transaction(database) as db:
        db.execute("UPDATE store SET mark = NULL")
    older = Database(database.home)
    assert doubt(older, at(older.home)) is None
    assert mark_of(older) is None, "a question writes nothing"
    with pytest.raises(ZeroDivisionError), older.writing():
        raise ZeroDivisionError
    assert mark_of(older) is None
    add_post(older)
    assert mark_of(older) is not None
    assert doubt(older, at(older.home)) is None
    shutil.copytree(older.home, tmp_path / "copy")
    assert doubt(Database(tmp_path / "copy"), at(tmp_path / "copy")) is not None


def test_the_mark_of_an_earlier_version_holds(database: Database, account: Account, tmp_path: Path) -> None:
    publish(database, at(database.home), steps=0)
    known = dict(part.split("=") for part in (mark_of(database) or "").split())
    shutil.copytree(database.home, tmp_path / "copy")
    for home in (database.home, tmp_path / "copy"):
        with closing(sqlite3.connect(home / "ttp.db", isolation_level=None)) as db:
            db.execute("UPDATE store SET mark = ?", (f"{known['ino']}.{known.get('gen', known.get('born', 0))}",))
    assert doubt(database, at(database.home)) is None
    assert doubt(Database(tmp_path / "copy"), at(tmp_path / "copy")) is not None


def mark_of(database: Database) -> str | None:
    with closing(database.connect()) as db:
        mark: str | None = db.execute("SELECT mark FROM store").fetchone()[0]
        return mark


def test_moving_a_folder_copies_nothing(database: Database, account: Account) -> None:
    (database.home / "publisher.mark").chmod(0o400)
    database.home.rename(database.home.with_name("moved"))
    moved = Database(database.home.with_name("moved"))
    assert doubt(moved, at(moved.home)) is None
    add_post(moved)
    assert doubt(moved, at(moved.home)) is None


def test_a_publisher_that_runs_notices_other_files_in_the_place_of_its_store(
    database: Database, account: Account, tmp_path: Path
) -> None:
    publish(database, at(database.home), steps=0)
    who, moved = at(database.home), tmp_path / "moved"
    with closing(database.connect()) as db:
        assert who.refusal_if_replaced(db) is None
        database.home.rename(moved)
        assert who.refusal_if_replaced(db) is None, "a moved folder is not a copy"
        shutil.copytree(moved, database.home)
        assert who.refusal_if_replaced(db) is not None


def test_a_file_in_the_place_of_the_mark_is_another_one(database: Database, account: Account) -> None:
    publish(database, at(database.home), steps=0)
    mark = database.home / "publisher.mark"
    text = mark.read_bytes()
    mark.unlink()
    assert doubt(database, at(database.home)) is not None
    mark.write_bytes(text)
    assert doubt(database, at(database.home)) is not None


def test_a_mark_that_cannot_be_read_says_nothing(database: Database, account: Account) -> None:
    add_post(database, to(account, NOW))
    publish(database, at(database.home), steps=0)
    (database.home / "publisher.mark").write_text("\xff")
    assert doubt(database, at(database.home)) == "copied"


def test_the_mark_is_its_owners_alone_and_is_written_in_place(database: Database) -> None:
    with umask(0):
        publish(database, at(database.home), steps=0)
    mark = database.home / "publisher.mark"
    first = mark.stat()
    assert stat.S_IMODE(first.st_mode) == 0o600
    with closing(database.connect()) as db:
        at(database.home).note_progress(db)
    assert mark.stat().st_ino == first.st_ino


def test_a_mark_that_cannot_be_written_stops_nothing(database: Database) -> None:
    with closing(database.connect()) as db:
        at(database.home / "nowhere").note_progress(db)


# What is at stake.


def test_all_that_is_in_flight_and_all_that_is_due_is_at_stake(database: Database, account: Account) -> None:
    def delivery(state: DeliveryState, minutes: int | None) -> None:
        when = None if minutes is None else NOW + timedelta(minutes=minutes)
        add_post(database, replace(to(account, when), state=state))

    wanted = set()
    for state in DeliveryState:
        for minutes in (-1, 1, None):
            delivery(state, minutes)
            in_flight = state in ("retrying", "processing", "reconciling") and minutes is not None
            if in_flight or state in ("claimed", "sending") or (state == "pending" and minutes == -1):
                wanted.add((state, minutes))
    with closing(database.connect()) as db:
        found = list(possibly_published(db, now=NOW))
    assert {(d.state, d.next_at and (d.next_at - NOW) // timedelta(minutes=1)) for d in found} == wanted
    assert len(found) == len(wanted)
