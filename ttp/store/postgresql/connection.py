"""Sessions of a PostgreSQL database by psycopg. Transactions are READ COMMITTED: what a change has read and relies on,
it locks."""

from __future__ import annotations

import json
import logging
import select
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from ttp.domain.errors import Busy
from ttp.domain.text import storable
from ttp.store.dialect import (
    CommitUnknown,
    Conflicting,
    Cursor,
    NotDurable,
    Sealed,
    SessionLost,
    StoreError,
    TryAgain,
    Values,
    column_list,
    insert_into,
    translate,
)

STORE_KEY = "'store'::regclass::oid::bigint"
"""The key of an advisory lock for the whole store, different for each store of a database."""
_CHANNEL = "ttp_changes"
IDLE_MS = 60_000
"""Milliseconds after which the server ends a change of a person that asks nothing more."""
LOCKED_MS = 30_000
"""Milliseconds for which a change of a person waits for others, as on SQLite."""
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
"""Whatever a database has as its default: what waited for a lock must see what was committed meanwhile."""
UNSETTLED_S = 5.0
"""Seconds for which a reader waits for rows that have an id and are not committed."""
_LOOK_AGAIN_S = 0.005
_WRITING = """
SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted
    AND relation = ?::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_FEW_ROWS = 20
"""More rows than this are inserted by one statement: of ten thousand posts others would have to wait for the rest."""
_NUL = r"\u0000"
"""The driver refuses it in a single row, and says so."""
_MOST_LOCKED = 1000
"""Posts that one statement locks."""
_UNDO, _UNDO_PART = "ROLLBACK; DEALLOCATE ALL", "ROLLBACK TO part; RELEASE part"
"""Two statements in one text: each time it is answered, psycopg forgets what it has prepared. Of single statements it
looks at the first answer only. It takes for prepared, too, what an error kept from the server."""
_NOT_PREPARED = {"RevalidateCachedQuery", "FetchPreparedStatement"}
"""Where the server refuses what psycopg has prepared: the schema was upgraded meanwhile, or an error outside a
transaction kept it from the server."""
_OPEN = {TransactionStatus.ACTIVE, TransactionStatus.INTRANS, TransactionStatus.INERROR}

# It warns on stderr of a pipeline whose session was lost. ttp says that itself.
logging.getLogger("psycopg").setLevel(logging.ERROR)

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

    is_remote = True

    def __init__(self, parameters: Mapping[str, str]) -> None:
        """`parameters`: of libpq. Raises StoreError if no server answers, or it refuses."""
        with _neutral_errors():
            self._session = psycopg.connect(**parameters, autocommit=True, row_factory=_rows)  # type: ignore[arg-type]
        self.memory: dict[str, Any] | None = None
        self._unsent: list[tuple[str, Values]] = []
        self._is_together = False
        self._changes = 0
        self._locked: set[int] = set()
        self._listens = False
        self._warnings: list[str] = []
        self._session.add_notice_handler(self._note)
        self.is_change = False
        self.is_renewed = False
        """Whether the server has refused what was prepared; it was prepared again."""
        self.give_back: Callable[[PostgresConnection], bool] | None = None
        """Takes the session instead of its end, and returns True, if it can be used again."""

    @property
    def server_version(self) -> int:
        """The server's version, as 150004 for 15.4."""
        return self._session.info.server_version

    @property
    def session_pid(self) -> int:
        """The number of the server's process for this session, as the login said."""
        return self._session.info.backend_pid

    @property
    def is_usable(self) -> bool:
        """Whether the session waits for its next statement, as far as is known without asking the server."""
        if self._session.closed or self.in_transaction:
            return False
        try:
            heard, _, _ = select.select([self._session.fileno()], [], [], 0)
        except (psycopg.Error, OSError, ValueError):
            return False
        return not heard  # most likely the end of the session

    @property
    def in_transaction(self) -> bool:
        return bool(self._unsent) or self._session.info.transaction_status in _OPEN

    def execute(self, sql: str, values: Values = (), /) -> Cursor:
        if self._is_together:  # its errors are turned at the end of the block: only then a lost session is known
            return self._ask(sql, values)
        with _neutral_errors(self._session):
            # Several statements in one text cannot be part of a pipeline. In a change the server measures how long
            # nothing is asked, which it does not do after a pipeline.
            if self._unsent and ";" not in sql and (not self.is_change or sql == "COMMIT"):
                with self._session.pipeline():
                    self._send_waiting()
                    return self._ask(sql, values)
            self._flush()
            try:
                return self._ask(sql, values)
            except psycopg.Error as error:
                if self.in_transaction or error.diag.source_function not in _NOT_PREPARED:
                    raise
                self._session.execute(_UNDO.encode())
                self.is_renewed = True
                return self._ask(sql, values)

    def send(self, sql: str, values: Values = (), /) -> None:
        if psycopg.Pipeline.is_supported() and not self._is_together:
            self._unsent.append((sql, values))
        else:
            self.execute(sql, values)

    def send_many(self, sql: str, values: Iterable[Values], /) -> None:
        for one in values:
            self.send(sql, one)

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]], more: str = "", /) -> None:
        if not rows:
            return
        if len(rows) > _FEW_ROWS and _NUL not in (rows_as_json := json.dumps(rows, ensure_ascii=False)):
            names = column_list(rows[0])
            source = f"SELECT {names} FROM jsonb_populate_recordset(NULL::{table}, ?::jsonb)"
            self.send(f"INSERT INTO {table} ({names}) {source}{more}", (rows_as_json,))
        else:
            self.send_many(insert_into(table, rows[0]) + more, rows)

    @contextmanager
    def together(self) -> Iterator[None]:
        # In a change the server measures how long nothing is asked; see there.
        if self.is_change or not psycopg.Pipeline.is_supported():
            yield
            return
        with _neutral_errors(self._session), self._session.pipeline():
            self._send_waiting()
            self._is_together = True
            try:
                yield
            finally:
                self._is_together = False

    def _ask(self, sql: str, values: Values) -> psycopg.Cursor[Any]:
        statement = translate(sql).encode()
        try:
            return self._session.execute(statement, values)
        except psycopg.DataError as error:
            # The driver refuses a NUL before it sends anything. A person gets the error, but the outcome of a call must
            # be stored.
            if self.is_change or "NUL" not in str(error):
                raise
            return self._session.execute(statement, _without_nul(values))

    def _flush(self) -> None:
        if self._unsent:
            with self._session.pipeline():
                self._send_waiting()

    def _send_waiting(self) -> None:
        """Send what waits, without waiting for the answers. Errors are raised at the end of the pipeline."""
        waiting, self._unsent = self._unsent, []
        for sql, values in waiting:
            self._ask(sql, values)

    def executemany(self, sql: str, values: Iterable[Values], /) -> Cursor:
        with _neutral_errors(self._session):
            self._flush()
            cursor = self._session.cursor()
            cursor.executemany(translate(sql).encode(), values)
            if self.is_change:  # that was a pipeline
                self._session.execute(b"SELECT")
            return cursor

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._locked.clear()
        self.send(_BEGIN)
        self.memory = {}
        try:
            with self._undoing(_UNDO):
                yield
                self._commit("COMMIT")
        finally:
            self.memory = None

    def _commit(self, statement: str) -> None:
        """Commit. Raises NotDurable if the server warns: the standby that it waited for may not have it. Raises
        StoreError if a statement of the transaction had failed: the server then undoes all of it without an error."""
        self._warnings.clear()
        if self._session.info.transaction_status == TransactionStatus.INERROR:
            raise StoreError("a statement of the transaction failed, so nothing of it is stored")
        self.execute(statement)
        if self._warnings:
            raise NotDurable(self._warnings[0])

    def _note(self, notice: psycopg.errors.Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            self._warnings.append(notice.message_primary or "a warning")

    @contextmanager
    def change(self) -> Iterator[None]:
        """Like `transaction`, for a change of a person: one after the other, as on SQLite, because each relies on more
        than the rows that it locks (free slots, names, the last change). Publishers do not wait for these changes, and
        get notice of them."""
        self._locked.clear()
        # A computer that sleeps in the middle must not keep the others from their changes, and posts from publishers.
        # Not sent with the next statement: after a pipeline of psycopg the server does not measure that time.
        limits = f"SET LOCAL idle_in_transaction_session_timeout = {IDLE_MS}; SET LOCAL lock_timeout = {LOCKED_MS}"
        self.execute(f"{_BEGIN}; {limits}; SELECT pg_advisory_xact_lock({STORE_KEY})")
        self.is_change = True
        try:
            with self._undoing(_UNDO):
                yield
                try:
                    self.send(f"NOTIFY {_CHANNEL}")
                    self.execute("COMMIT")
                except SessionLost as lost:
                    raise CommitUnknown(str(lost)) from lost.__cause__
        finally:
            self.is_change = False

    def lock_posts(self, post_ids: Iterable[int], *, at_once: bool = True) -> None:
        wanted = sorted(set(post_ids) - self._locked)
        run = self.execute if at_once else self.send
        for at in range(0, len(wanted), _MOST_LOCKED):
            some = (wanted[at : at + _MOST_LOCKED],)
            # In the order of their numbers, and each post before its deliveries: two who lock several never wait for
            # each other. Publishers lock in the same order, and of their own deliveries only the posts.
            run("SELECT id FROM post WHERE id = ANY(?) ORDER BY id FOR UPDATE", some)
            if self.is_change:
                run("SELECT id FROM delivery WHERE post_id = ANY(?) ORDER BY post_id, id FOR UPDATE", some)
        self._locked.update(wanted)

    def data_version(self) -> int:
        with _neutral_errors(self._session):
            if not self._listens:
                self._session.execute(f"LISTEN {_CHANNEL}".encode())
                self._listens = True
            self._changes += sum(1 for _ in self._session.notifies(timeout=0))
        return self._changes

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        before = self._locked.copy()
        self.execute("SAVEPOINT part")
        try:
            with self._undoing(_UNDO_PART):
                yield
                self.execute("RELEASE part")
        except BaseException:
            self._locked = before  # what was locked since is not any more
            if self.memory is not None:
                self.memory.clear()  # the answers to what was asked since may be missing
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        if self.in_transaction:
            yield
            return
        self.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        with self._undoing(_UNDO):
            yield
        with suppress(StoreError):  # the session may have ended
            self.execute("ROLLBACK")

    @contextmanager
    def _undoing(self, undo: str) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._unsent.clear()
            with suppress(StoreError):  # the session may have ended, and its transaction with it
                self.execute(undo)
            raise

    def highest_id(self, table: str) -> int:
        sql = "SELECT pg_sequence_last_value(pg_get_serial_sequence(?, 'id')::regclass) AS last"
        return int(self.execute(sql, (table,)).fetchone()["last"] or 0)

    def settled_id(self, table: str) -> int:
        highest = self.highest_id(table)
        # Whoever has an id keeps the table's lock for inserts from before it got the id until the row is visible.
        until = time.monotonic() + UNSETTLED_S
        unsettled = self._writing(table)
        while unsettled:
            if time.monotonic() > until:
                raise Busy("a change of the store has not ended yet")
            time.sleep(_LOOK_AGAIN_S)
            unsettled &= self._writing(table)
        return highest

    def _writing(self, table: str) -> set[str]:
        """Return the transactions of others that write to a table."""
        return {str(row[0]) for row in self.execute(_WRITING, (table,))}

    def reserve_ids(self, table: str, count: int) -> Sequence[int]:
        sql = "SELECT nextval(pg_get_serial_sequence(?, 'id')) AS id FROM generate_series(1, ?)"
        ids = [int(row["id"]) for row in self.execute(sql, (table, count))]
        if table == "post":
            self._locked.update(ids)  # invisible to others before the transaction ends
        return ids

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
        if self.give_back is None or not self.give_back(self):
            self.end()

    def end(self) -> None:
        self._session.close()


def _without_nul(values: Values) -> Values:
    if isinstance(values, Mapping):
        return {name: storable(value) for name, value in values.items()}
    return [storable(value) for value in values]


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
        if session is not None and error.diag.source_function in _NOT_PREPARED:
            session.close()
        lost = session is not None and session.closed  # whatever the server called it
        kind = Sealed if error.sqlstate == _SEALED else SessionLost if lost else StoreError
        raise kind(error.diag.message_primary or str(error)) from error
