"""Write posts, one or ten thousand with the same statements, inside a transaction of `Database.writing`. A recorder
makes the change undoable; None for changes that no person made."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple, Protocol

from ttp.domain.delivery import IN_FLIGHT, DeliveryState
from ttp.domain.post import Post
from ttp.store import queries, row_mapper
from ttp.store.dialect import BY_ACCOUNT, RAISE_REVISION, Connection, List, Row, in_list
from ttp.store.row_mapper import Column, assign, marks, split_batches, text_of

_NAMES = f"SELECT a.id, a.platform, a.handle FROM account a WHERE {in_list('a.id', 'ids')} {BY_ACCOUNT}"
_MEDIA = "SELECT * FROM post_media WHERE post_id IN ({}) ORDER BY position"
_TAGS = "SELECT * FROM post_tag WHERE post_id IN ({}) ORDER BY position"


class Recorder(Protocol):
    """Records what a command changed, for undo."""

    def write(
        self, db: Connection, after: Iterable[tuple[int, PostSnapshot]], before: Mapping[int, PostSnapshot]
    ) -> None:
        """Record posts that were just stored; `before` has those that existed."""


def insert(db: Connection, post: Post, recorder: Recorder | None) -> Post:
    assert post.id is None
    return _saved(db, post, recorder)


def update(db: Connection, post: Post, recorder: Recorder | None) -> Post:
    """Store every field of a post and return it as stored. Deliveries without an id are new."""
    assert post.id is not None
    return _saved(db, post, recorder)


def save(db: Connection, posts: Sequence[Post], recorder: Recorder | None) -> list[int]:
    """Insert posts without an id, update the others, and return all ids in order."""
    before = _before(db, posts, recorder)
    ids, new = _stored(db, posts)
    if recorder is not None:
        images = ((rows.post["id"], rows.snapshot()) for rows in new)
        recorder.write(db, chain(images, snapshots(db, (post.id for post in posts if post.id is not None))), before)
    return ids


def _stored(db: Connection, posts: Sequence[Post]) -> tuple[list[int], list[_Rows]]:
    """Store posts. Return all ids in order, and the rows of the new posts as a read would find them."""
    ended = [post for post in posts if post.id is not None and post.status in queries.ENDED]
    if ended:
        from ttp.store import events  # here: a new post has no events

        states = events.stored_states(db, ended)
    fresh = iter(db.reserve_ids("post", sum(post.id is None for post in posts)))
    ids = [post.id or next(fresh) for post in posts]
    numbered = list(zip(ids, posts, strict=True))
    new = {i: {"id": i, **row_mapper.post_columns(p)} for i, p in numbered if p.id is None}
    db.insert("post", [*new.values()])
    _update(
        db, "post", ({**row_mapper.post_columns(p), "id": i} for i, p in numbered if p.id is not None), RAISE_REVISION
    )
    changed = [(post.id,) for post in posts if post.id is not None]
    for table in ("post_media", "post_tag"):
        db.send_many(f"DELETE FROM {table} WHERE post_id = ?", changed)
    db.insert(
        "post_media",
        [
            {"post_id": i, "position": n, **row_mapper.media_columns(m)}
            for i, p in numbered
            for n, m in enumerate(p.media)
        ],
    )
    if any(post.cards for post in posts):
        from ttp.store import cards  # here: most posts have no link

        cards.keep_pictures(db, {i: p.cards for i, p in numbered})
    db.insert("post_tag", [{"post_id": i, "position": n, "tag": t} for i, p in numbered for n, t in enumerate(p.tags)])
    deliveries = [(i, d) for i, p in numbered for d in p.deliveries]
    added = [(i, d) for i, d in deliveries if d.id is None]
    new_comments = [(i, d, d.comment) for i, d in deliveries if d.comment is not None and d.comment.id is None]
    count = len(added) + len(new_comments)
    numbers = iter(db.reserve_ids("delivery", count) if count else ())
    inserted: list[dict[str, Any]] = [
        {"id": next(numbers), "post_id": i, "account_id": d.account_id, **row_mapper.delivery_columns(d)}
        for i, d in added
    ]
    parent_ids = {(row["post_id"], row["account_id"]): row["id"] for row in inserted}
    for i, d, comment in new_comments:
        parent_id = d.id or parent_ids[i, d.account_id]
        columns = {**row_mapper.delivery_columns(comment), "parent_id": parent_id}
        inserted.append({"id": next(numbers), "post_id": i, "account_id": d.account_id, **columns})
    deliveries += [(i, d.comment) for i, d in deliveries if d.comment is not None]
    db.insert("delivery", inserted)
    _update(db, "delivery", ({**row_mapper.delivery_columns(d), "id": d.id} for _, d in deliveries if d.id is not None))
    out = [
        (post, d)
        for post in posts
        for d in post.deliveries
        if d.comment is not None and d.state is DeliveryState.PUBLISHED and d.taken_down_at is None
    ]
    if out:
        from ttp.store import comments  # here: most posts have none

        for post, d in out:
            assert post.updated_at is not None
            comments.begin_all(db, [d], post.updated_at)
    if ended:
        events.record_changes(db, ended, states)
    return ids, _rows_of_new(db, {i: p for i, p in numbered if p.id is None}, new, inserted)


def _rows_of_new(
    db: Connection,
    posts: Mapping[int, Post],
    own: Mapping[int, Mapping[str, Any]],
    deliveries: Iterable[Mapping[str, Any]],
) -> list[_Rows]:
    """Return the rows of posts that were just inserted. `own`, `deliveries`: what was written. Read are only the names
    and the order of their accounts, and media, in which each kind of store has its own form of true and false."""
    of_account: dict[int, list[Mapping[str, Any]]] = {}
    for row in deliveries:
        if row["post_id"] in posts:
            of_account.setdefault(row["account_id"], []).append(row)
    of_post: dict[int, list[Row]] = {i: [] for i in posts}
    for account in db.execute(_NAMES, {"ids": List(of_account)}) if of_account else ():
        names = {"platform": account["platform"], "account_handle": account["handle"], "fence": 0}
        for row in of_account[account["id"]]:
            of_post[row["post_id"]].append({**_as_read(db, row), **names})
    media: dict[int, list[Row]] = {}
    for batch in split_batches(i for i, post in posts.items() if post.media):
        media |= _by_post(db, _MEDIA.format(marks(batch)), batch)
    return [
        _Rows(
            {**_as_read(db, own[i]), "revision": 1}, of_post[i], media.get(i, ()), [{"tag": tag} for tag in post.tags]
        )
        for i, post in posts.items()
    ]


def _as_read(db: Connection, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return written columns as a read gives them: SQLite has no booleans."""
    if db.is_remote:
        return row
    return {name: int(value) if isinstance(value, bool) else value for name, value in row.items()}


