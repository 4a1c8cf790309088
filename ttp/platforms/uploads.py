"""The bytes of a file from one offset to another, as a request sends them. Never holds more than a piece of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ttp.platforms.client import PublishRequest


_PIECE = 1 << 20


def read_range(path: Path, start: int, end: int) -> Iterator[bytes]:
    """The bytes from `start` up to `end` of a file. Raises OSError, also where the file is shorter than it was."""
    with path.open("rb") as source:
        source.seek(start)
        left = end - start
        while left > 0:
            piece = source.read(min(_PIECE, left))
            if not piece:
                raise OSError("the file is shorter than it was")
            left -= len(piece)
            yield piece


class ProgressListener(Protocol):
    def sent(self, account: str, more: int, of: int) -> None:
        """So many more bytes of an account's media are sent, of all that a post has."""

    def converting(self, name: str | None) -> None:
        """A media item is being converted; None: it is over."""


class _Nobody:
    def sent(self, account: str, more: int, of: int) -> None: ...

    def converting(self, name: str | None) -> None: ...


_NOBODY = _Nobody()


_watcher: ProgressListener | None = None


def set_listener(watcher: ProgressListener | None) -> None:
    """Report progress to the listener from now on; None: to none."""
    global _watcher
    if _watcher is not _NOBODY:
        _watcher = watcher


@contextmanager
def without_progress() -> Iterator[None]:
    """Report no progress while the block runs: something else is drawn."""
    global _watcher
    held, _watcher = _watcher, _NOBODY
    try:
        yield
    finally:
        _watcher = held


def report_sent(request: PublishRequest, more: int) -> None:
    """Report that more bytes of the media are sent."""
    if _watcher is not None:
        _watcher.sent(request.account.name, more, sum(file.item.bytes for file in request.media))


def with_progress(content: bytes | Iterable[bytes] | None, request: PublishRequest) -> bytes | Iterable[bytes] | None:
    """The same content, with progress reported as it is read; whole bytes are sent in one go, and not told."""
    return content if _watcher is None or content is None or isinstance(content, bytes) else _told(content, request)


def _told(pieces: Iterable[bytes], request: PublishRequest) -> Iterator[bytes]:
    for piece in pieces:
        yield piece
        report_sent(request, len(piece))


@contextmanager
def report_converting(name: str) -> Iterator[None]:
    """Tell that an item is being converted while the block runs."""
    if _watcher is None:
        yield
        return
    _watcher.converting(name)
    try:
        yield
    finally:
        _watcher.converting(None)
