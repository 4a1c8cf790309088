"""One line on stderr that says how far uploads and conversions are, taken away before anything else is said.

On a terminal alone, and not before the work has taken a moment.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import TextIO

from ttp.cli.clean import one_line
from ttp.cli.pictures.cells import cut
from ttp.cli.pictures.marks import size
from ttp.cli.streams import put, terminal_width
from ttp.platforms import watch

_AFTER_S = 0.4
"""What is done sooner is not told."""
_EVERY_S = 0.1


class Live:
    """A `Watcher`; safe to use from several threads."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._width = terminal_width(stream, {})
        self._lock = threading.Lock()
        self._sent: dict[str, tuple[int, int]] = {}
        self._began: float | None = None
        self._drawn_at: float | None = None

    def sent(self, account: str, more: int, of: int) -> None:
        with self._lock:
            before, total = self._sent.get(account, (0, of))
            self._sent[account] = (min(more if total != of else before + more, of), of)
            parts = [f"{one_line(name)} {size(done)} of {size(most)}" for name, (done, most) in self._sent.items()]
            self._draw(f"uploading  {'   '.join(parts)}")

    def converting(self, name: str | None) -> None:
        with self._lock:
            if name is None:
                self._clear()
            else:
                self._drawn_at, self._began = None, 0.0  # at once: nothing more is heard of it
                self._draw(f"converting  {one_line(name)}")

    def clear(self, account: str | None = None) -> None:
        """Take the line away, because something else is said; of an account, because its upload is over."""
        with self._lock:
            if account is not None:
                self._sent.pop(account, None)
            self._clear()

    def _draw(self, text: str) -> None:
        now = time.monotonic()
        self._began = now if self._began is None else self._began
        if now - self._began >= _AFTER_S and now - (self._drawn_at or 0.0) >= _EVERY_S:
            put(self._stream, f"\r{cut(text, self._width - 1)}\x1b[K", flush=True)
            self._drawn_at = now

    def _clear(self) -> None:
        if self._drawn_at is not None:
            put(self._stream, "\r\x1b[K", flush=True)
        self._drawn_at = None
        if not self._sent:
            self._began = None


def watched(*, quiet: bool) -> Live | None:
    """Watch media work of this process on stderr; None where nobody sees that."""
    seen = not quiet and sys.stderr is not None and sys.stderr.isatty()
    live = Live(sys.stderr) if seen else None
    watch.watch(live)
    return live
