"""Read and write links for approving a post. Only the SHA-256 of their secrets is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ttp.domain.time.clock import to_ms
from ttp.store.dialect import Connection, Row, insert_row
from ttp.store.row_mapper import ids_from_text, ids_to_text, plain_fields


@dataclass(frozen=True, slots=True)
class ApprovalLink:
    """`posts`: the ids of a set; None for a link to one revision of `post_id`. `name`: who decides; `created_by`: whose
    right to approve they use; `accounts`: the ids of the only accounts of that person, None for all; `by_owner`: the
    owner of the store created it."""

    id: int
    post_id: int
    revision: int
    name: str
    created_by: str
    expires_at: datetime
    posts: frozenset[int] | None = None
    accounts: frozenset[int] | None = None
    by_owner: bool | None = None

    @property
    def post_ids(self) -> list[int]:
        return [self.post_id] if self.posts is None else sorted(self.posts)


def insert(db: Connection, sha256: str, link: ApprovalLink) -> ApprovalLink:
    """Store a link and return it with its id."""
    own = {name: getattr(link, name) for name in ("post_id", "revision", "name", "created_by", "by_owner")}
    columns = {
        **own,
        "sha256": sha256,
        "expires_at": to_ms(link.expires_at),
        "posts": ids_to_text(link.posts),
        "accounts": ids_to_text(link.accounts),
    }
    return _link(insert_row(db, "approval_link", columns))


def links(db: Connection, now: datetime) -> list[ApprovalLink]:
    """Return the links that have not expired, newest first."""
    sql = "SELECT * FROM approval_link WHERE expires_at > ? ORDER BY id DESC"
    return [_link(row) for row in db.execute(sql, (to_ms(now),)).fetchall()]


def link_of_digest(db: Connection, sha256: str) -> ApprovalLink | None:
    row = db.execute("SELECT * FROM approval_link WHERE sha256 = ?", (sha256,)).fetchone()
    return None if row is None else _link(row)


def take(db: Connection, link_id: int) -> bool:
    """Delete a link. Return False if there is none: another request has used it."""
    return bool(db.execute("DELETE FROM approval_link WHERE id = ?", (link_id,)).rowcount)


def delete_all_of(db: Connection, name: str) -> None:
    """Delete the links that a person created."""
    db.execute("DELETE FROM approval_link WHERE created_by = ?", (name,))


def delete_expired(db: Connection, now: datetime) -> None:
    db.execute("DELETE FROM approval_link WHERE expires_at <= ?", (to_ms(now),))


def _link(row: Row) -> ApprovalLink:
    return ApprovalLink(
        **plain_fields(row, ApprovalLink, "posts", "accounts"),
        posts=ids_from_text(row["posts"]),
        accounts=ids_from_text(row["accounts"]),
    )
