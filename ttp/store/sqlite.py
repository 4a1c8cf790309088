"""Open a SQLite store, check it, and translate its errors."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ttp.domain.errors import Busy, Damaged, Hint, TtpError
from ttp.store.home.paths import _FULL, no_room, quoted
from ttp.store.home.regular_file import kind_of


def _open(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):  # SQLite would wait for a named pipe
        look = Hint("look", f"ls -la {quoted(path.parent)}")
        raise Busy(f"the store {path} cannot be written: it is {kind_of(found)}, not a file", look)
    if found.st_size == 0:
        raise Damaged(f"the store {path} is an empty file", *_ways_out(path))
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        timeout=busy_timeout_s,
        check_same_thread=False,
    )
    try:
        connection.row_factory = sqlite3.Row
        for pragma in ("foreign_keys=ON", "trusted_schema=OFF", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def create_tables(path: Path) -> None:
    """Write the tables of a new store into an empty file that nobody sees yet. The caller waits for the disk."""
    schema = Path(__file__).with_name("schema.sql").read_text()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(f"BEGIN; {schema} COMMIT;")
        # Closing moves the log into the file too, but does not report that the disk has no room for it.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def quick_check(connection: sqlite3.Connection, path: Path) -> None:
    """Read through the whole file. Damaged if SQLite finds anything wrong."""
    with translate_errors(path):
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        what = "; ".join(line for line in found.splitlines() if not line.startswith("***"))
        raise Damaged(f"the store {path} is damaged: {what}", *_ways_out(path))


@contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system raise into Busy and Damaged."""
    try:
        yield
    except TtpError:
        raise
    except Exception as error:
        told = _store_error(path, error)
        if told is None:
            raise
        raise told from error


def _store_error(path: Path, error: BaseException) -> TtpError | None:
    cause = getattr(error, "orig", None) or error  # SQLAlchemy wraps the driver's error
    match cause:
        case sqlite3.Error() if not isinstance(cause, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            name = getattr(cause, "sqlite_errorname", "") or ""
            if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                return Busy(
                    f"the store {path} stays locked by another program",
                    Hint("see who publishes", "ttp status"),
                )
            if name.startswith("SQLITE_FULL"):
                return no_room(path)
            if name.startswith("SQLITE_IOERR"):
                return Busy(
                    f"the disk of the store {path} does not take it: {cause}",
                    Hint("look for room", f"df -h {quoted(path.parent)}"),
                )
            if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
                return Busy(
                    f"the store {path} cannot be written: {cause}", Hint("look", f"ls -la {quoted(path.parent)}")
                )
            return Damaged(f"the store {path} cannot be read: {cause}", *_ways_out(path))
        case OSError() if cause.errno in _FULL:
            return no_room(path)
        case OSError():
            return Busy(
                f"the store {path} cannot be reached: {cause.strerror or cause}",
                Hint("look", f"ls -la {quoted(path.parent)}"),
            )
    return None


def _ways_out(path: Path) -> tuple[Hint, ...]:
    kept = path.with_name(path.name + ".damaged")
    return (
        Hint("keep it aside", f"mv {quoted(path)} {quoted(kept)}"),
        Hint("save what can be read", f"sqlite3 {quoted(kept)} .recover"),
        Hint("bring a backup back", "ttp restore FILE"),
    )
