"""The SQLite side of the store, and the only module that opens its files: connections, creation, copies, errors.

Every connection has the same pragmas: WAL, `synchronous=FULL` (a committed intent survives a power cut), foreign keys
on, schema not trusted, and a timeout for other writers.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import stat
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from ttp.domain.action import action
from ttp.domain.errors import Busy, Damaged, Hint, TtpError
from ttp.store.dialect import Conflicting, Connection, List, Sealed, StoreError, Values, insert_into, unlike_schema
from ttp.store.home.files import _FULL, kind_of, no_room, quote_path

VERSION = sqlite3.sqlite_version
_SCHEMA = r"no such (?:column|table|index)|has no column named|duplicate column name|already exists"
"""What SQLite says of a statement that does not fit the tables."""
sqlite3.register_adapter(List, json.dumps)


class WriteQueue:
    """Lets one thread at a time write to a file, in the order in which they asked. Without it each would poll SQLite's
    lock after ever longer sleeps, and with many threads some would wait for it in vain."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[threading.Event] = []
        """In the order in which they asked. The first one is set: it has its turn. To wake all of them at each change
        would make writing slower, the more threads there are."""

    @contextmanager
    def turn(self, patience_s: float) -> Iterator[None]:
        """Run the block in this thread's turn; without it once the patience is over, when SQLite decides."""
        mine = threading.Event()
        try:
            with self._lock:
                self._waiting.append(mine)
                self._waiting[0].set()
            mine.wait(patience_s)
            yield
        finally:
            with self._lock:
                if mine in self._waiting:  # not after Ctrl-C at the wrong moment
                    self._waiting.remove(mine)
                if self._waiting:
                    self._waiting[0].set()


_QUEUES: dict[Path, WriteQueue] = {}
"""By file. The threads of a forked process start again."""
os.register_at_fork(after_in_child=_QUEUES.clear)


_CHANGES = ("insert", "update", "delete")


class SqliteConnection(sqlite3.Connection):
    """A `dialect.Connection`. Statements run unchanged, without a step of Python in between."""

    queue: WriteQueue
    patience_s: float
    memory: dict[str, Any] | None = None
    is_change = is_remote = False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with _neutral_errors(), self.queue.turn(self.patience_s):
            self.execute("BEGIN IMMEDIATE")  # takes the lock now, not with the first statement that writes
            self.memory = {}
            try:
                yield
                self.execute("COMMIT")
            except BaseException:
                if self.in_transaction:
                    with suppress(sqlite3.Error):  # a disk that refuses this too: closing the connection undoes it
                        self.execute("ROLLBACK")
                raise
            finally:
                self.memory = None

    def lock_posts(self, post_ids: Iterable[int], *, at_once: bool = True) -> None:
        """Do nothing: the transaction is the only one that writes."""

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        with _neutral_errors():
            self.execute("SAVEPOINT part")
            try:
                yield
            except BaseException:
                if self.in_transaction:
                    self.execute("ROLLBACK TO part")
                    self.execute("RELEASE part")
                raise
            self.execute("RELEASE part")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        with _neutral_errors():
            inside = self.in_transaction
            if not inside:
                self.execute("BEGIN")
            try:
                yield
            finally:
                if not inside:
                    with suppress(sqlite3.Error):  # an error may have ended it already
                        self.execute("ROLLBACK")  # it wrote nothing

    def send(self, sql: str, values: Values = (), /) -> None:
        self.execute(sql, values)

    def send_many(self, sql: str, values: Iterable[Values], /) -> None:
        self.executemany(sql, values)

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]], more: str = "", /) -> None:
        if rows:
            self.executemany(insert_into(table, rows[0]) + more, rows)

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def highest_id(self, table: str) -> int:
        row = self.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        return 0 if row is None else int(row[0])

    settled_id = highest_id

    def reserve_ids(self, table: str, count: int) -> Sequence[int]:
        following = self.highest_id(table) + 1  # the transaction is the only one that writes
        return range(following, following + count)

    def data_version(self) -> int:
        return int(self.execute("PRAGMA data_version").fetchone()[0])

    def continue_ids(self, table: str, highest: int) -> None:
        self.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        self.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, highest))

    def refuse_changes(self, tables: Sequence[str], why: str) -> None:
        text = why.replace("'", "''")  # a trigger takes no parameters
        self.allow_changes(tables)
        for table in tables:
            for change in _CHANGES:
                self.execute(
                    f"CREATE TRIGGER sealed_{table}_{change} BEFORE {change} ON {table} BEGIN SELECT"
                    f" RAISE(ABORT, '{text}') FROM store WHERE coalesce(moved_to, moved_from) IS NOT NULL; END"
                )

    def allow_changes(self, tables: Sequence[str]) -> None:
        for table in tables:
            for change in _CHANGES:
                self.execute(f"DROP TRIGGER IF EXISTS sealed_{table}_{change}")


