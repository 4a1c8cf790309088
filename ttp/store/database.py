"""The database file: creating, opening, checking and locking it. The only place that opens a connection.

Every connection, whoever uses it, has the same pragmas: WAL, `synchronous=FULL` (a committed intent survives a power
cut), foreign keys on, schema not trusted, 30 s of patience for another writer. Questions use `reading`, the publisher
`connect`; changes that people make are a `writing`, which begins IMMEDIATE: a transaction that reads first and writes
later would fail with BUSY_SNAPSHOT, whatever the patience.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from pathlib import Path

from ttp.domain.errors import Busy, Damaged, Hint, NewerStore, NotAllowed, TtpError
from ttp.store.regular_file import kind_of

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
"""Every revision of the schema, oldest first; the last one is this program's. A test holds it equal to migrations/."""
BUSY_TIMEOUT_S = 30.0
LONG_LOG = 16_384
"""Pages of the log, 64 MB, that many writings one after the other may leave in it."""
_LOOSE = stat.S_IRWXG | stat.S_IRWXO
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Database:
    """One store's database file under `home`. Opening is lazy; read-only questions never create it."""

    def __init__(self, home: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S, may_upgrade: bool = True) -> None:
        """`may_upgrade`: an older store is brought up to date when it is opened, else refused."""
        self.home = home
        self.path = home / "ttp.db"
        self._busy_timeout_s = busy_timeout_s
        self._may_upgrade = may_upgrade
        self._checked = False
        self._knows_files = False
        self._within = threading.local()

    def exists(self) -> bool:
        return self.path.exists()

    def connect(self) -> sqlite3.Connection:
        """Open the store, creating or migrating it first where that is needed.

        Raises Busy, Damaged, NewerStore, NotAllowed. Usable from any thread, by one at a time.
        """
        if not self.exists():
            self._create()
        if not self._checked:
            beside = (self.path.with_name(f"ttp.db-{part}") for part in ("wal", "shm"))
            refuse_loose_modes(self.home, self.path, *beside)
        with translated(self.path):
            connection = _open(self.path, self._busy_timeout_s)
            try:
                if not self._checked and self._behind(connection):
                    connection.close()
                    self._migrate()
                    connection = _open(self.path, self._busy_timeout_s)
            except BaseException:
                connection.close()
                raise
        self._checked = True
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """A connection for a read-only question; None where no store exists yet, and none is made.

        Inside `writing` of the same thread it is that transaction's own: what it has written is seen.
        """
        within: sqlite3.Connection | None = getattr(self._within, "connection", None)
        if within is not None:
            yield within
            return
        if not self.exists():
            yield None
            return
        with closing(self.connect()) as connection, translated(self.path):
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection | None]:
        """As `reading`, but everything in the block is read as the store was at the first read.

        Keeps no writer waiting; the log cannot be emptied before the end of the block.
        """
        with self.reading() as connection:
            if connection is None or connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN")
            yield connection  # closing the connection ends the transaction, which wrote nothing

    @contextmanager
    def as_it_is(self) -> Iterator[sqlite3.Connection | None]:
        """As `reading`, but whatever its schema and modes are, and without bringing it up to date: for a check-up."""
        with translated(self.path):
            if not self.exists():
                yield None
                return
            with closing(_open(self.path, self._busy_timeout_s)) as connection:
                yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One IMMEDIATE transaction: committed at the end, rolled back on any error.

        Inside another one of the same thread it is a part of that one.
        """
        within: sqlite3.Connection | None = getattr(self._within, "connection", None)
        if within is not None:
            yield within
            return
        with self._for_writing() as connection, translated(self.path):
            connection.execute("BEGIN IMMEDIATE")  # takes the lock now, not with the first statement that writes
            self._within.connection = connection
            try:
                self._remember_files(connection)
                yield connection
                connection.execute("COMMIT")
            finally:
                self._within.connection = None
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def many_writings(self) -> Iterator[None]:
        """In the block this thread's `writing`s share a connection, and what they wrote is moved from the log into the
        file each LONG_LOG pages, not at every commit: a page that many of them change is moved once."""
        kept: list[sqlite3.Connection] = []
        self._within.kept = kept
        try:
            yield
        finally:
            self._within.kept = None
            for connection in kept:
                connection.close()

    def _for_writing(self) -> AbstractContextManager[sqlite3.Connection]:
        kept: list[sqlite3.Connection] | None = getattr(self._within, "kept", None)
        if kept is None:
            return closing(self.connect())
        if not kept:
            kept.append(self.connect())
            kept[0].execute(f"PRAGMA wal_autocheckpoint={LONG_LOG}")
        return nullcontext(kept[0])

    def _remember_files(self, connection: sqlite3.Connection) -> None:
        """Let a store that does not know yet which files it is record that with its first change."""
        if self._knows_files:
            return
        if connection.execute("SELECT mark FROM store").fetchone()[0] is None:
            from ttp.store.owner import remember_files

            remember_files(self.home, connection)  # may be rolled back: asked again by the next change
        else:
            self._knows_files = True

    def _behind(self, connection: sqlite3.Connection) -> bool:
        """True if the schema is older than this program's. NewerStore if it is none that it knows."""
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        revision = row[0] if row else ""
        if revision not in REVISIONS:
            raise NewerStore(
                f"the store {self.path} was written by a newer ttp"
                f' (its schema is "{revision}", this one knows "{REVISIONS[-1]}")',
                Hint("upgrade", "pip install --upgrade ttp-cli"),
            )
        return revision != REVISIONS[-1]

    def _create(self) -> None:
        """Make the store beside its place and move it there at once, so that nobody ever sees half of one."""
        from tempfile import mkstemp

        make_home(self.home)
        with translated(self.path):
            descriptor, name = mkstemp(prefix="ttp.db.new-", dir=self.home)
            fresh = Path(name)
            try:
                os.close(descriptor)
                self._upgrade(fresh, fresh=True)
                with fresh.open("rb") as written:
                    os.fsync(written.fileno())
                with suppress(FileExistsError):  # another process was first: its store is as good
                    os.link(fresh, self.path)
            finally:
                for part in ("", "-wal", "-shm"):
                    Path(name + part).unlink(missing_ok=True)

    def _migrate(self) -> None:
        """Bring an older store up to date, with a backup beside it and the publisher's lock held."""
        from ttp.store.lock import publisher_lock

        if not self._may_upgrade:
            why = f"the store {self.path} must be brought up to date first, and nothing may be written here"
            raise NotAllowed(why, Hint("what is allowed", "ttp help capability"))
        with publisher_lock(self.home, doing="the store's schema must be brought up to date"):
            with closing(_open(self.path, self._busy_timeout_s)) as source:
                if not self._behind(source):  # another process was first, and the backup is of the older store
                    return
                backup = self.home / f"ttp.db.before-{REVISIONS[-1]}"
                os.close(os.open(backup, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600))
                with closing(sqlite3.connect(backup)) as target:
                    source.backup(target)
            self._upgrade(self.path)

    def _upgrade(self, path: Path, *, fresh: bool = False) -> None:
        """`fresh`: nobody sees the file yet, and one wait for the disk at the end, which is the caller's, is enough."""
        from ttp.store.migrations import upgrade

        with closing(sqlite3.connect(path, isolation_level=None, timeout=self._busy_timeout_s)) as connection:
            if fresh:
                connection.execute("PRAGMA synchronous=OFF")
            connection.execute("PRAGMA journal_mode=WAL")
            upgrade(connection, REVISIONS[-1])
            if fresh:
                # To close it moves the log into the file too, but says nothing where the disk has no room for that.
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


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


