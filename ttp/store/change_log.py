"""The undo history of posts: a row for each command, and one for each post that it changed.

A post's row holds its snapshot before the change (NULL if the command created it), the media digests that the snapshot
needs, and a digest of the result, which shows whether something else changed the post since. Undoing swaps these, and
adds a row of the command `undo edit` (`undone` is 0), which says who did it and is not undone itself. The publisher's
changes are not recorded. Rows are kept for KEPT_FOR, or longer while the post may be approved, and
pruned a few at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ttp.domain.post import Post
from ttp.domain.time.clock import from_ms, to_ms
from ttp.store import posts
from ttp.store.dialect import Connection, json_items
from ttp.store.posts import PostSnapshot
from ttp.store.row_mapper import marks, plain_fields, split_batches

if TYPE_CHECKING:
    from ttp.store.server.idempotency_keys import Reservation

KEPT_FOR = timedelta(days=30)
_PRUNED_CHANGES = 20
_PRUNED_POSTS = 2000
"""Maximum rows deleted with each recorded change, so that no command waits long."""
_LOOKED_AT = 1000
"""How many of the oldest changes are looked at for it."""


@dataclass
class ChangeRecorder:
    """Records one command's changes of posts, in one transaction or several."""

    command: str
    at: datetime
    actor: str | None = None
    """Who made the changes: the name of a token or user@host, and what they used: `ann via mcp`."""
    request: Reservation | None = None
    """The idempotency key that the changes are made for."""
    continues: int | None = None
    """The id of a change to go on with, if it is the post's last."""
    _change: int | None = field(default=None, init=False)

    def write(
        self, db: Connection, after: Iterable[tuple[int, PostSnapshot]], before: Mapping[int, PostSnapshot]
    ) -> None:
        """Record posts that were just stored, unless unchanged or in flight; `before` has those that existed."""
        written = []
        for post_id, now in after:
            was = before.get(post_id)
            if was is None or (was.text != now.text and not was.in_flight):
                image, media = (None, None) if was is None else (was.text, was.needs)
                written.append((post_id, image, now.digest, media))
        if not written:
            return
        if self._change is None and self.continues is not None:
            self.go_on(db, written[0][0], self.continues)
        change = self._begun(db)
        names = ("change_id", "post_id", "image", "digest", "media")
        rows = [dict(zip(names, (change, *row), strict=True)) for row in written]
        db.insert("change_post", rows, " ON CONFLICT (change_id, post_id) DO UPDATE SET digest = excluded.digest")

    def go_on(self, db: Connection, post_id: int | None, change_id: int | None = None) -> None:
        """Continue a change of a post, or the one that created it, if there is one that is the post's last and touched
        no other."""
        if post_id is None:
            return
        which, values = ("image IS NULL", [post_id]) if change_id is None else ("change_id = ?", [post_id, change_id])
        sql = (
            f"SELECT change_id FROM change_post p WHERE post_id = ? AND {which} AND undone IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM change_post o WHERE o.change_id = p.change_id AND o.post_id <> p.post_id)"
            " AND NOT EXISTS (SELECT 1 FROM change_post o WHERE o.post_id = p.post_id AND o.change_id > p.change_id)"
        )
        found = db.execute(sql, values).fetchone()
        self._change = None if found is None else found["change_id"]
        if self._change is not None and self.request is not None:
            sql = "UPDATE change SET token_id = ?, key = ? WHERE id = ?"
            db.execute(sql, (self.request.token_id, self.request.key, self._change))

    def note_undo(self, db: Connection, post_ids: Iterable[int]) -> None:
        """Record who undid or redid a change of posts."""
        rows = [(self._begun(db), post_id) for post_id in post_ids]
        db.send_many("INSERT INTO change_post (change_id, post_id, digest, undone) VALUES (?, ?, '', 0)", rows)

    def forget(self, db: Connection) -> None:
        db.execute("DELETE FROM change_post WHERE change_id = ?", (self._change,))
        db.execute("DELETE FROM change WHERE id = ?", (self._change,))
        self._change = None

    def _begun(self, db: Connection) -> int:
        if self._change is None:
            request = (None, None) if self.request is None else (self.request.token_id, self.request.key)
            row = db.execute(_BEGIN, (self.command, to_ms(self.at), self.actor, *request)).fetchone()
            self._change = int(row["id"])
            if row["oldest_at"] is not None and row["oldest_at"] <= to_ms(self.at - KEPT_FOR):
                _prune(db, self.at - KEPT_FOR)
        return self._change


