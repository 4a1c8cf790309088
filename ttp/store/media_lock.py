"""The lock between those who add media and whoever removes what is not needed any more.

Kernel-held, and gone with its process: shared for adding, from the look at the folder until a post names the bytes;
exclusive for removing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ttp.store.database import make_home
from ttp.store.file_lock import LOCK_EX, LOCK_NB, LOCK_SH, lock, lock_trouble
from ttp.store.regular_file import open_regular

_FILE = "media.lock"


@contextmanager
def adding(home: Path) -> Iterator[None]:
    """Hold the lock for adding, after whoever removes."""
    with _opened(home) as held:
        lock(held, LOCK_SH, home / _FILE)
        yield


@contextmanager
def removing(home: Path) -> Iterator[int | None]:
    """Hold the lock for removing, its open file; None where somebody adds now."""
    with _opened(home) as held:
        try:
            lock(held, LOCK_EX | LOCK_NB, home / _FILE)
        except BlockingIOError:
            yield None
        else:
            yield held


@contextmanager
def _opened(home: Path) -> Iterator[int]:
    make_home(home)
    with lock_trouble(home / _FILE):
        held = open_regular(home / _FILE, os.O_RDWR | os.O_CREAT)
    try:
        yield held
    finally:
        os.close(held)
