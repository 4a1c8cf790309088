"""Open files without waiting for another program. Opening a named pipe waits for a writer. So files are opened without
waiting, and the type is checked on the descriptor, where it cannot be swapped."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
_MOST_LINKS = 40
"""Links that a system follows in one path."""


class NotRegular(OSError):
    """The path is not a regular file. `kind`: what it is, with its article."""

    def __init__(self, path: Path, kind: str) -> None:
        super().__init__(errno.EINVAL, f"it is {kind}, not a file", str(path))
        self.kind = kind


def open_regular(path: Path, flags: int = os.O_RDONLY, *, null: bool = False) -> int:
    """Open a regular file without waiting; a new one is private to its owner. Raises NotRegular for anything else,
    OSError if it cannot be opened. `null`: treat the null device as an empty file."""
    try:
        descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, 0o600)
    except ValueError:
        raise OSError(errno.EINVAL, "no file can have that name", str(path)) from None
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket, or a pipe without a reader
            raise NotRegular(path, kind_of(path.stat())) from None
        if error.errno == errno.EISDIR:
            raise NotRegular(path, "a folder") from None
        raise
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) or (null and os.path.samestat(found, os.stat(os.devnull))):  # noqa: PTH116
        return descriptor
    os.close(descriptor)
    raise NotRegular(path, kind_of(found))


def sync(path: Path) -> None:
    """Make a file, or the new names in a folder, last: after a power cut there could be the old ones."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def kind_of(found: os.stat_result) -> str:
    """Return the kind of a file that is not regular, with its article."""
    return _KINDS.get(stat.S_IFMT(found.st_mode), "something else")


def read_text(path: Path, *, null: bool = False) -> str:
    """Return the text of a regular file in UTF-8. Raises OSError, UnicodeDecodeError."""
    with os.fdopen(open_regular(path, null=null), encoding="utf-8") as file:
        return file.read()


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a regular file. Raises OSError."""
    with os.fdopen(open_regular(path), "rb") as file:
        return file.read()


def text_of_path(path: Path | str) -> str:
    r"""A path as text that can be stored: bytes that are not UTF-8 become `\xNN`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def open_input(path: Path) -> BinaryIO:
    """Open a file that a user named, also a stream such as `/dev/stdin` or `<(command)`. Raises OSError."""
    number = stream_number(path)
    return os.fdopen(open_regular(path) if number is None else os.dup(number), "rb")


def stream_number(path: Path) -> int | None:
    """Return the descriptor that a path such as `/dev/stdout` or `/dev/fd/63` names; else None."""
    streams = os.path.realpath("/dev/fd")
    for _ in range(_MOST_LINKS):
        try:
            path = Path(os.path.realpath(path.parent), path.name)
            if str(path.parent) == streams:
                return int(path.name) if path.name.isdecimal() else None
            path = path.parent / os.readlink(path)  # noqa: PTH115 (raises less)
        except (OSError, ValueError):
            return None
    return None
