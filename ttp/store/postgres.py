"""The PostgreSQL side of the store: sessions by psycopg, transactions, and the tables of a new store.

Transactions are READ COMMITTED. No command opens such a store yet: the tests of `tests/store` run on it, so that every
statement is written for both databases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from ttp.store.database import Database
from ttp.store.dialect import Conflicting, Connection, Cursor, Sealed, StoreError, Values, translate
from ttp.store.postgresql import token_locks
from ttp.store.postgresql.token_locks import SharedRefreshRecord

_OPEN = {TransactionStatus.ACTIVE, TransactionStatus.INTRANS, TransactionStatus.INERROR}


_SEALED = "TTP01"
"""The SQLSTATE by which a sealed store refuses changes."""


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
        with _neutral_errors():
            return self._session.execute(translate(sql).encode(), values)

    def executemany(self, sql: str, values: Iterable[Values], /) -> Cursor:
        with _neutral_errors():
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

    def continue_ids(self, table: str, highest: int) -> None:
        sql = "SELECT setval(pg_get_serial_sequence(?, 'id'), ?, ?)"
        self.execute(sql, (table, max(highest, 1), highest > 0))

    def refuse_changes(self, tables: Sequence[str], why: str) -> None:
        self.execute("SET LOCAL lock_timeout = '10s'")
        self.execute("SET LOCAL synchronous_commit = on")  # the other store must not outlive this commit
        self.execute(f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE")
        text = why.replace("'", "''")  # a function's body takes no parameters
        self.execute(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN"
            " IF EXISTS (SELECT FROM store WHERE coalesce(moved_to, moved_from) IS NOT NULL) THEN"
            f" RAISE EXCEPTION USING ERRCODE = '{_SEALED}', MESSAGE = '{text}'; END IF; RETURN NULL; END $body$"
        )
        for table in tables:
            self.execute(
                f"CREATE OR REPLACE TRIGGER sealed BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )

    def allow_changes(self, tables: Sequence[str]) -> None:
        self.execute("SET LOCAL synchronous_commit = on")
        self.execute("SET LOCAL client_min_messages = warning")
        for table in tables:
            self.execute(f"DROP TRIGGER IF EXISTS sealed ON {table}")

    def close(self) -> None:
        self._session.close()


@contextmanager
def _neutral_errors() -> Iterator[None]:
    """Turn the driver's errors into those of `dialect`."""
    try:
        yield
    except psycopg.IntegrityError as error:
        raise Conflicting(error.diag.message_primary or str(error)) from error
    except psycopg.Error as error:
        kind = Sealed if error.sqlstate == _SEALED else StoreError
        raise kind(error.diag.message_primary or str(error)) from error


class PostgresDatabase(Database):
    """A store in the PostgreSQL database at `url`; `home` has its other files."""

    def __init__(self, home: Path, url: str, options: str = "") -> None:
        super().__init__(home)
        self._url = url
        self._options = options
        self._knows_files = True  # a copy of a server's store is noticed by other means

    has_files = False

    @property
    def name(self) -> str:
        return "postgresql://somewhere/db"

    def exists(self) -> bool:
        return True

    def connect(self) -> Connection:
        return PostgresConnection(self._url, self._options)

    @contextmanager
    def token_lock(self, account: str, *, patience_s: float, has_account: bool = False) -> Iterator[None]:
        # The account first, as publishers do: who has it waits for no other host any more.
        with ExitStack() as held:
            if not has_account:
                held.enter_context(token_locks.account_lock(self.connect, account, patience_s=patience_s))
            held.enter_context(super().token_lock(account, patience_s=patience_s))
            yield

    @contextmanager
    def refreshing(self, account: str, *, patience_s: float) -> Iterator[SharedRefreshRecord]:
        with token_locks.refreshing(self.connect, account, patience_s=patience_s) as record:
            yield record

    def media_adding_lock(self) -> AbstractContextManager[None]:
        return token_locks.media_adding_lock(self.connect)

    def media_removing_lock(self) -> AbstractContextManager[bool]:
        return token_locks.media_removing_lock(self.connect)


def create_tables(url: str, options: str = "") -> None:
    """Create the tables of a new store in an empty database. Raises Conflicting or StoreError where it is not empty."""
    schema = Path(__file__).with_name("schema_postgresql.sql").read_text()
    statements = "".join(line for line in schema.splitlines(keepends=True) if not line.startswith("--")).split(";\n")
    with closing(PostgresConnection(url, options)) as connection, connection.transaction():
        for statement in filter(str.strip, statements):
            connection.execute(statement)
