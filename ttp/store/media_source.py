"""A file that somebody wants to post: opened once, and looked at through that one open file.

Never copies, and never believes the name.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ttp.domain.errors import Hint, NotFound, UsageError
from ttp.domain.media import NAMES
from ttp.domain.media_facts import Facts, Unreadable, read_facts
from ttp.store.place import on_the_way
from ttp.store.regular_file import NotRegular, open_regular

_CHUNK = 1 << 20
_SUFFIXES = {
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "video/mp4": (".mp4", ".m4v"),
    "video/quicktime": (".mov", ".qt"),
    "video/webm": (".webm",),
}
_ONE_FAMILY = {"video/mp4", "video/quicktime"}  # the same boxes, and each is often named as the other


def another(given: object) -> Hint:
    """To give another file than that which was `given`."""
    return Hint("give another", "--media FILE", (str(given), "FILE"))


@dataclass(frozen=True, slots=True)
class Source:
    """An open file that somebody wants to post. In a text it is its path, or the address that it is from."""

    path: Path
    file: int
    address: str | None = None

    def __str__(self) -> str:
        return self.address or shown(self.path)

    def size(self) -> int:
        """Its size in bytes."""
        return os.fstat(self.file).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        """That many bytes, fewer at the end. UsageError if the disk cannot give them."""
        try:
            return os.pread(self.file, length, offset)
        except OSError as error:
            raise UsageError(f"{self} cannot be read: {error.strerror}", another(self.address or self.path)) from error

    def chunks(self) -> Iterator[bytes]:
        at = 0
        while chunk := self.read_at(at, _CHUNK):
            yield chunk
            at += len(chunk)


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """A file open for reading. NotFound, UsageError."""
    try:
        file = open_regular(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"no file {shown(path)}", *_like(path)) from error
    except NotRegular as error:
        raise UsageError(f"{shown(path)} is {error.kind}, not a file", another(path)) from error
    except OSError as error:
        raise UsageError(f"{shown(path)} cannot be read: {error.strerror}", another(path)) from error
    try:
        yield Source(path, file)
    finally:
        os.close(file)


def facts_of(source: Source, size: int) -> Facts:
    """What its bytes say. UsageError if they are no usable image or video."""
    try:
        return read_facts(source.read_at, size)
    except Unreadable as error:
        raise UsageError(f"{source} {error.message}", another(source.address or source.path)) from error


def digest_of(source: Source) -> str:
    """Its SHA-256, in hexadecimal."""
    digest = hashlib.sha256()
    for chunk in source.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def check_name(path: Path, facts: Facts) -> None:
    """Refuse a name that says another kind than the bytes. A suffix that says no kind at all is no matter."""
    named = next((mime for mime, suffixes in _SUFFIXES.items() if path.suffix.lower() in suffixes), facts.mime)
    if named != facts.mime and {named, facts.mime} != _ONE_FAMILY:
        better = shlex.quote(shown(path.with_suffix(_SUFFIXES[facts.mime][0])))
        raise UsageError(
            f"{shown(path)} is named as {NAMES[named]}, but its bytes are {NAMES[facts.mime]}",
            Hint("rename it", f"mv {shlex.quote(shown(path))} {better}"),
        )


def _like(path: Path) -> tuple[Hint, ...]:
    """The file in the same folder that was probably meant, else the folder."""
    meant = [path.with_name(name) for name in names_like(path)]
    if not meant:
        return (Hint("see what is there", f"ls -la {on_the_way(path)}"),)
    return tuple(Hint("did you mean", f"--media {shlex.quote(shown(one))}", (str(path), str(one))) for one in meant)


def names_like(path: Path) -> list[str]:
    """The name of the file in the same folder that was probably meant; nothing where there is none."""
    from difflib import get_close_matches

    try:
        return get_close_matches(path.name, [entry.name for entry in path.parent.iterdir()], n=1)
    except (OSError, ValueError):
        return []


def shown(path: Path) -> str:
    """A path as text that can be stored and printed, also where its bytes are no UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")
