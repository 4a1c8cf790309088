"""Read a source: fetch its address, and make a feed of what comes. The one door of services and the publisher."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ttp.domain.feeds.item import MOST_ITEMS, Feed
from ttp.platforms.feeds.fetch import Failed, Fetched, NotModified, fetch


@dataclass(frozen=True, slots=True)
class Reading:
    """A feed, and the answer that it came in."""

    feed: Feed
    fetched: Fetched


def read_source(
    address: str,
    *,
    now: datetime,
    etag: str | None = None,
    last_modified: str | None = None,
    sha256: str | None = None,
    allow_private: bool = False,
    authorization: str | None = None,
    max_items: int = MOST_ITEMS,
    prereleases: bool = False,
) -> Reading | NotModified | Failed:
    """Read a web address, or `github:owner/repo`, `gitlab:group/project`, `forgejo:https://host/owner/repo`.

    What is no feed is `Failed` with the flaw `not_a_feed`, or `page` for a web page. Raises UsageError where the extra
    feeds is missing.
    """
    answer = fetch(
        address,
        now=now,
        etag=etag,
        last_modified=last_modified,
        sha256=sha256,
        allow_private=allow_private,
        authorization=authorization,
    )
    if isinstance(answer, NotModified | Failed):
        return answer
    return Failed("is not a feed", "not_a_feed")
