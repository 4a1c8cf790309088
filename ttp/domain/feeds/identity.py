"""Which items of a feed are new: four keys of an item, and the decision of one poll. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from typing import Literal, NamedTuple, get_args
from urllib.parse import urlsplit

from ttp.domain.errors import Hint, UsageError
from ttp.domain.feeds.item import Feed, FeedItem

KeyMode = Literal["auto", "guid", "link", "link+title"]
KEY_MODES: tuple[KeyMode, ...] = ("auto", "guid", "link", "link+title")
MOST_A_DAY = 20
"""Posts that a source makes in 24 hours without being asked."""
RECENT = timedelta(days=30)
"""How long ago an item was last seen whose text still tells what it is."""
FilterField = Literal["title", "text", "category", "author", "link"]
_COMPARED = 500
"""Characters by which texts are compared."""
_TRACKING = re.compile(r"(?:utm_[a-z]+|fbclid|gclid)(?:=|$)", re.IGNORECASE)
_WEB_ID = re.compile(r"https?://(?:www\.)?[^/?#]*", re.IGNORECASE)
_NEVER = datetime.min.replace(tzinfo=UTC)


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

    field: FilterField
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PollRules:
    """The rules of a source. `created_at`: when it was added. `is_first`: nothing of it is stored yet, and no
    item becomes a post. `made_today`: posts that it made in the last 24 hours."""

    created_at: datetime
    mode: KeyMode = "auto"
    is_first: bool = False
    max_new: int = 5
    made_today: int = 0
    max_age: timedelta = timedelta(days=7)
    include: tuple[ItemFilter, ...] = ()
    exclude: tuple[ItemFilter, ...] = ()


ChangeKind = Literal["new", "alias", "edited", "same", "filtered", "old", "held"]


@dataclass(frozen=True, slots=True)
class ItemChange:
    """What one item of a poll is. `known`: the stored item that it is: alias, edited or same. `alias_of`: the first
    key of the item whose other name it is, which may be an earlier item of the same poll, without `known`."""

    kind: ChangeKind
    item: FeedItem
    keys: ItemKeys
    known: KnownItem | None = None
    alias_of: str | None = None


def keys_of(item: FeedItem, mode: KeyMode) -> ItemKeys:
    """Return the keys of an item alone in its document. In the mode `guid` only the first tells what it is, and in
    `link+title` a link alone tells nothing."""
    link = canonical_link(item.link)
    content = _hash(f"{item.title}\n{item.text[:_COMPARED]}") if item.title or item.text else None
    raw = item.id or item.link or f"hash:{content}"
    if mode == "guid":
        return ItemKeys(raw, None, None, content)
    if mode == "link":
        return ItemKeys(link or raw, None, link, content)
    if mode == "link+title":
        return ItemKeys(f"{link or ''}#{_hash(item.title)}", None, link, content)
    return ItemKeys(raw, _without_host(item.id or ""), link, content)


def canonical_link(link: str | None) -> str | None:
    """Return a link in the form in which links are compared; None for a site's first page, which many items name."""
    if link is None:
        return None
    parts = urlsplit(link)
    query = "&".join(one for one in parts.query.split("&") if one and _TRACKING.match(one) is None)
    path = parts.path.rstrip("/")
    if not path and not query:
        return None
    return f"{parts.netloc.lower()}{path}{f'?{query}' if query else ''}"


def _without_host(id: str) -> str | None:
    """Return an identifier that is a web address without scheme and host; None if nothing that tells is left."""
    match = _WEB_ID.match(id)
    rest = "" if match is None else id[match.end() :]
    return rest if rest.strip("/") else None


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def choose_mode(items: Sequence[FeedItem], mode: KeyMode) -> KeyMode:
    """Return the mode for a document: another than `auto` if items of different names have one id. Store it then."""
    if mode != "auto":
        return mode
    links: dict[str, set[str | None]] = defaultdict(set)
    names: dict[str, set[str]] = defaultdict(set)
    for item in items:
        if item.id is not None:
            links[item.id].add(canonical_link(item.link))
            names[item.id].add(item.title or item.text[:_COMPARED])
    shared = [links[id] for id, each in names.items() if len(each) > 1]
    if any(len(each - {None}) > 1 for each in shared):
        return "link"
    return "link+title" if {None} in shared else mode


