"""Sources as people manage them: add one, look at it, poll it now, pause, change and remove it, post what it holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from ttp.domain.account import Account, is_loopback
from ttp.domain.action import action, other_options
from ttp.domain.errors import Conflict, Hint, NotAllowed, NotFound, PartlyFailed, StateRefused, UsageError
from ttp.domain.feeds.identity import KEY_MODES, canonical_link, parse_filter
from ttp.domain.feeds.item import FeedItem
from ttp.domain.source import LEAST, MOST_EVERY, OPEN, ItemState, Source, SourceItem, SourceView, parse_schedule
from ttp.domain.time.clock import Clock
from ttp.platforms.feeds.fetch import Failed
from ttp.platforms.feeds.read import Reading
from ttp.services.posts import Posts
from ttp.services.preview import PostPreview
from ttp.services.sources.items import ItemPosts, content_of_item
from ttp.services.sources.polling import Answer, CreatedPost, Polling, PollResult
from ttp.services.time_resolver import TimeResolver
from ttp.store import sources as store
from ttp.store.dialect import Connection

SHOWN, PREVIEWED = 20, 3


@dataclass(frozen=True, slots=True)
class SourceDetails:
    """A source with the items that wait for a person, and the newest others."""

    view: SourceView
    items: tuple[SourceItem, ...]


@dataclass(frozen=True, slots=True)
class PolledSource:
    """A source after a poll, and what that brought."""

    view: SourceView
    result: PollResult


@dataclass(frozen=True, slots=True)
class ItemPreview:
    """What each account would get of an item. `problem`: why its post would be a draft."""

    title: str
    link: str | None
    preview: PostPreview
    problem: str | None = None


class Sources:
    def __init__(self, posts: Posts, times: TimeResolver, polling: Polling) -> None:
        self._posts, self._times, self._polling = posts, times, polling
        self._clock: Clock = posts.clock

    # Look.

    def all(self) -> list[SourceView]:
        with self._posts.database.reading() as db:
            counts = store.count_items(db) if db else {}
            sources = store.sources(db) if db else []
        names = self._names()
        return [SourceView(one, _names_of(one, names), counts.get(one.id or 0, {})) for one in sources]

    def details(self, source_id: int, most: int = SHOWN) -> SourceDetails:
        """Return a source with the items that wait for a person, then the newest. Raise NotFound."""
        with self._posts.database.reading() as db:
            source = self._find(db, source_id)
            assert db is not None
            counts = store.count_items(db, source_id).get(source_id, {})
            items = store.items(db, source_id, (ItemState.HELD,), most)
            rest = store.items(db, source_id, (ItemState.SEEN, ItemState.FILTERED, ItemState.CREATED), most)
        view = SourceView(source, _names_of(source, self._names()), counts)
        return SourceDetails(view, (*items, *rest[: max(0, most - len(items))]))

    def preview(self, source: Source) -> list[ItemPreview]:
        """Return what each account of a source would get of the newest items. Stores nothing. Raise UsageError,
        NotFound for its template, PartlyFailed for what cannot be read."""
        self._check_template(source)
        fresh = replace(source, etag=None, last_modified=None, sha256=None)
        source, answer = self._read(replace(fresh, address=source.address or source.url))
        if isinstance(answer, Failed):
            raise PartlyFailed(f"{source.url} {answer.reason}")
        items = answer.feed.items if isinstance(answer, Reading) else ()
        maker = ItemPosts(self._posts, self._times, source, None)
        previews = []
        for item in _newest(items)[:PREVIEWED]:
            content = content_of_item(item)
            previews.append(ItemPreview(str(content.get("title") or ""), item.link, *maker.preview(content)))
        return previews

    def source(self, source_id: int) -> Source:
        """Raise NotFound."""
        with self._posts.database.reading() as db:
            return self._find(db, source_id)

    # Change.

    def check_new(self, source: Source, *, allow_loop: bool = False) -> Source:
        """Return a source in its stored form. Raise UsageError for what it cannot be, NotAllowed where its posts would
        get times."""
        accounts = self._accounts(source)
        if not accounts:
            raise UsageError("name the accounts that get its posts", Hint("try", other_options(to="x/me")))
        if not LEAST.total_seconds() <= source.every_s <= MOST_EVERY.total_seconds():
            raise UsageError(
                "a source is read every 15 minutes to every 7 days", Hint("try", other_options(every="1h"))
            )
        if source.schedule is not None:
            self._posts.refuse_time()
            parse_schedule(source.schedule)
            self._times.resolve(source.schedule, accounts)
        self._check_template(source)
        if source.key_mode not in KEY_MODES:
            ways = (Hint("try", other_options(key=one)) for one in KEY_MODES)
            raise UsageError(f'"{source.key_mode}" is not a key of items', *ways)
        for text in source.excluded:
            parse_filter(text)
        source = replace(source, name=source.name or name_of(source.url), address=source.address or source.url)
        if not allow_loop:
            self._refuse_loop(source)
        return source

    def add(self, source: Source, *, allow_loop: bool = False) -> PolledSource:
        """Read a source and store it with its items, none of which becomes a post. One that does not answer now is
        stored, too. Raise UsageError for an address that is not a feed, Conflict for one that is a source already."""
        now = self._clock.now()
        source = self.check_new(replace(source, created_at=now, next_poll_at=now), allow_loop=allow_loop)
        with self._posts.database.reading() as db:
            _refuse_twice(db, source)
        source, answer = self._read(source, allow_loop=allow_loop)
        with self._posts.database.writing() as db:
            _refuse_twice(db, source)  # as the feed of its page, or by another process
            old = store.removed_source(db, source)
            if old is None:
                source_id = store.insert(db, source)
            else:  # what became posts of it stays known
                source_id = old.id or 0
                store.update(db, replace(source, id=source_id), old)
            result = self._polling.poll(self._find(db, source_id), answer=answer, db=db)
            return self._polled(db, result)

    def poll(self, source_id: int) -> PolledSource:
        """Poll a source now. Raise NotFound, StateRefused, NotAllowed, Conflict."""
        source = self._active(source_id)
        if source.state == "paused":
            raise StateRefused(f"source {source_id} is paused", Hint("fix", action("source resume", source_id)))
        result = self._polling.poll(source, self._posts.recorder("source poll"))
        with self._posts.database.reading() as db:
            return self._polled(db, result)

    def pause(self, source_id: int) -> SourceView:
        return self._change(source_id, lambda one: replace(one, paused_at=one.paused_at or self._clock.now()))

    def resume(self, source_id: int) -> SourceView:
        """Poll a source again, also one that was gone. Raise NotFound, NotAllowed."""
        now = self._clock.now()
        fresh: dict[str, Any] = {"failures": 0, "failing_at": None, "error": None, "next_poll_at": now}
        return self._change(source_id, lambda one: replace(one, paused_at=None, gone_at=None, **fresh))

    def edit(self, source_id: int, changes: Mapping[str, Any], *, allow_loop: bool = False) -> SourceView:
        """Change fields of a source; posts that it made stay. Raise NotFound, UsageError, NotAllowed."""
        before = self._active(source_id)
        self.check_new(replace(before, **changes), allow_loop=allow_loop or "accounts" not in changes)
        return self._change(source_id, lambda one: replace(one, **changes))

    def remove(self, source_id: int) -> SourceView:
        """Poll a source no more. Its posts stay, and the keys of its items for a while."""
        now = self._clock.now()
        return self._change(source_id, lambda one: replace(one, removed_at=now, next_poll_at=None))

    def post(self, source_id: int, item_ids: Sequence[int] = (), *, latest: bool = False) -> list[CreatedPost]:
        """Make posts of items: of these, of the newest, or of all that are held; oldest first. Raise NotFound,
        StateRefused, NotAllowed."""
        source = self._active(source_id)
        items = self._chosen(source, item_ids, latest=latest)
        if not items:
            raise _nothing_held(source_id)
        maker = ItemPosts(self._posts, self._times, source, self._posts.recorder("source post"))
        created = []
        with self._posts.media.holding():
            drafted = [(one, maker.draft(one.content)) for one in items]
            with self._posts.database.writing() as db:
                store.lock(db, source_id)
                for one, draft in drafted:
                    if store.item(db, one.id or 0) != one:
                        raise Conflict(f"item {one.id} was changed meanwhile", Hint("see", action("source list")))
                    post, problem = maker.store(db, draft)
                    after = replace(one, state=ItemState.CREATED, post_id=post.id, problem=problem, content={})
                    store.update_item(db, after, one)
                    created.append(CreatedPost(after, post))
        return created

    def skip(self, source_id: int, item_ids: Sequence[int] = ()) -> tuple[SourceView, int]:
        """Mark held items as seen: all of them, or these. Return how many, too. Raise NotFound,
        StateRefused."""
        source = self.source(source_id)
        with self._posts.database.writing() as db:
            store.lock(db, source_id)  # what another process posts now is never marked as seen
            chosen = self._chosen(source, item_ids, latest=False, within=db)
            items = [one for one in chosen if one.state is ItemState.HELD]
            if not items:
                raise _nothing_held(source_id)
            for one in items:
                store.update_item(db, replace(one, state=ItemState.SEEN), one)
        return self.details(source_id).view, len(items)

    def _chosen(
        self, source: Source, item_ids: Sequence[int], *, latest: bool, within: Connection | None = None
    ) -> list[SourceItem]:
        with self._posts.database.reading(within) as db:
            assert db is not None
            items = store.items(db, source.id or 0, OPEN)
        if latest:
            items = [one for one in items if one.content]
            newest = max(items, key=_age, default=None)
            return [] if newest is None else [newest]
        if not item_ids:
            return sorted((one for one in items if one.state is ItemState.HELD), key=_age)
        by_id = {one.id: one for one in items}
        for item_id in item_ids:
            if item_id not in by_id or not by_id[item_id].content:
                what = "is a post already, or gone from the feed" if item_id not in by_id else "is gone from the feed"
                raise NotFound(f"item {item_id} {what}", Hint("see", action("source show", source.id)))
        return sorted((by_id[item_id] for item_id in dict.fromkeys(item_ids)), key=_age)

    def _polled(self, db: Connection | None, result: PollResult) -> PolledSource:
        source_id = result.source.id or 0
        counts = store.count_items(db, source_id).get(source_id, {}) if db else {}
        return PolledSource(SourceView(result.source, _names_of(result.source, self._names()), counts), result)

    def _change(self, source_id: int, change: Callable[[Source], Source]) -> SourceView:
        with self._posts.database.writing() as db:
            before = store.lock(db, source_id)
            if before is None:
                raise _no_source(source_id)
            self._refuse_timed(before)
            after = change(before)
            store.update(db, after, before)
            store.delete_removed(db, self._clock.now())
            counts = store.count_items(db, source_id).get(source_id, {})
        return SourceView(after, _names_of(after, self._names()), counts)

    def _active(self, source_id: int) -> Source:
        """Return a source whose posts the caller may make. Raise NotFound, NotAllowed."""
        source = self.source(source_id)
        self._refuse_timed(source)
        return source

    def _refuse_timed(self, source: Source) -> None:
        """Raise NotAllowed for a source that gives its posts times, where no post may get one."""
        try:
            if source.schedule is not None:
                self._posts.refuse_time()
        except NotAllowed as refused:  # what to change is in the source, and not in the command
            raise NotAllowed(refused.message, Hint("see", action("source show", source.id))) from None

    def _find(self, db: Connection | None, source_id: int) -> Source:
        source = store.source(db, source_id) if db else None
        if source is None:
            raise _no_source(source_id)
        return source

    def _read(self, source: Source, *, allow_loop: bool = True) -> tuple[Source, Answer]:
        """Read a new source; at the address of the feed that its page names, if it names one. Raise UsageError for what
        waiting does not help."""
        answer = self._polling.read(source, self._clock.now())
        if isinstance(answer, Failed) and len(answer.feeds) == 1:
            source = replace(source, address=answer.feeds[0].url)
            if not allow_loop:
                self._refuse_loop(source)
            answer = self._polling.read(source, self._clock.now())
        if isinstance(answer, Failed) and answer.flaw not in _PASSING:
            hints = [Hint("try", one.url, (source.url, one.url)) for one in answer.feeds]
            if answer.flaw == "address" and "." in source.url and ":" not in source.url:
                hints.append(Hint("try", f"https://{source.url}", (source.url, f"https://{source.url}")))
            if answer.flaw in ("private", "port"):
                hints.append(Hint("try", other_options(allow_private=True), sure=False))
            address = re.sub(r"//[^/@]*@", "//", source.address) or "an empty text"
            raise UsageError(f"{address} {answer.reason}", *hints)
        return source, answer

    def _accounts(self, source: Source) -> tuple[Account, ...]:
        return tuple(one for one in self._posts.accounts() if one.id in source.accounts)

    def _names(self) -> dict[int, str]:
        return {one.id or 0: one.name for one in self._posts.accounts()}

    def _check_template(self, source: Source) -> None:
        if source.template is not None:
            self._posts.templates.files.find(source.template).check()

    def _refuse_loop(self, source: Source) -> None:
        """Raise UsageError for a source on the server of an account."""
        host = _host(source.address)
        if host is None or is_loopback(host):  # a rehearsal
            return
        for account in self._accounts(source):
            platform = self._posts.platforms.facts(account.platform)
            if host == platform.host(self._posts.config, account.server) or platform.has_posts_at(host):
                raise UsageError(
                    f"{source.address} is on the server of {account.name}: its own posts would come back",
                    Hint("try", other_options(allow_loop=True), sure=False),
                )


_PASSING = ("slow", "busy", "status", "no_answer", "cut_off", "unreachable")
"""Flaws of an address that may pass."""


def name_of(url: str) -> str:
    """Return a name for a source: its host, or the repository."""
    return _host(url) or url.partition(":")[2] or url


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:  # half of an IPv6 address
        return None


def _names_of(source: Source, names: dict[int, str]) -> tuple[str, ...]:
    return tuple(names[one] for one in source.accounts if one in names)


def _refuse_twice(db: Connection | None, source: Source) -> None:
    """Raise Conflict if a source has the address of this one: its items would become posts twice."""
    for one in store.sources(db) if db else ():
        if {_place(source.url), _place(source.address)} & {_place(one.url), _place(one.address)}:
            raise Conflict(f"source {one.id} has this address", Hint("see", action("source show", one.id)))


def _place(url: str) -> str:
    """Return an address to compare: a feed is the same with https, another case of its host, or a fragment."""
    return (canonical_link(url) if url.lower().startswith("http") else url.lower()) or url


def _no_source(source_id: int) -> NotFound:
    return NotFound(f"no source {source_id}", Hint("see", action("source list")))


def _age(one: SourceItem) -> tuple[float, int]:
    return (one.published_at.timestamp() if one.published_at else 0.0, one.id or 0)


def _newest(items: Sequence[FeedItem]) -> list[FeedItem]:
    """Return the items of a feed, newest first."""
    dates = [one.published_at for one in items]
    if all(dates):
        return sorted(items, key=lambda one: one.published_at.timestamp() if one.published_at else 0.0, reverse=True)
    return list(items)


def _nothing_held(source_id: int) -> StateRefused:
    return StateRefused(f"no item of source {source_id} is held", Hint("see", action("source show", source_id)))
