"""Small files that are written whole, for their owner alone: who looks sees the old or the new one, never a part."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ttp.store.file_lock import NO_LOCKS
from ttp.store.regular_file import open_regular


def write(path: Path, text: str, errors: str = "strict") -> None:
    """Put a file in the place of what `path` is, on disk when this comes back. OSError. One at a time: `alone`.
    `errors`: what becomes of signs that UTF-8 has not, as `open` takes it."""
    fresh = path.with_name(path.name + ".new")
    descriptor = open_regular(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors=errors, newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    # Without this a power cut may bring the old file back, and with it a refresh token that is spent.
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until nobody else changes files of this folder, and let nobody else do so meanwhile; but on file systems
    that lock no folder (NFS). OSError."""
    lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
        yield
    finally:
        os.close(lock)
