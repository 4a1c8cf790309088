"""The store of a home: created with the first change, upgraded when it is opened, read and written in blocks.

Questions use `reading`, the publisher `connect`; a change that a person makes is one `writing`, which takes the right
to write at its beginning: a transaction that reads first and writes later would fail with BUSY_SNAPSHOT.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from pathlib import Path

from ttp.domain.action import action
from ttp.domain.errors import Hint, NewerStore, NotAllowed, OlderStore
from ttp.store.dialect import Connection
from ttp.store.home.paths import make_home, refuse_loose_modes
from ttp.store.sqlite import connect, connect_as_it_is, copy, create_tables, translate_errors

REVISIONS = ("0007", "0008")
"""Every revision of the schema, oldest first; the last one is this program's. A test holds it equal to migrations/."""
UNRELEASED = ("0001", "0002", "0003", "0004", "0005", "0006")
"""Revisions from before the first release, which this program does not read."""
UPGRADER = "ttp 0.1.0 of commit 9b70481"
"""The last version that brings an unreleased revision to the first of REVISIONS."""


BUSY_TIMEOUT_S = 30.0


LONG_LOG = 16_384
"""Pages of the log, 64 MB, that many writings one after the other may leave in it."""


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

    def connect(self) -> Connection:
        """Open the store, creating or migrating it first where that is needed.

        Raises Busy, Damaged, NewerStore, NotAllowed. Usable from any thread, by one at a time.
        """
        if not self.exists():
            self._create()
        if not self._checked:
            beside = (self.path.with_name(f"ttp.db-{part}") for part in ("wal", "shm"))
            refuse_loose_modes(self.home, self.path, *beside)
        with translate_errors(self.path):
            connection = connect(self.path, self._busy_timeout_s)
            try:
                if not self._checked and self._behind(connection):
                    connection.close()
                    self._migrate()
                    connection = connect(self.path, self._busy_timeout_s)
            except BaseException:
                connection.close()
                raise
        self._checked = True
        return connection

    @contextmanager
    def reading(self) -> Iterator[Connection | None]:
        """A connection for a read-only question; None where no store exists yet, and none is made.

        Inside `writing` of the same thread it is that transaction's own: what it has written is seen.
        """
        within: Connection | None = getattr(self._within, "connection", None)
        if within is not None:
            yield within
            return
        if not self.exists():
            yield None
            return
        with closing(self.connect()) as connection, translate_errors(self.path):
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection | None]:
        """As `reading`, but everything in the block is read as the store was at the first read.

        Keeps no writer waiting; the log cannot be emptied before the end of the block.
        """
        with self.reading() as connection:
            if connection is None:
                yield None
                return
            with connection.snapshot():
                yield connection

    @contextmanager
    def as_it_is(self) -> Iterator[Connection | None]:
        """As `reading`, but whatever its schema and modes are, and without bringing it up to date: for a check-up."""
        with translate_errors(self.path):
            if not self.exists():
                yield None
                return
            with closing(connect(self.path, self._busy_timeout_s)) as connection:
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One IMMEDIATE transaction: committed at the end, rolled back on any error.

        Inside another one of the same thread it is a part of that one.
        """
        within: Connection | None = getattr(self._within, "connection", None)
        if within is not None:
            yield within
            return
        with self._for_writing() as connection, translate_errors(self.path), connection.transaction():
            self._within.connection = connection
            try:
                self._remember_files(connection)
                yield connection
            finally:
                self._within.connection = None

    @contextmanager
    def many_writings(self) -> Iterator[None]:
        """In the block this thread's `writing`s share a connection, and what they wrote is moved from the log into the
        file each LONG_LOG pages, not at every commit: a page that many of them change is moved once."""
        kept: list[Connection] = []
        self._within.kept = kept
        try:
            yield
        finally:
            self._within.kept = None
            for connection in kept:
                connection.close()

    def _for_writing(self) -> AbstractContextManager[Connection]:
        kept: list[Connection] | None = getattr(self._within, "kept", None)
        if kept is None:
            return closing(self.connect())
        if not kept:
            kept.append(self.connect())
            kept[0].execute(f"PRAGMA wal_autocheckpoint={LONG_LOG}")
        return nullcontext(kept[0])

    def _remember_files(self, connection: Connection) -> None:
        """Let a store that does not know yet which files it is record that with its first change."""
        if self._knows_files:
            return
        if connection.execute("SELECT mark FROM store").fetchone()[0] is None:
            from ttp.store.ownership import remember_files

            remember_files(self.home, connection)  # may be rolled back: asked again by the next change
        else:
            self._knows_files = True

    def _behind(self, connection: Connection) -> bool:
        """Return whether the schema is older than this program's."""
        return read_revision(connection, self.path) != REVISIONS[-1]

    def _create(self) -> None:
        """Make the store beside its place and move it there at once, so that nobody ever sees half of one."""
        from tempfile import mkstemp

        make_home(self.home)
        with translate_errors(self.path):
            descriptor, name = mkstemp(prefix="ttp.db.new-", dir=self.home)
            fresh = Path(name)
            try:
                os.close(descriptor)
                create_tables(fresh)
                with fresh.open("rb") as written:
                    os.fsync(written.fileno())
                with suppress(FileExistsError):  # another process was first: its store is as good
                    os.link(fresh, self.path)
            finally:
                for part in ("", "-wal", "-shm"):
                    Path(name + part).unlink(missing_ok=True)

    def _migrate(self) -> None:
        """Bring an older store up to date, with a backup beside it and the publisher's lock held."""
        from ttp.store.home.locks import publisher_lock

        if not self._may_upgrade:
            why = f"the store {self.path} must be brought up to date first, and nothing may be written here"
            raise NotAllowed(why, Hint("see", action("help", "capability")))
        with publisher_lock(self.home, doing="the store's schema must be brought up to date"):
            with closing(connect(self.path, self._busy_timeout_s)) as source:
                if not self._behind(source):  # another process was first, and the backup is of the older store
                    return
                backup = self.home / f"ttp.db.before-{REVISIONS[-1]}"
                os.close(os.open(backup, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600))
                copy(source, backup)
            self._upgrade()

    def _upgrade(self) -> None:
        from ttp.store.migrations import upgrade

        with closing(connect_as_it_is(self.path, self._busy_timeout_s)) as connection:
            upgrade(connection, REVISIONS[-1])


def read_revision(connection: Connection, path: Path) -> str:
    """Return the revision of a store's schema. NewerStore and OlderStore for one that this program does not read."""
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    revision = str(row[0]) if row else ""
    if revision in UNRELEASED:
        raise OlderStore(
            f'the store {path} has the schema "{revision}" from before the first release: open it once with {UPGRADER},'
            f' which brings it to "{REVISIONS[0]}"'
        )
    if revision not in REVISIONS:
        raise NewerStore(
            f'the store {path} was written by a newer ttp (its schema is "{revision}",'
            f' this one knows "{REVISIONS[-1]}")',
            Hint("fix", "pip install --upgrade ttp-cli"),
        )
    return revision
