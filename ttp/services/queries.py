"""Read-only questions about posts, attempts and accounts. Opens the store for each and never creates one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from ttp.domain import permissions
from ttp.domain.account import Account, Hold, find_account, resolve_accounts
from ttp.domain.action import action
from ttp.domain.config import Config
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import Hint, NotFound
from ttp.domain.permissions import Caller
from ttp.domain.platform import PlatformFacts
from ttp.domain.post import EMPTY_METRICS, Metrics, Post, PostFields, PostStatus, post_not_found
from ttp.domain.time.clock import Clock
from ttp.store import accounts as stored_accounts
from ttp.store import authors, queries
from ttp.store.authors import Authors
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.queries import PostFilter
from ttp.store.row_mapper import CorruptRow

if TYPE_CHECKING:
    from ttp.domain.media.image_fit import SentMedia
    from ttp.domain.post_history import PostHistory
    from ttp.domain.publishing.attempt import Attempt
    from ttp.domain.recurrence import Repeat
    from ttp.domain.time.formatting import Clocks
    from ttp.store.change_log import Change, LoggedChange
    from ttp.store.server.submitted_drafts import SubmittedDraft


_BATCH = 200


class Queries:
    def __init__(
        self, database: Database, clock: Clock, config: Config, platforms: PlatformFacts, caller: Caller
    ) -> None:
        """Posts to other accounts than the caller's do not exist."""
        self._platforms = platforms
        self._database = database
        self._clock = clock
        self._config = config
        self._approval = config.requires_approval
        self._caller = caller
        self._within = caller.accounts

    def posts(self, post_filter: PostFilter) -> Iterator[Post]:
        """Yield the posts that pass the filter, in list order, from one snapshot."""
        with self._database.snapshot() as db:
            if db is not None:
                yield from self._filtered_posts(db, post_filter)

    def repeats_of(self, ids: Sequence[int]) -> list[tuple[int, int]]:
        """Return the repeats that have not ended and copy one of these posts, each with the id of that post."""
        from ttp.store import repeats

        with self._database.reading() as db:
            recurrences = repeats.recurrences(db) if db else []
        return [(one.id or 0, one.post_id or 0) for one in recurrences if one.state != "ended" and one.post_id in ids]

    def has_scheduled(self) -> bool:
        """Return whether any post was ever scheduled, also a deleted one."""
        with self._database.reading() as db:
            return db is not None and queries.has_scheduled(db)

    def draft_ids(self, tags: Sequence[str] = ()) -> list[int]:
        """Return the ids of all drafts, or of those with one of these tags."""
        return [post.id or 0 for post in self.posts(PostFilter(queries.DRAFTS, tags=tuple(tags)))]

    def views(self, post_filter: PostFilter) -> Iterator[PostView]:
        """Yield these posts as shown, with what they wait for. With `needs_you`, also those that wait for approval."""
        with self._database.snapshot() as db:
            posts = (
                self._filtered_posts(db, post_filter._replace(approval=self._approval)) if db is not None else iter(())
            )
            while db is not None and (batch := list(islice(posts, _BATCH))):
                yield from view_posts(db, batch, self._caller, now=self._clock.now(), config=self._config)

    def count(self, post_filter: PostFilter, most: int) -> int:
        """Return how many posts pass the filter; `most` if there are more."""
        from ttp.store import post_search

        criteria = post_filter._replace(approval=self._approval, within=self._within)
        with self._database.reading() as db:
            return post_search.count(db, criteria, most) if db else 0

    def _filtered_posts(self, db: Connection, post_filter: PostFilter) -> Iterator[Post]:
        if post_filter.after is not None:
            last = queries.post(db, post_filter.after)
            if last is None or not is_within(last, self._within):
                raise post_not_found(post_filter.after)
        yield from map(self._caller.view, queries.posts(db, post_filter._replace(within=self._within)))

    def post(self, post_id: int) -> PostView:
        """Return a post as shown. Raise NotFound if it does not exist."""
        posts = self.posts_by_id([post_id])
        if not posts:
            with self._database.reading() as db:
                raise missing_post_error(db, post_id, self._caller, self._clock.now())
        return posts[0]

    def accounts_of(self, post_id: int) -> list[Account]:
        """Return the accounts of a post. Raise NotFound if there is no such post."""
        names = self.post(post_id).accounts
        return [account for account in self.accounts() if account.name in names]

    def missing_media(self, post: PostFields) -> list[str]:
        """Return the names of a post's media whose copies are missing. Asks no bucket."""
        if self._config.text("media.backend") == "s3":
            return []
        from ttp.store.media_cleanup import missing_media

        return [item.name for item in missing_media(self._database.home / "media", post.media)]

    def history(self, post: PostFields) -> PostHistory:
        """Return what has happened to a post so far."""
        from ttp.domain.post_history import PostHistory, post_history
        from ttp.store import change_log

        with self._database.reading() as db:
            if db is None or post.id is None:
                return PostHistory()
            return post_history(post, change_log.commands_on_post(db, post.id), list(queries.attempts(db, post.id)))

    def posts_by_id(self, ids: Sequence[int]) -> list[PostView]:
        """Return the posts with these ids that exist, in the given order, as shown."""
        with self._database.reading() as db:
            there = queries.posts_by_id(db, ids) if db else ()
            posts = [self._caller.view(one) for one in there if is_within(one, self._within)]
            return view_posts(db, posts, self._caller, now=self._clock.now(), config=self._config) if posts else []

    def ids(self, ranges: Sequence[tuple[int, int]]) -> list[int]:
        """Return the existing ids in these ranges. Raise NotFound for a missing single id or empty ranges."""
        post_ids: dict[int, None] = {}
        with self._database.reading() as db:
            for first, last in ranges:
                there = queries.existing_ids(db, first, last) if db else []
                if db is not None and self._within is not None:
                    there = [one.id or 0 for one in queries.posts_by_id(db, there) if is_within(one, self._within)]
                if not there and first == last:
                    raise missing_post_error(db, first, self._caller, self._clock.now())
                post_ids.update(dict.fromkeys(there))
        if not post_ids:
            raise NotFound("no posts in that range", Hint("see", action("list")))
        return list(post_ids)

    def attempts(self, post_id: int) -> list[Attempt]:
        """Return the steps of all attempts at a post, also a deleted one, oldest first. Raise NotFound."""
        with self._database.reading() as db:
            if db is None or not _was_stored(db, post_id, self._within):
                raise post_not_found(post_id)
            return list(queries.attempts(db, post_id))

    def changes(self, most: int, post_id: int | None = None, *, undos: bool = False) -> list[LoggedChange]:
        """Return the last changes of posts, or of one, also a deleted one, newest first; with `undos` also who undid
        and redid some. Raise NotFound."""
        from ttp.store import change_log

        # A change may also be of posts that a limited user must not see.
        assert post_id is not None or self._within is None
        with self._database.reading() as db:
            if post_id is not None and (db is None or not _was_stored(db, post_id, self._within)):
                raise post_not_found(post_id)
            return change_log.recent_changes(db, self._clock.now(), most, post_id, undos=undos) if db else []

    def last_post_by(self, actor: str) -> Post | None:
        """Return the post that someone created last, if it still is there."""
        from ttp.store import change_log

        with self._database.reading() as db:
            post_id = None if db is None else change_log.last_created(db, actor)
            post = None if db is None or post_id is None else queries.post(db, post_id)
        return post if post is not None and is_within(post, self._within) else None

    def undone_change(self, post_id: int) -> Change | None:
        """Return the change of a post that was undone last and can be redone. Raise NotFound."""
        from ttp.store import change_log

        with self._database.reading() as db:
            if db is None or not _was_stored(db, post_id, self._within):
                raise post_not_found(post_id)
            return next(iter(change_log.next_changes(db, self._clock.now(), 1, post=post_id, undone=True)), None)

    def accounts(self) -> list[Account]:
        with self._database.reading() as db:
            return accounts_within(stored_accounts.accounts(db), self._within) if db else []

    def find_accounts(self, names: Sequence[str]) -> tuple[Account, ...]:
        """Return the accounts that names like those of `--to` mean. Raise NotFound, Ambiguous, UsageError."""
        return resolve_accounts(names, self.accounts(), self._platforms)

    def account_clocks(self, names: Collection[str] | None = None) -> Clocks:
        """Return the zones of these accounts, else of all, without those of accounts that have none of their own."""
        from ttp.domain.time.zones import load_zone

        accounts = [] if names is not None and not names else self.accounts()
        zones = [(one.name, load_zone(one.timezone or "")) for one in accounts]
        return [(name, zone) for name, zone in zones if zone is not None and (names is None or name in names)]

    def select_accounts(self, names: Sequence[str] | None, platforms: Sequence[str] | None) -> tuple[Account, ...]:
        """Return the named accounts, else all of the platforms, else all. Raise NotFound, Ambiguous, UsageError."""
        if names is not None:
            return self.find_accounts(names)
        platform_names = {self._platforms.find(name).name for name in platforms or ()}
        return tuple(one for one in self.accounts() if platforms is None or one.platform in platform_names)

    def account(self, name: str) -> Account:
        """Return an account by its full name. Raise NotFound."""
        return find_account(name, self.accounts(), self._platforms)

    def tags(self) -> list[tuple[str, int]]:
        """Return every tag in use, and of how many posts."""
        with self._database.reading() as db:
            return queries.tags(db) if db else []

    def failed_posts(self, names: Sequence[str], since: timedelta | None) -> list[Post]:
        """Return posts with failed deliveries of these accounts, due within `since` of now, newest first."""
        with self._database.reading() as db:
            posts = list(queries.posts_by_id(db, queries.posts_needing_action(db, "failed", most=10_000))) if db else []
        earliest = None if since is None else self._clock.now() - since
        return [
            post
            for post in posts
            if is_within(post, self._within)
            and any(
                d.state == "failed"
                and (not names or d.account in names)
                and (earliest is None or (d.due_at is not None and d.due_at >= earliest))
                for d in (*post.deliveries, *post.comments)
            )
        ]


