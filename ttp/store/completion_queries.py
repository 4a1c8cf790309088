"""Words for shell completion, by index and at most a page. Imports only sqlite3. Changes no store."""

from __future__ import annotations

import sqlite3

TYPE_CHECKING = False  # of `typing` (see `ttp.cli.main`)
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST = 50
_LONGEST_ID = 18
_LOOKED_AT = 500
"""Posts searched for one of the wanted status."""
_POSTS = (
    "SELECT id, status, substr(content, 1, 200) FROM ("
    "SELECT id, status, content FROM post WHERE id BETWEEN ? AND ? AND deleted_at IS NULL ORDER BY id DESC LIMIT ?)"
)
_OF_STATUS = (
    "SELECT id, status, substr(content, 1, 200) FROM post WHERE status = ? AND deleted_at IS NULL"
    " ORDER BY scheduled_at DESC, id DESC LIMIT ?"
)
_ACCOUNTS = (
    "SELECT platform || '/' || handle, CASE WHEN needs_reconnect THEN 'must be connected again' WHEN NOT connected"
    " THEN 'not connected' WHEN NOT enabled THEN 'disabled' ELSE 'connected' END"
    " FROM account WHERE removed_at IS NULL ORDER BY platform, handle"
)
# From one tag to the next by the index: a tag of a million posts is one step.
_TAGS = (
    "WITH RECURSIVE found (tag) AS (SELECT min(tag) FROM post_tag WHERE tag >= :typed UNION ALL"
    " SELECT (SELECT min(tag) FROM post_tag WHERE tag > found.tag) FROM found WHERE found.tag IS NOT NULL)"
    " SELECT tag, '' FROM found WHERE tag IS NOT NULL LIMIT :most"
)
_SLOTS = (
    "SELECT s.id, a.platform || '/' || a.handle || ' ' || coalesce(s.name, s.cron) FROM slot s"
    " JOIN account a ON a.id = s.account_id WHERE a.removed_at IS NULL ORDER BY s.id"
)
_REPEATS = "SELECT id, coalesce('post ' || post_id, 'tag ' || pool, '') || ' ' || cron FROM recurrence ORDER BY id"


_QUESTIONS = {"account": _ACCOUNTS, "tag": _TAGS, "slot": _SLOTS, "repeat": _REPEATS}


def complete_words(path: str, kind: str, typed: str, statuses: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield the words that start with `typed`, with help texts. Raises sqlite3.Error if the store is unreadable."""
    place = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    db = sqlite3.connect(f"file:{place}?mode=ro", uri=True, timeout=0.2)
    try:
        if kind == "post":
            found = _posts(db, typed, statuses)
        elif kind in _QUESTIONS:
            found = db.execute(_QUESTIONS[kind], {"typed": typed, "most": MOST})
        else:
            found = iter(())
        for word, help in found:
            if str(word).startswith(typed):
                yield str(word), str(help)
    finally:
        db.close()


def _posts(db: sqlite3.Connection, typed: str, statuses: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the newest posts whose id starts with `typed`, of these statuses if any are given."""
    if typed and not (typed.isascii() and typed.isdecimal() and len(typed) <= _LONGEST_ID):
        return
    many = 0
    for sql, values in _questions(db, typed, statuses):
        for post_id, status, content in db.execute(sql, values):
            if many < MOST and (not statuses or status in statuses):
                many += 1
                yield post_id, f"{status}: {content}"


def _questions(
    db: sqlite3.Connection, typed: str, statuses: Sequence[str]
) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    if not typed and statuses:
        for status in statuses:
            yield _OF_STATUS, (status, MOST)
        return
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM post").fetchone()
    first, width = int(typed or 1), 1 if typed else last
    while 0 < first <= last:  # 4, then 40 to 49, then 400 to 499
        yield _POSTS, (first, first + width - 1, _LOOKED_AT)
        first, width = first * 10, width * 10