@contextmanager
def _neutral_errors() -> Iterator[None]:
    """Turn errors of the driver into those of `dialect`."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        # The only triggers are those of `refuse_changes`.
        is_of_seal = error.sqlite_errorname == "SQLITE_CONSTRAINT_TRIGGER"
        raise (Sealed if is_of_seal else Conflicting)(str(error)) from error
    except sqlite3.Error as error:
        raise StoreError(str(error)) from error


def connect(path: Path, busy_timeout_s: float) -> SqliteConnection:
    """Open an existing store. Raises Busy or Damaged for a file that cannot be one."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):  # SQLite would wait for a named pipe
        look = Hint("see", f"ls -la {quote_path(path.parent)}")
        raise Busy(f"the store {path} cannot be written: it is {kind_of(found)}, not a file", look)
    if found.st_size == 0:
        raise Damaged(f"the store {path} is an empty file", *_ways_out(path))
    connection = connect_unchecked(path, busy_timeout_s)
    try:
        for pragma in ("foreign_keys=ON", "trusted_schema=OFF", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_unchecked(path: Path, busy_timeout_s: float = 5.0, *, read_only: bool = False) -> SqliteConnection:
    """Open a SQLite file to copy, upgrade or replace it, without the pragmas of `connect`."""
    file = path.resolve()
    connection = sqlite3.connect(
        f"{file.as_uri()}?mode={'ro' if read_only else 'rw'}",
        uri=True,
        isolation_level=None,
        timeout=busy_timeout_s,
        check_same_thread=False,
        factory=SqliteConnection,
    )
    connection.row_factory = sqlite3.Row
    connection.queue, connection.patience_s = _QUEUES.setdefault(file, WriteQueue()), busy_timeout_s
    return connection


def create_tables(path: Path) -> None:
    """Write the tables of a new store into an empty temporary file. The caller syncs it."""
    schema = Path(__file__).with_name("schema.sql").read_text()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(f"BEGIN; {schema} COMMIT;")
        # Closing moves the log into the file too, but does not report that the disk has no room for it.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def lock_alone(connection: SqliteConnection) -> None:
    """Fold the log into the file and lock it, if no other process has it open. Raises StoreError."""
    with _neutral_errors():
        connection.execute("PRAGMA journal_mode=DELETE")  # needs all others to be gone
        connection.execute("BEGIN EXCLUSIVE")


def copy(source: Connection, target: Path) -> None:
    """Copy a consistent state of the store into an empty file while others may write. Raises StoreError."""
    assert isinstance(source, SqliteConnection)
    with _neutral_errors(), closing(connect_unchecked(target)) as db:
        source.backup(db)
        db.execute("PRAGMA journal_mode=DELETE")  # the copy is one file


def is_locked(error: StoreError | sqlite3.Error) -> bool:
    """Return whether another connection locks the file."""
    cause = error.__cause__ if isinstance(error, StoreError) else error
    return (getattr(cause, "sqlite_errorname", "") or "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def quick_check(connection: Connection, path: Path) -> None:
    """Read the whole file. Raises Damaged if SQLite finds an error."""
    with translate_errors(path):
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        what = "; ".join(line for line in found.splitlines() if not line.startswith("***"))
        raise Damaged(f"the store {path} is damaged: {what}", *_ways_out(path))


@contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and the file system into Busy and Damaged."""
    try:
        yield
    except TtpError:
        raise
    except Exception as error:
        translated = _store_error(path, error)
        if translated is None:
            raise
        raise translated from error


def _store_error(path: Path, error: BaseException) -> TtpError | None:
    if isinstance(error, Sealed):
        from ttp.store.machine.seal import refused_change

        return refused_change(str(error))
    cause = error.__cause__ if isinstance(error, StoreError) else error
    cause = getattr(cause, "orig", None) or cause  # SQLAlchemy wraps the driver's error
    match cause:
        case sqlite3.Error() if not isinstance(cause, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            name = getattr(cause, "sqlite_errorname", "") or ""
            if is_locked(cause):
                return Busy(f"the store {path} stays locked by another program", Hint("see", action("status")))
            if name.startswith("SQLITE_FULL"):
                return no_room(path)
            if name.startswith("SQLITE_IOERR"):
                return Busy(
                    f"the disk of the store {path} reports an error: {cause}",
                    Hint("see", f"df -h {quote_path(path.parent)}"),
                )
            if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
                return Busy(
                    f"the store {path} cannot be written: {cause}", Hint("see", f"ls -la {quote_path(path.parent)}")
                )
            if name == "SQLITE_ERROR" and re.search(_SCHEMA, str(cause)) and _has_revision(path):
                return unlike_schema(path, cause)
            return Damaged(f"the store {path} cannot be read: {cause}", *_ways_out(path))
        case OSError() if cause.errno in _FULL:
            return no_room(path)
        case OSError():
            return Busy(
                f"the store {path} cannot be reached: {cause.strerror or cause}",
                Hint("see", f"ls -la {quote_path(path.parent)}"),
            )
    return None


def _has_revision(path: Path) -> bool:
    """Return whether a file is whole and says which schema it has, as every store of ttp does."""
    with suppress(sqlite3.Error), closing(connect_unchecked(path, read_only=True)) as db:
        is_whole = db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
        return is_whole and db.execute("SELECT version_num FROM alembic_version").fetchone() is not None
    return False


def _ways_out(path: Path) -> tuple[Hint, ...]:
    kept = path.with_name(path.name + ".damaged")
    return (
        Hint("fix", f"mv {quote_path(path)} {quote_path(kept)}"),
        Hint("fix", f"sqlite3 {quote_path(kept)} .recover"),
        Hint("fix", action("restore", "FILE")),
    )
