"""The log of what people changed, read to take changes back: which come next, and posts put back as an image has them.

Taking a change back turns its rows round: each then holds the image of the other side, from which it can be done again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from ttp.domain.post import Post
from ttp.domain.time.clock import from_ms, to_ms
from ttp.store import history, posts
from ttp.store.history import KEPT_FOR, Image

T = TypeVar("T")
_BATCH = 200
_OPEN, _UNDONE = "p.undone IS NULL", "p.undone IS NOT NULL"
_NEXT = {
    False: f"""
SELECT c.id, c.command, c.at, NULL AS undone FROM change c
WHERE c.at > :since AND EXISTS (
    SELECT 1 FROM change_post p WHERE p.change_id = c.id AND {_OPEN} AND (:post IS NULL OR p.post_id = :post)
) ORDER BY c.id DESC LIMIT :most
""",
    True: f"""
SELECT DISTINCT c.id, c.command, c.at, p.undone FROM change_post p JOIN change c ON c.id = p.change_id
WHERE {_UNDONE} AND c.at > :since AND (:post IS NULL OR p.post_id = :post)
ORDER BY p.undone DESC LIMIT :most
""",
}
_ROWS = """
SELECT post_id, image, digest FROM change_post
WHERE change_id = :change AND undone IS :undone AND (:post IS NULL OR post_id = :post) ORDER BY post_id
"""
_TURN = """
UPDATE change_post SET image = :image, digest = :digest, media = :media, undone = :undone
WHERE change_id = :change AND post_id = :post
"""
# What the change before left (of what is done again: the one after) is what there is now, though it is not the same to
# the letter: a time that has passed was not given again.
_FOLLOWS = {
    False: """
UPDATE change_post SET digest = :digest WHERE post_id = :post AND digest = :meant AND change_id = (
    SELECT max(change_id) FROM change_post WHERE post_id = :post AND change_id < :change AND undone IS NULL)
""",
    True: """
UPDATE change_post SET digest = :digest WHERE post_id = :post AND digest = :meant AND change_id = (
    SELECT min(change_id) FROM change_post WHERE post_id = :post AND change_id > :change AND undone IS NOT NULL)
""",
}

_TRIED = "EXISTS (SELECT 1 FROM attempt WHERE attempt.delivery_id = delivery.id)"
_CANCELLED = "state = 'cancelled', next_at = NULL, waiting_for = NULL, waiting_until = NULL"


@dataclass(frozen=True, slots=True)
class Change:
    """One command's change of posts. `undone`: the number of the undo that took it back."""

    id: int
    command: str
    at: datetime
    undone: int | None = None


@dataclass(frozen=True, slots=True)
class Touched:
    """What a change did to a post: how it was (None: it made it), and the digest of what it was left as."""

    post_id: int
    image: str | None
    digest: str


@dataclass(frozen=True, slots=True)
class Turned:
    """One post to be put back: as it is, and as it is to be."""

    touched: Touched
    now: Image
    after: Post


def coming(db: sqlite3.Connection, now: datetime, most: int, *, post: int | None, undone: bool) -> list[Change]:
    """The changes that would be taken back next, newest first; `undone`: done again next. `post`: only those of it."""
    values = {"since": to_ms(now - KEPT_FOR), "post": post, "most": most}
    return [
        Change(row["id"], row["command"], from_ms(row["at"]), row["undone"])
        for row in db.execute(_NEXT[undone], values)
    ]


def touched(db: sqlite3.Connection, change: Change, post: int | None) -> list[Touched]:
    """What a change did to posts (to one), as far as it is (not) taken back."""
    values = {"change": change.id, "undone": change.undone, "post": post}
    return [Touched(row["post_id"], row["image"], row["digest"]) for row in db.execute(_ROWS, values)]


def listed(db: sqlite3.Connection, now: datetime, most: int) -> list[tuple[Change, list[int]]]:
    """The last changes that are not taken back, newest first, with their posts."""
    found = coming(db, now, most, post=None, undone=False)
    return [(change, [one.post_id for one in touched(db, change, None)]) for change in found]


def batched(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """So many as one statement takes."""
    return (items[at : at + _BATCH] for at in range(0, len(items), _BATCH))


def turn(db: sqlite3.Connection, change: Change, turned: Sequence[Turned]) -> None:
    """Put posts of a change back, and turn their rows round."""
    again = change.undone is not None
    (last,) = db.execute("SELECT max(undone) FROM change_post WHERE undone IS NOT NULL").fetchone()
    number = None if again else (last or 0) + 1
    # First of all: two of them may change keys with each other.
    db.executemany("UPDATE post SET key = NULL WHERE id = ?", [(one.touched.post_id,) for one in turned])
    for batch in batched(turned):
        _put_back(db, [one.after for one in batch])
        after = dict(history.images(db, (one.touched.post_id for one in batch)))
        values = [
            {
                "change": change.id,
                "post": one.touched.post_id,
                "image": one.now.text,
                "media": one.now.needs,
                "digest": after[one.touched.post_id].digest,
                "meant": None if one.touched.image is None else history.digest(one.touched.image),
                "undone": number,
            }
            for one in batch
        ]
        db.executemany(_TURN, values)
        db.executemany(_FOLLOWS[again], [one for one in values if one["meant"] not in (None, one["digest"])])


def _put_back(db: sqlite3.Connection, after: Sequence[Post]) -> None:
    """Store posts as they were, with the deliveries that they had, by their own ids."""
    ids = [post.id for post in after]
    marks = ",".join("?" * len(ids))
    there = {row["id"] for row in db.execute(f"SELECT id FROM delivery WHERE post_id IN ({marks})", ids)}
    wanted = {d.id: (post, d) for post in after for d in post.deliveries}
    gone = [(one,) for one in there - wanted.keys()]
    # One that the publisher had in its hand and gave back has attempts, which stay: it is cancelled, as by an edit.
    db.executemany(f"UPDATE delivery SET {_CANCELLED} WHERE id = ? AND {_TRIED}", gone)
    db.executemany(f"DELETE FROM delivery WHERE id = ? AND NOT {_TRIED}", gone)
    missing = [wanted[one] for one in wanted.keys() - there]
    db.executemany(
        "INSERT INTO delivery (id, post_id, account_id, state, tries, attempts, handle)"
        " VALUES (?, ?, ?, ?, 0, 0, '{}')",
        [(d.id, post.id, d.account_id, d.state.value) for post, d in missing],
    )
    posts.save(db, after, None)
