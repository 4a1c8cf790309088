"""What people changed of posts, written as it is changed: a row for each command, and one for each post of it.

The row of a post holds its image before (none where the command made it), the digests of the media that the image
needs, and a digest of what it was left as, by which it is known whether anything else has changed it since. Once the
change was taken back (`undo`) they are of the other side. What the publisher does is not written here. Rows are kept
for KEPT_FOR, and pruned a few at a time when something new is written.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from ttp.domain.delivery import IN_FLIGHT
from ttp.domain.post import Post
from ttp.domain.time.clock import from_ms, to_ms
from ttp.store import rows
from ttp.store.rows import text_of

KEPT_FOR = timedelta(days=30)
_BATCH = 200
_PRUNED_CHANGES = 20
_PRUNED_POSTS = 2000
"""At most so many rows go with each change that is written, so that no command waits long for it."""
_IN_FLIGHT = frozenset(state.value for state in IN_FLIGHT)
_DELIVERIES = (
    "SELECT d.*, a.platform, a.handle AS account_handle FROM delivery d JOIN account a ON a.id = d.account_id"
    " WHERE d.post_id IN ({}) ORDER BY a.platform, a.handle"
)


@dataclass(frozen=True, slots=True)
class Image:
    """The rows of one post at one moment, as `text` (JSON), but for when it was changed last."""

    text: str
    in_flight: bool
    media: tuple[str, ...]

    @property
    def digest(self) -> str:
        return digest(self.text)

    @property
    def needs(self) -> str | None:
        """The digests of its media as they are stored."""
        return text_of(sorted(set(self.media))) if self.media else None


@dataclass
class Recorder:
    """One command's changes of posts: given to whatever stores posts in its name, in one transaction or several."""

    command: str
    at: datetime
    _change: int | None = field(default=None, init=False)

    def write(self, db: sqlite3.Connection, ids: Iterable[int], before: Mapping[int, Image]) -> None:
        """Write what became of posts that were just stored; `before`: those that were there. What is as it was, and
        what the publisher has in hand, is left out."""
        written = []
        for post_id, after in images(db, ids):
            was = before.get(post_id)
            if was is None or (was.text != after.text and not was.in_flight):
                image, media = (None, None) if was is None else (was.text, was.needs)
                written.append((post_id, image, after.digest, media))
        if not written:
            return
        change = self._begun(db)
        db.executemany(
            "INSERT INTO change_post (change_id, post_id, image, digest, media) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (change_id, post_id) DO UPDATE SET digest = excluded.digest",
            ((change, *row) for row in written),
        )

    def go_on(self, db: sqlite3.Connection, post_id: int) -> None:
        """Go on with the change that made a post, if that is the last one of it and of no other."""
        sql = (
            "SELECT change_id FROM change_post p WHERE post_id = ? AND image IS NULL AND undone IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM change_post o WHERE o.change_id = p.change_id AND o.post_id <> p.post_id)"
            " AND NOT EXISTS (SELECT 1 FROM change_post o WHERE o.post_id = p.post_id AND o.change_id > p.change_id)"
        )
        found = db.execute(sql, (post_id,)).fetchone()
        self._change = None if found is None else found["change_id"]

    def forget(self, db: sqlite3.Connection) -> None:
        """Take back what was written: it came to nothing."""
        db.execute("DELETE FROM change_post WHERE change_id = ?", (self._change,))
        db.execute("DELETE FROM change WHERE id = ?", (self._change,))
        self._change = None

    def _begun(self, db: sqlite3.Connection) -> int:
        if self._change is None:
            _prune(db, self.at - KEPT_FOR)
            made = db.execute("INSERT INTO change (command, at) VALUES (?, ?)", (self.command, to_ms(self.at)))
            assert made.lastrowid is not None
            self._change = made.lastrowid
        return self._change


def digest(image: str) -> str:
    """What tells one image from another."""
    import hashlib  # here: questions import this module, and take no digest

    return hashlib.blake2b(image.encode(), digest_size=16).hexdigest()


