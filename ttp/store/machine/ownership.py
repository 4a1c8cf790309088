"""The machine that publishes from the store, and how copies and restored stores are noticed.

A machine is known by the number that its system keeps for that. machine-id(5) asks that the number never leaves the
machine, so a store holds only a digest of it, different for each store.

A file is known by what survives a move, remount and reboot, and differs for a copy. The inode number: overlay file
systems keep it when a container's first write copies a file up. The generation, which a file system gives each new file
(FS_IOC_GETVERSION): a file that replaces a deleted one often gets its inode number. With the subvolume on btrfs, whose
snapshots keep both. The time of birth, on file systems without generations; not on overlay file systems, where a
copy-up changes it. Device numbers are useless: the kernel assigns them at each mount.
"""

from __future__ import annotations

import fcntl
import os
import re
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from ttp.domain.action import action
from ttp.domain.delivery import Delivery
from ttp.domain.errors import Busy, Hint
from ttp.domain.publishing.attempt import Attempt
from ttp.domain.time.clock import to_ms
from ttp.store import row_mapper
from ttp.store.dialect import Connection, StoreError
from ttp.store.home.files import open_regular, sync
from ttp.store.machine import host_mark
from ttp.store.machine.host_mark import HostMark, ServerIdentity
from ttp.store.machine.seal import store_row

FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
"""Linux: machine-id(5), and the same number on older systems."""
ASK = ("/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice")
"""macOS: ioreg(8), the property IOPlatformUUID."""
_LONGEST_ANSWER_S = 10.0


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine. `number` is used only in digests."""

    name: str
    number: str = field(repr=False)

    def digest_for(self, store_id: str) -> str:
        """Return the store's name for this machine: 32 hexadecimal digits."""
        import hashlib
        import hmac

        return hmac.new(self.number.encode(), f"ttp {store_id}".encode(), hashlib.sha256).hexdigest()[:32]


def ask_ioreg() -> str:
    """Return what macOS says about this machine; empty on failure."""
    import subprocess

    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(ASK, capture_output=True, text=True, timeout=_LONGEST_ANSWER_S, check=True).stdout
    return ""


def this_machine(
    platform: str = sys.platform, files: Iterable[Path] = FILES, ask: Callable[[], str] = ask_ioreg
) -> Machine:
    """Return this machine. Its name replaces a missing number, as in many containers."""
    name = os.uname().nodename  # what gethostname says, without its library
    number = _from_ioreg(ask()) if platform == "darwin" else _from_files(files)
    return Machine(name, number or f"name {name}")


def _from_files(files: Iterable[Path]) -> str | None:
    for path in files:
        with suppress(OSError, UnicodeDecodeError):
            text = path.read_text().strip()
            if re.fullmatch(r"[0-9a-f]{32}", text):  # a system that was never started says "uninitialized"
                return text
    return None


def _from_ioreg(text: str) -> str | None:
    serial = re.search(r'"IOPlatformUUID" = "([0-9A-Fa-f-]{36})"', text)
    return serial and serial[1].upper()


RESTORED = "restored"
"""The `store.host` of a store that `ttp restore` made."""
TAKE_OVER = action("run", take_over=True)
_FILE = "publisher.mark"
_FORM = "{} {:020d}\n"
_XID = "pg_current_xact_id()::text::bigint"


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
FROM found JOIN delivery d ON d.id = found.id JOIN account a ON a.id = d.account_id
ORDER BY d.id
"""


class OwnedElsewhere(Busy):
    """This machine may not publish from the store until a person confirms that no other one does."""

    def __init__(self, why: str, flaw: str) -> None:
        super().__init__(f"{why}, so posts that are due may already be live", Hint("fix", TAKE_OVER), flaw=flaw)


class MarkFile(NamedTuple):
    """The identities of the store's files, and the last attempt id in `publisher.mark`."""

    files: dict[str, str]
    newest: int


