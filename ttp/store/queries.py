"""Reads that a person waits for: by index, and never more than is shown.

Lists have three parts, each read by one index: upcoming (soonest first), drafts (oldest first), ended (latest first).
They are paged by keyset, so that any page of a million posts costs the same.
"""

from __future__ import annotations

import heapq
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from ttp.domain.delivery import Delivery
from ttp.domain.media.item import MediaItem
from ttp.domain.post import Metrics, Post, PostStatus
from ttp.domain.publishing.attempt import Attempt
from ttp.domain.time.clock import from_ms, to_ms
from ttp.store import dialect, post_search, row_mapper
from ttp.store.dialect import _READY, BY_ACCOUNT, Connection, Cursor, List, Row, in_list
from ttp.store.post_search import PostFilter as PostFilter
from ttp.store.row_mapper import marks, ms, split_batches

if TYPE_CHECKING:
    from ttp.domain.recurrence import Repeat

_BATCH = 200
_NEVER = datetime.max.replace(tzinfo=UTC)
COMING = (PostStatus.SCHEDULED, PostStatus.PUBLISHING)
DRAFTS = (PostStatus.DRAFT,)
ENDED = (PostStatus.PUBLISHED, PostStatus.FAILED, PostStatus.PARTIAL)
_RUNS = ((COMING, False), (DRAFTS, False), (ENDED, True))


def post(db: Connection, post_id: int) -> Post | None:
    """Return one complete post; None if it is deleted or does not exist."""
    return next(posts_by_id(db, [post_id]), None)


def post_even_deleted(db: Connection, post_id: int) -> Post:
    """Return one post that must exist. Raises StopIteration if it does not."""
    return next(load_posts(db, db.execute(f"{row_mapper.POSTS} WHERE id = ?", (post_id,)).fetchall()))


def posts_even_deleted(db: Connection, post_ids: Iterable[int]) -> dict[int, Post]:
    return _posts_now(db, list(post_ids))


class AskedPosts(NamedTuple):
    rows: Cursor
    parts: _Parts

    def read(self) -> dict[int, Post]:
        return {post.id or 0: post for post in _complete(self.rows.fetchall(), self.parts)}


def ask_posts_even_deleted(db: Connection, post_ids: Iterable[int]) -> AskedPosts:
    """Ask for posts and their parts. Meant for the few of one claim."""
    return _ask_posts(db, sorted(set(post_ids)))


def _ask_posts(db: Connection, ids: list[int], more: str = "") -> AskedPosts:
    rows = db.execute(f"{row_mapper.POSTS} WHERE id IN ({marks(ids)}){more}", ids)
    return AskedPosts(rows, _parts(db, ids))


def _posts_now(db: Connection, ids: list[int], more: str = "") -> dict[int, Post]:
    """Return posts by id; in a change of a person, locked first: a publisher may be changing them."""
    if db.is_change:
        db.lock_posts(ids, at_once=False)
    with db.together():
        posts = _ask_posts(db, ids, more)
    return posts.read()


def post_by_key(db: Connection, key: str) -> Post | None:
    """Return the post of a key, also a deleted one: a key is used only once."""
    return posts_by_key(db, [key]).get(key)


def posts_by_id(db: Connection, ids: Iterable[int]) -> Iterator[Post]:
    """Yield the posts of these ids that exist and are not deleted, in the given order."""
    for batch in split_batches(ids, _BATCH):
        stored = _posts_now(db, batch, " AND deleted_at IS NULL")
        yield from (stored[i] for i in batch if i in stored)


def existing_ids(db: Connection, first: int, last: int) -> list[int]:
    """Return the ids from `first` to `last`, both included, of posts that are not deleted."""
    sql = "SELECT id FROM post WHERE id BETWEEN ? AND ? AND deleted_at IS NULL ORDER BY id"
    return [row["id"] for row in db.execute(sql, (first, last))]


def posts(db: Connection, criteria: PostFilter, *, own_key: row_mapper.OwnKey | None = None) -> Iterator[Post]:
    """Yield the posts that pass the filter, in list order, in batches. `own_key`: makes a key for those without."""
    rows = iter(post_search.sorted_rows(db, criteria)) if criteria.sort else _list_rows(db, criteria)
    if not criteria.sort and (criteria.limit is not None or criteria.skip):
        rows = islice(rows, criteria.skip, None if criteria.limit is None else criteria.skip + criteria.limit)
    for batch in split_batches(rows, min(_BATCH, criteria.limit or _BATCH)):
        yield from load_posts(db, batch, own_key)


