"""Looking at a store as it is, whatever state it is in. Never creates, migrates or mends anything."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from ttp.domain.account import Account
from ttp.domain.errors import Hint, NewerStore
from ttp.store import instants, reads, rows
from ttp.store.database import REVISIONS, Database, quick_check
from ttp.store.unreadable import Unreadable

MOST = 20
_LOOSE = stat.S_IRWXG | stat.S_IRWXO
_OURS = ("config.toml",)
"""What people write themselves, and holds no secret."""


@dataclass(frozen=True, slots=True)
class Survey:
    """A store that can be read. `newest`: the latest instant at which anything is known to have happened."""

    bytes: int
    revision: str
    accounts: tuple[Account, ...]
    newest: datetime | None
    overdue: int
    waiting: int
    next_due_at: datetime | None
    unreadable: tuple[str, ...] = ()
    """The rows that cannot be read, the first MOST of them."""

    @property
    def is_current(self) -> bool:
        """Whether its schema is this program's. Of an older one nothing but the file was looked at."""
        return self.revision == REVISIONS[-1]


def survey(database: Database, now: datetime, *, approved: bool = False) -> Survey | None:
    """Read through the whole file, and what is in it. None where there is no store. Damaged, Busy, NewerStore.

    `approved`: only what is approved goes out.
    """
    with database.as_it_is() as db:
        if db is None:
            return None
        quick_check(db, database.path)
        row = db.execute("SELECT version_num FROM alembic_version").fetchone()
        revision = str(row[0]) if row else ""
        if revision not in REVISIONS:
            raise NewerStore(
                f'a newer ttp wrote the store {database.path}: its schema is "{revision}"',
                Hint("upgrade", "pip install --upgrade ttp-cli"),
            )
        size = sum(path.stat().st_size for path in _files(database) if path.exists())
        if revision != REVISIONS[-1]:
            return Survey(size, revision, (), None, 0, 0, None)
        unreadable = tuple(islice(_unreadable(db), MOST))
        accounts: tuple[Account, ...] = ()
        following = None
        with suppress(Unreadable):
            accounts = tuple(reads.accounts(db))
            following = reads.next_due(db, now, approved=approved)
        return Survey(
            size,
            revision,
            accounts,
            instants.newest(db),
            *reads.count_waiting(db, now, approved=approved),
            following.next_at if following else None,
            unreadable,
        )


def _unreadable(db: sqlite3.Connection) -> Iterator[str]:
    """Why each row cannot be read, of those that publishing reads."""
    known = "SELECT d.*, a.platform, a.handle AS account_handle FROM delivery d JOIN account a ON a.id = d.account_id"
    steps = (
        "SELECT t.*, d.post_id, a.platform, a.handle AS account_handle FROM attempt t"
        " JOIN delivery d ON d.id = t.delivery_id JOIN account a ON a.id = d.account_id"
    )
    asked: tuple[tuple[str, Callable[[sqlite3.Row], object]], ...] = (
        ("SELECT * FROM account", rows.account),
        ("SELECT * FROM post", lambda row: rows.post(row, [], [], [])),
        (known, rows.delivery),
        ("SELECT * FROM post_media", rows.media),
        (steps, rows.attempt),
    )
    for sql, read in asked:
        for row in db.execute(sql):
            try:
                read(row)
            except Unreadable as why:
                yield why.message


def loose(home: Path, *, but: tuple[Path, ...] = ()) -> Iterator[Path]:
    """The folder and what is in it that others than its owner can reach; `but`: folders that are meant for others."""
    with suppress(FileNotFoundError):
        if stat.S_IMODE(home.stat().st_mode) & _LOOSE:
            yield home
        for folder, folders, files in os.walk(home):
            here = Path(folder)
            folders[:] = sorted(name for name in folders if here / name not in but)
            for name in [*folders, *sorted(files)]:
                found = (here / name).lstat()
                ours = here == home and name in _OURS
                if not ours and not stat.S_ISLNK(found.st_mode) and stat.S_IMODE(found.st_mode) & _LOOSE:
                    yield here / name


def _files(database: Database) -> tuple[Path, ...]:
    return tuple(database.path.with_name(name) for name in ("ttp.db", "ttp.db-wal", "ttp.db-shm"))
