"""A document of any format that people publish feeds in."""

from __future__ import annotations

import codecs

from ttp.domain.feeds.item import Feed, NotAFeed


def parse_feed(body: bytes, url: str, content_type: str = "") -> Feed:
    """Return the feed in a document from `url`. `content_type`: the header. Raises NotAFeed; UsageError where
    feedparser is missing."""
    start = body.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if not start:
        raise NotAFeed("is empty", "empty")
    if start == b"{":
        from ttp.domain.feeds.json_feed import parse_json

        return parse_json(body, url)
    from ttp.domain.feeds.xml_feed import parse_xml

    return parse_xml(body, url, content_type)
