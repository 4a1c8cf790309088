"""Which machine this is: a number that no other machine has, and a name for people.

The number is what the system keeps for this purpose. machine-id(5) asks that it never leaves its machine as it is, so
only a digest of it is handed out, another one for each store.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ttp.domain.action import action
from ttp.domain.delivery import Delivery
from ttp.domain.errors import Busy, Hint
from ttp.domain.time.clock import to_ms
from ttp.store import file_identity, row_mapper
from ttp.store.dialect import Connection, Row, StoreError
from ttp.store.home.regular_file import open_regular

FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
"""Where Linux keeps it: machine-id(5), and the same number of an older system."""


ASK = ("/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice")
"""What tells it on macOS: ioreg(8), the property IOPlatformUUID."""


_LONGEST_ANSWER_S = 10.0


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine. `number` goes nowhere but into digests."""

    name: str
    number: str = field(repr=False)

    def digest_for(self, store_id: str) -> str:
        """What a store calls this machine: 32 hexadecimal digits."""
        import hashlib
        import hmac

        return hmac.new(self.number.encode(), f"ttp {store_id}".encode(), hashlib.sha256).hexdigest()[:32]


def ask_ioreg() -> str:
    """What macOS says of this machine; nothing where it cannot be asked."""
    import subprocess

    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(ASK, capture_output=True, text=True, timeout=_LONGEST_ANSWER_S, check=True).stdout
    return ""


def this_machine(
    platform: str = sys.platform, files: Iterable[Path] = FILES, ask: Callable[[], str] = ask_ioreg
) -> Machine:
    """The machine that this runs on. Where the system keeps no number, as in many containers, its name is taken."""
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
    found = re.search(r'"IOPlatformUUID" = "([0-9A-Fa-f-]{36})"', text)
    return found and found[1].upper()


RESTORED = "restored"
"""What `store.host` says of a store that `ttp restore` made."""


TAKE_OVER = action("run", take_over=True)


_FILE = "publisher.mark"


_FORM = "{} {:020d}\n"


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


class Elsewhere(Busy):
    """This machine may not publish from the store before a person says that no other one does."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"{why}; what is due here may be published already",
            Hint("fix", TAKE_OVER),
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """What is in the folder: which files these are, and how many steps `publisher.mark` has seen."""

    files: dict[str, str]
    newest: int


@dataclass(frozen=True, slots=True)
class Owner:
    """This machine, as the publisher of the store under `home`. `any_machine`: others publish from it as well, one
    after another (containers)."""

    home: Path
    machine: Machine
    any_machine: bool = False

    def doubt(self, db: Connection) -> Elsewhere | None:
        """Why this machine must not publish from the store; None where it may. Changes nothing."""
        seen = _seen(self.home, db)  # first: a publisher that runs writes the database before the file
        row = _row(db)
        if row["host"] == RESTORED:
            return Elsewhere("this store was restored from a backup")
        if seen is not None and seen.newest > db.highest_id("attempt"):
            return Elsewhere("this store was put back to an earlier state")
        if row["host"] and not self.any_machine and row["host"] != self.machine.digest_for(row["store_id"]):
            ran_at = row_mapper.instant(row["ran_at"])
            when = f", {ran_at.astimezone():%d %b %Y %H:%M}" if ran_at else ""
            return Elsewhere(f"another machine publishes from this store ({row['host_name']}{when})")
        return _copied(row["mark"], seen)

    def replaced(self, db: Connection) -> Elsewhere | None:
        """Why a publisher that runs must stop: other files are in the place of its store's. None where there are none,
        as while the folder is moved."""
        with suppress(OSError):
            seen = _seen(self.home, db)
            return None if seen is None else _copied(_row(db)["mark"], seen)
        return None

    def own(self, db: Connection, now: datetime) -> None:
        """Record, in the caller's transaction, that this machine publishes from the store now."""
        store_id = _row(db)["store_id"]
        db.execute(
            "UPDATE store SET host = ?, host_name = ?, mark = ?, ran_at = ?",
            (self.machine.digest_for(store_id), self.machine.name, _mark(self.home, db), to_ms(now)),
        )

    def note(self, db: Connection) -> None:
        """Write into `publisher.mark` how many steps are recorded: after a commit, never before. Raises nothing: what
        is committed stands, and less can be told of a store that is put back."""
        with suppress(OSError, StoreError):
            with db.snapshot():
                store_id, newest = _row(db)["store_id"], db.highest_id("attempt")
            descriptor = open_regular(self.home / _FILE, os.O_WRONLY)
            try:
                os.pwrite(descriptor, _FORM.format(store_id, newest).encode(), 0)
            finally:
                os.close(descriptor)


def remember_files(home: Path, db: Connection) -> None:
    """Record, in the caller's transaction, which files the store is: a copy that is made from now on is noticed."""
    db.execute("UPDATE store SET mark = ?", (_mark(home, db),))


def _copied(mark: str | None, seen: Seen | None) -> Elsewhere | None:
    """The refusal of a store whose files are not those that it remembers."""
    if mark is None or (seen is not None and file_identity.is_same(mark, seen.files)):
        return None
    return Elsewhere("this store is a copy, or was put back")


def is_copied(home: Path, db: Connection) -> Elsewhere | None:
    """The refusal of a store that is a copy, whichever machine this is."""
    return _copied(_row(db)["mark"], _seen(home, db))


def at_stake(db: Connection, *, now: datetime) -> Iterator[Delivery]:
    """What another copy of the store may have published: all that is in flight, and all that is due and pending."""
    return (row_mapper.delivery(row) for row in db.execute(_AT_STAKE, {"now": to_ms(now)}))


def store_id(db: Connection) -> str:
    """Which store it is."""
    return str(_row(db)["store_id"])


def _row(db: Connection) -> Row:
    row: Row = db.execute("SELECT * FROM store").fetchone()
    return row


def _mark(home: Path, db: Connection) -> str:
    """Which files the store is, as `store.mark` has it. Makes `publisher.mark` where it is not there."""
    return file_identity.as_text((_seen(home, db) or _make(home, _row(db)["store_id"])).files)


def _seen(home: Path, db: Connection) -> Seen | None:
    """None where there is no `publisher.mark`, or it is another store's."""
    try:
        descriptor = open_regular(home / _FILE)
    except FileNotFoundError:
        return None
    try:
        store_id, _, newest = os.pread(descriptor, 1000, 0).decode("ascii", "replace").partition(" ")
        if store_id != _row(db)["store_id"] or not newest.strip().isdecimal():
            return None
        return Seen(_files(home, descriptor), int(newest))
    finally:
        os.close(descriptor)


def _make(home: Path, store_id: str) -> Seen:
    """A new file, on the disk before the database speaks of it."""
    descriptor = open_regular(home / _FILE, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    try:
        os.write(descriptor, _FORM.format(store_id, 0).encode())
        os.fsync(descriptor)
        seen = Seen(_files(home, descriptor), 0)
    finally:
        os.close(descriptor)
    folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return seen


def _files(home: Path, mark: int) -> dict[str, str]:
    """Which file `publisher.mark` is, and the inode of the database. That one is never opened here: to close it would
    end the locks that SQLite holds on it (https://www.sqlite.org/howtocorrupt.html, 2.2)."""
    return {**file_identity.identity(mark), "db": str((home / "ttp.db").stat().st_ino)}
