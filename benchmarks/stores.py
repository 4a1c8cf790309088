"""Create stores with accounts and posts for the benchmarks, on both databases. Rows are written in bulk, unchecked."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import cycle, pairwise
from pathlib import Path

from ttp.domain.account import Account, Credentials
from ttp.store.credentials.backend import entry_of
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.home.files import make_home

ACCOUNTS = 200
_DAY_MS = 86_400_000
_SERIES = "WITH RECURSIVE series (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < :many)"
_POSTS = f"""
INSERT INTO post (content, status, scheduled_at, published_at, created_at, updated_at, variants, thread, options)
{_SERIES} SELECT 'Fresh beans, lot ' || n, :status, :first + n * 1000,
    CASE WHEN :status = 'published' THEN :first + n * 1000 END, :now, :now, '{{}}', '[]', '{{}}' FROM series
"""
_DELIVERIES = """
INSERT INTO delivery (post_id, account_id, state, due_at, next_at, remote_id, published_at, tries, attempts, handle)
SELECT id, :account + id % :accounts, CASE status WHEN 'scheduled' THEN 'pending' ELSE 'published' END, scheduled_at,
    CASE status WHEN 'scheduled' THEN scheduled_at END, CASE status WHEN 'published' THEN 'r' || id END, published_at,
    0, CASE status WHEN 'published' THEN 1 ELSE 0 END, '{}' FROM post WHERE id > :last
"""


def make_store(home: Path, accounts: int = ACCOUNTS) -> Database:
    """Create a store with `accounts` connected X accounts for a platform on this machine."""
    make_home(home)
    database = Database(home)
    add_accounts(database, accounts)
    put_tokens(home, accounts)
    return database


def add_accounts(database: Database, accounts: int) -> None:
    """Add connected accounts, x/shop1 and so on, to an empty store."""
    with _bulk(database) as db:
        db.execute(
            "INSERT INTO account (platform, handle, connected, needs_reconnect, enabled, scopes, options, created_at)"
            f" {_SERIES} SELECT 'x', 'shop' || n, :yes, :no, :yes, '[]', '{{}}', CAST(:now AS BIGINT) FROM series",
            {"many": accounts, "yes": True, "no": False, "now": _now_ms()},
        )


def put_tokens(home: Path, accounts: int) -> None:
    """Write the credentials file with a token for each of these accounts."""
    handles = [f"shop{number}" for number in range(1, accounts + 1)]
    entries = {Account("x", handle).name: entry_of(Credentials(f"token-{handle}", "127.0.0.1")) for handle in handles}
    path = home / "credentials.json"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"version": 1, "accounts": entries}, file, indent=1, sort_keys=True)


def fill(database: Database, stored: int, coming: int | None = None) -> None:
    """Add posts that were published long ago or are due in the far future (`coming`; default: half of them)."""
    now, coming = _now_ms(), stored // 2 if coming is None else coming
    kinds = (("published", stored - coming, now - 400 * _DAY_MS), ("scheduled", coming, now + 30 * _DAY_MS))
    with _bulk(database) as db:
        (account, accounts) = db.execute("SELECT min(id), count(*) FROM account").fetchone()
        (last,) = db.execute("SELECT coalesce(max(id), 0) FROM post").fetchone()
        for status, many, first in kinds:
            if many:
                db.execute(_POSTS, {"many": many, "status": status, "first": first, "now": now})
        db.execute(_DELIVERIES, {"account": account, "accounts": accounts, "last": last})


def schedule(database: Database, due: Iterable[int]) -> list[int]:
    """Schedule a post for each time in `due` (ms since 1970), one account after another. Return the ids."""
    with closing(database.connect()) as db:
        accounts = cycle([row["id"] for row in db.execute("SELECT id FROM account ORDER BY id")])
    return _insert(database, [("scheduled", at, at, "pending", next(accounts)) for at in due])


def fill_months(database: Database, bounds: Sequence[datetime], many: int, accounts: int = ACCOUNTS) -> None:
    """Add `many` posts between each of `bounds` and the next, evenly. What is past is published and has numbers, but
    ten posts failed and ten need review; the rest is scheduled."""
    now, rows = _now_ms(), list[tuple[object, ...]]()
    rounds = cycle(range(1, accounts + 1))
    for first, last in pairwise(round(one.timestamp() * 1000) for one in bounds):
        for at in (first + (last - first) * number // many for number in range(many)):
            status, state, next_at = ("scheduled", "pending", at) if at > now else ("published", "published", None)
            if at <= now and len(rows) < 20:
                status, state = ("failed", "failed") if len(rows) < 10 else ("partial", "needs_review")
            rows.append((status, at, next_at, state, next(rounds)))
    _insert(database, rows)
    with closing(database.connect()) as db, db.transaction():
        db.execute(
            "INSERT INTO sample (account_id, remote_id, published_at, observed_at, likes, comments, shares, views)"
            " SELECT account_id, remote_id, published_at, published_at + ?, 20 + post_id * 7 % 50, post_id % 9,"
            " post_id % 5, 900 + post_id * 13 % 700 FROM delivery WHERE state = 'published'",
            (3_600_000,),
        )


def _insert(database: Database, posts: Sequence[tuple[object, ...]]) -> list[int]:
    """Insert posts: status, time, next time of the delivery, its state and account. Return the ids."""
    now = _now_ms()
    with _bulk(database) as db:
        ids = list(db.reserve_ids("post", len(posts)))
        names = ("status", "at", "next_at", "state", "account")
        rows = [{**dict(zip(names, one, strict=True)), "id": i, "now": now} for i, one in zip(ids, posts, strict=True)]
        for row in rows:
            is_published = row["state"] == "published"
            row["content"] = f"Fresh beans, lot {row['id']}"
            row["published_at"], row["attempts"] = (row["at"], 1) if is_published else (None, 0)
            row["remote_id"] = f"r{row['id']}" if is_published else None
        db.executemany(
            "INSERT INTO post (id, content, status, scheduled_at, published_at, created_at, updated_at, variants,"
            " thread, options) VALUES (:id, :content, :status, :at, :published_at, :now, :now, '{}', '[]', '{}')",
            rows,
        )
        db.executemany(
            "INSERT INTO delivery (post_id, account_id, state, due_at, next_at, remote_id, published_at, tries,"
            " attempts, handle) VALUES (:id, :account, :state, :at, :next_at, :remote_id, :published_at, 0, :attempts,"
            " '{}')",
            rows,
        )
    return ids


@contextmanager
def _bulk(database: Database) -> Iterator[Connection]:
    """Write a lot in one transaction: without waiting for the disk, and without checking references."""
    with closing(database.connect()) as db:
        for setting in _settings_of(database):
            db.execute(setting)
        # On a server a change also tells the publishers of it.
        with db.transaction() if database.has_files else db.change():  # type: ignore[attr-defined]
            yield db
            db.execute("UPDATE store SET checked_at = ?", (_now_ms(),))  # else the first run would check the whole file
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)" if database.has_files else "VACUUM ANALYZE")


def _settings_of(database: Database) -> tuple[str, ...]:
    if database.has_files:
        return "PRAGMA synchronous=OFF", "PRAGMA foreign_keys=OFF", "PRAGMA cache_size=-200000"
    return "SET synchronous_commit = off", "SET session_replication_role = replica"


def _now_ms() -> int:
    return round(time.time() * 1000)