@dataclass(frozen=True, slots=True)
class Owner:
    """This machine as publisher of the store under `home`. `any_machine`: several machines take turns (containers).
    `identity`: reads which server the store is on; None for a store that is a file."""

    home: Path
    machine: Machine
    any_machine: bool = False
    identity: Callable[[Connection], ServerIdentity] | None = None
    _host_mark: HostMark = field(default_factory=HostMark, init=False, repr=False, compare=False)

    def refusal(self, db: Connection) -> OwnedElsewhere | None:
        """Return why this machine must not publish from the store; None if it may. Changes nothing."""
        # First: a publisher writes the file after the database.
        seen = _seen(self.home, db) if self.identity is None else None
        row = store_row(db)
        if row["host"] == RESTORED:
            return OwnedElsewhere("this store was restored from a backup", "restored")
        if self.identity is not None:
            return _replaced(self.home, db, self.identity)
        if seen is not None and seen.newest > db.highest_id("attempt"):
            return _put_back()
        if row["host"] and not self.any_machine and row["host"] != self.machine.digest_for(row["store_id"]):
            ran_at = row_mapper.instant(row["ran_at"])
            when = f", {ran_at.astimezone():%d %b %Y %H:%M}" if ran_at else ""
            why = f"another machine publishes from this store ({row['host_name']}{when})"
            return OwnedElsewhere(why, "other_machine")
        return _copied(row["mark"], seen)

    def refusal_if_replaced(self, db: Connection) -> OwnedElsewhere | None:
        """Return why a running publisher must stop: its store's files were replaced, or some of its tables put back.
        None if they were not, or while the folder is being moved."""
        if self.identity is not None:
            return _put_back() if self._host_mark.is_put_back else None
        with suppress(OSError):
            seen = _seen(self.home, db)
            return None if seen is None else _copied(store_row(db)["mark"], seen)
        return None

    def warn_others(self, db: Connection) -> None:
        """Make every host ask for the take-over, in the caller's transaction, if this one has seen that its store on a
        server was put back."""
        if self.identity is None:
            return
        seen, here = host_mark.read(self.home).get(store_row(db)["store_id"]), self.identity(db)
        if seen is not None and host_mark.is_put_back(db, seen, here):
            # Only this mark: a take-over that ends meanwhile makes another one.
            db.execute("DELETE FROM store_mark WHERE xid = ?", (here.mark,))

    def claim(self, db: Connection, now: datetime, *, take_over: bool = False) -> None:
        """Record in the caller's transaction that this machine publishes from the store. `take_over`: on all machines
        that is settled with it what happened to the store before."""
        store_id = store_row(db)["store_id"]
        mark = _mark(self.home, db) if self.identity is None else None
        db.execute(
            "UPDATE store SET host = ?, host_name = ?, mark = ?, ran_at = ?",
            (self.machine.digest_for(store_id), self.machine.name, mark, to_ms(now)),
        )
        if self.identity is not None:
            here = self.identity(db)
            db.execute("UPDATE store SET server = ?, timeline = ?", (here.server, here.timeline))
            if take_over:
                renew_mark(db)

    def notice_failover(self, db: Connection) -> bool:
        """Return whether another server took the place of the one on which a publisher ran last, and record it in the
        caller's transaction. Raises OwnedElsewhere if the store was copied, restored or put back. To be asked at the
        start of each session, before anything is claimed: one publisher gets True, and the others wait for its
        transaction.
        """
        if self.identity is None:
            return False
        if (why := _replaced(self.home, db, self.identity)) is not None:
            raise why
        here = self.identity(db)
        changed = db.execute(
            "UPDATE store SET timeline = ? WHERE timeline IS NOT NULL AND timeline <> ?", (here.timeline, here.timeline)
        )
        return changed.rowcount > 0

    def note_progress(self, db: Connection) -> None:
        """Write the last attempt id into `publisher.mark`, or what `host_mark` keeps: after a commit, never before.
        Raises nothing; if it fails, putting back an older store is noticed less precisely."""
        if self.identity is not None:
            self._host_mark.note(self.home, db, self.identity)
            return
        with suppress(OSError, StoreError):
            with db.snapshot():
                store_id, newest = store_row(db)["store_id"], db.highest_id("attempt")
            descriptor = open_regular(self.home / _FILE, os.O_WRONLY)
            try:
                os.pwrite(descriptor, _FORM.format(store_id, newest).encode(), 0)
            finally:
                os.close(descriptor)

    def note_intent(self, intent: Attempt) -> None:
        """Note a committed intent before its call. Raises nothing."""
        if self.identity is not None:
            self._host_mark.note_intent(intent)


