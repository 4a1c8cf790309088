"""The feeds that a web page names in its head."""

from __future__ import annotations

import re
from html import unescape

from ttp.domain.feeds.html_text import clean_line
from ttp.domain.feeds.make import web_address
from ttp.platforms.feeds.fetch import Fetched, FoundFeed
from ttp.platforms.link_page import decode_page

_LINK = re.compile(r"<link\s([^<>]{1,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(?<![\w-])(rel|type|href|title)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_TYPE = re.compile(r"application/(?:rss|atom|feed)\+(?:xml|json)", re.IGNORECASE)


def find_feeds(page: Fetched) -> tuple[FoundFeed, ...]:
    """Return the feeds that a page names, each address once, in its order."""
    feeds: dict[str, FoundFeed] = {}
    for match in _LINK.finditer(decode_page(page.body, page.content_type)):
        values = {name.lower(): unescape("".join(value)) for name, *value in _ATTRIBUTE.findall(match[1])}
        if "alternate" in values.get("rel", "").lower().split() and _TYPE.match(values.get("type", "").strip()):
            address = web_address(values.get("href"), page.url)
            if address is not None:
                feeds.setdefault(address, FoundFeed(address, clean_line(values.get("title", ""))))
    return tuple(feeds.values())
