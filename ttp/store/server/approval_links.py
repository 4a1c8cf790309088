"""Read and write links for approving a post. Only the SHA-256 of their secrets is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ttp.domain.time.clock import to_ms
from ttp.store.dialect import Connection
from ttp.store.row_mapper import plain_fields


@dataclass(frozen=True, slots=True)
class ApprovalLink:
    """`name`: who decides; `created_by`: whose right to approve they use."""

    id: int
    post_id: int
    revision: int
    name: str
    created_by: str
    expires_at: datetime


def insert(db: Connection, sha256: str, link: ApprovalLink) -> None:
    db.execute(
        "INSERT INTO approval_link (sha256, post_id, revision, name, created_by, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
        (sha256, link.post_id, link.revision, link.name, link.created_by, to_ms(link.expires_at)),
    )


def link_of_digest(db: Connection, sha256: str) -> ApprovalLink | None:
    row = db.execute("SELECT * FROM approval_link WHERE sha256 = ?", (sha256,)).fetchone()
    return None if row is None else ApprovalLink(**plain_fields(row, ApprovalLink))


def take(db: Connection, link_id: int) -> bool:
    """Delete a link. Return False if another request has used it."""
    return bool(db.execute("DELETE FROM approval_link WHERE id = ?", (link_id,)).rowcount)


def delete_all_of(db: Connection, name: str) -> None:
    """Delete the links that a person created."""
    db.execute("DELETE FROM approval_link WHERE created_by = ?", (name,))


def delete_expired(db: Connection, now: datetime) -> None:
    db.execute("DELETE FROM approval_link WHERE expires_at <= ?", (to_ms(now),))
