"""Whose store it is: the machine that publishes from it, and whether the store is the one that this machine left.

A store that was copied to another machine, restored, or put back is the ordinary way to publish twice. It is told by
three things, all written by the publisher:

- `store.host`, a digest of the machine. Another one: another machine.
- `publisher.mark`, a file beside the database that is written in place and never replaced. It says how many steps were
  ever recorded in `attempt`. More than the database knows of: the database was put back.
- `store.mark`, which file that is. Another one: the folder was copied, or put back as a whole. It holds nothing up
  unless something is due that was stored before the copy was made.

A machine that is set back with its whole disk cannot be told from one that was switched off: nothing here sees that.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ttp.domain.delivery import Delivery
from ttp.domain.errors import Busy, Hint
from ttp.domain.time.clock import to_ms
from ttp.store import rows
from ttp.store.machine import Machine
from ttp.store.regular_file import open_regular

RESTORED = "restored"
"""What `store.host` says of a store that `ttp restore` made."""
TAKE_OVER = "ttp run --take-over"
_FILE = "publisher.mark"
_FORM = "{} {:020d}\n"
# Linux's FS_IOC_GETVERSION: a number that a file system gives each new file, so that a file in the place of a deleted
# one, which often gets its inode number, is told apart.
_GET_VERSION = 0x80000000 | (struct.calcsize("l") << 16) | (ord("v") << 8) | 1

# In flight, or due: one part for each partial index, in the index's own words.
_AT_STAKE = """
WITH found AS (
    SELECT id FROM delivery WHERE state IN ('claimed', 'sending')
    UNION ALL SELECT id FROM delivery WHERE state IN ('processing', 'reconciling', 'published') AND next_at IS NOT NULL
        AND state <> 'published'
    UNION ALL SELECT id FROM delivery WHERE state IN ('pending', 'retrying') AND next_at IS NOT NULL
        AND next_at <= :now
    UNION ALL SELECT id FROM delivery WHERE state IN ('pending', 'retrying') AND next_at IS NOT NULL
        AND next_at > :now AND state = 'retrying'
)
SELECT d.*, a.platform, a.handle AS account_handle
FROM found JOIN delivery d ON d.id = found.id JOIN account a ON a.id = d.account_id JOIN post p ON p.id = d.post_id
WHERE :stored_by IS NULL OR p.updated_at <= :stored_by ORDER BY d.id
"""


class Elsewhere(Busy):
    """This machine may not publish from the store before a person says that no other one does."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"{why}; what is due here may be published already",
            Hint("once nothing else publishes from it", TAKE_OVER),
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """What `publisher.mark` says: which file it is, since when it is there, and how many steps it has seen."""

    mark: str
    since: datetime
    newest: int


