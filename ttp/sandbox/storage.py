"""Keep the sandbox's records in a folder: one SQLite file, one row per record. Knows no platform."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

VERSION = 2
"""Raised whenever records change their fields."""


class OldState(ValueError):
    """A state folder that another version of the sandbox wrote."""


class Storage:
    """The records of a state folder, in the order they were first written."""

    def __init__(self, folder: Path) -> None:
        """Open `folder/sandbox.db`, creating both if missing. Raises OSError or OldState."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "sandbox.db"
        try:
            # The server runs in one thread, but not always in the one that opened the file.
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            ((version,),) = self._db.execute("PRAGMA user_version")
            if version != VERSION and self._db.execute("SELECT 1 FROM sqlite_schema").fetchone():
                self._db.close()
                raise OldState(f"{folder} was written by another version of the sandbox. Use another folder.")
            self._db.execute(f"PRAGMA user_version = {VERSION}")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS record"
                " (seq INTEGER PRIMARY KEY, kind TEXT, id TEXT, data TEXT, UNIQUE (kind, id))"
            )
        except sqlite3.Error as error:
            raise OSError(f"{path}: {error}") from error

    def write(self, records: Iterable[Any]) -> None:
        """Write new or changed records in one transaction. Each is a dataclass with an `id`."""
        rows = [(type(record).__name__, record.id, json.dumps(asdict(record))) for record in records]
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(
            "INSERT INTO record (kind, id, data) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET data = excluded.data", rows
        )
        self._db.execute("COMMIT")

    def read(self, kinds: Iterable[type[Any]]) -> Iterator[Any]:
        """Yield every record of these dataclasses. Lists become tuples."""
        named = {kind.__name__: kind for kind in kinds}
        for kind, data in self._db.execute("SELECT kind, data FROM record ORDER BY seq"):
            yield named[kind](**{k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(data).items()})

    def close(self) -> None:
        self._db.close()
