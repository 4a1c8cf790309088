"""iCalendar (RFC 5545): one event per post with a time, for calendars that subscribe to a file. Write only: an event
has too little data to create a post."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from ttp.domain.post import PostFields, PostStatus
from ttp.domain.time.clock import utc_text
from ttp.services.queries import PostView

_ESCAPES = (("\\", r"\\"), (";", r"\;"), (",", r"\,"), ("\n", r"\n"))
"""Backslash first, because it escapes the others."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LONGEST = 75
"""Octets of a line without its end; longer lines are folded (RFC 5545, 3.1)."""
_SHOWN = 60


def calendar_lines(posts: Iterable[PostFields], store: str) -> Iterator[str]:
    """Yield the file event by event. Drafts have none; posts that a repeat will create are tentative. `store` makes the
    event ids globally unique."""
    yield from map(_fold, ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//ttp//ttp//EN", "CALSCALE:GREGORIAN"))
    for post in posts:
        at = post.scheduled_at or post.published_at
        if at is not None:
            yield "".join(map(_fold, _event(post, at, store)))
    yield _fold("END:VCALENDAR")


def _event(post: PostFields, at: datetime, store: str) -> Iterator[str]:
    accounts = ", ".join(post.accounts)
    name, what = f"{post.id}", f"post {post.id}, {post.status}"
    status = "CANCELLED" if post.status is PostStatus.FAILED else "CONFIRMED"
    repeat = post.repeat if isinstance(post, PostView) else None
    if post.id is None and repeat is not None:
        name, status = f"repeat-{repeat.id}-{_instant(at)}", "TENTATIVE"
        what = f"to be created by repeat {repeat.id}"
    yield "BEGIN:VEVENT"
    yield f"UID:{name}@{store}.ttp"
    yield f"DTSTAMP:{_instant(post.updated_at or at)}"
    yield f"DTSTART:{_instant(at)}"
    yield f"SUMMARY:{_text(f'{_summary(post)} ({accounts})' if accounts else _summary(post))}"
    description = f"{post.content}\n\n{accounts}\n{what}"
    yield f"DESCRIPTION:{_text(description)}"
    if post.tags:
        yield f"CATEGORIES:{','.join(map(_text, post.tags))}"
    yield f"STATUS:{status}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _summary(post: PostFields) -> str:
    usual = f"a post tagged {post.tags[0]}" if post.id is None and post.tags else "media"
    line = next((line.strip() for line in post.content.splitlines() if line.strip()), usual)
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def _instant(at: datetime) -> str:
    return utc_text(at)[:19].replace("-", "").replace(":", "") + "Z"  # without milliseconds


def _text(text: str) -> str:
    """Escape a TEXT value; drop control characters, which are not allowed."""
    if not text.isprintable():
        text = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    for sign, escape in _ESCAPES:
        text = text.replace(sign, escape)
    return text


def _fold(line: str) -> str:
    """Fold one content line at whole characters."""
    if len(line) <= _LONGEST and line.isascii():
        return f"{line}\r\n"
    rows, begin, room = [], 0, _LONGEST
    while begin < len(line):
        end = min(begin + room, len(line))
        if not line.isascii():
            end = begin + len(_truncate(line[begin:end], room))
        rows.append(line[begin:end])
        begin, room = end, _LONGEST - 1  # a continuation starts with a space
    return "\r\n ".join(rows) + "\r\n"


def _truncate(text: str, octets: int) -> str:
    """Return the longest prefix of whole characters that fits."""
    encoded = text.encode("utf-8", "replace")
    return text if len(encoded) <= octets else encoded[:octets].decode("utf-8", "ignore")
