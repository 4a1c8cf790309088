"""Drafts that programs submit, with what their approval uses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ttp.store.dialect import RAISE_REVISION, SUBMITTED, Connection, List, in_list

OPTIMAL = "optimal"
"""The time of a draft that asks for none."""


class SubmittedDraft(NamedTuple):
    """`platform`: for a post that has no account yet, else empty; `link`: for the end of its text; `hint`: its TIME."""

    post_id: int
    external_ref: str
    platform: str
    link: str | None = None
    hint: str | None = None

    @property
    def time(self) -> str:
        return self.hint or OPTIMAL


def save(db: Connection, draft: SubmittedDraft) -> None:
    """Store what a program submits. Another link or time than before is another version of the post to approve."""
    before = by_post(db, [draft.post_id]).get(draft.post_id)
    if before is not None and (before.link, before.hint) != (draft.link, draft.hint):
        db.execute(f"UPDATE post SET {RAISE_REVISION.removeprefix(', ')} WHERE id = ?", (draft.post_id,))
    db.execute(
        "INSERT INTO submitted_draft (post_id, external_ref, platform, link, hint) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (post_id) DO UPDATE SET link = excluded.link, hint = excluded.hint",
        draft,
    )


def by_post(db: Connection, post_ids: Iterable[int]) -> dict[int, SubmittedDraft]:
    """Return what was submitted with these posts, by post id."""
    sql = f"SELECT * FROM submitted_draft WHERE {in_list('post_id', 'posts')}"
    return {row["post_id"]: SubmittedDraft(*row) for row in db.execute(sql, {"posts": List(post_ids)})}


def newest(db: Connection, most: int) -> list[int]:
    """Return the ids of the newest posts that were submitted."""
    rows = db.execute("SELECT post_id FROM submitted_draft ORDER BY post_id DESC LIMIT ?", (most,))
    return [row["post_id"] for row in rows]


def waiting(db: Connection) -> list[int]:
    """Return the ids of the drafts whose approval schedules them, oldest first."""
    sql = f"SELECT id FROM post WHERE deleted_at IS NULL AND {SUBMITTED} ORDER BY id LIMIT 100"
    return [row["id"] for row in db.execute(sql)]
