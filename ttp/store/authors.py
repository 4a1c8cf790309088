"""Who wrote and who changed posts, as the undo history has it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ttp.store.dialect import Connection, List, in_list

_DECISIONS = ", ".join(f"'{undo}{word}'" for undo in ("", "undo ", "redo ") for word in ("approve", "reject"))
"""Commands that change nothing of a post that its author would."""


class Authors(NamedTuple):
    """Names of tokens or user@host, with what they used (`ann via mcp`); None for nobody, and if it is not known."""

    author: str | None = None
    changed_by: str | None = None


def authors(db: Connection, post_ids: Iterable[int]) -> dict[int, Authors]:
    """Return who wrote each of these posts, and who else changed it last since."""
    sql = (
        "SELECT p.post_id, p.image IS NULL, c.actor FROM change_post p JOIN change c ON c.id = p.change_id"
        f" WHERE {in_list('p.post_id', 'posts')} AND (p.undone IS NULL OR p.undone = 0)"
        f" AND c.command NOT IN ({_DECISIONS}) ORDER BY p.post_id, c.id"
    )
    names: dict[int, Authors] = {}
    for post_id, is_first, actor in db.execute(sql, {"posts": List(post_ids)}):
        is_creation = is_first and post_id not in names
        names[post_id] = Authors(actor) if is_creation else names.get(post_id, Authors())._replace(changed_by=actor)
    return {post_id: one if one.author != one.changed_by else Authors(one.author) for post_id, one in names.items()}


def has_changed(db: Connection, post_id: int, actor: str) -> bool:
    """Return whether someone has made changes of a post other than approving and rejecting it, whatever they used."""
    sql = (
        "SELECT 1 FROM change_post p JOIN change c ON c.id = p.change_id"
        f" WHERE p.post_id = ? AND c.command NOT IN ({_DECISIONS})"
        " AND (c.actor = ? OR substr(c.actor, 1, ?) = ?) LIMIT 1"
    )
    return db.execute(sql, (post_id, actor, len(actor) + 1, f"{actor} ")).fetchone() is not None


def approved_before(db: Connection, post_ids: Iterable[int]) -> set[int]:
    """Return those of the posts that have been approved, whether or not the approval still holds."""
    sql = (
        "SELECT DISTINCT p.post_id FROM change_post p JOIN change c ON c.id = p.change_id"
        f" WHERE {in_list('p.post_id', 'posts')} AND c.command = 'approve' AND (p.undone IS NULL OR p.undone = 0)"
    )
    return {row[0] for row in db.execute(sql, {"posts": List(post_ids)})}
