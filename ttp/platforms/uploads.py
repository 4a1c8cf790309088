"""Bytes of a file as a request body, with progress. Holds one piece in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeAlias

from ttp.domain.publishing.outcome import Handle
from ttp.platforms.client import MediaFile, PublishRequest, Step, StepDone
from ttp.platforms.reply import list_at

_PIECE = 1 << 20
Entry: TypeAlias = Mapping[str, object]
"""What a handle remembers of the upload of one media item."""


def media_entries(handle: Handle) -> list[Entry]:
    """Return what a handle remembers of uploads: one entry per media item, in order."""
    return [dict(one) for one in list_at(handle.get("media")) if isinstance(one, Mapping)]


def upload_all(
    request: PublishRequest,
    handle: Handle,
    upload: Callable[[int, MediaFile, Entry], Iterable[tuple[Step, Entry]]],
) -> Generator[Step, None, Handle]:
    """Upload what `handle` does not show as uploaded; return the handle with every item ready.

    `upload` gets the place of an item, its file and its entry so far, and yields each step with the entry after it.
    """
    entries, done = media_entries(handle), list[Entry]()
    for place, file in enumerate(request.all_media):
        entry = entries[place] if place < len(entries) else {}
        for step, entry in upload(place, file, entry):  # noqa: B020 (the entry as it grows)
            if isinstance(step, StepDone):
                step = replace(step, handle={**handle, "media": [*done, entry, *entries[place + 1 :]]})
            yield step
        done.append(entry)
    rest = {name: value for name, value in handle.items() if name != "media"}
    return {**rest, "media": done} if done else rest


def read_range(path: Path, start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes from `start` to `end` of a file. Raises OSError, also if the file became shorter."""
    with path.open("rb") as source:
        source.seek(start)
        bytes_left = end - start
        while bytes_left > 0:
            piece = source.read(min(_PIECE, bytes_left))
            if not piece:
                raise OSError("the file became shorter")
            bytes_left -= len(piece)
            yield piece


class ProgressListener(Protocol):
    def report_sent(self, account: str, more: int, of: int) -> None:
        """`more` bytes of an account's media were sent, of `of` in total."""

    def converting(self, name: str | None) -> None:
        """A media item is being converted; None: finished."""


class _Nobody:
    def report_sent(self, account: str, more: int, of: int) -> None: ...

    def converting(self, name: str | None) -> None: ...


_NOBODY = _Nobody()
_watcher: ProgressListener | None = None


def set_listener(watcher: ProgressListener | None) -> None:
    """Report progress to this listener from now on; None: stop reporting."""
    global _watcher
    if _watcher is not _NOBODY:
        _watcher = watcher


@contextmanager
def without_progress() -> Iterator[None]:
    """Report no progress while the block runs, because something else is drawn."""
    global _watcher
    watcher, _watcher = _watcher, _NOBODY
    try:
        yield
    finally:
        _watcher = watcher


def report_sent(request: PublishRequest, more: int) -> None:
    """Report that `more` bytes of the media were sent."""
    if _watcher is not None:
        _watcher.report_sent(request.account.name, more, sum(file.item.bytes for file in request.all_media))


def with_progress(content: bytes | Iterable[bytes] | None, request: PublishRequest) -> bytes | Iterable[bytes] | None:
    """Return the content, with progress reported while it is read. Bytes are not reported: they are sent at once."""
    return content if _watcher is None or content is None or isinstance(content, bytes) else _told(content, request)


def _told(pieces: Iterable[bytes], request: PublishRequest) -> Iterator[bytes]:
    for piece in pieces:
        yield piece
        report_sent(request, len(piece))


@contextmanager
def report_converting(name: str) -> Iterator[None]:
    """Report that an item is being converted while the block runs."""
    if _watcher is None:
        yield
        return
    _watcher.converting(name)
    try:
        yield
    finally:
        _watcher.converting(None)
