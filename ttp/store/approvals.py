"""Withdraw approvals of posts whose account has other default options now."""

from __future__ import annotations

from collections.abc import Mapping

from ttp.store import posts
from ttp.store.dialect import RAISE_REVISION, Connection, List, Row, in_list
from ttp.store.row_mapper import as_corrupt_row, parse_texts

_OPEN = "d.account_id = :account AND d.state NOT IN ('published', 'cancelled')"
"""In flight too: what is published now has the old options, and its next try would have the new ones."""


def unpublished_posts(db: Connection, account_id: int, language: str) -> dict[int, set[str]]:
    """Return the names of the options that the posts not published on an account have themselves, by id. `language`:
    the name of the option that a delivery has in `langs`."""
    sql = (
        "SELECT p.id, p.options, d.langs FROM delivery d JOIN post p ON p.id = d.post_id"
        f" WHERE {_OPEN} AND p.deleted_at IS NULL"
    )
    rows = db.execute(sql, {"account": account_id})
    return {row["id"]: {*_options(row), *([] if row["langs"] is None else [language])} for row in rows}


@as_corrupt_row("post")
def _options(row: Row) -> Mapping[str, str]:
    return parse_texts(row["options"])


def withdraw(db: Connection, account_id: int, post_ids: list[int]) -> int:
    """Withdraw the approval of these posts for an account, and return how many had it. All of them get a new revision,
    which ends links and forms for approving them as they were."""
    db.lock_posts(post_ids)
    values = {"account": account_id, "ids": List(post_ids)}
    db.execute(f"UPDATE post SET {RAISE_REVISION.removeprefix(', ')} WHERE {in_list('id', 'ids')}", values)
    which = f"{_OPEN} AND d.approved_at IS NOT NULL AND {in_list('d.post_id', 'ids')}"
    found = db.execute(f"SELECT d.id, d.post_id FROM delivery d WHERE {which}", values).fetchall()
    approved = sorted({row["post_id"] for row in found})  # a post and its comment are one
    before = dict(posts.snapshots(db, approved))
    db.execute(
        f"UPDATE delivery SET approved_at = NULL WHERE {in_list('id', 'ids')}",
        {"ids": List(row["id"] for row in found)},
    )
    # What was done to these posts before can still be undone: this does not change a post.
    db.send_many(
        "UPDATE change_post SET digest = ? WHERE post_id = ? AND digest = ?",
        [(after.digest, post_id, before[post_id].digest) for post_id, after in posts.snapshots(db, approved)],
    )
    return len(approved)