def _list_rows(db: Connection, criteria: PostFilter) -> Iterator[Row]:
    after = db.execute("SELECT * FROM post WHERE id = ?", (criteria.after,)).fetchone() if criteria.after else None
    reached = after is None
    few = _posts_of_accounts(db, criteria.accounts)
    for run, descending in _RUNS:
        here = after is not None and after["status"] in run
        if not reached and not here:
            continue
        reached = True
        statuses = [s for s in run if not criteria.statuses or s in criteria.statuses]
        merged = heapq.merge(
            *(_status_rows(db, s, criteria, descending, after if here else None, few) for s in statuses),
            key=lambda row: (row["scheduled_at"] or 0, row["id"]),
            reverse=descending,
        )
        yield from merged


_FEW = 500


def _posts_of_accounts(db: Connection, accounts: Sequence[int]) -> list[int] | None:
    """Return the ids of all posts of some accounts if they are few; None if they are many, or no account is given."""
    if not accounts:
        return None
    sql = f"SELECT post_id FROM delivery WHERE account_id IN ({marks(accounts)}) AND state <> 'cancelled' LIMIT ?"
    rows = db.execute(sql, (*accounts, _FEW + 1)).fetchall()
    return sorted({row["post_id"] for row in rows}) if len(rows) <= _FEW else None


def _status_rows(
    db: Connection, status: PostStatus, criteria: PostFilter, descending: bool, after: Row | None, few: list[int] | None
) -> Iterator[Row]:
    """Yield posts of one status in keyset order, in batches: by the index post_by_status, or the `few` by their ids,
    as the index would pass over all posts of other accounts."""
    where, values = post_search.conditions(criteria)
    # The second keeps SQLite from the index.
    of_status = "status = ?" if few is None else f"id IN ({marks(few)}) AND status || '' = ?"
    values = [*(few or ()), status.value, *values]
    order = "DESC NULLS LAST" if descending else "ASC NULLS FIRST"
    size = min(_BATCH, (criteria.limit or _BATCH) + criteria.skip)
    position = None if after is None else (after["scheduled_at"], after["id"])
    while True:
        batch: list[Row] = []
        for keyset, at in _beyond(position, descending):
            sql = (
                f"{row_mapper.POSTS} WHERE {of_status} AND deleted_at IS NULL{where}{keyset}"
                f" ORDER BY scheduled_at {order}, id {order.split()[0]} LIMIT {size - len(batch)}"
            )
            batch += db.execute(sql, [*values, *at]).fetchall()
        yield from batch
        if len(batch) < size:
            return
        position = (batch[-1]["scheduled_at"], batch[-1]["id"])


def _beyond(
    position: tuple[int | None, int] | None, descending: bool
) -> tuple[tuple[str, tuple[row_mapper.Column, ...]], ...]:
    """Return the conditions for rows after a position, in index order. NULL sorts first and compares with nothing."""
    beyond = "<" if descending else ">"
    if position is None:
        return (("", ()),)
    at, post_id = position
    if at is None:
        untimed = (f" AND scheduled_at IS NULL AND id {beyond} ?", (post_id,))
        return (untimed,) if descending else (untimed, (" AND scheduled_at IS NOT NULL", ()))
    timed = (f" AND (scheduled_at, id) {beyond} (?, ?)", (at, post_id))
    return (timed, (" AND scheduled_at IS NULL", ())) if descending else (timed,)


def tags(db: Connection) -> list[tuple[str, int]]:
    """Return every tag in use, and of how many posts."""
    sql = (
        "SELECT t.tag, count(*) AS posts FROM post_tag t JOIN post p ON p.id = t.post_id WHERE p.deleted_at IS NULL"
        " GROUP BY t.tag ORDER BY t.tag"
    )
    return [(row["tag"], row["posts"]) for row in db.execute(sql)]


def ids_of_tag(db: Connection, tag: str) -> list[int]:
    sql = "SELECT t.post_id FROM post_tag t JOIN post p ON p.id = t.post_id WHERE t.tag = ? AND p.deleted_at IS NULL"
    return [row["post_id"] for row in db.execute(sql, (tag,))]


def load_posts(db: Connection, rows: list[Row], own_key: row_mapper.OwnKey | None = None) -> Iterator[Post]:
    """Yield complete posts for rows of POSTS, with three more queries for the whole batch."""
    ids = [row["id"] for row in rows]
    if not ids:
        return
    if db.is_change:
        now = _posts_now(db, ids)
        yield from (now[i] for i in ids)
        return
    with db.together():
        parts = _parts(db, ids)
    yield from _complete(rows, parts, own_key)