def missing_post_error(db: Connection | None, post_id: int, caller: Caller, now: datetime) -> NotFound:
    """Return the error for a post that is not there: deleted, or never created. Agents undo only their changes."""
    from ttp.store import change_log

    if db is None or not _was_stored(db, post_id, caller.accounts):
        return post_not_found(post_id)
    last = change_log.next_changes(db, now, 1, post=post_id, undone=False)
    ways = [Hint("see", action("log", post_id)), Hint("fix", action("undo", post=post_id))]
    if caller.is_agent and not any(one.actor == caller.name for one in last):
        ways.pop()
    return NotFound(f"post {post_id} is deleted", *ways)


def _was_stored(db: Connection, post_id: int, accounts: frozenset[int] | None) -> bool:
    """Return whether there is such a post, maybe a deleted one."""
    post = queries.posts_even_deleted(db, [post_id]).get(post_id)
    return post is not None and is_within(post, accounts)


def is_within(post: PostFields, accounts: frozenset[int] | None) -> bool:
    """Return whether a post goes to none but these accounts. None: all accounts."""
    return accounts is None or all(d.account_id in accounts for d in post.active)


def accounts_within(accounts: list[Account], ids: frozenset[int] | None) -> list[Account]:
    """Return the accounts with these ids. None: all."""
    return accounts if ids is None else [account for account in accounts if account.id in ids]


