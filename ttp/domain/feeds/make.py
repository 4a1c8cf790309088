"""Make items and feeds of what any format says: texts are cleaned, addresses checked, dates in UTC."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import unquote, urljoin, urlsplit

from ttp.domain.feeds.html_text import clean_line
from ttp.domain.feeds.item import LONGEST_WAIT_S, Feed, FeedFormat, FeedItem, FeedMedia
from ttp.domain.text import storable

MOST_TAGS, MOST_MEDIA = 30, 20
_LONGEST_ADDRESS, _LONGEST_ID = 2_048, 500
_RELEASE = re.compile(r"/releases/(?:tag/)?([^/?#]+)/?$")
_FIRST_YEAR = 1990
"""Of a feed that is alive: no item of one is older."""


def make_item(
    *,
    id: str | None,
    link: str | None,
    title: str = "",
    text: str = "",
    summary: str = "",
    author: str = "",
    tags: Iterable[str] = (),
    published_at: datetime | None = None,
    updated_at: datetime | None = None,
    media: Iterable[FeedMedia] = (),
    version: str | None = None,
    prerelease: bool | None = None,
) -> FeedItem:
    """Return an item. `link` and the addresses of `media` are checked already, `text` and `summary` are plain."""
    release = _RELEASE.search(link or "")
    version = version or (unquote(release[1]) if release else None)
    return FeedItem(
        _make_id(id or ""),
        link,
        clean_line(title),
        text,
        summary,
        clean_line(author),
        tuple(dict.fromkeys(filter(None, map(clean_line, tags))))[:MOST_TAGS],
        published_at,
        updated_at,
        tuple({one.url: one for one in reversed([*media])}.values())[::-1][:MOST_MEDIA],
        clean_line(version) if version else None,
        prerelease,
    )


def _make_id(text: str) -> str | None:
    """Return an identifier, only trimmed; its hash if it is too long to be stored."""
    kept = str(storable(text.strip()))
    if len(kept) > _LONGEST_ID:
        return f"sha256:{hashlib.sha256(kept.encode()).hexdigest()}"
    return kept or None


def make_feed(
    format: FeedFormat,
    items: Iterable[FeedItem],
    *,
    title: str = "",
    link: str | None = None,
    check_after_s: float | None = None,
    warnings: Iterable[str] = (),
) -> Feed:
    """Return a feed of the items that differ from each other."""
    kept = tuple(item for item in items if item.id or item.link or item.title or item.text)
    dates = [date for item in kept if (date := item.published_at or item.updated_at)]
    notes = [*warnings]
    if dates and max(dates).year < _FIRST_YEAR:
        notes.append(f"the dates of its items look wrong: the newest is of {max(dates):%Y}")
    wait_s = None if check_after_s is None else int(max(0, min(check_after_s, LONGEST_WAIT_S)))
    return Feed(format, clean_line(title), link, kept, wait_s, tuple(notes))


def web_address(text: object, base: str) -> str | None:
    """Return a whole web address; None if it cannot be opened."""
    if not isinstance(text, str) or not text.strip():
        return None
    try:
        address = urljoin(base, text.strip()).replace(" ", "%20")
        parts = urlsplit(address)
    except ValueError:
        return None
    is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and address.isprintable()
    return address if is_web and len(address) <= _LONGEST_ADDRESS else None
