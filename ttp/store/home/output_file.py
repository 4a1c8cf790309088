"""Write files where a user asks for them: completely or not at all, and never over ttp's own files."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from ttp.domain.action import other_options
from ttp.domain.errors import Hint, NotFound, TtpError, UsageError
from ttp.store.home.files import OwnFiles, disk_error, quote_path, stream_number

_WRONG_NAME = (errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EINVAL)


def write(path: Path, parts: Iterable[str], own: OwnFiles, *, over: bool, typed: str | None = None) -> None:
    """Write a text file, like `write_bytes`."""
    write_bytes(path, (part.encode() for part in parts), own, over=over, typed=typed)


def write_bytes(path: Path, parts: Iterable[bytes], own: OwnFiles, *, over: bool, typed: str | None = None) -> None:
    """Write a file completely, or leave the old one. Links stay links and files keep their mode. Pipes and devices such
    as `/dev/stdout` are written to directly.

    Raises UsageError for one of ttp's own paths, a folder, or an existing file without `over`; NotFound without its
    folder; Busy. `typed`: the word that named the path.
    """
    number = stream_number(path)
    if number is None:
        own.refuse(path, typed)
    try:
        if number is not None:
            with _stream(os.dup(number)) as file:
                file.writelines(parts)
            return
        real = Path(os.path.realpath(path))
        found = _found(real)
        if found is None or stat.S_ISREG(found.st_mode):
            if found is not None and not over:
                raise UsageError(f"{path} is there already", Hint("try", other_options(force=True)))
            _replace(real, parts, found)
        elif stat.S_ISDIR(found.st_mode):
            raise UsageError(f"{path} is not a file", Hint("try", f"{path}/posts.csv"))
        else:
            with _stream(_open_as_it_is(real)) as file:
                file.writelines(parts)
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        raise output_error(path, error) from error


def output_error(path: Path, error: OSError | ValueError) -> TtpError:
    """Return the error for a file that cannot be written."""
    if isinstance(error, ValueError):
        error = OSError(errno.EINVAL, "no file can have that name")
    if error.errno == errno.ENOENT:
        return NotFound(f"there is no folder {path.parent}", Hint("fix", f"mkdir -p {quote_path(path.parent)}"))
    if error.errno in _WRONG_NAME:
        return UsageError(f"{path} cannot be written: {error.strerror}", Hint("try", "FILE", (str(path), "FILE")))
    return disk_error(path, error)


def _found(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _replace(path: Path, parts: Iterable[bytes], found: os.stat_result | None) -> None:
    """Replace a file through a temporary one in the same folder."""
    if found is not None and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    # A short name: a long one with a suffix may be too long.
    fresh = path.with_name(f".ttp-{os.getpid()}-{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o666)
    try:
        with _stream(handle) as file:
            if found is not None:
                os.fchmod(handle, stat.S_IMODE(found.st_mode))
            file.writelines(parts)
            file.flush()
            if found is not None:  # a power cut must not leave an empty file where there was a full one
                os.fsync(handle)
        fresh.replace(path)
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


def _open_as_it_is(path: Path) -> int:
    """Open a pipe, terminal or device for writing, without waiting for a reader."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(errno.EINVAL, "it has no reader", str(path)) from None
        raise
    os.set_blocking(descriptor, True)
    return descriptor


def _stream(descriptor: int) -> BinaryIO:
    return os.fdopen(descriptor, "wb")