@dataclass(frozen=True, slots=True)
class PostView(PostFields):
    """A post as shown: with what its deliveries wait for, the repeat that created it, and its newest numbers by
    account. Never stored."""

    repeat: Repeat | None = None
    metrics: Mapping[str, Metrics] = field(default_factory=lambda: EMPTY_METRICS)
    authors: Authors | None = None
    """Of what an agent sees."""
    sent: Mapping[str, Sequence[SentMedia]] = field(default_factory=dict)
    """What its accounts get of its media, where that was asked for."""
    asks_for: str | None = None
    """The TIME that its approval gives it. Of a submitted draft that waits for one."""
    adds_link: str | None = None
    """The link that its approval puts at its end."""

    def needs(self) -> tuple[str, ...]:
        needs = PostFields.needs(self)
        return needs if self.asks_for is None else (*needs, "approve")


_FIELDS_OF = attrgetter(*(one.name for one in fields(PostFields)))


def view_of(
    post: Post,
    repeat: Repeat | None = None,
    metrics: Mapping[str, Metrics] = EMPTY_METRICS,
    names: Authors | None = None,
) -> PostView:
    """Return a post as shown, without what it waits for."""
    values: list[Any] = [*_FIELDS_OF(post), repeat, metrics, names]  # by position: `replace` is three times slower
    return PostView(*values)


