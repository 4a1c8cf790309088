"""The PostgreSQL side of the store: sessions by psycopg, transactions, and the tables of a new store.

Transactions are READ COMMITTED. No command opens such a store yet: the tests of `tests/store` run on it, so that every
statement is written for both databases.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from ttp.store.database import Database
from ttp.store.dialect import (
    Conflicting,
    Connection,
    Cursor,
    SessionLost,
    StoreError,
    TryAgain,
    Values,
    translate,
)
from ttp.store.publisher_session import PublisherSession

_OPEN = {TransactionStatus.ACTIVE, TransactionStatus.INTRANS, TransactionStatus.INERROR}


class _Row(tuple[Any, ...]):
    """A row by position, or by the name of a column. Each statement's rows have a class of their own."""

    __slots__ = ()
    places: dict[str, int]

    def __getitem__(self, key: Any) -> Any:
        return tuple.__getitem__(self, self.places[key] if isinstance(key, str) else key)

    def keys(self) -> Sequence[str]:
        return list(self.places)


@lru_cache(maxsize=1024)
def _row_class(names: tuple[str, ...]) -> type[_Row]:
    return type("Row", (_Row,), {"__slots__": (), "places": {name: place for place, name in enumerate(names)}})


def _rows(cursor: psycopg.Cursor[Any]) -> type[_Row]:
    return _row_class(tuple(column.name for column in cursor.description or ()))


class PostgresConnection:
    """A `dialect.Connection` over one session."""

    def __init__(self, url: str, options: str = "") -> None:
        """`options`: of the server for this session, as `-c NAME=VALUE`. Raises StoreError if it refuses."""
        with _neutral_errors():
            self._session = psycopg.connect(url, autocommit=True, options=options, row_factory=_rows)

    @property
    def in_transaction(self) -> bool:
        return self._session.info.transaction_status in _OPEN

    def execute(self, sql: str, values: Values = (), /) -> Cursor:
        with _neutral_errors(self._session):
            return self._session.execute(translate(sql).encode(), values)

    def executemany(self, sql: str, values: Iterable[Values], /) -> Cursor:
        with _neutral_errors(self._session):
            cursor = self._session.cursor()
            cursor.executemany(translate(sql).encode(), values)
            return cursor

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.execute("BEGIN")
        with self._undoing("ROLLBACK"):
            yield
            self.execute("COMMIT")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        self.execute("SAVEPOINT part")
        with self._undoing("ROLLBACK TO part; RELEASE part"):
            yield
            self.execute("RELEASE part")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        if self.in_transaction:
            yield
            return
        self.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        finally:
            with suppress(StoreError):  # the session may have ended
                self.execute("ROLLBACK")

    @contextmanager
    def _undoing(self, undo: str) -> Iterator[None]:
        try:
            yield
        except BaseException:
            with suppress(StoreError):  # the session may have ended, and its transaction with it
                for statement in undo.split("; "):
                    self.execute(statement)
            raise

    def highest_id(self, table: str) -> int:
        sql = "SELECT pg_sequence_last_value(pg_get_serial_sequence(?, 'id')::regclass) AS last"
        return int(self.execute(sql, (table,)).fetchone()["last"] or 0)

    def reserve_ids(self, table: str, count: int) -> Sequence[int]:
        sql = "SELECT nextval(pg_get_serial_sequence(?, 'id')) AS id FROM generate_series(1, ?)"
        return [int(row["id"]) for row in self.execute(sql, (table, count))]

    def lock_posts(self, post_ids: Iterable[int]) -> None:
        if ids := sorted(set(post_ids)):
            self.execute("SELECT id FROM post WHERE id = ANY(?) ORDER BY id FOR UPDATE", (ids,))

    def close(self) -> None:
        self._session.close()


@contextmanager
def _neutral_errors(session: psycopg.Connection[Any] | None = None) -> Iterator[None]:
    """Turn the driver's errors into those of `dialect`."""
    try:
        yield
    except psycopg.IntegrityError as error:
        raise Conflicting(error.diag.message_primary or str(error)) from error
    except (errors.DeadlockDetected, errors.SerializationFailure, errors.LockNotAvailable) as error:
        raise TryAgain(error.diag.message_primary or str(error)) from error
    except psycopg.Error as error:
        lost = (
            isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
            and session is not None
            and session.closed
        )
        raise (SessionLost if lost else StoreError)(error.diag.message_primary or str(error)) from error


class PostgresDatabase(Database):
    """A store in the PostgreSQL database at `url`; `home` has its other files."""

    def __init__(self, home: Path, url: str, options: str = "") -> None:
        super().__init__(home)
        self._url = url
        self._options = options
        self._knows_files = True  # a copy of a server's store is noticed by other means

    def exists(self) -> bool:
        return True

    def connect(self) -> Connection:
        return PostgresConnection(self._url, self._options)

    def publisher_session(self, mode: str, evict_after: timedelta) -> PublisherSession:
        from ttp.store.postgresql.publisher_session import SharedSession

        return SharedSession(self.connect, host=os.uname().nodename, mode=mode, evict_after=evict_after)


def create_tables(url: str, options: str = "") -> None:
    """Create the tables of a new store in an empty database. Raises Conflicting or StoreError where it is not empty."""
    schema = Path(__file__).with_name("schema_postgresql.sql").read_text()
    statements = "".join(line for line in schema.splitlines(keepends=True) if not line.startswith("--")).split(";\n")
    with closing(PostgresConnection(url, options)) as connection, connection.transaction():
        for statement in filter(str.strip, statements):
            connection.execute(statement)
