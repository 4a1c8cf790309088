"""Where the posts of a bench are: in a SQLite file in its home, or in a PostgreSQL database of its own.

Both begin each case with a copy of a template. A database has a clock of its own, which can be moved: a function that
is found before the server's.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.faults.team import Postgres
from tests.store.stores import duplicate
from ttp.cli.context import open_database
from ttp.cli.settings import key_table
from ttp.domain.config import is_shared
from ttp.store import shared_settings
from ttp.store.database import Database

if TYPE_CHECKING:
    from ttp.store.postgresql.connection import PostgresConnection

_numbers = itertools.count()
CALL_LIMITS = {
    f"HTTP__{name}_TIMEOUT_S": seconds for name, seconds in (("CONNECT", "1"), ("READ", "2"), ("UPLOAD", "2"))
}
"""Whoever takes over what a lost publisher was sending waits for the settle window and for these."""
_CLOCK = """
CREATE SCHEMA moved;
CREATE TABLE moved.clock (by_s double precision NOT NULL);
INSERT INTO moved.clock VALUES (0);
CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    'SELECT pg_catalog.clock_timestamp() + by_s * interval ''1 second'' FROM moved.clock'
"""


class SqliteStore:
    """The file of a home."""

    needs: Sequence[str] = ()
    """Modules that its processes import, besides those that all do."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def close(self) -> None:
        """Nothing is left."""

    def begin(self) -> None:
        """Make the store empty, with the home."""
        shutil.rmtree(self._home, ignore_errors=True)

    def keep(self, template: Path) -> None:
        """Keep the store and its home as a template."""
        self._home.rename(template)

    def copy(self, template: Path) -> None:
        """Make the store and its home as they are in a template, and their own."""
        shutil.rmtree(self._home, ignore_errors=True)
        duplicate(template, self._home)

    def environment(self, settings: Mapping[str, str]) -> Mapping[str, str]:
        """What processes get of the settings, named without `TTP_`, and what leads them to the store."""
        return settings

    def move_clock(self, by_s: float) -> None:
        """A file has no clock."""

    def sql(self, statement: str, values: Sequence[object]) -> list[Any]:
        with closing(sqlite3.connect(self._home / "ttp.db", isolation_level=None, timeout=30)) as db:
            return db.execute(statement, values).fetchall()

    def content(self) -> str:
        """What is in the store besides files of the home."""
        return ""

    def open(self) -> Database:
        return Database(self._home)


class PostgresStore:
    """A database of its own in a server. Settings that hosts share are in it."""

    needs: Sequence[str] = ("psycopg", "ttp.store.postgresql.database")

    def __init__(self, home: Path, server: str) -> None:
        """`server`: from `open_server`."""
        from ttp.store.postgresql.address import read_address
        from ttp.store.postgresql.connection import PostgresConnection

        self._home = home
        self._server = server
        self._name = f"bench_{os.getpid()}_{next(_numbers)}"
        self._admin = PostgresConnection(read_address(server))
        self._session: PostgresConnection | None = None
        self._turn = threading.Lock()
        self._keys = key_table({})
        self._shared: dict[str, str] = {}
        self._templates: dict[Path, str] = {}
        self._admin.execute(f"CREATE DATABASE {self._empty}")
        url = self._url(self._empty)
        open_database(home, url).create()
        with closing(PostgresConnection(read_address(url))) as session:
            session.execute(_CLOCK)

    def close(self) -> None:
        self._end_session()
        self._admin.end()

    def begin(self) -> None:
        shutil.rmtree(self._home, ignore_errors=True)
        self._home.mkdir(mode=0o700)
        self._make_from(self._empty)

    def keep(self, template: Path) -> None:
        self._home.rename(template)
        self._end_session()
        kept = self._templates[template] = f"{self._name}_{len(self._templates)}"
        self._admin.execute(f"CREATE DATABASE {kept} TEMPLATE {self._name}")

    def copy(self, template: Path) -> None:
        shutil.rmtree(self._home, ignore_errors=True)
        shutil.copytree(template, self._home)
        self._make_from(self._templates[template])

    def environment(self, settings: Mapping[str, str]) -> Mapping[str, str]:
        own, shared = {"STORE__URL": self._url(self._name)}, dict[str, str]()
        for name, value in {**CALL_LIMITS, **settings}.items():
            key = self._keys.find(name.lower().replace("__", "."))
            if key is not None and is_shared(key.name):
                shared[key.name] = value
            else:
                own[name] = value
        if shared != self._shared:
            with self._turn:
                session = self._connected()
                with session.transaction():
                    shared_settings.write(session, {name: float(value) for name, value in shared.items()})
            self._shared = shared
        return own

    def move_clock(self, by_s: float) -> None:
        self.sql("UPDATE moved.clock SET by_s = ?", (by_s,))

    def sql(self, statement: str, values: Sequence[object]) -> list[Any]:
        with self._turn:
            found: Any = self._connected().execute(statement, values)
            return found.fetchall() if found.description else []

    def content(self) -> str:
        tables = self.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", ())
        listed = " UNION ALL ".join(f"SELECT t::text FROM {row[0]} t" for row in tables)
        return "\n".join(str(row[0]) for row in self.sql(listed, ()))

    def open(self) -> Database:
        return open_database(self._home, self._url(self._name))

    @property
    def _empty(self) -> str:
        return f"{self._name}_empty"

    def _url(self, name: str) -> str:
        return f"{self._server.rpartition('/')[0]}/{name}"

    def _make_from(self, template: str) -> None:
        self._end_session()
        self._shared = {}
        self._admin.execute(f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")
        self._admin.execute(f"CREATE DATABASE {self._name} TEMPLATE {template}")

    def _connected(self) -> PostgresConnection:
        from ttp.store.postgresql.address import read_address
        from ttp.store.postgresql.connection import PostgresConnection

        if self._session is None:
            self._session = PostgresConnection(read_address(self._url(self._name)))
        return self._session

    def _end_session(self) -> None:
        with self._turn:
            if self._session is not None:
                self._session.end()
                self._session = None


Store: TypeAlias = SqliteStore | PostgresStore


@contextmanager
def open_server(folder: Path) -> Iterator[str]:
    """A PostgreSQL for as long as the block runs: the address of one of its databases."""
    from ttp.store.postgresql.address import read_address
    from ttp.store.postgresql.connection import PostgresConnection

    server = Postgres(folder)
    try:
        with closing(PostgresConnection(read_address(server.url()))) as session:
            session.execute("ALTER ROLE ttp SET search_path = public, moved, pg_catalog")
            session.execute("ALTER SYSTEM SET autovacuum = off")
            session.execute("SELECT pg_reload_conf()")
        yield server.url()
    finally:
        server.close()
