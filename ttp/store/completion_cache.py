"""The words for shell completion of a store in a server: a small file of SQLite with what `completion_queries` asks, so
that TAB waits for no network. Every command on the store rewrites it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from tempfile import mkstemp

from ttp.store.dialect import Connection, StoreError

FILE = "names.db"
_MOST_POSTS = 1000
_TABLES = {
    "post": (
        "id INTEGER PRIMARY KEY, status, content, scheduled_at, deleted_at",
        "SELECT id, status, substr(content, 1, 200), scheduled_at, deleted_at FROM post"
        f" WHERE deleted_at IS NULL ORDER BY id DESC LIMIT {_MOST_POSTS}",
    ),
    "account": (
        "id, platform, handle COLLATE NOCASE, needs_reconnect, connected, enabled, removed_at",
        "SELECT id, platform, handle, needs_reconnect, connected, enabled, removed_at FROM account",
    ),
    "post_tag": ("tag PRIMARY KEY", "SELECT DISTINCT tag FROM post_tag"),
    "slot": ("id, account_id, name, cron", "SELECT id, account_id, name, cron FROM slot"),
    "recurrence": ("id, post_id, pool, cron", "SELECT id, post_id, pool, coalesce(rule, cron) FROM recurrence"),
}
"""Each table with its columns here, and the question whose answer it has."""


def write_names(db: Connection, home: Path) -> None:
    """Write the words. Raises nothing: without them TAB offers less."""
    with suppress(StoreError, OSError, sqlite3.Error):
        descriptor, name = mkstemp(prefix=f"{FILE}.new-", dir=home)
        os.close(descriptor)
        fresh = Path(name)
        try:
            with closing(sqlite3.connect(fresh, isolation_level=None)) as file:
                file.execute("PRAGMA synchronous=OFF")
                file.execute("BEGIN")
                for table, (columns, question) in _TABLES.items():
                    file.execute(f"CREATE TABLE {table} ({columns})")
                    for row in db.execute(question):
                        file.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", tuple(row))
                file.execute("COMMIT")
            fresh.replace(home / FILE)
        finally:
            fresh.unlink(missing_ok=True)