def view_posts(
    db: Connection | None,
    posts: Sequence[Post],
    caller: Caller,
    *,
    now: datetime,
    config: Config,
    are_new: bool = False,
) -> list[PostView]:
    """Return up to a few hundred posts as shown now to a caller. `are_new`: no repeat created them."""
    holds: dict[str, Hold] = {}
    repeats: dict[int, Repeat] = {}
    metrics: Mapping[int, Mapping[str, Metrics]] = {}
    names: Mapping[int, Authors] = {}
    if db is not None:
        with suppress(CorruptRow):  # `ttp doctor` reports it
            holds = held_accounts(db, now)
        if not are_new:
            repeats = queries.repeats_of_posts(db, [post.id or 0 for post in posts])
            published = [post.id or 0 for post in posts if any(row.remote_id for row in post.deliveries)]
            metrics = queries.newest_metrics(db, published) if published else {}
        if caller.is_agent:
            names = authors.authors(db, [post.id or 0 for post in posts])
    needed = config.requires_approval
    shown = [
        view_of(post, repeats.get(n := post.id or 0), metrics.get(n, EMPTY_METRICS), names.get(n)) for post in posts
    ]
    drafts = {} if db is None or are_new else _submitted_drafts(db, posts)
    shown = [_with_wishes(post, drafts[post.id or 0]) if post.id in drafts else post for post in shown]
    return [_with_waits(post, holds, needed=needed) for post in shown]


def _submitted_drafts(db: Connection, posts: Sequence[Post]) -> dict[int, SubmittedDraft]:
    """Return what the approval of submitted drafts uses, by their ids."""
    drafts = (one for one in posts if one.status is PostStatus.DRAFT and one.deleted_at is None)
    waiting = [one.id or 0 for one in drafts if one.rejection is None and one.key]
    if not waiting:
        return {}
    from ttp.store.server import submitted_drafts

    return submitted_drafts.by_post(db, waiting)


def _with_wishes(post: PostView, draft: SubmittedDraft) -> PostView:
    is_there = draft.link is None or draft.link in (post.thread[-1] if post.thread else post.content)
    return replace(post, asks_for=draft.time, adds_link=None if is_there else draft.link)


def held_accounts(db: Connection, now: datetime) -> dict[str, Hold]:
    accounts = stored_accounts.accounts(db, held_at=now)
    return {a.name: Hold(a.name, None if a.is_paused else a.hold_until, a.hold_reason) for a in accounts}


def _with_waits(shown: PostView, holds: dict[str, Hold], *, needed: bool) -> PostView:
    if holds:
        shown = replace(shown, deliveries=tuple(_with_hold(d, holds.get(d.account)) for d in shown.deliveries))
    return permissions.show_approval_waits(shown) if needed else shown


def _with_hold(delivery: Delivery, hold: Hold | None) -> Delivery:
    """Return the delivery with what it waits for, if its account's hold ends after it is due."""
    due = delivery.next_at if delivery.state in (DeliveryState.PENDING, DeliveryState.RETRYING) else None
    if hold is None or due is None or (hold.until is not None and due >= hold.until):
        return delivery
    if hold.until is None:
        return replace(delivery, waiting_for="its account to be resumed", waiting_until=None)
    waiting = "the end of the account's hold" + (f": {hold.reason}" if hold.reason else "")
    return replace(delivery, waiting_for=waiting, waiting_until=hold.until)


def accounts_of(post: Post, all_accounts: Iterable[Account]) -> tuple[Account, ...]:
    ids = {d.account_id for d in post.active}
    return tuple(account for account in all_accounts if account.id in ids)
