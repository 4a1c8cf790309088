"""Read a source: fetch its address, and make a feed of what comes. The one door of services and the publisher."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from html import unescape

from ttp.domain.feeds.document import parse_feed
from ttp.domain.feeds.html_text import clean_line
from ttp.domain.feeds.item import Feed, NotAFeed
from ttp.domain.feeds.make import web_address
from ttp.platforms.feeds.fetch import Failed, Fetched, FetchRequest, FoundFeed, NotModified, fetch
from ttp.platforms.feeds.releases import find_releases, parse_releases
from ttp.platforms.link_page import decode_page

_LINK = re.compile(r"<link\s([^<>]{1,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(?<![\w-])(rel|type|href|title)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_TYPE = re.compile(r"application/(?:rss|atom|feed)\+(?:xml|json)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """A feed, and the answer that it came in. `check_after_s`: the longer wait of both."""

    feed: Feed
    fetched: Fetched

    @property
    def check_after_s(self) -> int | None:
        waits = [wait for wait in (self.feed.check_after_s, self.fetched.check_after_s) if wait is not None]
        return max(waits, default=None)


def read_source(
    address: str,
    *,
    now: datetime,
    etag: str | None = None,
    last_modified: str | None = None,
    sha256: str | None = None,
    allow_private: bool = False,
    prereleases: bool = False,
) -> Reading | NotModified | Failed:
    """Read a web address, or `github:owner/repo`, `gitlab:group/project`, `forgejo:https://host/owner/repo`.

    What is not a feed is `Failed`, with `page` as its flaw for a web page, and with the feeds that it names. Raises
    UsageError for what names no project, and where the extra feeds is missing. The rest as in `FetchRequest`.
    """
    place = find_releases(address)
    request = FetchRequest(address, now, etag, last_modified, sha256, allow_private)
    if place is not None:
        request = replace(request, address=place.address, accept="application/json")
    answer = fetch(request)
    if place is not None and not isinstance(answer, Failed):
        answer = replace(answer, moved_to=None)  # a project that moved is found by its old name
    if not isinstance(answer, Fetched):
        return answer
    try:
        if place is not None:
            return Reading(parse_releases(place, answer.body, prereleases=prereleases), answer)
        return Reading(parse_feed(answer.body, answer.url, answer.content_type), answer)
    except NotAFeed as error:
        feeds = find_feeds(answer) if error.flaw == "page" else ()
        return Failed(error.reason, error.flaw, feeds=feeds)


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
