"""Everything that a person can do to posts: create, schedule, edit, delete, publish, retry, resolve.

Every method is one transaction: all of it happens, or nothing. A method that changes a post either wins before the
publisher's claim or is refused; it never touches a delivery that is in flight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ttp.domain.account import Account
from ttp.domain.clock import Clock
from ttp.domain.config import Config
from ttp.domain.delivery import IN_FLIGHT, DeliveryState
from ttp.domain.errors import Conflict, Hint, NotFound, Problem, StateRefused, TtpError, UsageError
from ttp.domain.media import MediaItem
from ttp.domain.post import Post, PostStatus
from ttp.services.changes import (
    merged,
    must_be_reviewed,
    naming,
    new_delivery,
    no_accounts,
    no_such_post,
    nothing_left,
    redirected,
    refuse_in_flight,
    resolved,
    settled,
    timed,
    with_alts,
    with_delivery,
)
from ttp.services.drafting import Typed, check_variants, digest, judge, resolve_accounts
from ttp.store import posts as store
from ttp.store import reads
from ttp.store.database import Database
from ttp.store.media import MediaStore

When = Callable[[str, Sequence[Account]], datetime]
"""Reads a TIME for some accounts; given by the command line, which owns the grammar."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A post as it was stored, what to warn of, and whether its key had stored it before."""

    post: Post
    warnings: tuple[Problem, ...] = ()
    replayed: bool = False


