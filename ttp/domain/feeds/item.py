"""A feed and its items, in whatever format it came. All texts are plain, and of others: never a template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

FeedFormat = Literal["rss", "atom", "json", "releases"]
MOST_ITEMS = 2_000
"""Items of one document."""
LONGEST_WAIT_S = 86_400
"""Seconds that a feed or its server can ask to wait before the next check."""


class NotAFeed(Exception):
    """Why bytes are not a feed that ttp can read, as a clause that follows the address. `flaw`: a word for it."""

    def __init__(self, reason: str, flaw: str = "format") -> None:
        super().__init__(reason)
        self.reason = reason
        self.flaw = flaw


@dataclass(frozen=True, slots=True)
class FeedMedia:
    """`type`: MIME type, empty if it is not told. `source`: where it was, for the choice of what to publish."""

    url: str
    type: str = ""
    alt: str = ""
    source: Literal["enclosure", "media", "content"] = "enclosure"


@dataclass(frozen=True, slots=True)
class FeedItem:
    """`id`: as the feed has it, only trimmed. `link`: a web address. `text`: all of the content. `version`: tag of a
    release, if the item is one."""

    id: str | None
    link: str | None = None
    title: str = ""
    text: str = ""
    summary: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()
    published_at: datetime | None = None
    updated_at: datetime | None = None
    media: tuple[FeedMedia, ...] = ()
    version: str | None = None
    prerelease: bool | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """`items`: in the order of the document. `check_after_s`: seconds before which the feed asks not to be read again.
    `warnings`: sentences for the person who set the source up."""

    format: FeedFormat
    title: str = ""
    link: str | None = None
    items: tuple[FeedItem, ...] = ()
    check_after_s: int | None = None
    warnings: tuple[str, ...] = ()