class _Parts(NamedTuple):
    """The rows that belong to some posts, not read yet."""

    deliveries: Cursor
    media: Cursor
    tags: Cursor


def _parts(db: Connection, ids: list[int]) -> _Parts:
    some = marks(ids)
    return _Parts(
        db.execute(f"{row_mapper.DELIVERIES} WHERE d.post_id IN ({some}) {BY_ACCOUNT}, d.id", ids),
        db.execute(f"SELECT * FROM post_media WHERE post_id IN ({some}) ORDER BY position", ids),
        db.execute(f"SELECT post_id, tag FROM post_tag WHERE post_id IN ({some}) ORDER BY position", ids),
    )


def _complete(rows: list[Row], parts: _Parts, own_key: row_mapper.OwnKey | None = None) -> list[Post]:
    deliveries: dict[int, list[Delivery]] = defaultdict(list)
    media: dict[int, list[MediaItem]] = defaultdict(list)
    tags: dict[int, list[str]] = defaultdict(list)
    for delivery in row_mapper.with_comments(row_mapper.deliveries(parts.deliveries.fetchall())):
        deliveries[delivery.post_id or 0].append(delivery)
    for row in parts.media:
        media[row["post_id"]].append(row_mapper.media(row))
    for row in parts.tags:
        tags[row["post_id"]].append(row["tag"])
    return row_mapper.posts(rows, deliveries, media, tags, own_key)


def newest_metrics(db: Connection, post_ids: Iterable[int]) -> dict[int, dict[str, Metrics]]:
    """Return the newest numbers of published posts, by post and account. One look into an index per delivery."""
    sql = (
        f"SELECT d.post_id, a.platform || '/' || a.handle, {', '.join(f's.{name}' for name in Metrics._fields)}"
        " FROM delivery d JOIN account a ON a.id = d.account_id"
        " JOIN sample s ON s.account_id = d.account_id AND s.remote_id = d.remote_id"
        " AND s.observed_at = (SELECT max(newest.observed_at) FROM sample newest"
        " WHERE newest.account_id = d.account_id AND newest.remote_id = d.remote_id)"
        f" WHERE {in_list('d.post_id', 'posts')} AND d.state = 'published' AND d.remote_id IS NOT NULL"
        " AND d.parent_id IS NULL"
    )
    numbers: dict[int, dict[str, Metrics]] = defaultdict(dict)
    for post_id, account, *counts, at in db.execute(sql, {"posts": List(post_ids)}):
        numbers[post_id][account] = Metrics._make([*counts, from_ms(at)])
    return numbers


def delivery(db: Connection, delivery_id: int) -> Delivery | None:
    row = db.execute(f"{row_mapper.DELIVERIES} WHERE d.id = ?", (delivery_id,)).fetchone()
    return None if row is None else row_mapper.deliveries([row])[0]


def posts_naming(db: Connection, account_id: int) -> list[int]:
    """Return the ids of posts with an unfinished delivery to the account, or an unfinished comment."""
    sql = (
        "SELECT DISTINCT d.post_id FROM delivery d JOIN post p ON p.id = d.post_id WHERE d.account_id = ?"
        " AND p.deleted_at IS NULL AND d.state NOT IN ('published', 'cancelled') ORDER BY d.post_id"
    )
    return [row["post_id"] for row in db.execute(sql, (account_id,))]


def attempts(db: Connection, post_id: int) -> Iterator[Attempt]:
    """Yield every step of every attempt at a post's deliveries, in the order in which they began."""
    sql = f"{row_mapper.ATTEMPTS} WHERE d.post_id = ? ORDER BY t.at, t.id"
    yield from (row_mapper.attempt(row) for row in db.execute(sql, (post_id,)))


def busy_instants(db: Connection, account_id: int, since: datetime, until: datetime = _NEVER) -> list[datetime]:
    """Return when the account has posts in this range: scheduled, in flight or published, in order."""
    sql = (
        "SELECT d.due_at FROM delivery d JOIN post p ON p.id = d.post_id"
        " WHERE d.account_id = ? AND d.due_at >= ? AND d.due_at < ?"
        " AND d.state NOT IN ('cancelled', 'failed') AND d.parent_id IS NULL AND p.deleted_at IS NULL"
        " ORDER BY d.due_at"
    )
    instants = (row_mapper.instant(row["due_at"]) for row in db.execute(sql, (account_id, ms(since), ms(until))))
    return [at for at in instants if at is not None]


