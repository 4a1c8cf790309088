"""A file for outcomes of publishing calls that the database does not accept at the moment.

`publisher.journal` has one line of JSON with a checksum for each outcome, appended and synced before the call returns.
Its space is allocated in advance, so that it works on a full disk. It never contains a secret. Its reader and writer
hold the publisher's lock.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from ttp.domain.errors import Busy, Hint
from ttp.store.home.files import quote_path, sync
from ttp.store.row_mapper import text_of

Entry: TypeAlias = Mapping[str, Any]
"""One line, as JSON values."""

FILE = "publisher.journal"
ROOM = 64 * 1024
"""Bytes allocated in advance: over a hundred lines, and a publisher stops after the first few."""
_BLANK = b"\n"
"""Empty lines fill the allocated space."""


class Journal:
    """The journal of the store `store_id` under `home`."""

    def __init__(self, home: Path, store_id: str) -> None:
        """Create the file if needed. Raises Busy if it cannot be used: outcomes could be lost."""
        self.path = home / FILE
        self.kept = 0
        """Number of entries written by this object."""
        self.store_id = store_id
        self._turn = threading.Lock()
        try:
            self._make(home)
            self.entries()
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise Busy(
                f"{self.path} cannot be used ({error.strerror or error}): it keeps outcomes of calls while the"
                " store cannot accept them",
                Hint("see", f"df -h {quote_path(home)}") if full else Hint("see", f"ls -la {quote_path(self.path)}"),
            ) from error

    def keep(self, entry: Entry) -> None:
        """Append one entry durably. Raises OSError if the disk fails."""
        record = {"entry": dict(entry), "store": self.store_id}
        line = text_of({**record, "check": _check(record)}).encode()
        with self._turn, self._opened() as descriptor:
            end = len(_all(descriptor).rstrip(_BLANK))
            _write(descriptor, (_BLANK if end else b"") + line + _BLANK, end)
            os.fsync(descriptor)
            self.kept += 1

    def entries(self) -> list[Entry]:
        """Return the complete entries of this store, oldest first, without lines cut by a crash. Raises OSError."""
        return [record["entry"] for record in self._lines() if record["store"] == self.store_id]

    def clear(self) -> None:
        """Delete the entries of this store; another store's stay. Raises OSError."""
        theirs = [record for record in self._lines() if record["store"] != self.store_id]
        text = b"".join(text_of({**record, "check": _check(record)}).encode() + _BLANK for record in theirs)
        with self._turn, self._opened() as descriptor:
            size = max(os.fstat(descriptor).st_size, ROOM)
            _write(descriptor, text.ljust(size, _BLANK), 0)
            os.fsync(descriptor)

    def notes(self) -> tuple[str, ...]:
        """Return a note for a person about the entries written by this object."""
        if not self.kept:
            return ()
        what = "the outcome of one call is" if self.kept == 1 else f"the outcomes of {self.kept} calls are"
        return (f"{what} kept in {self.path} for the next publisher",)

    def _lines(self) -> list[dict[str, Any]]:
        with self._opened() as descriptor:
            records = (_read(line) for line in _all(descriptor).split(_BLANK) if line)
            return [record for record in records if record is not None]

    def _make(self, home: Path) -> None:
        with self._opened(os.O_CREAT) as descriptor:
            size = os.fstat(descriptor).st_size
            if size >= ROOM:
                return
            _write(descriptor, _BLANK * (ROOM - size), size)
            os.fsync(descriptor)
        sync(home)

    @contextmanager
    def _opened(self, more: int = 0) -> Iterator[int]:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | more, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def _all(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def _write(descriptor: int, text: bytes, at: int) -> None:
    while text:
        written = os.pwrite(descriptor, text, at)
        text, at = text[written:], at + written


def _check(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(text_of(record).encode()).hexdigest()[:16]


def _read(line: bytes) -> dict[str, Any] | None:
    """Return what a line says; None if it was cut or changed."""
    try:
        record = json.loads(line)
        whole = record.pop("check") == _check(record) and isinstance(record["entry"], dict)
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError):
        return None
    return record if whole and "store" in record else None
