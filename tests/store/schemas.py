"""Stores in one PostgreSQL server, each in its own schema. Making the tables of a store takes 0.4 s and emptying
them 10 ms: later tests use the schemas of earlier ones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from urllib.parse import quote

import ttp.store
from ttp.store.postgresql.address import read_address
from ttp.store.postgresql.connection import PostgresConnection
from ttp.store.postgresql.database import PostgresDatabase

_FIRST_ROWS = {"alembic_version", "store"}
"""Tables that are not empty in a new store, and that a copy has too."""
_OWN = "store_mark"
"""The table whose row a copy has of its own."""


class Schemas:
    """The schemas that the tests of a process use."""

    def __init__(self, server: str) -> None:
        """`server`: the address of a database."""
        self._server = server
        self._made = 0
        self._free: list[str] = []
        self._taken: list[str] = []
        self._before = 0
        """How many were in use before the present block."""
        self._homes: dict[Path, str] = {}
        self._columns_of_new = 0

    def take(self) -> str:
        """Return the address of an empty store."""
        return self._address(self._take())

    def at(self, home: Path) -> str:
        """Return the address of the store of a home, which is empty at first."""
        if home not in self._homes:
            self._homes[home] = self._take()
        return self._address(self._homes[home])

    def copy(self, home: Path, other: Path) -> None:
        """Copy the store of a home into the one of another."""
        is_new = other not in self._homes
        self.at(other)
        source, target = self._homes[home], self._homes[other]
        with self._changing(target) as db:
            for table in self._tables(target):
                if table == _OWN:
                    continue
                if table in _FIRST_ROWS or not is_new:
                    db.execute(f"DELETE FROM {table}")
                db.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM {source}.{table}")
            rows = db.execute("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = ?", (source,))
            for sequence, last in rows.fetchall():
                db.execute("SELECT setval(?::regclass, ?, ?)", (sequence, last or 1, last is not None))

    @contextmanager
    def lending(self, *, keep: bool = False) -> Iterator[None]:
        """Release the schemas of this block for later tests and end their sessions, unless `keep`."""
        outside, self._before = self._before, len(self._taken)
        yield
        if keep:
            del self._taken[self._before :]
        else:
            self.put_back()
        self._before = outside

    def put_back(self) -> None:
        """Do now what the end of `lending` does."""
        ended = self._taken[self._before :]
        del self._taken[self._before :]
        for name in ended:
            self._end_sessions(name)
        self._free += ended
        self._homes = {home: name for home, name in self._homes.items() if name not in ended}

    def _end_sessions(self, name: str) -> None:
        """End the sessions of a schema, and wait until they have ended. The server's own wait takes 100 ms for each."""
        ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?"
        for _ in range(30_000):
            if not self._session.execute(ending, (name,)).fetchall():
                return
            time.sleep(0.002)

    def close(self) -> None:
        self._session.close()

    @cached_property
    def _session(self) -> PostgresConnection:
        return PostgresConnection(read_address(self._server))

    def _take(self) -> str:
        while self._free:
            name = self._free.pop()
            if self._columns(name) == self._columns_of_new:
                self._empty(name)
                break
            self._session.execute(f"DROP SCHEMA {name} CASCADE")  # a test has changed its tables
        else:
            name = f"store_{self._made}"
            self._made += 1
            self._session.execute(f"CREATE SCHEMA {name}")
            PostgresDatabase(Path(), self._address(name)).create()
            self._columns_of_new = self._columns_of_new or self._columns(name)
        self._taken.append(name)
        return name

    def _address(self, name: str) -> str:
        options = quote(f"-c search_path={name}")
        return f"{self._server}{'&' if '?' in self._server else '?'}options={options}&application_name={name}"

    @contextmanager
    def _changing(self, name: str) -> Iterator[PostgresConnection]:
        """Begin a transaction in a schema, in which no reference is checked."""
        with self._session.transaction():
            self._session.execute(f"SET LOCAL search_path = {name}; SET LOCAL session_replication_role = replica")
            yield self._session

    def _columns(self, name: str) -> int:
        """Return how many columns the tables of a schema have."""
        sql = "SELECT sum(relnatts) FROM pg_class WHERE relnamespace = ?::regnamespace AND relkind = 'r'"
        return int(self._session.execute(sql, (name,)).fetchone()[0])

    @cache  # noqa: B019 (one object of a process)
    def _tables(self, name: str) -> list[str]:
        found = self._session.execute("SELECT tablename FROM pg_tables WHERE schemaname = ?", (name,))
        return [str(row[0]) for row in found]

    @cache  # noqa: B019
    def _sequences(self, name: str) -> list[str]:
        found = self._session.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = ?", (name,))
        return [str(row[0]) for row in found]

    def _empty(self, name: str) -> None:
        with self._changing(name) as db:
            statements = [f"DELETE FROM {table}" for table in self._tables(name)]
            statements += [f"SELECT setval('{sequence}', 1, false)" for sequence in self._sequences(name)]
            db.execute("; ".join(statements))
            db.execute("; ".join(_first_rows()))


@cache
def _first_rows() -> list[str]:
    """Return the statements that write the rows of a new store."""
    schema = (Path(ttp.store.__file__).parent / "schema_postgresql.sql").read_text()
    return [statement for statement in schema.split(";") if statement.lstrip().startswith("INSERT INTO")]
