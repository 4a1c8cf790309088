"""Daemon threads that carry jobs. Unlike the standard pool's, they never keep a process from ending: what a blocked
request leaves behind is an open intent, and that is what those are for."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

Piece = Callable[[], None]


class Workers:
    """At most `most` threads, started as they are needed."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pieces: queue.SimpleQueue[Piece | None] = queue.SimpleQueue()
        self._threads = 0
        self._idle = threading.Semaphore(0)

    def submit(self, piece: Piece) -> None:
        """Run `piece`, which never raises, on some thread."""
        if not self._idle.acquire(blocking=False) and self._threads < self._most:
            self._start_thread()
        self._pieces.put(piece)

    def _start_thread(self) -> None:
        """Start one more thread. Where the system gives none, those that there are take the piece; without any,
        RuntimeError."""
        thread = threading.Thread(target=self._serve, name=f"ttp-worker-{self._threads + 1}", daemon=True)
        try:
            thread.start()
        except (RuntimeError, MemoryError):
            if not self._threads:
                raise
        else:
            self._threads += 1

    def close(self) -> None:
        """Let the threads go, each when it has nothing left to do. Takes no more pieces."""
        for _ in range(self._threads):
            self._pieces.put(None)

    def _serve(self) -> None:
        while (piece := self._pieces.get()) is not None:
            try:
                piece()
            finally:
                self._idle.release()


class Inline:
    """Runs every piece at once, in the caller's thread: for tests on a clock that is passed in."""

    def submit(self, piece: Piece) -> None:
        piece()
