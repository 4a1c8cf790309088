"""The store of a home: created by the first change, upgraded when opened, read and written in blocks. It is a SQLite
file, or is in a PostgreSQL database (`postgresql.database`).

Questions use `reading`, the publisher `connect`. A change is one `writing`, which takes the write lock at its start: a
transaction that reads first and writes later could fail with BUSY_SNAPSHOT.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext, suppress
from copy import copy as duplicate
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ttp.domain.action import action
from ttp.domain.errors import Hint, NewerStore, NotAllowed, OlderStore
from ttp.store.columns import REVISIONS
from ttp.store.dialect import Connection
from ttp.store.home.files import make_home, refuse_loose_modes, sync
from ttp.store.sqlite import connect, connect_unchecked, copy, create_tables, quick_check, translate_errors

if TYPE_CHECKING:
    from ttp.domain.health import RegisteredPublisher
    from ttp.store.home.locks import RefreshRecord
    from ttp.store.machine.host_mark import ServerIdentity
    from ttp.store.machine.ownership import Machine, Owner
    from ttp.store.machine.publisher_session import PeriodicJob, PublisherSession
    from ttp.store.server.idempotency_keys import Reservation

LAST_WRITER = "c40527dd"
"""The last commit that opens a store from before the baseline, the first of REVISIONS."""
BUSY_TIMEOUT_S = 30.0
LONG_LOG = 16_384
"""Pages, 64 MB: how long the log may grow while transactions are written in batches."""

Writing: TypeAlias = Callable[[], AbstractContextManager[Connection]]
"""Begins a transaction for a block, as `Database.writing`."""


class Database:
    """One store's database file under `home`. Opened lazily; read-only questions never create it."""

    has_files = True
    """Whether the store is a file here, whose copies are noticed by what identifies the file."""
    server_clock: Callable[[Connection], datetime] | None = None
    """Reads the clock of the store's server, if it has one."""
    server_identity: Callable[[Connection], ServerIdentity] | None = None
    """Reads which server and database the store is in, if it is in one."""

    def __init__(
        self,
        home: Path,
        *,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        may_upgrade: bool = True,
        report_upgrade: Callable[[Path], object] = lambda backup: None,
    ) -> None:
        """`may_upgrade`: upgrade an older store when it is opened, instead of refusing it. `report_upgrade` gets the
        file with the store as it was."""
        self.home = home
        self.path = home / "ttp.db"
        self._busy_timeout_s = busy_timeout_s
        self._may_upgrade = may_upgrade
        self._rehearsing = False
        self.request: Reservation | None = None
        """The idempotency key for which changes are made; each of them notes that."""
        self._report_upgrade = report_upgrade
        self._checked = False
        self._knows_files = False

    def create(self) -> bool:
        """Create the store, unless it exists: return whether it was created. Raises Busy, and UsageError for a database
        with other tables."""
        if self.exists():
            return False
        self._create()
        return True

    @property
    def name(self) -> str:
        """The store in messages: its file, or its address without a password."""
        return str(self.path)

    def rehearsal(self) -> Database:
        """Return the same store, in which each change is rolled back at its end: to find out what it would do."""
        rehearsal = duplicate(self)
        rehearsal._rehearsing = True
        return rehearsal

    def for_request(self, request: Reservation | None) -> Database:
        """Return the same store, whose changes are made for an idempotency key, if any. They raise Conflict if the key
        was given to other work meanwhile."""
        keyed = duplicate(self)
        keyed.request = request
        return keyed

    def exists(self) -> bool:
        return self.path.exists()

    def translating_errors(self) -> AbstractContextManager[None]:
        """Turn errors of the database in the block into Busy and Damaged."""
        return translate_errors(self.path)

    def check(self, connection: Connection) -> None:
        """Read the whole store, as far as its database does not check itself. Raises Damaged."""
        quick_check(connection, self.path)

    def remember_names(self) -> None:
        """Keep the words for shell completion here, if the store is elsewhere. Called at the end of a command."""

    def size(self) -> int:
        """Return the bytes that the store takes."""
        files = (self.path.with_name(name) for name in ("ttp.db", "ttp.db-wal", "ttp.db-shm"))
        return sum(path.stat().st_size for path in files if path.exists())

    def publisher_lock(self, *, doing: str = "") -> AbstractContextManager[None]:
        """Hold the lock of this home's publisher for the block. Raises LockHeld at once if another process has it;
        `doing`: why it is needed."""
        from ttp.store.home.locks import publisher_lock

        return publisher_lock(self.home, doing=doing)

    def without_publishers(self, *, doing: str) -> AbstractContextManager[None]:
        """Let no publisher of the store begin while the block runs. Raises LockHeld or Busy if one runs already, or
        another process does the same; `doing`: why."""
        return self.publisher_lock(doing=doing)

    def is_publisher_running(self) -> bool:
        """Return whether a living process holds the lock of this home's publisher. Raises Busy if unknown."""
        from ttp.store.home.locks import is_publisher_running

        return is_publisher_running(self.home)

    def connect(self) -> Connection:
        """Open the store; create or upgrade it first if needed. Raises Busy, Damaged, NewerStore, NotAllowed. The
        connection may be used from any thread, by one at a time."""
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

    def publisher_session(
        self, mode: str, evict_after: timedelta, longest_call_s: float | None = None
    ) -> PublisherSession:
        """Return what a publisher holds while it publishes. `mode`: as in `ttp status`; `evict_after`: the longest time
        between two of its reports; `longest_call_s`: how long one of its publishing calls may take."""
        from ttp.store.machine.publisher_session import PublisherSession

        return PublisherSession(self.connect)

    def owner(self, machine: Machine, *, any_machine: bool) -> Owner:
        """Return a machine as publisher of the store. `any_machine`: several machines take turns."""
        from ttp.store.machine.ownership import Owner

        return Owner(self.home, machine, any_machine, self.server_identity)

    def publishers(self, db: Connection) -> list[RegisteredPublisher]:
        """Return the publishers that are registered with the store's server, if it has one."""
        return []

    def job(self, job: PeriodicJob) -> AbstractContextManager[bool]:
        """Hold the lock of some periodic work for the block. Yield False if another process does that work."""
        from ttp.store.home.locks import webhook_lock
        from ttp.store.machine.publisher_session import PeriodicJob

        # The publisher does the others, and there is one.
        return webhook_lock(self.home) if job is PeriodicJob.WEBHOOKS else nullcontext(True)

    @contextmanager
    def reading(self, within: Connection | None = None) -> Iterator[Connection | None]:
        """Yield a connection for a read-only question; None, and nothing is created, where no store exists yet.
        `within`: an open connection to use instead."""
        if within is not None or not self.exists():
            yield within
            return
        with closing(self._session()) as connection, self.translating_errors():
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection | None]:
        """Like `reading`, but the whole block sees the store as it was at the first read. Does not block writers; the
        log cannot be emptied before the block ends."""
        with self.reading() as connection:
            if connection is None:
                yield None
                return
            with connection.snapshot():
                yield connection

    @contextmanager
    def as_it_is(self) -> Iterator[Connection | None]:
        """Like `reading`, but without checking modes or upgrading: for diagnostics."""
        with self.translating_errors():
            if not self.exists():
                yield None
                return
            with closing(self._open()) as connection:
                yield connection

    @contextmanager
    def writing(self, within: Connection | None = None) -> Iterator[Connection]:
        """Run the block in one IMMEDIATE transaction: committed at its end, rolled back on any error. `within`: the
        transaction that the block is a part of."""
        if within is not None:
            yield within
            return
        with closing(self._session()) as connection, self._transaction(connection):
            yield connection

    @contextmanager
    def writing_batches(self) -> Iterator[Writing]:
        """Yield a `writing` for many transactions one after the other, which share a connection.

        Their log is moved into the file every LONG_LOG pages, not at every commit: a page that many of them change is
        moved once. The connection is opened by the first of them.
        """
        with ExitStack() as opened:
            shared: Connection | None = None

            @contextmanager
            def writing() -> Iterator[Connection]:
                nonlocal shared
                if shared is None:
                    shared = opened.enter_context(closing(self.connect()))
                    self._expect_batches(shared)
                with self._transaction(shared):
                    yield shared

            yield writing

    def _session(self) -> Connection:
        """Return a connection for one block, which closes it."""
        return self.connect()

    def _open(self) -> Connection:
        """Open the store without an upgrade."""
        return connect(self.path, self._busy_timeout_s)

    def _expect_batches(self, connection: Connection) -> None:
        connection.execute(f"PRAGMA wal_autocheckpoint={LONG_LOG}")

    @contextmanager
    def _transaction(self, connection: Connection) -> Iterator[None]:
        with suppress(_RolledBack), self.translating_errors(), self._change(connection):
            self._remember_files(connection)
            if self.request is not None:
                from ttp.store.server.idempotency_keys import note_begun

                note_begun(connection, self.request)
            yield
            if self._rehearsing:
                raise _RolledBack

    def _change(self, connection: Connection) -> AbstractContextManager[None]:
        """Begin a transaction that changes the store, one after the other."""
        return connection.transaction()

    def _remember_files(self, connection: Connection) -> None:
        """Record the store's file identity with its first change, if it is not stored yet."""
        if self._knows_files:
            return
        if connection.execute("SELECT mark FROM store").fetchone()[0] is None:
            from ttp.store.machine.ownership import remember_files

            remember_files(self.home, connection)  # may be rolled back: asked again by the next change
        else:
            self._knows_files = True

    def token_lock(self, account: str, *, patience_s: float, has_account: bool = False) -> AbstractContextManager[None]:
        """Hold an account's token for the block: no other process refreshes it or publishes with it. Raises TokenLocked
        after `patience_s` seconds. `has_account`: the caller has locked the account for publishing."""
        from ttp.store.home import locks

        return locks.token_lock(self.home, account, patience_s=patience_s)

    def refreshing(self, account: str, *, patience_s: float) -> AbstractContextManager[RefreshRecord]:
        """Yield the record of the refresh that the block makes. The caller holds `token_lock`. Raises TokenLocked."""
        from ttp.store.home import locks

        return nullcontext(locks.FileRefreshRecord(self.home, account))

    def media_adding_lock(self) -> AbstractContextManager[None]:
        """Keep cleanups of media on other hosts away for the block. A file has no other hosts."""
        return nullcontext()

    def media_removing_lock(self) -> AbstractContextManager[bool]:
        """Keep other hosts from adding media for the block. Yield False if one adds some now."""
        return nullcontext(True)

    def _behind(self, connection: Connection) -> bool:
        """Return whether the schema is older than this program's."""
        return read_revision(connection, self.name) != REVISIONS[-1]

    def _create(self) -> None:
        """Create the store under a temporary name and move it into place, so that no process sees half of it."""
        from tempfile import mkstemp

        make_home(self.home)
        with translate_errors(self.path):
            descriptor, name = mkstemp(prefix="ttp.db.new-", dir=self.home)
            fresh = Path(name)
            try:
                os.close(descriptor)
                create_tables(fresh)
                sync(fresh)
                with suppress(FileExistsError):  # another process was first: its store is as good
                    os.link(fresh, self.path)
            finally:
                for part in ("", "-wal", "-shm"):
                    Path(name + part).unlink(missing_ok=True)

    def _migrate(self) -> None:
        """Upgrade an older store under the publisher's lock, after making a backup."""
        if not self._may_upgrade:
            why = f"the store {self.path} must be brought up to date first, and nothing may be written here"
            raise NotAllowed(why, Hint("see", action("help", "capability")))
        with self.publisher_lock(doing="the store's schema must be brought up to date"):
            with closing(connect(self.path, self._busy_timeout_s)) as source:
                if not self._behind(source):  # another process was first, and the backup is of the older store
                    return
                backup = self.home / f"ttp.db.before-{REVISIONS[-1]}"
                os.close(os.open(backup, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600))
                copy(source, backup)
            self._upgrade()
        self._report_upgrade(backup)

    def _upgrade(self) -> None:
        from ttp.store.migrations import upgrade

        with closing(connect_unchecked(self.path, self._busy_timeout_s)) as connection:
            upgrade(connection, REVISIONS[-1])


class _RolledBack(Exception):
    """Ends a rehearsed change."""


def read_revision(connection: Connection, name: object) -> str:
    """Return the revision of a store's schema. Raises NewerStore or OlderStore for an unknown one. `name`: of the
    store, in the message."""
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    revision = str(row[0]) if row else ""
    if revision.isdecimal() and revision < REVISIONS[0]:
        raise OlderStore(
            f'the store {name} is from before the first release (its schema is "{revision}"): export its posts, with'
            f" their media, by the ttp that wrote it or that of commit {LAST_WRITER}, and import them into a new store."
            " Accounts, tokens, attempts, metrics, slots and repeats are not exported"
        )
    if revision not in REVISIONS:
        raise NewerStore(
            f'the store {name} was written by a newer ttp (its schema is "{revision}",'
            f' this one knows "{REVISIONS[-1]}")',
            Hint("fix", "pip install --upgrade ttp-cli"),
        )
    return revision
