"""One thread owns the publisher's writing connection and groups the work of many workers into one commit. With
`synchronous=FULL` a commit costs one fsync; thirty workers that each commit an intent would wait for thirty.

A session of a server may be lost. Then all its work fails, and the next piece begins on a new one, which has a new
`session` number: what relies on locks of the old one compares it inside its transaction.
"""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, TypeVar

from ttp.store.dialect import Conflicting, Connection, SessionLost, TryAgain

T = TypeVar("T")
Work = Callable[[Connection], Any]
_MOST = 256
_TRIES = 5
"""How often a piece of work is tried when other transactions conflict with it, until it is late. One lock
that is never released must not stop all other work."""
LATE_S = 3.0
"""Seconds after which a commit is late: another process holds the store."""


@dataclass(slots=True)
class _Piece:
    """One piece of work with its result or exception."""

    work: Work
    ask: Work | None = None
    answer: Any = None
    error: BaseException | None = None
    ended: queue.SimpleQueue[None] = field(default_factory=queue.SimpleQueue)


class Writer:
    """Runs pieces of work on its connection, many in one durable transaction. A failing piece affects no other.

    If one of many fails, all are undone and run again, each in a savepoint; so a piece may change nothing but the
    database. Savepoints from the start would be a fifth of all statements, and work hardly ever fails.
    """

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._queue: queue.SimpleQueue[_Piece | None] = queue.SimpleQueue()
        self._connect = connect
        self._connection: Connection | None = connect()
        self.session = 1
        """The number of the present session. Read it in a piece of work: it changes between two of them."""
        self.committing: Callable[[Connection], None] = lambda db: None
        """Called before each commit, inside its transaction."""
        self.committed: Callable[[Connection], None] = lambda db: None
        """Called after each commit, before the callers get their results. Never raises."""
        self._thread = threading.Thread(target=self._serve, name="ttp-writer", daemon=True)
        self._thread.start()

    def run(
        self, work: Callable[[Connection], T], late: Callable[[], object] | None = None, ask: Work | None = None
    ) -> T:
        """Run `work` and return its result once it is committed. Raises what it or the commit raised. `late` is called
        once if that takes longer than LATE_S: the process may end before the commit. `ask` runs first, in the same
        transaction: on a server, what many pieces ask takes one round trip. It reads no answers and decides nothing."""
        piece = _Piece(work, ask)
        self._queue.put(piece)
        try:
            piece.ended.get(timeout=None if late is None else LATE_S)
        except queue.Empty:
            assert late is not None
            late()
            piece.ended.get()
        if piece.error is not None:
            raise piece.error
        answer: T = piece.answer
        return answer

    def close(self) -> None:
        """Finish the queued work and close the connection."""
        self._queue.put(None)
        self._thread.join()
        if self._connection is not None:
            self._connection.close()

    def _serve(self) -> None:
        while True:
            batch = [self._queue.get()]
            while len(batch) < _MOST:
                try:
                    batch.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            pieces = [piece for piece in batch if piece is not None]
            late = time.monotonic() + LATE_S
            self._try(pieces)
            for piece in pieces:
                tries = 1
                while isinstance(piece.error, TryAgain) and tries < _TRIES and time.monotonic() < late:
                    piece.error = None
                    tries += 1
                    self._try([piece])
            for piece in pieces:
                piece.ended.put(None)
            if None in batch:
                return

    def _try(self, batch: list[_Piece]) -> None:
        try:
            self._commit(self._opened(), batch)
        except BaseException as error:  # noqa: BLE001 (it belongs to those who asked)
            for piece in batch:
                piece.error = error

    def _opened(self) -> Connection:
        """Return the connection: a new one if the session was lost. Raises what opening it raises."""
        if self._connection is None:
            self._connection = self._connect()
            self.session += 1
        return self._connection

    def _drop_lost(self, error: BaseException) -> None:
        if isinstance(error, SessionLost) and self._connection is not None:
            with suppress(Exception):
                self._connection.close()
            self._connection = None

    def _commit(self, db: Connection, batch: list[_Piece]) -> None:
        alive = False
        try:
            try:
                with db.transaction():
                    try:
                        for some in [batch] if db.is_remote else [[piece] for piece in batch]:
                            _run(db, some)
                    except BaseException:
                        # False after no room or an I/O error: the database gave up the work of all.
                        alive = db.in_transaction
                        raise
                    self.committing(db)
            except BaseException as error:
                # What was sent last fails with the commit.
                alive = alive or isinstance(error, Conflicting)
                if not alive or len(batch) == 1 or isinstance(error, TryAgain):  # or it is the only piece
                    raise
                _drop_answers(error)
                with db.transaction():
                    self._each_alone(db, batch)
                    self.committing(db)
        except BaseException as error:  # noqa: BLE001 (it belongs to those who asked)
            _drop_answers(error)
            for piece in batch:
                piece.error = piece.error or error
            self._drop_lost(error)
            return
        with suppress(Exception):  # it is committed: whoever asked must not hear otherwise
            self.committed(db)

    def _each_alone(self, db: Connection, batch: list[_Piece]) -> None:
        """Run the pieces again inside the transaction; an error affects only its own piece."""
        for piece in batch:
            try:
                with db.savepoint():
                    _run(db, [piece])
            except BaseException as error:
                if not db.in_transaction:
                    raise
                _drop_answers(error)
                piece.error = error


def _drop_answers(error: BaseException) -> None:
    """Drop what the frames of an error keep: SQLite may begin no transaction while there are unread answers."""
    failed: BaseException | None = error
    done = set()
    while failed is not None and id(failed) not in done:
        done.add(id(failed))
        traceback.clear_frames(failed.__traceback__)
        failed = failed.__cause__ or failed.__context__


def _run(db: Connection, pieces: list[_Piece]) -> None:
    # What is asked is true until the end of its group: pieces that ask change nothing that others of them asked for.
    for asks, group in groupby(pieces, lambda piece: piece.ask is not None):
        some = list(group)
        if asks:
            with db.together():
                for piece in some:
                    if piece.ask is not None:
                        piece.ask(db)
        for piece in some:
            piece.answer = piece.work(db)
