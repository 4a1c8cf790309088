"""One thread that owns the publisher's writing connection and groups what many workers ask into one commit.

With `synchronous=FULL` a commit costs one fsync; thirty workers that each commit an intent would wait for thirty.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ttp.store.dialect import Connection

T = TypeVar("T")
Work = Callable[[Connection], Any]
_MOST = 256
LATE_S = 3.0
"""Seconds after which a commit is late: somebody else holds the store."""


@dataclass(slots=True)
class _Asked:
    """One piece of work, and where its answer, or what it raised, is waited for."""

    work: Work
    answer: Any = None
    error: BaseException | None = None
    ended: queue.SimpleQueue[None] = field(default_factory=queue.SimpleQueue)


class Writer:
    """Runs pieces of work on its connection, many in one durable transaction. One that fails undoes nothing of another.

    Where one of many fails, all are undone and run once more, each in a savepoint of its own: a piece must change
    nothing but the database. Savepoints for all would be a fifth of the statements, and hardly any work ever fails.
    """

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._queue: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._connection = connect()
        self.committing: Callable[[Connection], None] = lambda db: None
        """Called before each commit, inside its transaction."""
        self.committed: Callable[[Connection], None] = lambda db: None
        """Called after each commit, before those who asked hear of it. Never raises."""
        self._thread = threading.Thread(target=self._serve, name="ttp-writer", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[Connection], T], late: Callable[[], object] | None = None) -> T:
        """Run `work` and come back once it is committed. Raises what it raised, or what the commit raised.

        `late` is called, once, where that takes longer than LATE_S: the process may end before it is committed.
        """
        asked = _Asked(work)
        self._queue.put(asked)
        try:
            asked.ended.get(timeout=None if late is None else LATE_S)
        except queue.Empty:
            assert late is not None
            late()
            asked.ended.get()
        if asked.error is not None:
            raise asked.error
        answer: T = asked.answer
        return answer

    def close(self) -> None:
        """Finish what is queued and close the connection."""
        self._queue.put(None)
        self._thread.join()
        self._connection.close()

    def _serve(self) -> None:
        while True:
            batch = [self._queue.get()]
            while len(batch) < _MOST:
                try:
                    batch.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            pieces = [asked for asked in batch if asked is not None]
            self._commit(pieces)
            for asked in pieces:
                asked.ended.put(None)
            if None in batch:
                return

    def _commit(self, batch: list[_Asked]) -> None:
        db = self._connection
        alive = False
        try:
            try:
                with db.transaction():
                    try:
                        for asked in batch:
                            asked.answer = asked.work(db)
                    except BaseException:
                        # False after no room or an I/O error: the database gave up the work of all.
                        alive = db.in_transaction
                        raise
                    self.committing(db)
            except BaseException:
                if not alive or len(batch) == 1:  # or it is nobody else's
                    raise
                with db.transaction():
                    self._each_alone(batch)
                    self.committing(db)
        except BaseException as error:  # noqa: BLE001 (it belongs to those who asked)
            for asked in batch:
                asked.error = asked.error or error
            return
        with suppress(Exception):  # it is committed: whoever asked must not hear otherwise
            self.committed(db)

    def _each_alone(self, batch: list[_Asked]) -> None:
        """Run the pieces once more, inside the transaction; who fails hears of that alone."""
        db = self._connection
        for asked in batch:
            try:
                with db.savepoint():
                    asked.answer = asked.work(db)
            except BaseException as error:
                if not db.in_transaction:
                    raise
                asked.error = error
