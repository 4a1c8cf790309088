"""The sandbox's memory on disk: one SQLite file with one row per thing. Knows no platform and no rule."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any


class Shelf:
    """Things of a state folder, in the order they were first written."""

    def __init__(self, folder: Path) -> None:
        """Open `folder/sandbox.db`, making both if missing. OSError if that cannot be done."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "sandbox.db"
        try:
            self._open(path)
        except sqlite3.Error as error:
            raise OSError(f"{path}: {error}") from error

    def _open(self, path: Path) -> None:
        # The server runs in one thread, but not always in the one that opened the file.
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS thing"
            " (seq INTEGER PRIMARY KEY, kind TEXT, id TEXT, data TEXT, UNIQUE (kind, id))"
        )

    def write(self, things: Iterable[Any]) -> None:
        """Write things, new or changed, in one transaction. Each is a dataclass with an `id`."""
        rows = [(type(thing).__name__, thing.id, json.dumps(asdict(thing))) for thing in things]
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(
            "INSERT INTO thing (kind, id, data) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET data = excluded.data", rows
        )
        self._db.execute("COMMIT")

    def read(self, kinds: Iterable[type[Any]]) -> Iterator[Any]:
        """Every thing of these dataclasses. A list in the file is a tuple there; unknown fields are left out."""
        named = {kind.__name__: kind for kind in kinds}
        for kind, data in self._db.execute("SELECT kind, data FROM thing ORDER BY seq"):
            known = {field.name for field in fields(named[kind])}
            kept = {k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(data).items() if k in known}
            yield named[kind](**kept)

    def close(self) -> None:
        self._db.close()
