"""How far a host has seen a store on a server come, by which a store that was put back to an earlier state is noticed.

A server has no file that differs in a copy of its data. But what a host has seen there stays true: on one timeline the
write-ahead log only grows, and a committed attempt never changes. Each host keeps that in its home, in a
file for each store, written after a commit and never before. Another timeline is a failover (`ServerIdentity`).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ttp.domain.errors import Busy, Hint
from ttp.domain.publishing.attempt import Attempt
from ttp.domain.time.clock import to_ms
from ttp.store.dialect import Connection, StoreError
from ttp.store.home.files import open_regular, quote_path

_AGAIN_S = 1.0
"""Seconds between two questions to the server. This host's own intents are noted at once."""
_FORM = "{} {:020d} {:010d} {:020d} {:020d} {:020d} {:020d} {}\n"
_MOST_BYTES = 1000


class ServerIdentity(NamedTuple):
    """Which server and database a store is in (`server`), on which of the server's timelines, and how far it has come:
    `position`: bytes of the write-ahead log that are durable; `mark`: the transaction in which the store was created or
    taken over last, None in one that was restored from a dump; `attempt`: the newest one's id, delivery and start in
    ms, zeros if there is none."""

    server: str
    timeline: int
    position: int = 0
    mark: int | None = None
    attempt: tuple[int, int, int] = (0, 0, 0)


class HostMark:
    """What this process has seen of one store, and the file that keeps it. Safe in several threads."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._path: Path | None = None
        self._store_id = ""
        self._seen: ServerIdentity | None = None
        self._again_at = 0.0
        self.is_put_back = False
        """Whether the store came to lack what this process has seen in it. From then on the file does not change."""

    def note(self, home: Path, db: Connection, ask: Callable[[Connection], ServerIdentity]) -> None:
        """Ask the server how far the store is, at most once a second, and keep it. Raises nothing."""
        if self._seen is not None and time.monotonic() < self._again_at:
            return
        with suppress(OSError, StoreError):
            if self._path is None:
                self._store_id = str(db.execute("SELECT store_id FROM store").fetchone()[0])
                self._path = _path(home, self._store_id)
            found = ask(db)
            self._again_at = time.monotonic() + _AGAIN_S
            if found.mark is None or self.is_put_back:
                return  # of a restored store nothing is kept: what was seen before it counts
            # Not in turn: a worker that has committed its intent must not wait for the server.
            self.is_put_back = self._seen is not None and is_put_back(db, self._seen, found)
            if not self.is_put_back:
                with self._turn:
                    self._keep(found)

    def note_intent(self, intent: Attempt) -> None:
        """Keep an intent that is committed. Raises nothing."""
        with suppress(OSError), self._turn:
            if self._seen is not None and not self.is_put_back and (intent.id or 0) > self._seen.attempt[0]:
                self._keep(self._seen._replace(attempt=(intent.id or 0, intent.delivery_id or 0, to_ms(intent.at))))

    def _keep(self, seen: ServerIdentity) -> None:
        assert self._path is not None
        self._seen = seen
        text = _FORM.format(self._store_id, seen.mark, seen.timeline, seen.position, *seen.attempt, seen.server)
        is_new = not self._path.exists()
        descriptor = open_regular(self._path, os.O_CREAT | os.O_WRONLY)
        try:
            os.pwrite(descriptor, text.encode(), 0)
            if is_new:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read(home: Path) -> dict[str, ServerIdentity]:
    """Return what this host has seen of each store by its id; files that are not ttp's, or not files, are left out."""
    found = {}
    for path in home.glob("publisher.*.mark"):
        with suppress(OSError, ValueError):
            store_id, mark, timeline, position, number, delivery_id, at, server = _line(path).split()
            attempt = (int(number), int(delivery_id), int(at))
            if path == _path(home, store_id):
                found[store_id] = ServerIdentity(server, int(timeline), int(position), int(mark), attempt)
    return found


def refuse_unreadable(home: Path, store_id: str) -> None:
    """Raise Busy if something is in the place of the store's file that cannot be read."""
    path = _path(home, store_id)
    try:
        _line(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise Busy(f"{path} cannot be read: {error.strerror}", Hint("see", f"ls -la {quote_path(path)}")) from error


def is_put_back(db: Connection, seen: ServerIdentity, here: ServerIdentity) -> bool:
    """Return whether a store lacks what this host has seen in it. False after a failover, which may lose the last
    commits, and after a take-over."""
    if here.server != seen.server or here.mark is None or seen.mark is None or here.mark > seen.mark:
        return False
    if here.timeline != seen.timeline:
        return here.timeline < seen.timeline
    if here.mark < seen.mark or here.position < seen.position:
        return True
    number, *rest = seen.attempt
    row = db.execute("SELECT delivery_id, at FROM attempt WHERE id = ?", (number,)).fetchone()
    return number > 0 and (row is None or list(row) != rest)


def _line(path: Path) -> str:
    descriptor = open_regular(path)
    try:
        return os.pread(descriptor, _MOST_BYTES, 0).decode("ascii", "replace").partition("\n")[0]
    finally:
        os.close(descriptor)


def _path(home: Path, store_id: str) -> Path:
    return home / f"publisher.{store_id}.mark"