def _replaced(home: Path, db: Connection, identity: Callable[[Connection], ServerIdentity]) -> OwnedElsewhere | None:
    """Return the refusal for a store on a server that is not the one it was published from, or in an earlier state."""
    # First: a publisher writes the file after the database.
    marks = host_mark.read(home)
    row, here = store_row(db), identity(db)
    seen = marks.get(row["store_id"])
    if row["server"] not in (None, here.server):
        return OwnedElsewhere("this store was copied from another database", "other_server")
    if here.mark is None:
        return from_dump()
    if seen is None:
        host_mark.refuse_unreadable(home, row["store_id"])
        return None
    return _put_back() if host_mark.is_put_back(db, seen, here) else None


def _put_back() -> OwnedElsewhere:
    return OwnedElsewhere("this store was put back to an earlier state", "put_back")


def from_dump() -> OwnedElsewhere:
    """Return the refusal for a store that was restored from a dump of its database, or of which another host says that
    it was put back."""
    return OwnedElsewhere("this store was restored from a dump or put back to an earlier state", "restored")


def renew_mark(db: Connection) -> None:
    """Settle for all hosts what happened before to a store on a server; in the caller's transaction, in no
    savepoint."""
    db.execute("DELETE FROM store_mark")  # of rows alone that were restored there may be two
    db.execute(f"INSERT INTO store_mark (xid) VALUES ({_XID})")


def remember_files(home: Path, db: Connection) -> None:
    """Record the identity of the store's files in the caller's transaction, so that later copies are noticed."""
    db.execute("UPDATE store SET mark = ?", (_mark(home, db),))


def _copied(mark: str | None, seen: MarkFile | None) -> OwnedElsewhere | None:
    """Return the refusal for a store whose files are not the recorded ones."""
    if mark is None or (seen is not None and is_same(mark, seen.files)):
        return None
    return OwnedElsewhere("this store was copied or restored", "copied")


def refusal_of_copy(
    home: Path, db: Connection, identity: Callable[[Connection], ServerIdentity] | None = None
) -> OwnedElsewhere | None:
    """Return the refusal for a store that is a copy, on any machine. `identity`: of the store's server, if it has
    one."""
    if identity is not None:
        return _replaced(home, db, identity)
    return _copied(store_row(db)["mark"], _seen(home, db))


def possibly_published(db: Connection, *, now: datetime) -> Iterator[Delivery]:
    """Yield what another copy of the store may have published: deliveries in flight, and pending ones that are due."""
    return (row_mapper.delivery(row) for row in db.execute(_AT_STAKE, {"now": to_ms(now)}))


def store_id(db: Connection) -> str:
    """Return the store's permanent id, which its copies share."""
    # Only this column: an older store has it too, and SQLite raises an error for the file of another program.
    return str(db.execute("SELECT store_id FROM store").fetchone()[0])


def _mark(home: Path, db: Connection) -> str:
    """Return the identity of the store's files, as `store.mark` has it. Creates `publisher.mark` if needed."""
    return as_text((_seen(home, db) or _make(home, store_row(db)["store_id"])).files)


def _seen(home: Path, db: Connection) -> MarkFile | None:
    """Return the contents of `publisher.mark`; None if it is missing or another store's."""
    try:
        descriptor = open_regular(home / _FILE)
    except FileNotFoundError:
        return None
    try:
        store_id, _, newest = os.pread(descriptor, 1000, 0).decode("ascii", "replace").partition(" ")
        if store_id != store_row(db)["store_id"] or not newest.strip().isdecimal():
            return None
        return MarkFile(_files(home, descriptor), int(newest))
    finally:
        os.close(descriptor)


