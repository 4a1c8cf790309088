"""Progress on a terminal: a line about uploads, a bar, and requests with `-v`."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from ttp.cli.output import Output
from ttp.cli.render.labels import size
from ttp.cli.render.width import cut
from ttp.cli.terminal import escape_line, escaping_stream, terminal_width, write_text

_AFTER_S = 0.4
"""Work that takes less is not shown."""
_EVERY_S = 0.1


class UploadLine:
    """One line on stderr about uploads and conversions; removed before other output. Thread-safe."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._width = terminal_width(stream, {})
        self._lock = threading.Lock()
        self._sent: dict[str, tuple[int, int]] = {}
        self._began: float | None = None
        self._drawn_at: float | None = None

    def report_sent(self, account: str, more: int, of: int) -> None:
        with self._lock:
            before, total = self._sent.get(account, (0, of))
            self._sent[account] = (min(more if total != of else before + more, of), of)
            parts = [f"{escape_line(name)} {size(done)} of {size(most)}" for name, (done, most) in self._sent.items()]
            self._draw(f"uploading  {'   '.join(parts)}")

    def converting(self, name: str | None) -> None:
        with self._lock:
            if name is None:
                self._clear()
            else:
                self._drawn_at, self._began = None, 0.0  # draws at once: no call follows
                self._draw(f"converting  {escape_line(name)}")

    def clear(self, account: str | None = None) -> None:
        """Remove the line before other output; with an account, because its upload has ended."""
        with self._lock:
            if account is not None:
                self._sent.pop(account, None)
            self._clear()

    def _draw(self, text: str) -> None:
        now = time.monotonic()
        self._began = now if self._began is None else self._began
        if now - self._began >= _AFTER_S and now - (self._drawn_at or 0.0) >= _EVERY_S:
            write_text(self._stream, f"\r{cut(text, self._width - 1)}\x1b[K", flush=True)
            self._drawn_at = now

    def _clear(self) -> None:
        if self._drawn_at is not None:
            write_text(self._stream, "\r\x1b[K", flush=True)
        self._drawn_at = None
        if not self._sent:
            self._began = None


def watch_uploads(*, quiet: bool) -> UploadLine | None:
    """Show uploads and conversions on stderr, if that is a terminal; else return None."""
    is_shown = not quiet and sys.stderr is not None and sys.stderr.isatty()
    live = UploadLine(sys.stderr) if is_shown else None
    from ttp.platforms import uploads

    uploads.set_listener(live)
    return live


@contextmanager
def progress(out: Output, name: str, most: int | None, *, counted: bool = True) -> Iterator[Callable[[float], object]]:
    """Show a progress bar during the block; call the yielded function with the amount done of `most` (None: unknown).

    `counted`: shows numbers; otherwise percent, and only from the first call on, so that short work shows no bar.
    """
    if most == 0 or out.quiet or sys.stderr is None or not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn

    from ttp.platforms import uploads

    column = MofNCompleteColumn() if counted else TaskProgressColumn()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), column)
    # Without colour, because --color is about the output on stdout.
    bar = Progress(*columns, console=Console(stderr=True, color_system=None), transient=True)
    task = bar.add_task(name, total=most)

    def move(done: float) -> None:
        bar.start()
        bar.update(task, completed=done)

    if counted:
        bar.start()
    try:
        with uploads.without_progress():
            yield move
    finally:
        if bar.live.is_started:
            bar.stop()


@contextmanager
def log_requests() -> Iterator[None]:
    """Log requests during the block; with TTP_DEBUG=http also what is in them."""
    log = logging.getLogger("ttp.http")
    handler = logging.StreamHandler(escaping_stream(sys.stderr))
    handler.setFormatter(logging.Formatter("%(asctime)s.%(msecs)03d %(message)s", "%H:%M:%S"))
    log.setLevel(logging.DEBUG if os.environ.get("TTP_DEBUG") == "http" else logging.INFO)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(logging.NOTSET)
