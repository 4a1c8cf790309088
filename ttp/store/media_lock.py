"""The lock between those who add media and whoever removes what is not needed any more.

Kernel-held, and gone with its process: shared for adding, from the look at the folder until a post names the bytes;
exclusive for removing.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ttp.store.database import make_home


@contextmanager
def adding(home: Path) -> Iterator[None]:
    """Hold the lock for adding, after whoever removes."""
    with _opened(home) as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


@contextmanager
def removing(home: Path) -> Iterator[int | None]:
    """Hold the lock for removing, its open file; None where somebody adds now."""
    with _opened(home) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield lock


@contextmanager
def _opened(home: Path) -> Iterator[int]:
    make_home(home)
    lock = os.open(home / "media.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield lock
    finally:
        os.close(lock)