def commands_on_post(db: Connection, post_id: int) -> list[tuple[str, datetime]]:
    """Return the commands that changed a post after its creation, with times, oldest first; undone ones left out."""
    sql = (
        "SELECT c.command, c.at FROM change_post p JOIN change c ON c.id = p.change_id"
        " WHERE p.post_id = ? AND p.undone IS NULL AND p.image IS NOT NULL ORDER BY c.id"
    )
    return [(row["command"], from_ms(row["at"])) for row in db.execute(sql, (post_id,))]


def last_created(db: Connection, actor: str) -> int | None:
    """Return the id of the post that someone created last, of those that are not deleted."""
    sql = (
        "SELECT p.post_id FROM change c JOIN change_post p ON p.change_id = c.id JOIN post ON post.id = p.post_id"
        " WHERE c.actor = ? AND p.image IS NULL AND p.undone IS NULL AND post.deleted_at IS NULL"
        " ORDER BY c.id DESC LIMIT 1"
    )
    row = db.execute(sql, (actor,)).fetchone()
    return None if row is None else int(row["post_id"])


def media_needed_for_undo(db: Connection, now: datetime) -> set[str]:
    """Return the digests of media that an undo would need."""
    sql = (
        "SELECT DISTINCT one.value FROM change_post p JOIN change c ON c.id = p.change_id"
        f" CROSS JOIN {json_items('p.media', 'one')} WHERE p.media IS NOT NULL AND c.at > ?"
    )
    return {row[0] for row in db.execute(sql, (to_ms(now - KEPT_FOR),))}


def _prune(db: Connection, before: datetime) -> None:
    """Delete some rows of changes that are too old to undo. Kept are those of a known actor as long as one of their
    posts can be approved: who wrote a post may not."""
    old = [row["id"] for row in db.execute(_OLD, (to_ms(before),))]
    if not old:
        return
    db.execute(
        "DELETE FROM change_post WHERE (change_id, post_id) IN"
        f" (SELECT change_id, post_id FROM change_post WHERE change_id IN ({marks(old)}) LIMIT {_PRUNED_POSTS})",
        old,
    )
    db.execute(
        f"DELETE FROM change WHERE id IN ({marks(old)})"
        " AND NOT EXISTS (SELECT 1 FROM change_post p WHERE p.change_id = change.id)",
        old,
    )