def next_due(db: Connection, now: datetime, *, approved: bool = False) -> Delivery | None:
    """Return the delivery that is due next after `now`. `approved`: of the approved ones."""
    sql = (
        f"{row_mapper.DELIVERIES} WHERE d.state IN ('pending', 'retrying') AND d.next_at IS NOT NULL AND d.next_at > ?"
        " ORDER BY d.next_at LIMIT 1"
    )
    row = db.execute(dialect.only_approved(sql) if approved else sql, (ms(now),)).fetchone()
    return None if row is None else row_mapper.deliveries([row])[0]


def count_waiting(db: Connection, now: datetime, *, approved: bool = False) -> tuple[int, int]:
    """Return how many posts are overdue and how many have a later time. Posts delayed by a hold count as neither.
    `approved`: posts that are not approved are not overdue."""
    ready = "state IN ('pending', 'retrying') AND next_at IS NOT NULL"
    held = "account_id IN (SELECT id FROM account WHERE hold_until > :now)"
    sql = (
        f"SELECT (SELECT count(DISTINCT post_id) FROM delivery WHERE {ready} AND next_at <= :now AND NOT {held}),"
        f" (SELECT count(*) FROM post WHERE status = 'scheduled' AND deleted_at IS NULL AND scheduled_at > :now)"
    )
    overdue, waiting = db.execute(dialect.only_approved(sql) if approved else sql, {"now": ms(now)}).fetchone()
    return overdue, waiting


def count_needs(db: Connection, *, approval: bool, within: frozenset[int] | None = None) -> tuple[int, int]:
    """Return how many posts have a delivery that only a person ends, and how many wait for approval. `approval`: it is
    required; `within`: the ids of the only accounts that are seen."""
    where, values = post_search.conditions(PostFilter(within=within))
    sets = [
        "SELECT post_id FROM delivery WHERE state IN ('failed', 'needs_review')",
        f"SELECT id FROM post WHERE {dialect.SUBMITTED}",
    ]
    if approval:
        sets.append(dialect.UNAPPROVED)
    counts = ", ".join(f"(SELECT count(*) FROM post WHERE id IN ({ids}) AND deleted_at IS NULL{where})" for ids in sets)
    troubled, *unapproved = db.execute(f"SELECT {counts}", values * len(sets)).fetchone()
    return troubled, sum(unapproved)


def has_scheduled(db: Connection) -> bool:
    """Return whether any post was ever scheduled, also a deleted one."""
    return (
        db.execute("SELECT 1 FROM post WHERE scheduled_at IS NOT NULL OR status <> 'draft' LIMIT 1").fetchone()
        is not None
    )


def posts_needing_action(db: Connection, state: str, *, auth: bool | None = None, most: int = 100) -> list[int]:
    """Return the newest posts with a delivery in a state that only a person ends. `auth`: only those whose token no
    longer worked (True), or only the others (False)."""
    sql = (
        "SELECT DISTINCT d.post_id FROM delivery d JOIN post p ON p.id = d.post_id"
        " WHERE d.state IN ('failed', 'needs_review') AND d.state = ? AND p.deleted_at IS NULL"
    )
    if auth is not None:
        sql += f" AND d.error_kind {'=' if auth else '<>'} 'auth'"
    rows = db.execute(f"{sql} ORDER BY d.post_id DESC LIMIT ?", (state, most))
    return [row["post_id"] for row in rows]


def posts_with_comment_needing_action(db: Connection) -> frozenset[int]:
    """Return the posts of which the comments alone are in a state that only a person ends."""
    sql = (
        "SELECT d.post_id FROM delivery d JOIN post p ON p.id = d.post_id"
        " WHERE d.state IN ('failed', 'needs_review') AND p.deleted_at IS NULL"
        " GROUP BY d.post_id HAVING count(*) = count(d.parent_id)"
    )
    return frozenset(row["post_id"] for row in db.execute(sql))


def posts_due_from(db: Connection, account_id: int, at: datetime, most: int) -> list[int]:
    """Return the next posts of an account that are due at an instant or later."""
    rows = db.execute(
        "SELECT d.post_id FROM delivery d JOIN post p ON p.id = d.post_id WHERE d.account_id = ? AND d.due_at >= ?"
        " AND d.state = 'pending' AND p.status = 'scheduled' AND p.deleted_at IS NULL ORDER BY d.due_at LIMIT ?",
        (account_id, to_ms(at), most),
    )
    return [row["post_id"] for row in rows]


