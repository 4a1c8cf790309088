"""Many posts written at once, by plain statements: through the models, ten thousand would hold the store for half a
minute, and the publisher with it. Runs inside `Database.writing`'s transaction. Writes what `posts` would: a test holds
both equal."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from ttp.domain.post import Post
from ttp.store import rows
from ttp.store.rows import Column


def save(db: sqlite3.Connection, posts: Sequence[Post]) -> list[int]:
    """Store posts, new ones (without an id) and changed ones; their ids, in order."""
    following = _last_id(db) + 1
    ids = []
    for post in posts:
        ids.append(post.id or following)
        following += post.id is None
    numbered = list(zip(ids, posts, strict=True))
    _insert(db, "post", ({"id": i, **rows.post_columns(p)} for i, p in numbered if p.id is None))
    _update(db, "post", ({**rows.post_columns(p), "id": i} for i, p in numbered if p.id is not None))
    changed = [(post.id,) for post in posts if post.id is not None]
    for table in ("post_media", "post_tag"):
        db.executemany(f"DELETE FROM {table} WHERE post_id = ?", changed)
    _insert(
        db,
        "post_media",
        ({"post_id": i, "position": n, **rows.media_columns(m)} for i, p in numbered for n, m in enumerate(p.media)),
    )
    _insert(
        db, "post_tag", ({"post_id": i, "position": n, "tag": t} for i, p in numbered for n, t in enumerate(p.tags))
    )
    deliveries = [(i, d) for i, p in numbered for d in p.deliveries]
    _insert(
        db,
        "delivery",
        ({"post_id": i, "account_id": d.account_id, **rows.delivery_columns(d)} for i, d in deliveries if d.id is None),
    )
    _update(db, "delivery", ({**rows.delivery_columns(d), "id": d.id} for _, d in deliveries if d.id is not None))
    return ids


def _last_id(db: sqlite3.Connection) -> int:
    """The highest id that a post ever had."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'post'").fetchone()
    return 0 if row is None else int(row[0])


def _insert(db: sqlite3.Connection, table: str, columns: Iterable[Mapping[str, Column]]) -> None:
    ordered = iter(columns)
    first = next(ordered, None)
    if first is not None:
        names = ", ".join(first)
        marks = ", ".join(f":{name}" for name in first)
        db.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", chain([first], ordered))


def _update(db: sqlite3.Connection, table: str, columns: Iterable[Mapping[str, Column]]) -> None:
    ordered = iter(columns)
    first = next(ordered, None)
    if first is not None:
        sets = ", ".join(f"{name} = :{name}" for name in first if name != "id")
        db.executemany(f"UPDATE {table} SET {sets} WHERE id = :id", chain([first], ordered))
