"""Measure what the statements of commands and of the publisher cost, on an open connection.

The cost is processor time: of this thread inside the calls of the driver, and of the server's process for this session
(Linux only). It does not depend on other work on the machine, as elapsed time does.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ttp.cli.context import Context
from ttp.domain.post import PostStatus
from ttp.domain.post_edit import PostInput
from ttp.domain.time.resolve import ResolvedTime
from ttp.store import accounts, claims
from ttp.store.database import Database
from ttp.store.dialect import Connection, Cursor, Values
from ttp.store.queries import PostFilter

_WARM_UP, _ROUNDS = 8, 25
_NO_GAP = timedelta(0)
_SOME_DUE = 50


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one operation: how many statements, and milliseconds of processor time here and in the server."""

    statements: int
    client_ms: float
    server_ms: float

    @property
    def both_ms(self) -> float:
        return self.client_ms + self.server_ms


class Counted:
    """A connection that measures its statements. Closing it does nothing."""

    def __init__(self, connection: Connection, server: int | None) -> None:
        """`server`: the process of the server that works for this session."""
        self._connection: Any = connection
        self._server = server
        self._count, self._client_s = 0, 0.0
        self._together: list[_Fetched] | None = None

    def cost_of(self, operation: Callable[[], object]) -> Cost:
        """Run the operation and return the cost of its statements."""
        self._count, self._client_s, before = 0, 0.0, self._server_ms()
        operation()
        if self._server is not None:
            time.sleep(0.001)  # until the server waits again: its time counts from then on
        return Cost(self._count, 1000 * self._client_s, self._server_ms() - before)

    def execute(self, sql: str, values: Values = (), /) -> Cursor:
        found: _Fetched
        if self._together is None:
            found = self._timed(lambda: _Fetched(self._connection.execute(sql, values)).fetch())
        else:
            found = self._timed(lambda: _Fetched(self._connection.execute(sql, values)))
            self._together.append(found)
        return found

    def executemany(self, sql: str, values: Iterable[Values], /) -> Cursor:
        found: Cursor = self._timed(lambda: _Fetched(self._connection.executemany(sql, values)).fetch())
        return found

    def send(self, sql: str, values: Values = (), /) -> None:
        self._timed(lambda: self._connection.send(sql, values))

    def send_many(self, sql: str, values: Iterable[Values], /) -> None:
        self._timed(lambda: self._connection.send_many(sql, values))

    def lock_posts(self, post_ids: Iterable[int], *, at_once: bool = True) -> None:
        self._timed(lambda: self._connection.lock_posts(post_ids, at_once=at_once))

    def reserve_ids(self, table: str, count: int) -> Sequence[int]:
        found: Sequence[int] = self._timed(lambda: self._connection.reserve_ids(table, count))
        return found

    @contextmanager
    def together(self) -> Iterator[None]:
        fetched = self._together = list[_Fetched]()
        with self._block(self._connection.together()):
            yield
        self._together = None
        for one in fetched:
            self._timed(one.fetch)
        self._count -= 2 + len(fetched)  # of these calls none is a statement

    def transaction(self) -> AbstractContextManager[None]:
        return self._block(self._connection.transaction())

    def change(self) -> AbstractContextManager[None]:
        return self._block(self._connection.change())

    @contextmanager
    def _block(self, block: AbstractContextManager[None]) -> Iterator[None]:
        self._timed(block.__enter__)
        try:
            yield
        except BaseException as error:
            block.__exit__(type(error), error, error.__traceback__)
            raise
        self._timed(lambda: block.__exit__(None, None, None))

    def close(self) -> None: ...

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def _timed(self, work: Callable[[], Any]) -> Any:
        began = time.thread_time()
        try:
            return work()
        finally:
            self._client_s += time.thread_time() - began
            self._count += 1

    def _server_ms(self) -> float:
        if self._server is None:
            return 0.0
        return int(Path(f"/proc/{self._server}/schedstat").read_text().split()[0]) / 1e6