def has_new_names(changes: Sequence[ItemChange]) -> bool:
    """Return whether no id of a poll was known, and some items were, by other keys: after three such polls the ids tell
    nothing, and the mode should be `link`."""
    kinds = {change.kind for change in changes}
    return "alias" in kinds and kinds.isdisjoint(("same", "edited")) and all(change.keys.k3 for change in changes)


def compare(feed: Feed, known: Sequence[KnownItem], rules: PollRules, now: datetime) -> list[ItemChange]:
    """Return what each item of a poll is, oldest first. No item is new twice, whatever the order of polls.

    `held`: too many are new at once, so none of them becomes a post. `old`, `filtered`: stored as seen, never a post.
    """
    mode = choose_mode(feed.items, rules.mode)
    keyed = _with_keys(feed, mode)
    index = _Index(known, keyed, mode, now)
    changes: list[ItemChange] = []
    for item, keys in keyed:
        row = index.find(keys, item.title)
        if row is None:
            index.add(keys, item.title)
            changes.append(ItemChange(_judge(item, rules, now), item, keys))
        else:
            kind = _compare_one(item, keys, row)
            changes.append(ItemChange(kind, item, keys, row.known, row.keys.k1 if kind == "alias" else None))
    news = [at for at, change in enumerate(changes) if change.kind == "new"]
    if rules.is_first:
        return _change_kind(changes, news, "old")
    is_flood = len(news) > rules.max_new or len(news) + rules.made_today > MOST_A_DAY
    return _change_kind(changes, news if is_flood else (), "held")


def _change_kind(changes: list[ItemChange], at: Sequence[int], kind: ChangeKind) -> list[ItemChange]:
    for each in at:
        changes[each] = replace(changes[each], kind=kind)
    return changes


def find_removed(known: Sequence[KnownItem], changes: Sequence[ItemChange]) -> list[KnownItem]:
    """Return the stored items that are gone while older and newer ones are still in the feed: they were removed."""
    dates = [date for change in changes if (date := _date(change.item))]
    present = {key for change in changes for key in _all_keys(change.keys)}
    if not dates:
        return []
    first, last = min(dates), max(dates)
    return [
        row
        for row in known
        if row.published_at and first < row.published_at < last and present.isdisjoint(_all_keys(row.keys))
    ]


def _all_keys(keys: ItemKeys) -> list[str]:
    return [key for key in (keys.k1, keys.k2, keys.k3, keys.k4) if key]


def _with_keys(feed: Feed, mode: KeyMode) -> list[tuple[FeedItem, ItemKeys]]:
    """Return each item once with its keys, oldest first: by date, or where one has none, as documents go."""
    nameless = Counter(item.link for item in feed.items if item.id is None)
    keyed: dict[str, tuple[FeedItem, ItemKeys]] = {}
    for item in reversed(feed.items):
        keys = keys_of(item, mode)
        if mode in ("auto", "guid") and item.id is None and item.link and nameless[item.link] > 1:
            keys = replace(keys, k1=f"{keys.k1}#{_hash(item.title)}")
        earlier = keyed.get(keys.k1)
        if earlier is None or _updated(earlier[0]) <= _updated(item):
            keyed[keys.k1] = (item, keys)
    items = list(keyed.values())
    dates = [_date(item) for item, _ in items]
    if None not in dates:
        items.sort(key=lambda each: _date(each[0]) or _NEVER)
    return items


def _date(item: FeedItem) -> datetime | None:
    return item.published_at or item.updated_at


def _updated(item: FeedItem) -> datetime:
    return item.updated_at or item.published_at or _NEVER


class _Row(NamedTuple):
    """A known item, stored or (without `known`) of this poll."""

    keys: ItemKeys
    title: str
    known: KnownItem | None


