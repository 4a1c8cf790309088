"""RSS 0.9 to 2.0, RDF and Atom, by feedparser on bytes that the scan has passed. Only this module imports it."""

from __future__ import annotations

import codecs
import io
import re
from calendar import timegm
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ttp.domain.errors import Hint, UsageError
from ttp.domain.feeds.html_text import ReadHtml, clean_lines, read_html
from ttp.domain.feeds.item import Feed, FeedItem, FeedMedia, NotAFeed
from ttp.domain.feeds.json_feed import refuse_many
from ttp.domain.feeds.make import make_feed, make_item, web_address
from ttp.domain.feeds.xml_scan import CUT_OFF, PAGE, ScannedItem, scan

MOST_BROKEN, MOST_BROKEN_SIGNS = 500_000, 30_000
"""Bytes of XML that is not well-formed, and how many `<` and `&` it may have: feedparser takes seconds for more."""
_END = re.compile(rb"</(?:\w+:)?(?:rss|rdf|feed|channel)\s*>\s*\Z", re.IGNORECASE)
_IS_PAGE = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.DOTALL | re.I
)
_ZONE = re.compile(r"(?:\b[A-Z]{1,5}|\dZ|[+-]\d\d:?\d\d)\s*(?:\(.*\))?$")
_PERIODS = {"hourly": 3_600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}


def parse_xml(body: bytes, url: str, content_type: str = "") -> Feed:
    """Return the feed in a document from `url`. `content_type`: the header. Raises NotAFeed; UsageError where
    feedparser is missing."""
    try:
        import feedparser
    except ImportError as missing:
        why = f"RSS and Atom need the extra feeds: {missing}"
        raise UsageError(why, Hint("fix", "pip install 'ttp-cli[feeds]'")) from None
    if _IS_PAGE.match(body):
        raise NotAFeed(*PAGE)
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": url}
    try:
        scanned = scan(_in_utf8(body, content_type), url)
        if scanned.is_broken:
            _refuse_broken(scanned.data)
        document = feedparser.parse(
            io.BytesIO(scanned.data), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except NotAFeed:
        raise
    except Exception as fault:  # broken documents reach every corner of feedparser
        raise NotAFeed(f"cannot be read ({type(fault).__name__})", "broken") from fault
    entries, items, warnings = document.entries, scanned.items, []
    if scanned.is_broken:
        warnings.append("it is not well-formed XML, and may be read wrongly")
    refuse_many(len(entries))
    if len(entries) != len(items):
        items = [_unscanned(entry, url) for entry in entries]
    author = document.feed.get("author", "")
    return make_feed(
        "atom" if document.get("version", "").startswith("atom") else "rss",
        [_item(entry, item, url, author) for entry, item in zip(entries, items, strict=True)],
        title=_plain(document.feed.get("title_detail")).text,
        link=_alternate(document.feed, url),
        check_after_s=_wait_s(document.feed),
        warnings=warnings,
    )


def _refuse_broken(data: bytes) -> None:
    """Raise NotAFeed for XML that is not well-formed, and cut off or too much."""
    if len(data) > MOST_BROKEN or data.count(b"<") + data.count(b"&") > MOST_BROKEN_SIGNS:
        raise NotAFeed(f"is broken XML, of which at most {MOST_BROKEN // 1_000} kB are read", "broken")
    if _END.search(data[-1_000:]) is None:
        raise NotAFeed(*CUT_OFF)


def _in_utf8(body: bytes, content_type: str) -> bytes:
    """Return a document in UTF-8, of whatever encoding its header, its first bytes or its declaration tell."""
    from feedparser.encodings import convert_to_utf8

    if body.startswith(codecs.BOM_UTF8):
        body, content_type = body[3:], "application/xml; charset=utf-8"
    data: bytes = convert_to_utf8({"content-type": content_type or "application/xml"}, body.lstrip(), {})
    return data


def _unscanned(entry: Mapping[str, Any], url: str) -> ScannedItem:
    """Return what feedparser has of an item that the scan did not reach."""
    addresses = ((web_address(link.get("href"), url), link.get("type", "")) for link in _links(entry, "enclosure"))
    media = [FeedMedia(address, kind) for address, kind in addresses if address]
    return ScannedItem(entry.get("id", ""), entry.get("guidislink", True), media)


def _item(entry: Mapping[str, Any], item: ScannedItem, url: str, author: str) -> FeedItem:
    permalink = item.id if item.is_permalink and item.id.strip().lower().startswith(("http://", "https://")) else ""
    contents = [*_texts(entry), ReadHtml("")]
    images = [content.image for content in contents if content.image]
    address = web_address(images[0][0], _base(entry, url)) if images else None
    media = [*item.media, *([FeedMedia(address, alt=images[0][1], source="content")] if address else [])]
    return make_item(
        id=item.id,
        link=_alternate(entry, url) or web_address(permalink, url),
        title=_plain(entry.get("title_detail")).text,
        text=contents[0].text,
        summary=contents[-2].text if len(contents) > 1 else "",
        author=entry.get("author") or author,
        tags=[tag.get("label") or tag.get("term") or "" for tag in entry.get("tags", ())],
        published_at=_instant(entry, "published"),
        updated_at=_instant(entry, "updated"),
        media=media,
    )


def _texts(entry: Mapping[str, Any]) -> Iterator[ReadHtml]:
    """Yield content and summary, those that exist."""
    details = [*entry.get("content", ()), *([entry["summary_detail"]] if "summary_detail" in entry else [])]
    for detail in details:
        if detail.get("value"):
            yield _plain(detail)


def _plain(detail: Mapping[str, Any] | None) -> ReadHtml:
    """Return the plain text of a text construct; none of another type."""
    if detail is None:
        return ReadHtml("")
    kind = detail.get("type") or "text/html"
    if kind == "text/plain":
        return ReadHtml(clean_lines(detail["value"]))
    return read_html(detail["value"]) if kind.startswith("text/") or kind.endswith("xml") else ReadHtml("")


def _base(entry: Mapping[str, Any], url: str) -> str:
    """Return the base of addresses in an item's text."""
    details = (*entry.get("content", ()), entry.get("summary_detail") or {})
    return next((base for detail in details if (base := detail.get("base"))), url)


def _links(entry: Mapping[str, Any], rel: str) -> Iterator[Mapping[str, Any]]:
    return (link for link in entry.get("links", ()) if link.get("rel") == rel)


def _alternate(entry: Mapping[str, Any], url: str) -> str | None:
    return next((link for each in _links(entry, "alternate") if (link := web_address(each.get("href"), url))), None)


def _instant(entry: Mapping[str, Any], name: str) -> datetime | None:
    """Return a date in UTC; None where feedparser cannot read it, or the zone is missing."""
    parsed = entry.get(f"{name}_parsed") if name in entry else None
    if parsed is None or _ZONE.search(entry[name].strip().upper()) is None:
        return None
    try:
        return datetime.fromtimestamp(timegm(parsed), UTC)
    except (ValueError, OverflowError):
        return None


def _wait_s(feed: Mapping[str, Any]) -> float | None:
    """Return the longest of the seconds that a feed names; None if it names none."""
    waits = []
    if (minutes := feed.get("ttl", "").strip()).isdecimal():
        waits.append(int(minutes[:9]) * 60.0)
    if (period := feed.get("sy_updateperiod", "").strip().lower()) in _PERIODS:
        times = feed.get("sy_updatefrequency", "1").strip()
        waits.append(_PERIODS[period] / max(1, int(times[:6]) if times.isdecimal() else 1))
    return max(waits, default=None)