@dataclass(frozen=True, slots=True)
class Owner:
    """This machine, as the publisher of the store under `home`. `any_machine`: others publish from it as well, one
    after another (containers)."""

    home: Path
    machine: Machine
    any_machine: bool = False

    def doubt(self, db: sqlite3.Connection, now: datetime) -> Elsewhere | None:
        """Why this machine must not publish from the store; None where it may. Changes nothing."""
        seen = self._seen(db)  # first: a publisher that runs writes the database before the file
        row = _row(db)
        if row["host"] == RESTORED:
            return Elsewhere("this store was restored from a backup")
        if seen is not None and seen.newest > row["newest"]:
            return Elsewhere("this store was put back to an earlier state")
        if row["host"] is None or self.any_machine:
            return None
        if row["host"] != self.machine.digest_for(row["store_id"]):
            ran_at = rows.instant(row["ran_at"])
            when = f", {ran_at.astimezone():%d %b %Y %H:%M}" if ran_at else ""
            return Elsewhere(f"another machine publishes from this store ({row['host_name']}{when})")
        if seen is None or seen.mark != row["mark"]:
            # What was stored after the copy was made is known to this copy alone. A clock that stands before the last
            # run tells nothing.
            copied_at = seen.since if seen is not None and to_ms(seen.since) >= (row["ran_at"] or 0) else None
            if any_at_stake(db, now=now, stored_by=copied_at):
                return Elsewhere("this store is a copy, or was put back")
        return None

    def own(self, db: sqlite3.Connection, now: datetime) -> None:
        """Record, in the caller's transaction, that this machine publishes from the store now."""
        store_id = _row(db)["store_id"]
        seen = self._seen(db) or self._make(store_id)
        db.execute(
            "UPDATE store SET host = ?, host_name = ?, mark = ?, ran_at = ?",
            (self.machine.digest_for(store_id), self.machine.name, seen.mark, to_ms(now)),
        )

    def note(self, db: sqlite3.Connection) -> None:
        """Write into `publisher.mark` how many steps are recorded: after a commit, never before. Raises nothing: what
        is committed stands, and less can be told of a store that is put back."""
        with suppress(OSError, sqlite3.Error):
            row = _row(db)
            descriptor = open_regular(self.home / _FILE, os.O_WRONLY)
            try:
                os.pwrite(descriptor, _FORM.format(row["store_id"], row["newest"]).encode(), 0)
            finally:
                os.close(descriptor)

    def _seen(self, db: sqlite3.Connection) -> Seen | None:
        """None where there is no such file, or it is another store's."""
        try:
            descriptor = open_regular(self.home / _FILE)
        except FileNotFoundError:
            return None
        try:
            store_id, _, newest = os.pread(descriptor, 1000, 0).decode("ascii", "replace").partition(" ")
            if store_id != _row(db)["store_id"] or not newest.strip().isdecimal():
                return None
            since = datetime.fromtimestamp(os.fstat(descriptor).st_ctime, UTC)
            return Seen(_identity(descriptor), since, int(newest))
        finally:
            os.close(descriptor)

    def _make(self, store_id: str) -> Seen:
        """A new file, on the disk before the database speaks of it."""
        descriptor = open_regular(self.home / _FILE, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
        try:
            os.write(descriptor, _FORM.format(store_id, 0).encode())
            os.fsync(descriptor)
            seen = Seen(_identity(descriptor), datetime.fromtimestamp(os.fstat(descriptor).st_ctime, UTC), 0)
        finally:
            os.close(descriptor)
        folder = os.open(self.home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return seen


def at_stake(db: sqlite3.Connection, *, now: datetime, stored_by: datetime | None = None) -> Iterator[Delivery]:
    """What another copy of the store may have published: all that is in flight, and all that is due and pending.

    `stored_by`: only of posts that were changed last at this instant or before.
    """
    values = {"now": to_ms(now), "stored_by": rows.ms(stored_by)}
    return (rows.delivery(row) for row in db.execute(_AT_STAKE, values))


def any_at_stake(db: sqlite3.Connection, *, now: datetime, stored_by: datetime | None = None) -> bool:
    """Whether there is any of it, also such that cannot be read."""
    return db.execute(_AT_STAKE, {"now": to_ms(now), "stored_by": rows.ms(stored_by)}).fetchone() is not None


def store_id(db: sqlite3.Connection) -> str:
    """Which store it is."""
    return str(_row(db)["store_id"])


def _row(db: sqlite3.Connection) -> sqlite3.Row:
    newest = "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'attempt'), 0)"
    row: sqlite3.Row = db.execute(f"SELECT *, {newest} AS newest FROM store").fetchone()
    return row


def _identity(descriptor: int) -> str:
    """What tells a file from each copy of it: its inode, and when it was born or the number of that birth."""
    found = os.fstat(descriptor)
    born = getattr(found, "st_birthtime", None)
    if born is None:
        answer = bytearray(8)
        with suppress(OSError):  # not every file system has it
            fcntl.ioctl(descriptor, _GET_VERSION, answer)
        (born,) = struct.unpack_from("=I", answer)
    return f"{found.st_ino}.{born}"
