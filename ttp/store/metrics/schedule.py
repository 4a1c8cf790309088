"""Which published posts are followed, and when their numbers are read. Looks only at posts published since a given
instant, by the index `delivery_published`. The caller begins the transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from ttp.domain.account import Account
from ttp.domain.time.clock import from_ms, to_ms
from ttp.store import row_mapper
from ttp.store.dialect import Connection, List, in_list, without_index
from ttp.store.row_mapper import ms

# Not by the indexes over all posts of an account: unindexed, below.
_ACCOUNT_ID = without_index("d.account_id")
_FROM = "FROM delivery d LEFT JOIN reading r ON r.delivery_id = d.id"
_FOLLOWED = (
    "d.state = 'published' AND d.remote_id IS NOT NULL AND d.published_at > :since AND d.published_at <= :until"
    " AND d.parent_id IS NULL AND d.taken_down_at IS NULL AND (r.delivery_id IS NULL OR r.next_at <= :due)"
)
_FOR_EVER = 1 << 62


@dataclass(frozen=True, slots=True)
class FollowedPost:
    """A published post whose numbers are read."""

    remote_id: str
    published_at: datetime


def accounts_due(
    db: Connection, platforms: Collection[str], *, since: datetime, until: datetime, now: datetime
) -> list[Account]:
    """Return the usable accounts of `platforms` with a reading due, the one with the oldest such post first. Due:
    published between `since` and `until`, and never read, or its next reading has come."""
    sql = (
        f"SELECT a.*, min(d.published_at) AS oldest {_FROM} JOIN account a ON a.id = {_ACCOUNT_ID}"
        f" WHERE {_FOLLOWED} AND {in_list('a.platform', 'platforms')} AND a.connected AND a.enabled"
        " AND NOT a.needs_reconnect AND a.removed_at IS NULL GROUP BY a.id ORDER BY oldest"
    )
    values = {"platforms": List(platforms), "since": to_ms(since), "until": to_ms(until), "due": to_ms(now)}
    return [row_mapper.account(row) for row in db.execute(sql, values)]


def followed_posts(
    db: Connection,
    account_id: int,
    *,
    since: datetime,
    until: datetime,
    due_by: datetime | None = None,
    most: int | None = None,
) -> list[FollowedPost]:
    """Return the account's followed posts published between the two instants, oldest first. `due_by`: only those never
    read or due by then; None: all that have not had their last reading."""
    sql = (
        f"SELECT d.remote_id, d.published_at {_FROM} WHERE {_FOLLOWED} AND {_ACCOUNT_ID} = :account"
        f" ORDER BY d.published_at{'' if most is None else ' LIMIT :most'}"
    )
    due = _FOR_EVER if due_by is None else to_ms(due_by)
    values = {"account": account_id, "since": to_ms(since), "until": to_ms(until), "due": due, "most": most}
    return [FollowedPost(row["remote_id"], from_ms(row["published_at"])) for row in db.execute(sql, values)]


def published_at(db: Connection, account_id: int, remote_id: str) -> datetime | None:
    """Return when ttp published the post with this id; None if it did not."""
    sql = "SELECT published_at FROM delivery WHERE account_id = ? AND remote_id = ? AND state = 'published'"
    row = db.execute(sql, (account_id, remote_id)).fetchone()
    return None if row is None else row_mapper.instant(row["published_at"])


def record_reading(
    db: Connection, account_id: int, remote_id: str, *, read_at: datetime | None, next_at: datetime | None
) -> None:
    """Store when a post's numbers were read (None: not now) and are read next (None: never again). A post never read
    counts as read when it was published. Ignored for posts that ttp did not publish."""
    sql = (
        "INSERT INTO reading (delivery_id, read_at, next_at) SELECT id, coalesce(:read, published_at), :next"
        " FROM delivery WHERE account_id = :account AND remote_id = :remote AND state = 'published'"
        " ON CONFLICT (delivery_id) DO UPDATE"
        " SET read_at = coalesce(:read, reading.read_at), next_at = excluded.next_at"
    )
    db.execute(sql, {"read": ms(read_at), "next": ms(next_at), "account": account_id, "remote": remote_id})
