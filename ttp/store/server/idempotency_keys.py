"""Keys of requests, and the answers that a repeated request gets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ttp.domain.time.clock import to_ms
from ttp.store.dialect import Connection


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key in use. `answer` None: its request has not ended."""

    digest: str
    answer: KeptAnswer | None


def reserve(db: Connection, token_id: int, key: str, digest: str, now: datetime) -> bool:
    """Store a key without an answer. Return False if it is in use."""
    sql = (
        "INSERT INTO idempotency_key (token_id, key, digest, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (token_id, key) DO NOTHING"
    )
    return bool(db.execute(sql, (token_id, key, digest, to_ms(now))).rowcount)


def find(db: Connection, token_id: int, key: str) -> HeldKey:
    """Return a key that is in use."""
    sql = "SELECT digest, status, answer FROM idempotency_key WHERE token_id = ? AND key = ?"
    row = db.execute(sql, (token_id, key)).fetchone()
    if row["status"] is None:
        return HeldKey(row["digest"], None)
    headers, body = json.loads(row["answer"])
    return HeldKey(row["digest"], KeptAnswer(row["status"], headers, body))


def keep(db: Connection, token_id: int, key: str, answer: KeptAnswer) -> None:
    """Store the answer of a key's request."""
    db.execute(
        "UPDATE idempotency_key SET status = ?, answer = ? WHERE token_id = ? AND key = ?",
        (answer.status, json.dumps([dict(answer.headers), answer.body]), token_id, key),
    )


def delete(db: Connection, token_id: int, key: str) -> None:
    db.execute("DELETE FROM idempotency_key WHERE token_id = ? AND key = ?", (token_id, key))


def delete_older(db: Connection, *, answered: datetime, unanswered: datetime) -> None:
    """Delete the keys that were answered before one instant, or are unanswered since before another."""
    db.execute(
        "DELETE FROM idempotency_key WHERE created_at < ? OR (status IS NULL AND created_at < ?)",
        (to_ms(answered), to_ms(unanswered)),
    )
