"""Writing posts: whole posts in, changed posts over, by plain statements inside `Database.writing`'s transaction.

One post or ten thousand are written by the same statements, each once for all rows. Every write says in which command's
name it is, so that it can be taken back (`history`); None where it is in no person's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from ttp.domain.post import Post
from ttp.store import history, reads, rows
from ttp.store.history import Image, Recorder
from ttp.store.rows import Column


def insert(db: sqlite3.Connection, post: Post, recorder: Recorder | None) -> Post:
    """Store a new post; answers it with its ids."""
    assert post.id is None
    return _saved(db, post, recorder)


def update(db: sqlite3.Connection, post: Post, recorder: Recorder | None) -> Post:
    """Store every field of a post; deliveries without an id are new. Answers it as it is stored."""
    assert post.id is not None
    return _saved(db, post, recorder)


def save(db: sqlite3.Connection, posts: Sequence[Post], recorder: Recorder | None) -> list[int]:
    """Store posts, new ones (without an id) and changed ones; their ids, in order."""
    before = _before(db, posts, recorder)
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
    if recorder is not None:
        recorder.write(db, ids, before)
    return ids


def retime(db: sqlite3.Connection, posts: Sequence[Post], recorder: Recorder) -> list[Post]:
    """Store the times of drafts that are scheduled now: what `update` does of it, for many at once."""
    before = _before(db, posts, recorder)
    db.executemany(
        "UPDATE post SET status = :status, scheduled_at = :scheduled_at, updated_at = :updated_at,"
        " chosen_by = :chosen_by, rejected_at = :rejected_at, rejected_why = :rejected_why WHERE id = :id",
        [{**rows.post_columns(post), "id": post.id} for post in posts],
    )
    db.executemany(
        "UPDATE delivery SET due_at = :due_at, next_at = :next_at, approved_at = :approved_at WHERE id = :id",
        [{**rows.delivery_columns(row), "id": row.id} for post in posts for row in post.deliveries],
    )
    recorder.write(db, before, before)
    return list(reads.posts_by_id(db, [post.id or 0 for post in posts]))


def _saved(db: sqlite3.Connection, post: Post, recorder: Recorder | None) -> Post:
    (post_id,) = save(db, [post], recorder)
    return reads.post_even_deleted(db, post_id)


def _before(db: sqlite3.Connection, posts: Iterable[Post], recorder: Recorder | None) -> Mapping[int, Image]:
    """The posts as they are, where somebody may want them back."""
    return {} if recorder is None else dict(history.images(db, (post.id for post in posts if post.id is not None)))


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