def posts_by_key(db: Connection, keys: Sequence[str]) -> dict[str, Post]:
    """Return the posts of some keys, at most a few hundred, also deleted ones: a key is used only once."""
    rows = db.execute(f"{row_mapper.POSTS} WHERE key IN ({marks(keys)})", list(keys)).fetchall()
    return {post.key or "": post for post in load_posts(db, rows)}


def keys_from(db: Connection, beginning: str) -> Iterator[tuple[int, str]]:
    """Yield the ids and keys of posts whose key begins so and that are not deleted, by key."""
    sql = "SELECT id, key FROM post WHERE key >= ? AND key < ? AND deleted_at IS NULL ORDER BY key"
    for row in db.execute(sql, (beginning, beginning[:-1] + chr(ord(beginning[-1]) + 1))):
        yield row["id"], row["key"]


def keys_in_folders(db: Connection) -> list[str]:
    """Return the keys that begin with a folder, also of deleted posts."""
    return [row["key"] for row in db.execute("SELECT key FROM post WHERE key LIKE ? ORDER BY key", ("%/%",))]


def media_due(db: Connection, until: datetime) -> list[tuple[int, MediaItem]]:
    """Return the media of deliveries that are due up to `until`, with the ids of their posts; the first due first."""
    rows = db.execute(
        "SELECT m.*, min(d.next_at) AS due FROM delivery d JOIN post_media m ON m.post_id = d.post_id"
        " WHERE d.state IN ('pending', 'retrying') AND d.next_at IS NOT NULL AND d.next_at <= ?"
        " AND d.parent_id IS NULL GROUP BY m.post_id, m.position ORDER BY due, m.post_id, m.position",
        (to_ms(until),),
    )
    return [(row["post_id"], row_mapper.media(row)) for row in rows]


def media_item(db: Connection, sha256: str) -> MediaItem | None:
    """Return the media item with this digest, if a post had it."""
    row = db.execute("SELECT * FROM post_media WHERE sha256 = ? LIMIT 1", (sha256,)).fetchone()
    return None if row is None else row_mapper.media(row)


class TextAround(NamedTuple):
    """When a post is due on an account, its id and its text there."""

    at: datetime
    post_id: int
    text: str
    is_published: bool


def texts_around(db: Connection, account_id: int, since: datetime, until: datetime) -> list[TextAround]:
    """Return an account's posts due between two instants, also published ones."""
    sql = (
        "SELECT d.due_at, d.post_id, d.state, p.content, p.variants, a.platform, a.platform || '/' || a.handle AS name"
        " FROM delivery d JOIN post p ON p.id = d.post_id JOIN account a ON a.id = d.account_id"
        " WHERE d.account_id = ? AND d.due_at BETWEEN ? AND ? AND d.state NOT IN ('cancelled', 'failed')"
        " AND d.parent_id IS NULL AND p.deleted_at IS NULL"
    )
    return [
        TextAround(from_ms(row["due_at"]), row["post_id"], _text_on(row), row["state"] == "published")
        for row in db.execute(sql, (account_id, to_ms(since), to_ms(until)))
    ]


class PublishedPost(NamedTuple):
    """A post on one account. `text`: its text there."""

    post_id: int
    url: str | None
    text: str
    tags: tuple[str, ...]


def published_posts(db: Connection, account_id: int, remote_ids: Iterable[str]) -> dict[str, PublishedPost]:
    """Return the posts with these remote ids that ttp published, by remote id."""
    sql = (
        "SELECT d.remote_id, d.post_id, d.url, p.content, p.variants, a.platform,"
        " a.platform || '/' || a.handle AS name"
        " FROM delivery d JOIN post p ON p.id = d.post_id JOIN account a ON a.id = d.account_id"
        f" WHERE d.account_id = :account AND {in_list('d.remote_id', 'wanted')} AND d.parent_id IS NULL"
    )
    rows = db.execute(sql, {"account": account_id, "wanted": List(remote_ids)}).fetchall()
    tags: dict[int, list[str]] = defaultdict(list)
    sql = f"SELECT post_id, tag FROM post_tag WHERE {in_list('post_id', 'wanted')} ORDER BY post_id, position"
    for row in db.execute(sql, {"wanted": List({row["post_id"] for row in rows})}):
        tags[row["post_id"]].append(row["tag"])
    return {
        row["remote_id"]: PublishedPost(row["post_id"], row["url"], _text_on(row), tuple(tags[row["post_id"]]))
        for row in rows
    }


