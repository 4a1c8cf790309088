"""Locks that show whether the work of a request goes on: one file for each request with an idempotency key.

The server that takes a request takes its lock. A program that does the work inherits the open file, and with it the
lock. So it is held until the last of them ends, however that happens, also while they are suspended.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from enum import Enum
from pathlib import Path

from ttp.store.home.files import disk_errors_as_busy, make_home, open_regular
from ttp.store.home.locks import LOCK_SH, try_lock

FOLDER = "requests"


class WorkState(Enum):
    """Whether the work of a request goes on. `ELSEWHERE`: only another host can tell."""

    RUNNING = "running"
    ELSEWHERE = "elsewhere"
    GONE = "gone"


class RequestLock:
    """A lock that this process holds. `holder`: its name, and the host and the home that it is in."""

    def __init__(self, home: Path) -> None:
        """Take a new lock. Raise Busy."""
        name = secrets.token_hex(16)
        self.holder = f"{name} {_place(home)}"
        self._path = _path(home, name)
        with disk_errors_as_busy(self._path):
            make_home(home)
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            self.descriptor = open_regular(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        try:
            try_lock(self.descriptor, self._path)
        except BaseException:
            self.remove()
            raise

    def remove(self) -> None:
        """Release the lock, and delete its file."""
        with suppress(OSError):
            self._path.unlink()
        self.leave()

    def leave(self) -> None:
        """Release the lock, and keep its file: it shows that the work has ended."""
        os.close(self.descriptor)


def find_state(home: Path, holder: str, *, is_shared: bool) -> WorkState:
    """Return whether the work goes on that a lock is held for. `is_shared`: other hosts use the store, too."""
    name, _, place = holder.partition(" ")
    if not name:  # of an older ttp
        return WorkState.GONE
    path = _path(home, name)
    try:
        descriptor = open_regular(path, os.O_RDWR)
    except (FileNotFoundError, NotADirectoryError):
        return WorkState.ELSEWHERE if is_shared and place != _place(home) else WorkState.GONE
    try:
        return WorkState.GONE if try_lock(descriptor, path, LOCK_SH) else WorkState.RUNNING
    finally:
        os.close(descriptor)


def remove_file(home: Path, holder: str) -> None:
    """Remove the file of a free lock, if it is here."""
    with suppress(OSError):
        _path(home, holder.partition(" ")[0]).unlink()


def host_of(holder: str) -> str:
    return holder.split(" ")[1]


def _place(home: Path) -> str:
    return f"{os.uname().nodename} {os.path.realpath(home)}"


def _path(home: Path, name: str) -> Path:
    return home / FOLDER / f"{name}.lock"