class _Index:
    """The known items by their keys, and what this document says about them."""

    def __init__(
        self, known: Sequence[KnownItem], keyed: Sequence[tuple[FeedItem, ItemKeys]], mode: KeyMode, now: datetime
    ) -> None:
        self._mode = mode
        self._present = {key for _, keys in keyed for key in (keys.k1, keys.k3) if key}
        self._by_name: dict[str, _Row] = {}
        self._by_key: dict[tuple[str, str | None], list[_Row]] = defaultdict(list)
        for one in known:
            is_recent = now - one.last_seen_at <= RECENT
            self._add(_Row(one.keys if is_recent else replace(one.keys, k4=None), one.title, one))
        stored = Counter(one.keys.k3 for one in known if not one.is_alias)
        self._on_link = stored | Counter(keys.k3 for _, keys in keyed)
        """How many items name a link, in the store or in the document."""

    def add(self, keys: ItemKeys, title: str) -> None:
        self._add(_Row(keys, title, None))

    def _add(self, row: _Row) -> None:
        self._by_name.setdefault(row.keys.k1, row)
        for name in ("k2", "k3", "k4"):
            if key := getattr(row.keys, name):
                self._by_key[name, key].append(row)

    def find(self, keys: ItemKeys, title: str) -> _Row | None:
        """Return what an item is known as: by its name, else by its link, its path, or its text."""
        row = self._by_name.get(keys.k1)
        if row is not None or self._mode == "guid":
            return row
        is_alone = self._on_link[keys.k3] < 2 and self._mode != "link+title"
        others = (
            *(row for row in self._by_key["k3", keys.k3] if is_alone or row.title == title),
            *(row for row in self._by_key["k2", keys.k2] if not self._is_beside(row.keys, keys)),
            *self._by_key["k4", keys.k4],
        )
        return others[0] if others else None

    def _is_beside(self, row: ItemKeys, keys: ItemKeys) -> bool:
        """Return whether a row with the same path is another item, on another host: this document has both."""
        is_there = not self._present.isdisjoint((row.k1, row.k3))
        return is_there and row.k3 is not None and keys.k3 not in (None, row.k3)


def _compare_one(item: FeedItem, keys: ItemKeys, row: _Row) -> ChangeKind:
    if row.keys.k1 != keys.k1 or row.known is None:
        return "alias"
    stored = row.known
    return "same" if keys.k4 == stored.keys.k4 and item.updated_at == stored.updated_at else "edited"


def _judge(item: FeedItem, rules: PollRules, now: datetime) -> ChangeKind:
    """Return what an unknown item is: filters come before the flood, and an old item is never a post."""
    is_included = not rules.include or any(_matches(one, item) for one in rules.include)
    if not is_included or any(_matches(one, item) for one in rules.exclude):
        return "filtered"
    date = _date(item)
    if rules.is_first or date is None or date > now:
        return "new"
    last = date + timedelta(days=1) if date.time() == time() else date  # of a date without a time
    return "old" if date < now - rules.max_age or last < rules.created_at else "new"


def parse_filter(text: str) -> ItemFilter:
    """Return the filter of `title:rc|beta`. Raises UsageError."""
    field, colon, words = text.partition(":")
    kept = tuple(word for each in words.split("|") if (word := " ".join(each.split())))
    name: FilterField
    for name in get_args(FilterField):
        if colon and field.strip().lower() == name and kept:
            return ItemFilter(name, kept)
    raise UsageError(f'"{text}" is not a filter of items', Hint("try", "title:rc|beta", (text, "title:rc|beta")))


def _matches(one: ItemFilter, item: FeedItem) -> bool:
    """Return whether a filter names an item: a category whole, in a text a word that no letter is next to."""
    if one.field == "category":
        return not {word.casefold() for word in one.words}.isdisjoint(tag.casefold() for tag in item.tags)
    text = {"title": item.title, "text": item.text, "author": item.author, "link": item.link or ""}[one.field]
    words = "|".join(re.escape(word) for word in one.words)
    return re.search(rf"(?<![^\W\d_])(?:{words})(?![^\W\d_])", text, re.IGNORECASE) is not None
