"""Stores for tests: created once, then copied; filled through the store's own writers."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.clock import START
from tests.platforms.factories import PLATFORMS
from ttp.cli.context import open_database
from ttp.domain.account import Account, parse_account_name
from ttp.domain.delivery import Delivery
from ttp.domain.post import Post
from ttp.domain.post_edit import with_derived_status
from ttp.store import accounts, posts
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.machine.ownership import remember_files
from ttp.store.sqlite import SqliteConnection, create_tables

if TYPE_CHECKING:
    from tests.store.schemas import Schemas


@cache
def empty_store() -> bytes:
    """Return the file of a store without content, made by the program's own schema."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ttp.db"
        create_tables(path)
        return path.read_bytes()


POSTGRESQL: Schemas | None = None
"""Where the present test has its stores, if that is not SQLite."""


def new_store(home: Path, *, busy_timeout_s: float = 30.0) -> Database:
    """An empty store under `home`, as quickly as a file can be written; in PostgreSQL where a test runs on that."""
    home.mkdir(mode=0o700)
    if POSTGRESQL is not None:
        return store_at(home)
    database = Database(home, busy_timeout_s=busy_timeout_s)
    database.path.touch(0o600)
    database.path.write_bytes(empty_store())
    return database


def store_at(home: Path) -> Database:
    """The store of a home, in the database on which the test runs."""
    return open_database(home, "" if POSTGRESQL is None else POSTGRESQL.at(home))


def duplicate(store: Path, home: Path) -> None:
    """A copy of a store's folder that counts as a separate store: it records its own files."""
    shutil.copytree(store, home)
    (home / "publisher.mark").unlink(missing_ok=True)
    if POSTGRESQL is not None:
        POSTGRESQL.copy(store, home)
        return
    with closing(Database(home).connect()) as db:
        remember_files(home, db)


def add_account(database: Database, name: str = "x/me", **fields: object) -> Account:
    """A connected account."""
    account = replace(Account(*parse_account_name(name, PLATFORMS), connected=True), **fields)  # type: ignore[arg-type]  # fields
    with database.writing() as db:
        return replace(account, id=accounts.save(db, account, now=START))


def to(account: Account, at: datetime | None = None, **fields: object) -> Delivery:
    """A delivery to the account, pending and due `at`."""
    known = Delivery(account.name, account.platform, due_at=at, next_at=at, account_id=account.id)
    return replace(known, **fields)  # type: ignore[arg-type]  # fields


def add_post(database: Database, *deliveries: Delivery, content: str = "hi", **fields: object) -> Post:
    """A post with these deliveries, its status derived, timed as the first of them."""
    at = deliveries[0].due_at if deliveries else None
    post = with_derived_status(Post(content, deliveries, scheduled_at=at, created_at=START), START)
    with database.writing() as db:
        return posts.insert(db, replace(post, **fields), None)  # type: ignore[arg-type]  # fields


def raw(db: Connection) -> SqliteConnection:
    """The connection as SQLite's own, for what only its module offers."""
    assert isinstance(db, SqliteConnection)
    return db


@contextmanager
def transaction(database: Database) -> Iterator[Connection]:
    """The publisher's connection inside a transaction, committed at the end."""
    with closing(database.connect()) as db, db.transaction():
        yield db
