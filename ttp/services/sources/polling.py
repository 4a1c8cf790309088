"""Poll a source: read its feed, decide what is new, and store keys and posts in one transaction.

A poll that dies before its commit has done nothing, and one after it everything. Two polls at once: the second finds
the number of polls raised, and stores nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ttp.domain.action import action
from ttp.domain.errors import Conflict, Hint, UsageError
from ttp.domain.feeds.identity import (
    ItemChange,
    ItemFilter,
    ItemKeys,
    KnownItem,
    PollRules,
    choose_mode,
    compare,
    find_removed,
    has_new_names,
    parse_filter,
)
from ttp.domain.feeds.item import Feed
from ttp.domain.post import Post
from ttp.domain.source import OPEN, ItemState, Source, SourceItem, after_end, after_failure, after_success
from ttp.domain.text import clean_text
from ttp.platforms.feeds.fetch import Failed, NotModified
from ttp.platforms.feeds.read import Reading, read_source
from ttp.services.posts import Posts
from ttp.services.sources.items import DraftedItem, ItemPosts, content_of_item, untouched_draft
from ttp.services.time_resolver import TimeResolver
from ttp.store import sources as store
from ttp.store.change_log import ChangeRecorder
from ttp.store.dialect import Connection

MOST_RENAMES = 3
"""Polls in a row with new ids for known items, after which ids count no more."""
REMOVED = "its item was removed from the feed"
_STATES = {"held": ItemState.HELD, "filtered": ItemState.FILTERED, "alias": ItemState.ALIAS, "old": ItemState.SEEN}
Answer = Reading | NotModified | Failed
Read = Callable[[Source, datetime], Answer]


@dataclass(frozen=True, slots=True)
class CreatedPost:
    """The post of an item. `problem`: why it is a draft although its source gives times."""

    item: SourceItem
    post: Post


@dataclass(frozen=True, slots=True)
class PollResult:
    """The source after a poll. `held`: items that wait for a person; `aliases`: known items under new names; `updated`:
    drafts that follow their items; `error`: why it was not read."""

    source: Source
    created: tuple[CreatedPost, ...] = ()
    held: int = 0
    aliases: int = 0
    updated: tuple[int, ...] = ()
    error: str | None = None


def read_feed(source: Source, now: datetime) -> Answer:
    """Read the feed of a source, if it has changed since the last poll."""
    return read_source(
        source.address,
        now=now,
        etag=source.etag,
        last_modified=source.last_modified,
        sha256=source.sha256,
        allow_private=source.private,
        prereleases=source.prereleases,
    )


class Polling:
    """`jitter`: a number from -1 to 1 for each wait."""

    def __init__(
        self,
        posts: Posts,
        times: TimeResolver,
        read: Read = read_feed,
        jitter: Callable[[], float] = lambda: random.uniform(-1, 1),  # noqa: S311 (spreads polls)
    ) -> None:
        self._posts, self._times, self.read, self._jitter = posts, times, read, jitter

    def poll(
        self,
        before: Source,
        recorder: ChangeRecorder | None = None,
        answer: Answer | None = None,
        db: Connection | None = None,
    ) -> PollResult:
        """Poll a source and store what came. `recorder`: makes its posts undoable; `answer`: what was read before;
        `db`: the transaction that added it. Raise Conflict if another process polled or changed it meanwhile."""
        now = self._posts.clock.now()
        if answer is None:
            try:
                answer = self.read(before, now)
            except UsageError as error:  # the extra for feeds is not installed any more
                answer = Failed(f"cannot be read: {error.message}", "extra")
        if isinstance(answer, Failed):
            return self._store_failure(before, answer, now, db)
        with self._posts.database.reading(db) as reading:
            assert reading is not None
            items = {one.k1: one for one in store.items(reading, before.id or 0)}
            made_today = store.count_posted(reading, before.id or 0, now - timedelta(days=1))
        # It was read, and a take-over doubts when: what is new here may be posted already.
        in_doubt = before.ok_at is None and before.format is not None
        reply = answer.fetched if isinstance(answer, Reading) else answer
        after = replace(before, etag=reply.etag, last_modified=reply.last_modified)
        changes, removals = list[ItemChange](), set[str]()
        if isinstance(answer, Reading):
            feed = answer.feed
            after = replace(after, format=feed.format, sha256=answer.fetched.sha256, warnings=_warnings(feed))
            stored_items = [_as_known(one) for one in items.values()]
            changes = compare(feed, stored_items, _rules(before, made_today, in_doubt=in_doubt), now)
            after = _with_key_mode(after, feed, changes)
            removals = {one.keys.k1 for one in find_removed(stored_items, changes)}
        after = after_success(after, now, self._jitter(), at_least_s=answer.check_after_s, moved_to=reply.moved_to)
        return self._store_changes(before, after, changes, removals, items, recorder, now, db)

    def _store_failure(self, before: Source, failed: Failed, now: datetime, within: Connection | None) -> PollResult:
        error = clean_text(f"{before.address} {failed.reason}")
        if failed.is_gone:
            after = after_end(before, now, error)
        else:
            after = after_failure(before, now, self._jitter(), error, failed.retry_after_s)
        with self._posts.database.writing(within) as db:
            _refuse_stale(db, before)
            store.update(db, after, before)
        return PollResult(after, error=error)

    def _store_changes(
        self,
        before: Source,
        after: Source,
        changes: Sequence[ItemChange],
        removals: Collection[str],
        items: dict[str, SourceItem],
        recorder: ChangeRecorder | None,
        now: datetime,
        within: Connection | None,
    ) -> PollResult:
        item_posts = ItemPosts(self._posts, self._times, before, recorder)
        with self._posts.media.holding():
            drafts = self._draft(item_posts, changes, items)
            with self._posts.database.writing(within) as db:
                _refuse_stale(db, before)
                new_posts, updates, rows = list[CreatedPost](), list[int](), dict[str, SourceItem]()
                for number, change in enumerate(changes):
                    item = items.get(change.known.keys.k1 if change.known else change.alias_of or "")
                    if change.kind in ("same", "edited"):
                        if item is not None:
                            draft = drafts.get(number)
                            if draft is not None and item_posts.update(db, item.post_id or 0, draft):
                                updates.append(item.post_id or 0)
                            store.update_item(db, _renewed(item, change), item)
                        continue
                    if change.keys.k1 in rows or change.keys.k1 in items:
                        continue
                    row = _row(before, change, item, now)
                    if item is not None and item.state is not ItemState.ALIAS:  # its new name stands for it from now on
                        store.update_item(db, replace(item, state=ItemState.ALIAS, posted_at=None, content={}), item)
                    if change.kind == "new":
                        post, problem = item_posts.store(db, drafts[number])
                        row = replace(row, post_id=post.id, posted_at=now, problem=problem, content={})
                        new_posts.append(CreatedPost(row, post))
                    elif number in drafts and item_posts.update(db, row.post_id or 0, drafts[number]):
                        updates.append(row.post_id or 0)
                    elif change.alias_of is not None and change.alias_of in rows:
                        row = replace(row, post_id=rows[change.alias_of].post_id)
                    rows[row.k1] = row
                for name in removals:
                    gone = items[name]
                    if gone.state is ItemState.CREATED and gone.problem is None:
                        store.update_item(db, replace(gone, problem=REMOVED), gone)
                store.insert_items(db, rows.values())
                if changes:
                    store.note_seen(db, before.id or 0, [one.keys.k1 for one in changes], now)
                store.update(db, after, before)
        kinds = [change.kind for change in changes]
        return PollResult(
            after,
            created=tuple(new_posts),
            held=kinds.count("held"),
            aliases=kinds.count("alias"),
            updated=tuple(updates),
        )

    def _draft(
        self, item_posts: ItemPosts, changes: Sequence[ItemChange], items: dict[str, SourceItem]
    ) -> dict[int, DraftedItem]:
        """Make the posts of new items, and those that untouched drafts of edited ones become, by their place."""
        drafts = {}
        for number, change in enumerate(changes):
            if change.kind == "new":
                drafts[number] = item_posts.draft(content_of_item(change.item))
            elif change.kind in ("edited", "alias") and change.known is not None:  # with another link, perhaps
                post_id = items[change.known.keys.k1].post_id
                with self._posts.database.reading() as db:
                    post = untouched_draft(db, post_id) if db is not None and post_id is not None else None
                if post is not None:
                    drafts[number] = item_posts.draft(content_of_item(change.item), timed=False)
        return drafts


def _refuse_stale(db: Connection, before: Source) -> None:
    """Raise Conflict if a source was polled, changed or removed since it was read."""
    if store.lock(db, before.id or 0) != before:
        raise Conflict(f"source {before.id} was polled or changed meanwhile", Hint("see", action("source list")))


def _rules(source: Source, made_today: int, *, in_doubt: bool) -> PollRules:
    include = (ItemFilter("category", source.categories),) if source.categories else ()
    return PollRules(
        created_at=source.created_at,
        mode=source.key_mode,  # type: ignore[arg-type]  # checked when it was stored
        is_first=source.ok_at is None and not in_doubt,
        max_new=0 if in_doubt else source.max_new,
        made_today=made_today,
        max_age=timedelta(seconds=source.max_age_s),
        include=include,
        exclude=tuple(map(parse_filter, source.excluded)),
    )


def _with_key_mode(source: Source, feed: Feed, changes: Sequence[ItemChange]) -> Source:
    """Return the source with another key where the ids of its feed tell nothing, and a warning."""
    mode, renames = choose_mode(feed.items, source.key_mode), 0  # type: ignore[arg-type]  # as `_rules`
    if mode == source.key_mode == "auto" and has_new_names(changes):
        renames = source.renames + 1
        mode = "link" if renames >= MOST_RENAMES else mode
    if mode != source.key_mode:
        note = f"its ids do not tell its items apart: ttp compares them by {mode.replace('+', ' and ')} now"
        source = replace(source, warnings=(*source.warnings, note))
    return replace(source, key_mode=mode, renames=renames)


def _as_known(one: SourceItem) -> KnownItem:
    return KnownItem(
        ItemKeys(one.k1, one.k2, one.k3, one.k4),
        one.title,
        one.seen_at,
        one.published_at,
        one.updated_at,
        is_alias=one.state is ItemState.ALIAS,
    )


def _row(source: Source, change: ItemChange, item_before: SourceItem | None, now: datetime) -> SourceItem:
    keys, item = change.keys, change.item
    content = content_of_item(item)
    state = _STATES.get(change.kind, ItemState.CREATED)
    renamed = item_before if item_before is not None and item_before.state is not ItemState.ALIAS else None
    return SourceItem(
        source.id or 0,
        keys.k1,
        keys.k2,
        keys.k3,
        keys.k4,
        first_seen_at=renamed.first_seen_at if renamed else now,
        seen_at=now,
        state=renamed.state if renamed else state,
        link=item.link,
        title=str(content.get("title") or ""),
        published_at=item.published_at,
        updated_at=item.updated_at,
        post_id=item_before.post_id if item_before else None,
        posted_at=renamed.posted_at if renamed else None,
        problem=renamed.problem if renamed else None,
        content=content if (renamed.state if renamed else state) in OPEN else {},
    )


def _renewed(item: SourceItem, change: ItemChange) -> SourceItem:
    """Return a stored item as its feed has it now; of one that may still become a post also what it says."""
    if change.kind == "same" and item.content:
        return item
    keys, content = change.keys, content_of_item(change.item)
    return replace(
        item,
        k2=keys.k2,
        k3=keys.k3,
        k4=keys.k4,
        link=change.item.link,
        title=str(content.get("title") or ""),
        published_at=change.item.published_at,
        updated_at=change.item.updated_at,
        content=content if item.state in OPEN else {},
    )


def _warnings(feed: Feed) -> tuple[str, ...]:
    return tuple(clean_text(one) for one in feed.warnings)