def quick_check(connection: sqlite3.Connection, path: Path) -> None:
    """Read through the whole file. Damaged if SQLite finds anything wrong."""
    with translated(path):
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        what = "; ".join(line for line in found.splitlines() if not line.startswith("***"))
        raise Damaged(f"the store {path} is damaged: {what}", *_ways_out(path))


def make_home(home: Path) -> None:
    """Make the folder of everything, for its owner only. A folder that was made for it, and is empty, is tightened.
    Busy where that cannot be done."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if stat.S_IMODE(home.stat().st_mode) & _LOOSE and not any(p.name != "config.toml" for p in home.iterdir()):
            home.chmod(0o700)
    except OSError as error:
        if error.errno in _FULL:
            raise _no_room(home) from error
        why = "a file is in its place" if isinstance(error, FileExistsError) else error.strerror or error
        raise Busy(
            f"the folder of the store, {home}, cannot be made or used: {why}",
            Hint("use another folder", "export TTP_HOME=FOLDER"),
        ) from error
    refuse_loose_modes(home)


def refuse_loose_modes(*paths: Path) -> None:
    """Refuse files and folders that others can read, with the command that mends it."""
    for path in paths:
        with suppress(FileNotFoundError):
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & _LOOSE:
                wanted = "700" if path.is_dir() else "600"
                raise Busy(
                    f"others can reach {path} (mode {mode:o}), and it holds what is yours alone",
                    Hint("close it", f"chmod {wanted} {quoted(path)}"),
                )


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system raise into Busy and Damaged."""
    try:
        yield
    except TtpError:
        raise
    except Exception as error:
        told = _told(path, error)
        if told is None:
            raise
        raise told from error


def _told(path: Path, error: BaseException) -> TtpError | None:
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
                return _no_room(path)
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
            return _no_room(path)
        case OSError():
            return Busy(
                f"the store {path} cannot be reached: {cause.strerror or cause}",
                Hint("look", f"ls -la {quoted(path.parent)}"),
            )
    return None


def _no_room(path: Path) -> Busy:
    return Busy(f"no room left for the store {path}", Hint("free some", f"df -h {quoted(path.parent)}"))


def _ways_out(path: Path) -> tuple[Hint, ...]:
    kept = path.with_name(path.name + ".damaged")
    return (
        Hint("keep it aside", f"mv {quoted(path)} {quoted(kept)}"),
        Hint("save what can be read", f"sqlite3 {quoted(kept)} .recover"),
        Hint("bring a backup back", "ttp restore FILE"),
    )


def quoted(path: Path) -> str:
    """A path as a shell reads it."""
    import shlex

    return shlex.quote(str(path))
