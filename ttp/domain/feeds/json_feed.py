"""JSON Feed 1.0 and 1.1 (jsonfeed.org)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ttp.domain.feeds.html_text import clean_lines, read_html
from ttp.domain.feeds.item import MOST_ITEMS, Feed, FeedItem, FeedMedia, NotAFeed
from ttp.domain.feeds.make import make_feed, make_item, web_address
from ttp.domain.time.clock import parse_instant

_VERSION = "jsonfeed.org/version/1"


def parse_json(body: bytes, url: str) -> Feed:
    """Return the feed in a document from `url`. Raises NotAFeed."""
    data = load_json(body)
    if not isinstance(data, dict) or _VERSION not in _text(data, "version"):
        raise NotAFeed("is JSON, but no JSON Feed")
    entries = [entry for entry in _list(data, "items") if isinstance(entry, dict)]
    refuse_many(len(entries))
    items = [_item(entry, data, url) for entry in entries]
    nameless = sum(item.id is None for item in items)
    return make_feed(
        "json",
        (item for item in items if item.id is not None),
        title=_text(data, "title"),
        link=web_address(data.get("home_page_url"), url),
        warnings=[f"{nameless} of its items have no id, and are left out"] if nameless else (),
    )


def load_json(body: bytes) -> Any:
    """Return what a document says; numbers are texts, as written. Raises NotAFeed."""
    try:
        return json.loads(body, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        raise NotAFeed("cannot be read as JSON, or is cut off") from None


def refuse_many(count: int) -> None:
    """Raise NotAFeed for more items than a document may have."""
    if count > MOST_ITEMS:
        raise NotAFeed(f"has {count:,} items, and at most {MOST_ITEMS:,} are read", "too_many")


def _item(entry: Mapping[str, Any], feed: Mapping[str, Any], url: str) -> FeedItem:
    html = read_html(_text(entry, "content_html"))
    authors = [*_authors(entry), *_authors(feed)]
    return make_item(
        id=_text(entry, "id"),
        link=web_address(entry.get("url"), url),
        title=_text(entry, "title"),
        text=html.text or clean_lines(_text(entry, "content_text")),
        summary=clean_lines(_text(entry, "summary")),
        author=authors[0] if authors else "",
        tags=[tag for tag in _list(entry, "tags") if isinstance(tag, str)],
        published_at=parse_instant(entry.get("date_published")),
        updated_at=parse_instant(entry.get("date_modified")),
        media=_media(entry, html.image, url),
    )


def _authors(entry: Mapping[str, Any]) -> list[str]:
    authors = (*_list(entry, "authors"), entry.get("author"))
    return [name for author in authors if isinstance(author, dict) and (name := _text(author, "name"))]


def _media(entry: Mapping[str, Any], image: tuple[str, str] | None, url: str) -> Iterator[FeedMedia]:
    for attachment in _list(entry, "attachments"):
        if isinstance(attachment, dict) and (address := web_address(attachment.get("url"), url)):
            yield FeedMedia(address, _text(attachment, "mime_type"))
    for name in ("image", "banner_image"):
        if address := web_address(entry.get(name), url):
            yield FeedMedia(address, source="media")
    if image is not None and (address := web_address(image[0], url)):
        yield FeedMedia(address, alt=image[1], source="content")


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _list(data: Mapping[str, Any], name: str) -> list[Any]:
    value = data.get(name)
    return value if isinstance(value, list) else []