class _Fetched:
    """The rows of a statement, fetched at once, so that they are part of its cost."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._rows: Iterator[Any] = iter(())

    def fetch(self) -> _Fetched:
        with suppress(Exception):  # psycopg raises for statements without rows
            self._rows = iter(self._cursor.fetchall())
        return self

    @property
    def rowcount(self) -> int:
        return int(self._cursor.rowcount)

    def fetchone(self) -> Any:
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        return list(self._rows)

    def __iter__(self) -> Iterator[Any]:
        return self._rows


def _counted(database: Database, connection: Connection) -> Counted:
    server = None if database.has_files else connection.execute("SELECT pg_backend_pid()").fetchone()[0]
    return Counted(connection, server)


def costs_of_commands(database: Database) -> Mapping[str, Cost]:
    """Return the cost of the statements of some commands, the median of several runs."""
    counted = _counted(database, database.connect())
    store: Any = database
    store.connect = store._session = lambda: counted
    if not database.has_files:
        store._change = lambda connection: connection.change()
    context = Context()
    context.database = store
    db: Any = counted
    (last,) = db.execute("SELECT max(id) FROM post").fetchone()
    chosen = accounts.accounts(db)[0]
    numbers = random.Random(1)

    def posts(**wanted: Any) -> Callable[[], object]:
        return lambda: list(context.queries.views(PostFilter(limit=50, **wanted)))

    def create() -> object:
        number = numbers.random()
        at = datetime.now(UTC) + timedelta(days=10 + 10 * number)
        wanted = PostInput(text=f"Fresh beans, lot {number}", to=(chosen.name,))
        return context.posts.create(wanted, ResolvedTime(at, UTC, "", account_ids=(chosen.id,)))

    operations: dict[str, Callable[[], object]] = {
        "`list`": posts(),
        "`list --status published`": posts(statuses=(PostStatus.PUBLISHED,)),
        "`list --account`": posts(accounts=(chosen.id,)),
        "`show`": lambda: context.queries.post(numbers.randrange(1, last)),
        "`status`": lambda: context.status.health(5),
        "`create`": create,
    }
    return {name: _median(counted, operation) for name, operation in operations.items()}


def costs_of_publisher(database: Database) -> Mapping[str, Cost]:
    """Return the cost of what the publisher asks again and again. `due`: the time of all that is scheduled."""
    db = _counted(database, database.publisher_session("loop", timedelta(seconds=30)).connect())
    connection: Any = db

    def claim(now: datetime, free: int) -> object:
        return claims.claim(connection, now=now, cutoff=now, free=free, catch_up_gap=_NO_GAP)

    now = datetime.now(UTC)
    first, last = db.execute("SELECT min(next_at), max(next_at) FROM delivery WHERE next_at IS NOT NULL").fetchone()
    late = datetime.fromtimestamp(last / 1000, UTC)
    some = datetime.fromtimestamp(first / 1000, UTC) + timedelta(seconds=_SOME_DUE - 1)  # one a second
    operations: dict[str, Callable[[], object]] = {
        "claim, nothing due": lambda: claim(now, 64),
        f"claim, {_SOME_DUE} accounts due": lambda: claim(some, 0),
        "claim, all accounts due": lambda: claim(late, 0),
        "next wake": lambda: claims.next_wake(connection, now=now, catch_up_gap=_NO_GAP)(),
        "due look-ups": lambda: claims.due_lookups(connection, now=now, most=500)(),
        "late deliveries": lambda: claims.overdue(connection, now=now, limit=timedelta(days=1), most=500),
    }
    return {name: _median(db, operation) for name, operation in operations.items()}


def _median(db: Counted, operation: Callable[[], object]) -> Cost:
    for _ in range(_WARM_UP):
        operation()
    found = [db.cost_of(operation) for _ in range(_ROUNDS)]
    return Cost(
        found[-1].statements,
        statistics.median(cost.client_ms for cost in found),
        statistics.median(cost.server_ms for cost in found),
    )
