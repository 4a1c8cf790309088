"""Create stores with accounts and posts for the benchmarks. Rows are written in bulk, without checks."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from itertools import chain, pairwise
from pathlib import Path

from ttp.domain.account import Account, Credentials
from ttp.domain.time.clock import SystemClock
from ttp.store.credentials.backend import entry_of
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.home.files import make_home

ACCOUNTS = 200
_DAY_MS = 86_400_000


def make_store(home: Path, accounts: int = ACCOUNTS) -> Database:
    """Create a store with `accounts` connected X accounts for a platform on this machine."""
    make_home(home)
    database = Database(home)
    handles = [f"shop{number}" for number in range(1, accounts + 1)]
    with closing(database.connect()) as db:
        db.execute("BEGIN")
        db.executemany(
            "INSERT INTO account (platform, handle, connected, needs_reconnect, enabled, scopes, options, created_at)"
            " VALUES ('x', ?, 1, 0, 1, '[]', '{}', ?)",
            [(handle, _now_ms()) for handle in handles],
        )
        db.execute("COMMIT")
    entries = {Account("x", handle).name: entry_of(Credentials(f"token-{handle}", "127.0.0.1")) for handle in handles}
    path = home / "credentials.json"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"version": 1, "accounts": entries}, file, indent=1, sort_keys=True)
    return database


def fill(database: Database, stored: int, accounts: int = ACCOUNTS, coming: int | None = None) -> None:
    """Add posts that were published long ago or are due in the far future (`coming`; default: half of them)."""
    now, ended = _now_ms(), stored - (stored // 2 if coming is None else coming)
    past = ("published", now - 400 * _DAY_MS, None, "published")
    future = ("scheduled", now + 30 * _DAY_MS, now + 30 * _DAY_MS, "pending")
    _insert(database, chain(_posts(ended, past, accounts), _posts(stored - ended, future, accounts)))


def schedule(database: Database, due: Iterable[int], accounts: int = ACCOUNTS) -> list[int]:
    """Schedule a post for each time in `due` (ms since 1970), one account after another. Return the ids."""
    rows = [(at, account) for at, account in zip(due, _rounds(accounts), strict=False)]
    return _insert(database, (("scheduled", at, at, "pending", account) for at, account in rows))


def fill_months(database: Database, bounds: Sequence[datetime], many: int, accounts: int = ACCOUNTS) -> None:
    """Add `many` posts between each of `bounds` and the next, evenly. What is past is published and has numbers, but
    ten posts failed and ten need review; the rest is scheduled."""
    now, rows = _now_ms(), list[tuple[object, ...]]()
    rounds = _rounds(accounts)
    for first, last in pairwise(round(one.timestamp() * 1000) for one in bounds):
        for at in (first + (last - first) * number // many for number in range(many)):
            status, state, next_at = ("scheduled", "pending", at) if at > now else ("published", "published", None)
            if at <= now and len(rows) < 20:
                status, state = ("failed", "failed") if len(rows) < 10 else ("partial", "needs_review")
            rows.append((status, at, next_at, state, next(rounds)))
    _insert(database, rows)
    with closing(database.connect()) as db:
        db.execute("BEGIN")
        db.execute(
            "INSERT INTO sample (account_id, remote_id, published_at, observed_at, likes, comments, shares, views)"
            " SELECT account_id, remote_id, published_at, published_at + ?, 20 + post_id * 7 % 50, post_id % 9,"
            " post_id % 5, 900 + post_id * 13 % 700 FROM delivery WHERE state = 'published'",
            (3_600_000,),
        )
        db.execute("COMMIT")


def leave_open(database: Database, many: int) -> None:
    """Leave an open intent on the first deliveries, as a publisher that was killed during a request would."""
    now = _now_ms()
    with closing(database.connect()) as db:
        db.execute("BEGIN")
        db.execute(
            "UPDATE delivery SET state = 'sending', attempts = 1, next_at = NULL WHERE id IN"
            " (SELECT min(id) FROM delivery GROUP BY account_id ORDER BY account_id LIMIT ?)",
            (many,),
        )
        db.execute(
            "INSERT INTO attempt (delivery_id, number, step, phase, at, fingerprint, platform_at, boot_s)"
            " SELECT id, 1, 'POST /2/tweets', 'publish', ?, 'f', ?, ? FROM delivery WHERE state = 'sending'",
            (now, now, SystemClock().boot()),
        )
        db.execute("UPDATE post SET status = 'publishing' WHERE id IN (SELECT post_id FROM delivery WHERE attempts)")
        db.execute("COMMIT")


def _posts(many: int, what: tuple[str, int, int | None, str], accounts: int) -> Iterator[tuple[object, ...]]:
    status, first, next_at, state = what
    for number, account in zip(range(many), _rounds(accounts), strict=False):
        at = first + number * 1000
        yield (status, at, None if next_at is None else at, state, account)


def _insert(database: Database, posts: Iterable[tuple[object, ...]]) -> list[int]:
    now, ids = _now_ms(), list[int]()
    with closing(database.connect()) as db:
        db.execute("PRAGMA synchronous=OFF")
        db.execute("PRAGMA cache_size=-200000")
        db.execute("BEGIN IMMEDIATE")  # a publisher may be writing
        (first,) = db.execute("SELECT coalesce(max(id), 0) FROM post").fetchone()
        batch: list[tuple[object, ...]] = []
        for post_id, (status, at, next_at, state, account) in enumerate(posts, first + 1):
            ids.append(post_id)
            batch.append((post_id, status, at, next_at, state, account, now))
            if len(batch) == 10_000:
                _insert_batch(db, batch)
                batch = []
        _insert_batch(db, batch)
        db.execute("UPDATE store SET checked_at = ?", (now,))  # otherwise the first run would check the whole file
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return ids


def _insert_batch(db: Connection, batch: list[tuple[object, ...]]) -> None:
    db.executemany(
        "INSERT INTO post (id, content, status, scheduled_at, published_at, created_at, updated_at, variants, thread,"
        " options) VALUES (?1, 'Fresh beans, lot ' || ?1, ?2, ?3, iif(?2 = 'published', ?3, NULL), ?7, ?7, '{}', '[]',"
        " '{}')",
        batch,
    )
    db.executemany(
        "INSERT INTO delivery (post_id, account_id, state, due_at, next_at, remote_id, published_at, tries, attempts,"
        " handle) VALUES (?1, ?6, ?5, ?3, ?4, iif(?5 = 'published', 'r' || ?1, NULL),"
        " iif(?5 = 'published', ?3, NULL), 0, ?5 = 'published', '{}')",
        (row[:6] for row in batch),
    )


def _rounds(accounts: int) -> Iterator[int]:
    while True:
        yield from range(1, accounts + 1)


def _now_ms() -> int:
    return round(time.time() * 1000)