def _saved(db: Connection, post: Post, recorder: Recorder | None) -> Post:
    before = _before(db, [post], recorder)
    ids, new = _stored(db, [post])
    (rows,) = new or _read(db, ids, has_media=bool(post.media), has_tags=bool(post.tags))
    if recorder is not None:
        recorder.write(db, [(rows.post["id"], rows.snapshot())], before)
    return rows.as_post()


def _before(db: Connection, posts: Iterable[Post], recorder: Recorder | None) -> Mapping[int, PostSnapshot]:
    """Return snapshots of the stored posts, if the change is recorded."""
    return {} if recorder is None else dict(snapshots(db, (post.id for post in posts if post.id is not None)))


def _update(db: Connection, table: str, rows: Iterable[Mapping[str, Column]], more: str = "") -> None:
    if rows := list(rows):
        sets = assign(name for name in rows[0] if name != "id")
        db.send_many(f"UPDATE {table} SET {sets}{more} WHERE id = :id", rows)


_IN_FLIGHT = frozenset(state.value for state in IN_FLIGHT)


class PostSnapshot(NamedTuple):
    """The rows of one post at one moment as JSON, without its time of change."""

    text: str
    in_flight: bool
    media: tuple[str, ...]

    @property
    def digest(self) -> str:
        return digest(self.text)

    @property
    def needs(self) -> str | None:
        """Return its media digests in stored form."""
        return text_of(sorted(set(self.media))) if self.media else None


def digest(image: str) -> str:
    """Return a digest of a snapshot, without its link cards: the publisher fetches some after a person's change."""
    import hashlib  # here: questions import this module, and take no digest

    if '"cards":' in image:
        fields = json.loads(image)
        fields["post"].pop("cards", None)
        image = text_of(fields)
    return hashlib.blake2b(image.encode(), digest_size=16).hexdigest()