def _make(home: Path, store_id: str) -> MarkFile:
    """Create `publisher.mark` durably, before the database refers to it."""
    descriptor = open_regular(home / _FILE, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    try:
        os.write(descriptor, _FORM.format(store_id, 0).encode())
        os.fsync(descriptor)
        seen = MarkFile(_files(home, descriptor), 0)
    finally:
        os.close(descriptor)
    sync(home)
    return seen


def _files(home: Path, mark: int) -> dict[str, str]:
    """Return the identity of `publisher.mark` and the inode of the database, which is not opened here: closing it would
    release SQLite's locks (https://www.sqlite.org/howtocorrupt.html, 2.2)."""
    return {**identity(mark), "db": str((home / "ttp.db").stat().st_ino)}


_GET_VERSION = 0x80000000 | (struct.calcsize("l") << 16) | (ord("v") << 8) | 1


# BTRFS_IOC_INO_LOOKUP: anybody may ask for the subvolume of a file by this object.
_SUBVOLUME, _SUBVOLUME_BYTES, _FIRST_FREE_OBJECT = 0xD0009412, 4096, 256
_EMPTY_PATH, _BIRTH = 0x1000, 0x800
_OVERLAY = 0x794C7630


def identity(descriptor: int) -> dict[str, str]:
    """Return what identifies an open file: `ino`, and `gen`, `tree` or `born` where the file system has it."""
    status = os.fstat(descriptor)
    marks = {"ino": str(status.st_ino)}
    if (born := getattr(status, "st_birthtime", None)) is not None:
        return {**marks, "born": str(born)}
    answer = bytearray(8)
    with suppress(OSError):
        fcntl.ioctl(descriptor, _GET_VERSION, answer)
    (generation,) = struct.unpack_from("=I", answer)
    if generation:
        marks["gen"] = str(generation)
        lookup = bytearray(struct.pack("=QQ", 0, _FIRST_FREE_OBJECT).ljust(_SUBVOLUME_BYTES, b"\0"))
        with suppress(OSError):
            fcntl.ioctl(descriptor, _SUBVOLUME, lookup)
            marks["tree"] = str(struct.unpack_from("=Q", lookup)[0])
    elif (birth := _birth(descriptor)) is not None:
        marks["born"] = birth
    return marks


def as_text(marks: dict[str, str]) -> str:
    """Return an identity in the form that is stored."""
    return " ".join(f"{name}={value}" for name, value in marks.items())


def is_same(kept: str, marks: dict[str, str]) -> bool:
    """Return whether the stored identity fits the file. A key that only one of the two has is ignored."""
    stored = _read(kept)
    return all(marks.get(name, value) == value for name, value in stored.items())


def _read(kept: str) -> dict[str, str]:
    if "=" in kept:
        return dict(part.split("=", 1) for part in kept.split())
    inode, _, rest = kept.partition(".")  # as earlier versions wrote it: 12.345, and on macOS 12.1795.25
    name = "born" if "." in rest else "gen"
    return {"ino": inode} | ({name: rest} if rest != "0" else {})


def _birth(descriptor: int) -> str | None:
    """Return the birth time in ns by statx(2), which this Python does not offer."""
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    with suppress(OSError, AttributeError):  # a C library without statx
        system = ctypes.CDLL(None)
        answer = ctypes.create_string_buffer(256)
        if system.fstatfs(descriptor, answer) or struct.unpack_from("I", answer)[0] == _OVERLAY:
            return None
        if system.statx(descriptor, b"", _EMPTY_PATH, _BIRTH, answer) == 0:
            mask, (seconds, nanoseconds) = struct.unpack_from("I", answer)[0], struct.unpack_from("qI", answer, 80)
            if mask & _BIRTH:
                return str(seconds * 10**9 + nanoseconds)
    return None