_BEGIN = """
INSERT INTO change (command, at, actor, token_id, key) VALUES (?, ?, ?, ?, ?)
RETURNING id, (SELECT at FROM change ORDER BY id LIMIT 1) AS oldest_at
"""
_OLD = f"""
SELECT c.id FROM (SELECT id, at, actor FROM change ORDER BY id LIMIT {_LOOKED_AT}) c
WHERE c.at <= ? AND (c.actor IS NULL OR NOT EXISTS (
    SELECT 1 FROM change_post p JOIN post ON post.id = p.post_id
    WHERE p.change_id = c.id AND post.status IN ('draft', 'scheduled') AND post.deleted_at IS NULL
)) ORDER BY c.id LIMIT {_PRUNED_CHANGES}
"""
_OPEN, _UNDONE, _LOGGED = "p.undone IS NULL", "p.undone > 0", "(p.undone IS NULL OR p.undone = 0)"
_OF_POST = " AND p.post_id = :post"
_BY = " AND c.actor = :actor"
_NEXT = {
    rows: f"""
SELECT c.id, c.command, c.at, c.actor, NULL AS undone FROM change c
WHERE c.at > :since AND EXISTS (
    SELECT 1 FROM change_post p WHERE p.change_id = c.id AND {rows}{{of_post}}
){{by}} ORDER BY c.id DESC LIMIT :most
"""
    for rows in (_OPEN, _LOGGED)
} | {
    _UNDONE: f"""
SELECT DISTINCT c.id, c.command, c.at, c.actor, p.undone FROM change_post p JOIN change c ON c.id = p.change_id
WHERE {_UNDONE} AND c.at > :since{{of_post}}{{by}}
ORDER BY p.undone DESC LIMIT :most
"""
}
_ROWS = """
SELECT p.post_id, p.image, p.digest FROM change_post p
WHERE p.change_id = :change AND p.undone IS NOT DISTINCT FROM :undone{of_post} ORDER BY p.post_id
"""
_TEXTS = f"""
SELECT p.change_id, p.post_id, p.image IS NULL AND {_OPEN} AS is_new, post.content
FROM change_post p JOIN post ON post.id = p.post_id
WHERE p.change_id IN ({{changes}}) AND {_LOGGED}{{of_post}} ORDER BY p.post_id
"""
_TURN = """
UPDATE change_post SET image = :image, digest = :digest, media = :media, undone = :undone
WHERE change_id = :change AND post_id = :post
"""

# The neighbouring change expects this result, although the two may differ: a time that has passed is not restored.
_FOLLOWS = {
    False: """
UPDATE change_post SET digest = :digest WHERE post_id = :post AND digest = :meant AND change_id = (
    SELECT max(change_id) FROM change_post WHERE post_id = :post AND change_id < :change AND undone IS NULL)
""",
    True: """
UPDATE change_post SET digest = :digest WHERE post_id = :post AND digest = :meant AND change_id = (
    SELECT min(change_id) FROM change_post WHERE post_id = :post AND change_id > :change AND undone > 0)
""",
}
_TRIED = "EXISTS (SELECT 1 FROM attempt WHERE attempt.delivery_id = delivery.id)"
_CANCELLED = "state = 'cancelled', next_at = NULL, waiting_for = NULL, waiting_until = NULL"


class Change(NamedTuple):
    """One command's changes of posts. `undone`: the number of the undo that reverted it."""

    id: int
    command: str
    at: datetime
    undone: int | None = None
    actor: str | None = None


class LoggedChange(NamedTuple):
    """A change that is not undone, or an undo, with the present texts of its posts by id. `created`: those that it
    created."""

    change: Change
    texts: Mapping[int, str]
    created: frozenset[int] = frozenset()


class ChangedPost(NamedTuple):
    """One post of a change: its snapshot before (None if it was created), and the digest of the result."""

    post_id: int
    image: str | None
    digest: str


class RestoredPost(NamedTuple):
    """One post to restore: its row in the change, its snapshot now, and the post to store."""

    touched: ChangedPost
    now: PostSnapshot
    after: Post


def next_changes(
    db: Connection, now: datetime, most: int, *, post: int | None, undone: bool, actor: str | None = None
) -> list[Change]:
    """Return the changes that undo would revert next, newest first. `undone`: redo; `post`: only changes of it;
    `actor`: only changes by it."""
    return _changes(db, _UNDONE if undone else _OPEN, now, most, post, actor)


def _changes(
    db: Connection, which: str, now: datetime, most: int, post: int | None, actor: str | None = None
) -> list[Change]:
    values = {"since": to_ms(now - KEPT_FOR), "post": post, "most": most, "actor": actor}
    of_post, by = "" if post is None else _OF_POST, "" if actor is None else _BY
    rows = db.execute(_NEXT[which].format(of_post=of_post, by=by), values)
    return [Change(**plain_fields(row, Change)) for row in rows]


