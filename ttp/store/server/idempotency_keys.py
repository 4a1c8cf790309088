"""Keys of requests, and the answers that a repeated request gets.

A key is reserved before the work. Each transaction of the work notes in the key's row that it has begun, and is refused
if the row is gone or belongs to other work by then. So a row without that note proves that nothing was changed, and
whoever takes such a row over has the work alone, even if the first process wakes up later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ttp.domain.errors import Conflict
from ttp.domain.time.clock import from_ms, to_ms
from ttp.store.dialect import Connection, Row


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Reservation:
    """The key of one request of a token, in the hands of who does its work. `holder`: as of `RequestLock`."""

    token_id: int
    key: str
    holder: str


@dataclass(frozen=True, slots=True)
class ReservedKey:
    """A key in use. `answer` None: its request has not ended. `begun`: something may have been done for it."""

    digest: str
    answer: KeptAnswer | None
    reservation: Reservation
    begun: bool
    since: datetime


def reserve(db: Connection, wanted: Reservation, digest: str, now: datetime) -> bool:
    """Store a key without an answer. Return False if it is in use."""
    sql = (
        "INSERT INTO idempotency_key (token_id, key, digest, created_at, holder, begun) VALUES (?, ?, ?, ?, ?, FALSE)"
        " ON CONFLICT (token_id, key) DO NOTHING"
    )
    values = (wanted.token_id, wanted.key, digest, to_ms(now), wanted.holder)
    return bool(db.execute(sql, values).rowcount)


def find(db: Connection, token_id: int, key: str) -> ReservedKey | None:
    row = db.execute(f"{_ALL} WHERE token_id = ? AND key = ?", (token_id, key)).fetchone()
    return None if row is None else _reserved(row)


def take_over(db: Connection, wanted: Reservation, before: Reservation, now: datetime) -> bool:
    """Give a key to other work, if nothing was done for it yet. False if something was, or other work has the key."""
    sql = (
        "UPDATE idempotency_key SET holder = ?, created_at = ? WHERE token_id = ? AND key = ? AND holder = ?"
        " AND status IS NULL AND begun = FALSE"
    )
    values = (wanted.holder, to_ms(now), before.token_id, before.key, before.holder)
    return bool(db.execute(sql, values).rowcount)


def note_begun(db: Connection, by: Reservation) -> None:
    """Note that the transaction changes something for a key. Raise Conflict if the key is not of this work any more."""
    sql = f"UPDATE idempotency_key SET begun = TRUE WHERE {_MINE} AND status IS NULL"
    if not db.execute(sql, (by.token_id, by.key, by.holder)).rowcount:
        raise Conflict(f'the idempotency key "{by.key}" was given to another request; nothing was changed')


def keep(db: Connection, by: Reservation, answer: KeptAnswer) -> None:
    """Store the answer of a key's request."""
    db.execute(
        f"UPDATE idempotency_key SET status = ?, answer = ? WHERE {_MINE}",
        (answer.status, json.dumps([dict(answer.headers), answer.body]), by.token_id, by.key, by.holder),
    )


def free(db: Connection, by: Reservation, *, is_refused: bool) -> bool:
    """Delete a key for which nothing was done, or whose request was refused. Return False for another one."""
    sql = f"DELETE FROM idempotency_key WHERE {_MINE} AND status IS NULL" + ("" if is_refused else " AND begun = FALSE")
    return bool(db.execute(sql, (by.token_id, by.key, by.holder)).rowcount)


def delete(db: Connection, token_id: int, key: str) -> None:
    db.execute("DELETE FROM idempotency_key WHERE token_id = ? AND key = ?", (token_id, key))


def delete_answered(db: Connection, before: datetime) -> None:
    """Delete the keys with an answer that were reserved before an instant. There can be a hundred thousand of them."""
    db.execute("DELETE FROM idempotency_key WHERE created_at < ? AND status IS NOT NULL", (to_ms(before),))


def find_unanswered(db: Connection, before: datetime) -> list[ReservedKey]:
    """Return the keys without an answer that were reserved before an instant."""
    return [_reserved(row) for row in db.execute(f"{_ALL} WHERE created_at < ? AND status IS NULL", (to_ms(before),))]


def changed_posts(db: Connection, token_id: int, key: str) -> tuple[int, ...]:
    """Return the ids of the posts that the request with a key has changed, those that it created first."""
    sql = (
        "SELECT p.post_id FROM change c JOIN change_post p ON p.change_id = c.id WHERE c.token_id = ? AND c.key = ?"
        " ORDER BY CASE WHEN p.image IS NULL THEN 0 ELSE 1 END, p.post_id"
    )
    return tuple(row["post_id"] for row in db.execute(sql, (token_id, key)))


_ALL = "SELECT token_id, key, digest, status, answer, created_at, holder, begun FROM idempotency_key"
_MINE = "token_id = ? AND key = ? AND holder = ?"


def _reserved(row: Row) -> ReservedKey:
    answer = None
    if row["status"] is not None:
        headers, body = json.loads(row["answer"])
        answer = KeptAnswer(row["status"], headers, body)
    # An older ttp noted neither: its work may have begun.
    begun = row["begun"] is None or bool(row["begun"])
    reservation = Reservation(row["token_id"], row["key"], row["holder"] or "")
    return ReservedKey(row["digest"], answer, reservation, begun, from_ms(row["created_at"]))
