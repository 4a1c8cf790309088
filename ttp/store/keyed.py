"""Posts by their keys, media by their digests, and what an account says when: plain statements, by index."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime

from ttp.domain.media import MediaItem
from ttp.domain.post import Post
from ttp.domain.time.clock import from_ms, to_ms
from ttp.store import reads, rows


def posts_by_key(db: sqlite3.Connection, keys: Sequence[str]) -> dict[str, Post]:
    """The posts of some keys, at most a few hundred; also deleted ones: a key is used once for ever."""
    found = db.execute(f"{rows.POSTS} WHERE key IN ({','.join('?' * len(keys))})", list(keys)).fetchall()
    return {post.key or "": post for post in reads.whole(db, found)}


def keys_from(db: sqlite3.Connection, beginning: str) -> Iterator[tuple[int, str]]:
    """The ids and keys of the posts whose key begins so and that are not deleted, by key."""
    sql = "SELECT id, key FROM post WHERE key >= ? AND key < ? AND deleted_at IS NULL ORDER BY key"
    for row in db.execute(sql, (beginning, beginning[:-1] + chr(ord(beginning[-1]) + 1))):
        yield row["id"], row["key"]


def media_item(db: sqlite3.Connection, sha256: str) -> MediaItem | None:
    """What is known of the media with this digest, if a post has had it."""
    row = db.execute("SELECT * FROM post_media WHERE sha256 = ? LIMIT 1", (sha256,)).fetchone()
    return None if row is None else rows.media(row)


def said(db: sqlite3.Connection, account_id: int, since: datetime, until: datetime) -> list[tuple[datetime, int, str]]:
    """What an account's posts that are due between two instants say, with their ids; also what is out."""
    sql = (
        "SELECT d.due_at, d.post_id, p.content, p.variants, a.platform, a.platform || '/' || a.handle AS name"
        " FROM delivery d JOIN post p ON p.id = d.post_id JOIN account a ON a.id = d.account_id"
        " WHERE d.account_id = ? AND d.due_at BETWEEN ? AND ? AND d.state NOT IN ('cancelled', 'failed')"
        " AND p.deleted_at IS NULL"
    )
    found = []
    for row in db.execute(sql, (account_id, to_ms(since), to_ms(until))):
        variants = {} if row["variants"] == "{}" else json.loads(row["variants"])
        text = variants.get(row["name"]) or variants.get(row["platform"]) or row["content"]
        found.append((from_ms(row["due_at"]), row["post_id"], str(text)))
    return found
