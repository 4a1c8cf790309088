"""Stores of older revisions with rows in every table, as the dump of each.

The first is a store that ttp filled through its own commands against the sandbox, with followers of an account, a
token, a person who is logged in, an event, a notification, a webhook with a call, a submitted draft and a publisher.
`postgresql_0018.sql` is the schema of the first revision on PostgreSQL.
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from ttp.store.database import Database
from ttp.store.migrations import upgrade
from ttp.store.sqlite import connect_unchecked

FOLDER = Path(__file__).parent


def revisions() -> list[str]:
    """Return the revisions with a dump, oldest first."""
    return sorted(path.stem for path in FOLDER.glob("[0-9]*.sql"))


def unpack(home: Path, revision: str) -> Database:
    """Create a store of that revision under `home`: of the newest dump that is not newer."""
    kept = max(one for one in revisions() if one <= revision)
    home.mkdir(mode=0o700, exist_ok=True)
    store = Database(home)
    store.path.touch(0o600)
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript((FOLDER / f"{kept}.sql").read_text())
    if revision != kept:
        with closing(connect_unchecked(store.path)) as connection:
            upgrade(connection, revision)
    return store


def keep(revision: str) -> None:
    """Write the dump of a revision, if there is none. A table that it added has no rows yet: a test asks for some."""
    if revision in revisions():
        return
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(unpack(Path(folder), revision).path)) as db:
        (FOLDER / f"{revision}.sql").write_text("".join(f"{line}\n" for line in db.iterdump()))
