"""A store in a PostgreSQL database. Its other files (settings, journal, media, tokens) are in the home as always."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from ttp.domain.action import action
from ttp.domain.errors import Busy, Hint, NewerStore, NotAllowed, TtpError, UsageError
from ttp.domain.health import RegisteredPublisher
from ttp.domain.store_url import hide_password
from ttp.store.columns import REVISIONS
from ttp.store.database import Database, read_revision
from ttp.store.dialect import Connection, StoreError
from ttp.store.home.locks import RefreshRecord
from ttp.store.machine.publisher_session import PeriodicJob, PublisherSession
from ttp.store.postgresql import token_locks
from ttp.store.postgresql.address import ask_password, read_address
from ttp.store.postgresql.connection import PostgresConnection
from ttp.store.postgresql.errors import translate_errors
from ttp.store.postgresql.publisher_session import (
    SharedSession,
    lock_job,
    registered_publishers,
    server_identity,
    server_time,
    unlock_job,
)
from ttp.store.postgresql.server_check import ServerState, look_at_server, refuse_shared_sessions
from ttp.store.postgresql.upgrade import USABLE_FROM, is_usable_from, note_usable_from, upgrade

OLDEST = 140000
"""The oldest version of PostgreSQL that ttp uses."""
_MOST_IDLE = 4
_CREATION_KEY = 0x747470
"""Number of the advisory lock for creating a store in a database, before it has its own number."""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"


class PostgresDatabase(Database):
    """A store in the PostgreSQL database at `url`; `home` has its other files."""

    has_files = False
    server_clock = staticmethod(server_time)
    server_identity = staticmethod(server_identity)

    def __init__(self, home: Path, url: str, password_command: Sequence[str] = (), *, may_upgrade: bool = True) -> None:
        super().__init__(home, may_upgrade=may_upgrade)
        self._url = url
        self._parameters = read_address(url)
        self._password_command = () if "password" in self._parameters else tuple(password_command)
        self._knows_files = True
        self._sessions = IdleSessions()

    @property
    def name(self) -> str:
        return hide_password(self._url)

    def exists(self) -> bool:
        return True

    def translating_errors(self) -> AbstractContextManager[None]:
        return translate_errors(self.name, self._parameters.get("user", ""))

    def connect(self) -> Connection:
        with self.translating_errors():
            connection = self._open()
            try:
                self._check_once(connection)
            except BaseException:
                connection.close()
                raise
        return connection

    def create(self) -> bool:
        with self.translating_errors(), closing(self._open()) as connection:
            self._refuse_old_server(connection)
            with connection.transaction():
                connection.execute(f"SELECT pg_advisory_xact_lock({_CREATION_KEY})")
                tables = [row[0] for row in connection.execute(_TABLES)]
                if {"store", "alembic_version"} <= set(tables):
                    return False
                if tables:
                    raise UsageError(
                        f"the database {self.name} has tables already ({', '.join(tables[:3])}), and none of ttp:"
                        " a store needs an empty database",
                        Hint("fix", "createdb NAME"),
                    )
                connection.execute((Path(__file__).parents[1] / "schema_postgresql.sql").read_text())
                note_usable_from(connection)
        return True

    def check(self, connection: Connection) -> None:
        """Do nothing: the server checks what it reads."""

    def remember_names(self) -> None:
        if not self._checked or not self.home.is_dir():
            return
        from ttp.store.completion_cache import write_names

        with suppress(TtpError), self.reading() as db:
            assert db is not None
            write_names(db, self.home)

    def size(self) -> int:
        with self.reading() as db:
            assert db is not None
            return int(db.execute("SELECT pg_database_size(current_database())").fetchone()[0])

    @contextmanager
    def without_publishers(self, *, doing: str) -> Iterator[None]:
        """As in Database. Publishers that start during the block are refused by the seal."""
        with self.job(PeriodicJob.COPY) as is_alone:
            if not is_alone:
                raise Busy(f"another program copies the store {self.name}")
            with self.reading() as db:
                assert db is not None
                _refuse_publishers(db, doing)
            yield

    def server_state(self, now: Callable[[], datetime]) -> ServerState:
        """Look at the server. Raises Busy."""
        with self.translating_errors():
            return look_at_server(self.connect, now)

    def publisher_session(
        self, mode: str, evict_after: timedelta, longest_call_s: float | None = None
    ) -> PublisherSession:
        with self.translating_errors():
            refuse_shared_sessions(self.connect, self.name)
        return SharedSession(
            self.connect,
            host=os.uname().nodename,
            mode=mode,
            evict_after=evict_after,
            longest_call_s=longest_call_s,
        )

    def publishers(self, db: Connection) -> list[RegisteredPublisher]:
        return registered_publishers(db)

    @contextmanager
    def job(self, job: PeriodicJob) -> Iterator[bool]:
        with self.translating_errors(), closing(self.connect()) as session:
            if not lock_job(session, job):
                yield False
                return
            try:
                yield True
            finally:
                with suppress(StoreError):  # the lock ends with the session, too
                    unlock_job(session, job)

    @contextmanager
    def token_lock(self, account: str, *, patience_s: float, has_account: bool = False) -> Iterator[None]:
        # The account first, as publishers do: who has it waits for no other host any more.
        with self.translating_errors(), ExitStack() as held:
            if not has_account:
                held.enter_context(token_locks.account_lock(self.connect, account, patience_s=patience_s))
            held.enter_context(super().token_lock(account, patience_s=patience_s))
            yield

    @contextmanager
    def refreshing(self, account: str, *, patience_s: float) -> Iterator[RefreshRecord]:
        with (
            self.translating_errors(),
            token_locks.refreshing(self.connect, account, patience_s=patience_s) as record,
        ):
            yield record

    def media_adding_lock(self) -> AbstractContextManager[None]:
        return token_locks.media_adding_lock(self.connect)

    def media_removing_lock(self) -> AbstractContextManager[bool]:
        return token_locks.media_removing_lock(self.connect)

    def _open(self) -> PostgresConnection:
        if self._password_command:
            self._parameters["password"] = ask_password(self._password_command, self.home)
            self._password_command = ()
        return PostgresConnection(self._parameters)

    def _session(self) -> Connection:
        session = self._sessions.take() or self.connect()
        assert isinstance(session, PostgresConnection)
        session.give_back = self._sessions.put
        return session

    def _expect_batches(self, connection: Connection) -> None:
        """Do nothing: a server writes its log for many at once anyway."""

    def _change(self, connection: Connection) -> AbstractContextManager[None]:
        assert isinstance(connection, PostgresConnection)
        return connection.change()

    def _check_once(self, connection: PostgresConnection) -> None:
        """Refuse a server that is too old, and a database without a store of this version."""
        if self._checked:
            return
        self._refuse_old_server(connection)
        if connection.execute("SELECT to_regclass('alembic_version'), to_regclass('store')").fetchone()[1] is None:
            raise Busy(f"the database {self.name} has no store of ttp", Hint("fix", action("init", self.name)))
        try:
            behind = self._behind(connection)
        except NewerStore:
            if not is_usable_from(connection, REVISIONS[-1]):
                raise
            behind = False
        if behind:
            if read_revision(connection, self.name) < USABLE_FROM:  # a running one would misread it
                _refuse_publishers(connection, "an older ttp must stop before the store is brought up to date")
            self._migrate()
        self._checked = True

    def _migrate(self) -> None:
        """Upgrade an older store, while others use it."""
        if not self._may_upgrade:
            why = f"the store {self.name} must be brought up to date first, and nothing may be written here"
            raise NotAllowed(why, Hint("see", action("help", "capability")))
        with self.translating_errors():
            upgrade(self._parameters, REVISIONS[-1])

    def _refuse_old_server(self, connection: PostgresConnection) -> None:
        if connection.server_version < OLDEST:
            version = connection.server_version // 10000
            raise Busy(f"the store {self.name} is in PostgreSQL {version}, and ttp needs {OLDEST // 10000} or newer")


def _refuse_publishers(db: Connection, doing: str) -> None:
    for one in registered_publishers(db):
        raise Busy(f"a publisher runs on {one.host} (pid {one.pid}), and {doing}", Hint("see", action("status")))


class IdleSessions:
    """Sessions that blocks have used and others may use: connecting takes some round trips."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[PostgresConnection] = []
        weakref.finalize(self, _end_all, self._idle)

    def take(self) -> PostgresConnection | None:
        """Return a free session; None if all are in use."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                session = self._idle.pop()
            if session.is_usable:
                return session
            session.end()

    def put(self, session: PostgresConnection) -> bool:
        """Return whether the session was kept for later."""
        session.give_back = None  # what is kept refers to nothing, so that it can end with its store
        with self._lock:
            is_usable = session.is_usable
            if session.is_renewed or not is_usable:  # the others may have prepared for an older schema, too
                _end_all(self._idle)
                self._idle.clear()
            session.is_renewed = False
            if len(self._idle) >= _MOST_IDLE or not is_usable:
                return False
            self._idle.append(session)
            return True


def _end_all(sessions: list[PostgresConnection]) -> None:
    for session in sessions:
        session.end()