def images(db: sqlite3.Connection, ids: Iterable[int]) -> Iterator[tuple[int, Image]]:
    """The posts of these ids, deleted ones too, as their rows are now."""
    wanted = iter(ids)
    while batch := list(islice(wanted, _BATCH)):
        marks = ",".join("?" * len(batch))
        found = {row["id"]: row for row in db.execute(f"SELECT * FROM post WHERE id IN ({marks})", batch)}
        deliveries = _by_post(db, _DELIVERIES.format(marks), batch)
        media = _by_post(db, f"SELECT * FROM post_media WHERE post_id IN ({marks}) ORDER BY position", batch)
        tags = _by_post(db, f"SELECT * FROM post_tag WHERE post_id IN ({marks}) ORDER BY position", batch)
        for post_id in batch:
            if post_id in found:
                yield post_id, _image(found[post_id], deliveries[post_id], media[post_id], tags[post_id])


def post_of(post_id: int, image: str) -> Post:
    """The post that an image is of. What it does not name is not there: a column that came later."""
    held = json.loads(image)
    own = _Row(held["post"], id=post_id, updated_at=held["post"]["created_at"])
    of_post = {"post_id": post_id}
    deliveries = [rows.delivery(_Row(one, **of_post)) for one in held["deliveries"]]  # type: ignore[arg-type]
    media = [rows.media(_Row(one, **of_post)) for one in held["media"]]  # type: ignore[arg-type]
    return rows.post(own, deliveries, media, held["tags"])  # type: ignore[arg-type]  # a mapping, as rows are


def commands(db: sqlite3.Connection, post_id: int) -> list[tuple[str, datetime]]:
    """The commands that changed a post after it was made, and when, oldest first; those that were taken back are left
    out. As far back as rows are kept."""
    sql = (
        "SELECT c.command, c.at FROM change_post p JOIN change c ON c.id = p.change_id"
        " WHERE p.post_id = ? AND p.undone IS NULL AND p.image IS NOT NULL ORDER BY c.id"
    )
    return [(row["command"], from_ms(row["at"])) for row in db.execute(sql, (post_id,))]


def kept_media(db: sqlite3.Connection, now: datetime) -> set[str]:
    """The digests of media without which something could not be taken back."""
    sql = (
        "SELECT DISTINCT one.value FROM change_post p JOIN change c ON c.id = p.change_id, json_each(p.media) one"
        " WHERE p.media IS NOT NULL AND c.at > ?"
    )
    return {row[0] for row in db.execute(sql, (to_ms(now - KEPT_FOR),))}


class _Row(dict[str, Any]):
    """A row out of an image, in which NULL is left out."""

    def __init__(self, held: Mapping[str, Any], **more: Any) -> None:
        super().__init__(held, **more)

    def __missing__(self, name: str) -> None:
        return None


def _by_post(db: sqlite3.Connection, sql: str, ids: Sequence[int]) -> dict[int, list[rows.Row]]:
    found: dict[int, list[rows.Row]] = {i: [] for i in ids}
    for row in db.execute(sql, ids):
        found[row["post_id"]].append(row)
    return found


def _image(
    post: rows.Row, deliveries: Sequence[rows.Row], media: Sequence[rows.Row], tags: Sequence[rows.Row]
) -> Image:
    own = _named(post, "id", "updated_at")
    held = {
        "post": own,
        "deliveries": [_named(row, "post_id") for row in deliveries],
        "media": [_named(row, "post_id", "position") for row in media],
        "tags": [row["tag"] for row in tags],
    }
    in_flight = any(row["state"] in _IN_FLIGHT for row in deliveries)
    return Image(text_of(held), in_flight, tuple(row["sha256"] for row in media))


def _named(row: rows.Row, *without: str) -> dict[str, Any]:
    """The columns that have a value: one that a later schema adds makes no other digest."""
    return {name: row[name] for name in row.keys() if name not in without and row[name] is not None}  # noqa: SIM118


def _prune(db: sqlite3.Connection, before: datetime) -> None:
    """Delete a few of the rows of changes that are too old to be taken back."""
    oldest = db.execute("SELECT id, at FROM change ORDER BY id LIMIT ?", (_PRUNED_CHANGES,)).fetchall()
    old = [row["id"] for row in oldest if row["at"] <= to_ms(before)]
    if not old:
        return
    marks = ",".join("?" * len(old))
    db.execute(
        "DELETE FROM change_post WHERE (change_id, post_id) IN"
        f" (SELECT change_id, post_id FROM change_post WHERE change_id IN ({marks}) LIMIT {_PRUNED_POSTS})",
        old,
    )
    db.execute(
        f"DELETE FROM change WHERE id IN ({marks})"
        " AND NOT EXISTS (SELECT 1 FROM change_post p WHERE p.change_id = change.id)",
        old,
    )
