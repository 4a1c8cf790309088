"""What may go out where somebody must approve it first, and what waits for that: statements by index."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from functools import cache

from ttp.store.rows import ms

_READY = "state IN ('pending', 'retrying') AND {}next_at IS NOT NULL"
_RETRYING = "p.deleted_at IS NULL AND d.state = 'retrying'"
_FORMS = (
    *((_READY.format(of), f"{_READY.format(of)} AND {of}approved_at IS NOT NULL") for of in ("", "d.")),
    (_RETRYING, f"{_RETRYING} AND d.approved_at IS NOT NULL"),
)
"""How statements say what is ready, in the words of its index, and what of it is approved, in the words of that one."""
_COMING = "SELECT post_id, next_at, approved_at FROM delivery WHERE " + _READY.format("")
WAITS = (
    f"EXISTS (SELECT 1 FROM delivery d WHERE d.post_id = post.id AND {_READY.format('d.')} AND d.approved_at IS NULL)"
)
"""That a post waits for approval."""
LOOKED_THROUGH = 1000
"""Deliveries that are looked through for such that wait for approval: the next ones."""


@cache
def only(sql: str) -> str:
    """A statement about what is ready, or retries, narrowed to what is approved."""
    narrow = sql
    for wide, narrower in _FORMS:
        narrow = narrow.replace(wide, narrower)
    assert narrow != sql, "it does not say what is ready in the words of the index"
    return narrow


def waiting(db: sqlite3.Connection, most: int = 100) -> list[int]:
    """The ids of posts that wait for approval, the next ones first: of those that go out next, LOOKED_THROUGH."""
    sql = (
        f"SELECT post_id FROM ({_COMING} ORDER BY next_at LIMIT :through) WHERE approved_at IS NULL"
        " GROUP BY post_id ORDER BY min(next_at), post_id LIMIT :most"
    )
    found = db.execute(sql, {"through": LOOKED_THROUGH, "most": most})
    return [row["post_id"] for row in found]


def due(db: sqlite3.Connection, now: datetime, most: int) -> list[int]:
    """The ids of posts that are due and wait for approval, the last due ones: among so many that are due."""
    sql = f"SELECT post_id, approved_at FROM ({_COMING} AND next_at <= ? ORDER BY next_at DESC LIMIT ?)"
    found = db.execute(sql, (ms(now), most))
    return sorted({row["post_id"] for row in found if row["approved_at"] is None})