def _text_on(row: Row) -> str:
    """Return the text of a post on the account of a row."""
    variants = {} if row["variants"] == "{}" else json.loads(row["variants"])
    return str(variants.get(row["name"]) or variants.get(row["platform"]) or row["content"])


_COMING = "SELECT post_id, next_at, approved_at FROM delivery WHERE " + _READY.format("")
SEARCHED_DELIVERIES = 1000
"""How many of the next deliveries are searched for unapproved ones."""


def posts_waiting_for_approval(db: Connection) -> list[int]:
    """Return the ids of posts that wait for approval among the next deliveries, soonest first."""
    sql = (
        f"SELECT post_id FROM ({_COMING} ORDER BY next_at LIMIT :through) AS next WHERE approved_at IS NULL"
        " GROUP BY post_id ORDER BY min(next_at), post_id LIMIT 100"
    )
    rows = db.execute(sql, {"through": SEARCHED_DELIVERIES})
    return [row["post_id"] for row in rows]


def due_posts_waiting_for_approval(db: Connection, now: datetime, most: int) -> list[int]:
    """Return the ids of posts that wait for approval among the last due deliveries."""
    sql = f"SELECT post_id, approved_at FROM ({_COMING} AND next_at <= ? ORDER BY next_at DESC LIMIT ?) AS last"
    rows = db.execute(sql, (ms(now), most))
    return sorted({row["post_id"] for row in rows if row["approved_at"] is None})


def has_rows(db: Connection, table: str) -> bool:
    return db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None


def repeats_of_posts(db: Connection, post_ids: Collection[int]) -> dict[int, Repeat]:
    """Return the repeats that these posts belong to, by post id. At most a few hundred posts."""
    sql = (
        "SELECT o.post_id, r.id, r.cron, r.timezone, r.rule, r.anchor"
        " FROM occurrence o JOIN recurrence r ON r.id = o.recurrence_id"
        f" WHERE o.post_id IN ({marks([*post_ids])})"
    )
    rows = db.execute(sql, [*post_ids]).fetchall()
    if not rows:
        return {}
    from ttp.domain.recurrence import Repeat  # here: few lists have posts of repeats

    names = ("id", "cron", "timezone", "rule", "anchor")
    return {row["post_id"]: Repeat(*(row[name] for name in names)) for row in rows}


def busy_accounts(db: Connection) -> list[int]:
    """Return the accounts of which a delivery is claimed or sending."""
    rows = db.execute("SELECT account_id FROM delivery WHERE state IN ('claimed', 'sending') ORDER BY account_id")
    return sorted({row[0] for row in rows})


_OF_PLATFORM = "FROM delivery d JOIN account a ON a.id = d.account_id"


def count_due(db: Connection, now: datetime) -> Mapping[str, int]:
    """Return how many deliveries should have begun."""
    sql = (
        f"SELECT a.platform, count(*) {_OF_PLATFORM} WHERE d.state IN ('pending', 'retrying')"
        " AND d.next_at IS NOT NULL AND d.next_at <= ? GROUP BY a.platform"
    )
    return {row[0]: row[1] for row in db.execute(sql, (to_ms(now),))}


def count_needing_action(db: Connection, state: str) -> Mapping[str, int]:
    """Return how many deliveries of posts are `failed`, or `needs_review`."""
    sql = (
        f"SELECT a.platform, count(*) {_OF_PLATFORM} JOIN post p ON p.id = d.post_id"
        " WHERE d.state IN ('failed', 'needs_review') AND d.state = ? AND p.deleted_at IS NULL GROUP BY a.platform"
    )
    return {row[0]: row[1] for row in db.execute(sql, (state,))}


def latenesses(db: Connection, since: datetime, until: datetime) -> Iterator[tuple[str, float]]:
    """Yield the platform of each delivery published after `since` until `until`, and its lateness in seconds."""
    sql = (
        f"SELECT a.platform, d.published_at - coalesce(d.due_at, d.published_at) {_OF_PLATFORM}"
        " WHERE d.state = 'published' AND d.remote_id IS NOT NULL AND d.published_at > ? AND d.published_at <= ?"
    )
    for platform, late_ms in db.execute(sql, (to_ms(since), to_ms(until))):
        yield platform, max(late_ms, 0) / 1000
