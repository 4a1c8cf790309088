"""iCalendar (RFC 5545): one event for each post that has a time, for calendars that subscribe to a file.

Writes only: a calendar says too little of a post to make one of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from ttp.domain.clock import utc_text
from ttp.domain.post import Post, PostStatus

_ESCAPES = str.maketrans({"\\": r"\\", ";": r"\;", ",": r"\,", "\n": r"\n"})
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LONGEST = 75
"""Octets of a line, without its end; longer ones are folded (RFC 5545, 3.1)."""
_SHOWN = 60


def written(posts: Iterable[Post], store: str) -> Iterator[str]:
    """The file, an event a piece. Posts without a time have none. `store` makes the events' ids the world's own."""
    yield from map(_folded, ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//ttp//ttp//EN", "CALSCALE:GREGORIAN"))
    for post in posts:
        if post.scheduled_at is not None:
            yield "".join(map(_folded, _event(post, post.scheduled_at, store)))
    yield _folded("END:VCALENDAR")


def _event(post: Post, at: datetime, store: str) -> Iterator[str]:
    accounts = ", ".join(post.accounts)
    failed = post.status is PostStatus.FAILED
    yield "BEGIN:VEVENT"
    yield f"UID:{post.id}@{store}.ttp"
    yield f"DTSTAMP:{_instant(post.updated_at or at)}"
    yield f"DTSTART:{_instant(at)}"
    yield f"SUMMARY:{_text(f'{_first(post.content)} ({accounts})' if accounts else _first(post.content))}"
    told = f"{post.content}\n\n{accounts}\npost {post.id}, {post.status}"
    yield f"DESCRIPTION:{_text(told)}"
    if post.tags:
        yield f"CATEGORIES:{','.join(map(_text, post.tags))}"
    yield f"STATUS:{'CANCELLED' if failed else 'CONFIRMED'}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _first(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "media")
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def _instant(at: datetime) -> str:
    return re.sub(r"[-:]|\.\d+", "", utc_text(at))


def _text(text: str) -> str:
    """A value of type TEXT; what no calendar may hold is left out."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).translate(_ESCAPES)


def _folded(line: str) -> str:
    """One content line, folded at whole characters."""
    rows, size = [""], 0
    for sign in line:
        octets = len(sign.encode("utf-8", "replace"))
        if size + octets > _LONGEST:
            rows.append("")
            size = 1  # the blank that a continuation begins with
        rows[-1] += sign
        size += octets
    return "\r\n ".join(rows) + "\r\n"