def changed_posts(db: Connection, change: Change, post: int | None) -> list[ChangedPost]:
    """Return the posts of a change (or one of them) that share its undone state."""
    values = {"change": change.id, "undone": change.undone, "post": post}
    found = db.execute(_ROWS.format(of_post="" if post is None else _OF_POST), values)
    return [ChangedPost(row["post_id"], row["image"], row["digest"]) for row in found]


def recent_changes(
    db: Connection, now: datetime, most: int, post: int | None = None, *, undos: bool = False
) -> list[LoggedChange]:
    """Return the last changes that are not undone, newest first. `post`: only changes of it, and only it; `undos`: also
    undos and redos."""
    changes = _changes(db, _LOGGED if undos else _OPEN, now, most, post)
    texts = {change.id: dict[int, str]() for change in changes}
    created = {change.id: set[int]() for change in changes}
    for batch in split_batches(list(texts)):
        of_post = "" if post is None else " AND p.post_id = ?"
        values = batch if post is None else [*batch, post]
        for row in db.execute(_TEXTS.format(changes=marks(batch), of_post=of_post), values):
            texts[row["change_id"]][row["post_id"]] = row["content"]
            if row["is_new"]:
                created[row["change_id"]].add(row["post_id"])
    return [LoggedChange(change, texts[change.id], frozenset(created[change.id])) for change in changes]


def restore_posts(db: Connection, change: Change, turned: Sequence[RestoredPost]) -> None:
    """Store the posts of a change as they were, and swap the snapshots in its rows."""
    again = change.undone is not None
    (last,) = db.execute("SELECT max(undone) FROM change_post WHERE undone IS NOT NULL").fetchone()
    number = None if again else (last or 0) + 1
    # First of all: two of them may change keys with each other.
    db.send_many("UPDATE post SET key = NULL WHERE id = ?", [(one.touched.post_id,) for one in turned])
    for batch in split_batches(turned):
        _put_back(db, [one.after for one in batch])
        after = dict(posts.snapshots(db, (one.touched.post_id for one in batch)))
        values = [
            {
                "change": change.id,
                "post": one.touched.post_id,
                "image": one.now.text,
                "media": one.now.needs,
                "digest": after[one.touched.post_id].digest,
                "meant": None if one.touched.image is None else posts.digest(one.touched.image),
                "undone": number,
            }
            for one in batch
        ]
        db.send_many(_TURN, values)
        db.send_many(_FOLLOWS[again], [one for one in values if one["meant"] not in (None, one["digest"])])


def _put_back(db: Connection, after: Sequence[Post]) -> None:
    """Store earlier versions of posts, with the deliveries that they had then."""
    ids = [post.id for post in after]
    sql = f"SELECT id FROM delivery WHERE post_id IN ({marks(ids)}) ORDER BY id DESC"  # a comment before its delivery
    there = [row["id"] for row in db.execute(sql, ids)]
    rows = [(post, d) for post in after for d in (*post.deliveries, *(o.comment for o in post.deliveries if o.comment))]
    wanted = {d.id: (post, d) for post, d in rows}
    gone = [(one,) for one in there if one not in wanted]
    # A delivery that was claimed and released has attempts, which stay: it is cancelled, as by an edit.
    db.send_many(f"UPDATE delivery SET {_CANCELLED} WHERE id = ? AND {_TRIED}", gone)
    db.send_many(f"DELETE FROM delivery WHERE id = ? AND NOT {_TRIED}", gone)
    missing = [one for number, one in wanted.items() if number not in there]
    db.send_many(
        "INSERT INTO delivery (id, post_id, account_id, parent_id, state, tries, attempts, handle)"
        " VALUES (?, ?, ?, ?, ?, 0, 0, '{}')",
        [(d.id, post.id, d.account_id, d.parent_id, d.state.value) for post, d in missing],
    )
    posts.save(db, after, None)
