"""What renewing an account's token needs of the disk: a lock, a note of what was begun, and the account's marks.

The lock is the kernel's and dies with its process. The note is written before a refresh token is sent, which works
once: where a process died between the platform's answer and storing it, the next one can say so. No secret is here.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from ttp.domain.account import Account
from ttp.domain.errors import Busy, Hint
from ttp.store import rows, whole_file
from ttp.store.database import make_home, translated
from ttp.store.file_lock import LOCK_EX, LOCK_NB, lock, lock_trouble
from ttp.store.regular_file import open_regular, read_text
from ttp.store.rows import ms

_FOLDER = "tokens"
_LOOK_AGAIN_S = 0.02
"""How often a lock that another has is asked for."""


class TokenHeld(Busy):
    """Another process has the account's token in hand: it renews it, or publishes with it."""

    def __init__(self, account: str) -> None:
        super().__init__(f"another ttp has the token of {account} in hand", Hint("see who publishes", "ttp status"))


@contextmanager
def token_lock(home: Path, account: str, *, patience_s: float) -> Iterator[None]:
    """Hold the account's token for the block. TokenHeld where another holds it for longer than `patience_s`."""
    descriptor = _open_lock(home, account)
    try:
        end = time.monotonic() + patience_s
        while not _taken(descriptor, _path(home, account, "lock")):
            if time.monotonic() >= end:
                raise TokenHeld(account)
            time.sleep(_LOOK_AGAIN_S)
        yield
    finally:
        os.close(descriptor)


def _open_lock(home: Path, account: str) -> int:
    """The descriptor of the lock's file, which stays once it is made."""
    path = _path(home, account, "lock")
    try:
        return open_regular(path, os.O_RDWR | os.O_CREAT)
    except FileNotFoundError:
        _make_folder(home)
    except OSError as error:
        with lock_trouble(path):
            raise error
    with lock_trouble(path):
        return open_regular(path, os.O_RDWR | os.O_CREAT)


def _taken(descriptor: int, path: Path) -> bool:
    """Whether the kernel gave the lock. Taken directly: one is taken for each delivery, and filelock costs as much of
    that as its request does."""
    try:
        lock(descriptor, LOCK_EX | LOCK_NB, path)
    except BlockingIOError:
        return False
    return True


def note_begun(home: Path, account: str, token: str, at: datetime) -> None:
    """Write down, on disk when this comes back, that `token` is about to be spent. The lock must be held."""
    path = _path(home, account, "json")
    with translated(path):
        whole_file.write(path, json.dumps({"token": _mark(token), "at": at.isoformat()}))


def begun_at(home: Path, account: str, token: str) -> datetime | None:
    """When spending `token` was begun and not heard to end; None where it was not."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        note = json.loads(read_text(_path(home, account, "json")))
        if note["token"] == _mark(token):
            return datetime.fromisoformat(note["at"])
    return None


def forget_begun(home: Path, account: str) -> None:
    """What was begun has ended: its answer is stored, or it was refused."""
    _path(home, account, "json").unlink(missing_ok=True)


def renewed(db: sqlite3.Connection, account: Account, *, until: datetime | None, scopes: tuple[str, ...]) -> None:
    """Note until when the account works now, and what it was granted where the platform said so."""
    if scopes:
        db.execute("UPDATE account SET scopes = ? WHERE id = ?", (rows.text_of(list(scopes)), account.id))
    db.execute("UPDATE account SET expires_at = ? WHERE id = ?", (ms(until), account.id))


def _mark(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def _path(home: Path, account: str, suffix: str) -> Path:
    """`tokens/x-me.lock` of `x/me`: handles hold no separators, and the same one in any case."""
    return home / _FOLDER / f"{account.lower().replace('/', '-', 1)}.{suffix}"


def _make_folder(home: Path) -> None:
    make_home(home)
    with translated(home / _FOLDER):
        (home / _FOLDER).mkdir(mode=0o700, exist_ok=True)
