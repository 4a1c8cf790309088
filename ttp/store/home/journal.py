"""A small file beside the database for what became of a publishing call while the database does not take it.

Owns `publisher.journal`: one line of JSON with a checksum for each outcome, written at the end and onto the disk before
the call returns. The file's room is taken when it is made, so that a full disk has room for it. No secret is ever in
it. Its writer and its reader hold the publisher's lock. Decides nothing about what a line means.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from ttp.domain.errors import Busy, Hint
from ttp.store.home.paths import quoted
from ttp.store.row_mapper import text_of

Entry: TypeAlias = Mapping[str, Any]
"""What one line says. JSON values only."""

FILE = "publisher.journal"
ROOM = 64 * 1024
"""Bytes that are taken beforehand: more than a hundred lines, and no publisher goes on after the first few."""
_BLANK = b"\n"
"""What the room is filled with: lines that say nothing."""


class Journal:
    """The journal of the store `store_id` under `home`."""

    def __init__(self, home: Path, store_id: str) -> None:
        """Make the file where there is none. Busy where it cannot be made or read: what became of a call could be
        lost."""
        self.path = home / FILE
        self.kept = 0
        """How many entries were written by this object."""
        self._store_id = store_id
        self._turn = threading.Lock()
        try:
            self._make(home)
            self.entries()
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise Busy(
                f"{self.path} cannot be used ({error.strerror or error}): it keeps what became of a call while the"
                " store cannot take it",
                Hint("see", f"df -h {quoted(home)}") if full else Hint("see", f"ls -la {quoted(self.path)}"),
            ) from error

    def keep(self, entry: Entry) -> None:
        """Write one entry at the end and onto the disk. OSError if the disk does not take it."""
        known = {"entry": dict(entry), "store": self._store_id}
        line = text_of({**known, "check": _check(known)}).encode()
        with self._turn:
            descriptor = self._open()
            try:
                end = len(_all(descriptor).rstrip(_BLANK))
                _write(descriptor, (_BLANK if end else b"") + line + _BLANK, end)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            self.kept += 1

    def entries(self) -> list[Entry]:
        """The entries of this store that are whole, oldest first. A line that a crash has torn says nothing. OSError
        if the file cannot be read."""
        return [known["entry"] for known in self._lines() if known["store"] == self._store_id]

    def clear(self) -> None:
        """Forget what was taken up; another store's entries stay. OSError."""
        theirs = [known for known in self._lines() if known["store"] != self._store_id]
        text = b"".join(text_of({**known, "check": _check(known)}).encode() + _BLANK for known in theirs)
        with self._turn:
            descriptor = self._open()
            try:
                size = max(os.fstat(descriptor).st_size, ROOM)
                _write(descriptor, text.ljust(size, _BLANK), 0)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def told(self) -> tuple[str, ...]:
        """What a person should know of what was kept by this object; nothing where nothing was."""
        if not self.kept:
            return ()
        what = "what became of one call is" if self.kept == 1 else f"what became of {self.kept} calls is"
        return (f"{what} kept in {self.path}, and the next publisher takes it up",)

    def _lines(self) -> list[dict[str, Any]]:
        descriptor = self._open()
        try:
            found = (_read(line) for line in _all(descriptor).split(_BLANK) if line)
            return [known for known in found if known is not None]
        finally:
            os.close(descriptor)

    def _make(self, home: Path) -> None:
        descriptor = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size >= ROOM:
                return
            _write(descriptor, _BLANK * (ROOM - size), size)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _open(self) -> int:
        return os.open(self.path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)


def _all(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def _write(descriptor: int, text: bytes, at: int) -> None:
    while text:
        written = os.pwrite(descriptor, text, at)
        text, at = text[written:], at + written


def _check(known: Mapping[str, Any]) -> str:
    return hashlib.sha256(text_of(known).encode()).hexdigest()[:16]


def _read(line: bytes) -> dict[str, Any] | None:
    """What a line says; None where it is torn or was changed."""
    try:
        known = json.loads(line)
        whole = known.pop("check") == _check(known) and isinstance(known["entry"], dict)
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError):
        return None
    return known if whole and "store" in known else None