def snapshots(db: Connection, ids: Iterable[int]) -> Iterator[tuple[int, PostSnapshot]]:
    """Yield snapshots of these posts, deleted ones included."""
    for batch in split_batches(ids):
        for rows in _read(db, batch):
            yield rows.post["id"], rows.snapshot()


class _Rows(NamedTuple):
    post: Row
    deliveries: Sequence[Row]
    media: Sequence[Row]
    tags: Sequence[Row]

    def snapshot(self) -> PostSnapshot:
        fields = {
            "post": _named(self.post, "id", "updated_at", "revision"),
            "deliveries": [_named(row, "post_id", "fence") for row in self.deliveries],
            "media": [_named(row, "post_id", "position") for row in self.media],
            "tags": [row["tag"] for row in self.tags],
        }
        in_flight = any(row["state"] in _IN_FLIGHT for row in self.deliveries)
        media = [row[name] for row in self.media for name in ("sha256", "thumbnail") if row[name]]
        if self.post["cards"] != "{}":
            from ttp.domain.parts.cards import card_pictures  # here: most posts have no link

            media += card_pictures(json.loads(self.post["cards"]))
        return PostSnapshot(text_of(fields), in_flight, tuple(media))

    def as_post(self) -> Post:
        deliveries = row_mapper.with_comments([row_mapper.delivery(row) for row in self.deliveries])
        media = [row_mapper.media(row) for row in self.media]
        return row_mapper.post(self.post, deliveries, media, [row["tag"] for row in self.tags])


def _read(db: Connection, ids: Sequence[int], *, has_media: bool = True, has_tags: bool = True) -> list[_Rows]:
    """Return the current rows of the posts that exist. `has_media`, `has_tags`: whether any may."""
    some = marks(ids)
    if db.is_change:
        db.lock_posts(ids, at_once=False)
    rows = {row["id"]: row for row in db.execute(f"SELECT * FROM post WHERE id IN ({some})", ids)}
    deliveries = _by_post(db, f"{row_mapper.DELIVERIES} WHERE d.post_id IN ({some}) {BY_ACCOUNT}, d.id", ids)
    media, tags = (
        _by_post(db, sql.format(some), ids) if is_any else {}
        for sql, is_any in ((_MEDIA, has_media), (_TAGS, has_tags))
    )
    return [_Rows(rows[i], deliveries[i], media.get(i, ()), tags.get(i, ())) for i in ids if i in rows]


def post_of(post_id: int, image: str) -> Post:
    """Return the post of a snapshot. Columns added later are missing in it and count as NULL."""
    fields = json.loads(image)
    own = _Row(fields["post"], id=post_id, updated_at=fields["post"]["created_at"], revision=0)
    of_post = {"post_id": post_id}
    deliveries = row_mapper.with_comments(
        [row_mapper.delivery(_Row(one, **of_post, fence=0)) for one in fields["deliveries"]]
    )
    media = [row_mapper.media(_Row(one, **of_post)) for one in fields["media"]]
    return row_mapper.post(own, deliveries, media, fields["tags"])


class _Row(dict[str, Any]):
    """A row of a snapshot, which leaves out NULL."""

    def __init__(self, fields: Mapping[str, Any], **more: Any) -> None:
        super().__init__(fields, **more)

    def __missing__(self, name: str) -> None:
        return None


def _by_post(db: Connection, sql: str, ids: Sequence[int]) -> dict[int, list[Row]]:
    rows: dict[int, list[Row]] = {i: [] for i in ids}
    for row in db.execute(sql, ids):
        rows[row["post_id"]].append(row)
    return rows


def _named(row: Row, *without: str) -> dict[str, Any]:
    """Return the columns that have a value, so that a column added later changes no digest."""
    named = {name: row[name] for name in row.keys() if name not in without and row[name] is not None}  # noqa: SIM118
    for name, empty in (("planned_parts", "[]"), ("part_starts", "[]"), ("cards", "{}"), ("origin", "{}")):
        if named.get(name) == empty:
            del named[name]
    return named


def drafts_with_text(db: Connection, text: str) -> Iterator[Post]:
    """Yield the drafts with exactly this text, the oldest first."""
    sql = "SELECT id FROM post WHERE status = 'draft' AND content = ? AND deleted_at IS NULL ORDER BY id"
    return queries.posts_by_id(db, [row["id"] for row in db.execute(sql, (text,))])