class Posts:
    def __init__(self, database: Database, media: MediaStore, clock: Clock, config: Config) -> None:
        self._database = database
        self._media = media
        self._clock = clock
        self._media_host = all(config[name] for name in ("media_host.kind", "media_host.path", "media_host.base_url"))

    # Writing.

    def create(self, typed: Typed, when: When) -> Saved:
        """Store a new post: a draft without a time, scheduled with one.

        A text from stdin is stored as a draft before anything is checked, and an error then names it.
        """
        mark = digest(typed) if typed.key is not None else None
        if typed.key is not None:
            replayed = self._replay(typed.key, mark)
            if replayed is not None:
                return Saved(replayed, replayed=True)
        if not typed.kept:
            return self._create(typed, when, mark, None)
        kept = self._keep(typed.text or "")
        try:
            return self._create(typed, when, mark, kept)
        except TtpError as error:
            raise naming(error, kept) from error

    def _replay(self, key: str, mark: str | None) -> Post | None:
        """The post that a key made before. Conflict if it was not the same post."""
        with self._database.reading() as db:
            first = reads.post_by_key(db, key) if db else None
        if first is not None and first.key_digest != mark:
            raise Conflict(
                f'the key "{key}" belongs to post {first.id}, which is another text, account, option, file or time',
                Hint("look at it", f"ttp show {first.id}"),
                Hint("or take", "another --key"),
            )
        return first

    def _keep(self, text: str) -> Post:
        with self._database.writing() as session:
            return store.insert(session, self._stamped(Post(text)))

    def _create(self, typed: Typed, when: When, mark: str | None, kept: Post | None) -> Saved:
        accounts = self._accounts(typed.to or ())
        if typed.at is not None and not accounts:
            raise UsageError(
                "a post with a time needs accounts to go to",
                Hint("name them", "--to PLATFORM/HANDLE, for example --to x/me"),
            )
        options = dict(typed.options)
        variants = check_variants(typed.variants, self._accounts(None))
        items = self._media_items(typed.media or (), typed.alts or ())
        at = None if typed.at is None else when(typed.at, accounts)
        post = Post(
            content=typed.text or "",
            deliveries=tuple(new_delivery(account, at) for account in accounts),
            scheduled_at=at,
            max_lateness_s=typed.max_lateness_s,
            media=items,
            variants=variants,
            tags=tuple(dict.fromkeys(typed.tags or ())),
            options=options,
            key=typed.key,
            key_digest=mark,
        )
        if not post.content.strip() and not post.media and kept is None:
            raise UsageError("there is no text and no media", Hint("write it as", "ttp create 'Hello' --to x/me"))
        warnings = judge(post, accounts, media_host=self._media_host, timed=at is not None)
        post = self._stamped(post)
        with self._database.writing() as session:
            if kept is not None:
                post = replace(post, id=kept.id, created_at=kept.created_at)
                return Saved(store.update(session, post), warnings)
            return Saved(store.insert(session, post), warnings)

    def edit(self, post_id: int, typed: Typed, when: When) -> Saved:
        """Change what is given. Lists are replaced whole; variants and options by their key (an empty value removes).

        Touches only what is not published yet; an account left out of `to` is cancelled for this post.
        """
        try:
            return self._edit(post_id, typed, when)
        except TtpError as error:
            if not typed.kept or not (typed.text or "").strip():
                raise
            raise naming(error, self._keep(typed.text or "")) from error

    def _edit(self, post_id: int, typed: Typed, when: When) -> Saved:
        items = None if typed.media is None else self._media_items(typed.media, typed.alts or ())
        known = self._accounts(None)
        with self._database.writing() as session:
            before = self._one(session, post_id)
            refuse_in_flight(before, "be edited")
            if before.status is PostStatus.PUBLISHED:
                raise StateRefused(
                    f"post {post_id} is published", Hint("write another", "ttp create TEXT --to PLATFORM/HANDLE")
                )
            changed = replace(
                before,
                content=before.content if typed.text is None else typed.text,
                media=with_alts(before.media, typed.alts) if items is None else items,
                variants=merged(before.variants, check_variants(typed.variants, known)),
                options=merged(before.options, dict(typed.options)),
                tags=before.tags if typed.tags is None else tuple(dict.fromkeys(typed.tags)),
                max_lateness_s=typed.max_lateness_s if typed.max_lateness_s is not None else before.max_lateness_s,
            )
            if typed.to is not None:
                changed = redirected(changed, self._accounts(typed.to))
            if typed.at is not None:
                changed = timed(changed, when(typed.at, self._of(changed, known)))
            changed = settled(changed, self._clock.now())
            if not changed.content.strip() and not changed.media:
                raise UsageError(
                    f"post {post_id} would have no text and no media", Hint("delete it", f"ttp delete {post_id}")
                )
            has_time = changed.scheduled_at is not None
            warnings = judge(changed, self._of(changed, known), media_host=self._media_host, timed=has_time)
            return Saved(store.update(session, changed), warnings)

    # Planning.

    def schedule(self, ids: Sequence[int], at: str, when: When) -> list[Saved]:
        """Give posts a time, or a new one; of failed and partial posts it moves the failed deliveries."""
        known = self._accounts(None)

        def change(post: Post) -> tuple[Post, tuple[Problem, ...]]:
            refuse_in_flight(post, "be given a time", reviewing=False)
            accounts = self._of(post, known)
            if not accounts:
                raise no_accounts(post, known)
            if not any(d.state in (DeliveryState.PENDING, DeliveryState.FAILED) for d in post.deliveries):
                raise nothing_left(post)
            moved = timed(post, when(at, accounts))
            return moved, judge(moved, accounts, media_host=self._media_host, timed=True)

        return self._change_each(ids, change)

    def unschedule(self, ids: Sequence[int]) -> list[Saved]:
        """Back to draft: no time."""

        def change(post: Post) -> tuple[Post, tuple[Problem, ...]]:
            refuse_in_flight(post, "go back to draft", reviewing=False)
            if post.status not in (PostStatus.SCHEDULED, PostStatus.DRAFT):
                raise StateRefused(f"post {post.id} is {post.status}", Hint("look at it", f"ttp show {post.id}"))
            deliveries = tuple(d.scheduled(None) if d.state is DeliveryState.PENDING else d for d in post.deliveries)
            return replace(post, deliveries=deliveries, scheduled_at=None), ()

        return self._change_each(ids, change)

    def delete(self, ids: Sequence[int]) -> list[int]:
        """Take posts off the lists, before they fire or after they have ended. They are marked, not removed."""
        now = self._clock.now()

        def change(post: Post) -> tuple[Post, tuple[Problem, ...]]:
            refuse_in_flight(post, "be deleted")
            still = tuple(replace(d, next_at=None) for d in post.deliveries)
            return replace(post, deliveries=still, deleted_at=now), ()

        return [saved.post.id or 0 for saved in self._change_each(ids, change)]

    # Publishing.

    def publish(self, ids: Iterable[int]) -> tuple[int, ...]:
        """Make the pending deliveries of posts due now; answers whom to follow. StateRefused where none is left."""
        now, known = self._clock.now(), self._accounts(None)

        def change(post: Post) -> tuple[Post, tuple[Problem, ...]]:
            accounts = self._of(post, known)
            if not accounts:
                raise no_accounts(post, known)
            if not any(d.state is DeliveryState.PENDING or d.state in IN_FLIGHT for d in post.deliveries):
                raise nothing_left(post)
            due = tuple(d.scheduled(now) if d.state is DeliveryState.PENDING else d for d in post.deliveries)
            at = post.scheduled_at if post.scheduled_at is not None and post.scheduled_at <= now else now
            moved = replace(post, deliveries=due, scheduled_at=at)
            return moved, judge(moved, accounts, media_host=self._media_host, timed=True)

        return tuple(saved.post.id or 0 for saved in self._change_each(list(ids), change))

    def retry(self, ids: Iterable[int], accounts: Sequence[str] = ()) -> tuple[int, ...]:
        """Make the failed deliveries of posts due now, and only those; answers the posts to follow."""
        now = self._clock.now()
        only = {account.id for account in self._accounts(accounts)}

        def change(post: Post) -> tuple[Post, tuple[Problem, ...]]:
            wanted = [d for d in post.deliveries if not only or d.account_id in only]
            review = [d for d in wanted if d.state is DeliveryState.NEEDS_REVIEW]
            if review and not any(d.state is DeliveryState.FAILED for d in wanted):
                raise must_be_reviewed(post, review[0])
            if not any(d.state is DeliveryState.FAILED for d in wanted):
                raise StateRefused(
                    f"post {post.id} has no failed delivery to retry", Hint("look at it", f"ttp show {post.id}")
                )
            due = tuple(
                d.scheduled(now) if d in wanted and d.state is DeliveryState.FAILED else d for d in post.deliveries
            )
            return replace(post, deliveries=due), ()

        return tuple(saved.post.id or 0 for saved in self._change_each(list(ids), change))

    def resolve(self, post_id: int, account: str, published: str | None) -> Post:
        """A person settles a delivery that needs review: `published` is its URL or id, or None if it is not live."""
        (found,) = self._accounts([account])

        def change(post: Post) -> tuple[Post, tuple[Problem, ...]]:
            delivery = next((d for d in post.active if d.account_id == found.id), None)
            if delivery is None:
                raise NotFound(f"post {post.id} does not go to {found.name}", Hint("look", f"ttp show {post.id}"))
            if delivery.state is not DeliveryState.NEEDS_REVIEW:
                raise StateRefused(
                    f"post {post.id} for {found.name} is {delivery.state}, it needs no review",
                    Hint("look", f"ttp show {post.id}"),
                )
            return with_delivery(post, delivery, resolved(delivery, published, self._clock.now())), ()

        return self._change_each([post_id], change)[0].post

    # What the methods share.

    def _change_each(
        self, ids: Sequence[int], change: Callable[[Post], tuple[Post, tuple[Problem, ...]]]
    ) -> list[Saved]:
        """Change some posts in one transaction: all, or none."""
        saved = []
        with self._database.writing() as session:
            for post_id in dict.fromkeys(ids):
                changed, warnings = change(self._one(session, post_id))
                saved.append(Saved(store.update(session, settled(changed, self._clock.now())), warnings))
        return saved

    def _one(self, session: store.Session, post_id: int) -> Post:
        post = reads.post(store.raw(session), post_id)
        if post is None:
            raise no_such_post(post_id)
        return post

    def _stamped(self, post: Post) -> Post:
        now = self._clock.now()
        return settled(replace(post, created_at=now), now)

    def _accounts(self, names: Sequence[str] | None) -> tuple[Account, ...]:
        """The accounts of these names; all there are for None."""
        with self._database.reading() as db:
            known = reads.accounts(db) if db else []
        return tuple(known) if names is None else resolve_accounts([n for n in names if n.strip()], known)

    def _of(self, post: Post, known: Iterable[Account]) -> tuple[Account, ...]:
        """The accounts that a post still goes to."""
        ids = {d.account_id for d in post.active}
        return tuple(account for account in known if account.id in ids)

    def _media_items(self, paths: Sequence[str], alts: Sequence[str]) -> tuple[MediaItem, ...]:
        return with_alts([self._media.add(Path(path)) for path in paths if path], alts)
