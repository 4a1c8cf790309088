"""Which items of a feed are new: four keys of an item, and the decision of one poll. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ttp.domain.feeds.item import Feed, FeedItem

KeyMode = Literal["auto", "guid", "link", "link+title"]
KEY_MODES: tuple[KeyMode, ...] = ("auto", "guid", "link", "link+title")
MOST_A_DAY = 20
"""Posts that a source makes in 24 hours without being asked."""


@dataclass(frozen=True, slots=True)
class ItemKeys:
    """`k1`: the raw id, or what stands for it; unique in a source. `k2`: k1 without scheme and host. `k3`: the link in
    one form. `k4`: a hash of title and text."""

    k1: str
    k2: str | None = None
    k3: str | None = None
    k4: str | None = None


@dataclass(frozen=True, slots=True)
class KnownItem:
    """An item that is stored. `is_alias`: it is another name of a stored item."""

    keys: ItemKeys
    title: str
    last_seen_at: datetime
    published_at: datetime | None = None
    updated_at: datetime | None = None
    is_alias: bool = False


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """`words`: any of them matches, in any case. A category is compared whole."""

    field: Literal["title", "text", "category", "author", "link"]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PollRules:
    """The rules of a source. `created_at`: when it was added. `is_first`: nothing of it is stored yet. `backfill`:
    how many items of the first poll become posts. `made_today`: posts that it made in the last 24 hours."""

    created_at: datetime
    mode: KeyMode = "auto"
    is_first: bool = False
    backfill: int = 0
    max_new: int = 5
    made_today: int = 0
    max_age: timedelta = timedelta(days=7)
    include: tuple[ItemFilter, ...] = ()
    exclude: tuple[ItemFilter, ...] = ()


ChangeKind = Literal["new", "alias", "edited", "same", "filtered", "old", "held"]


@dataclass(frozen=True, slots=True)
class ItemChange:
    """What one item of a poll is. `known`: the stored item that it is, for alias, edited and same; None if that is an
    item of the same poll."""

    kind: ChangeKind
    item: FeedItem
    keys: ItemKeys
    known: KnownItem | None = None


def keys_of(item: FeedItem, mode: KeyMode) -> ItemKeys:
    """Return the keys of an item alone in its document."""
    return ItemKeys(item.id or item.link or item.title)


def compare(feed: Feed, known: Sequence[KnownItem], rules: PollRules, now: datetime) -> list[ItemChange]:
    """Return what each item of a poll is, oldest first."""
    names = {row.keys.k1: row for row in known}
    changes = []
    for item in reversed(feed.items):
        keys = keys_of(item, rules.mode)
        row = names.get(keys.k1)
        kind: ChangeKind = "same" if row else "old" if rules.is_first else "new"
        changes.append(ItemChange(kind, item, keys, row))
    return changes
