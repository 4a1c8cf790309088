"""Publish posts now, retry failed deliveries, and resolve deliveries that need review.

Published deliveries never change. A delivery that may be live changes only by `resolve`. Posts are independent: one
refusal does not stop the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ttp.domain.account import Account, Credentials, resolve_accounts
from ttp.domain.action import Action, action
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import (
    Conflict,
    ContentRefused,
    Hint,
    NotAllowed,
    NotFound,
    Problem,
    StateRefused,
    TtpError,
    UsageError,
)
from ttp.domain.post import Post
from ttp.domain.post_edit import needs_review_error, no_accounts_error, nothing_to_publish, with_delivery
from ttp.domain.publishing.attempt import Attempt
from ttp.domain.publishing.resolution import manual_lookup, resolve_delivery
from ttp.domain.time.clock import EPOCH
from ttp.services.attachments.media import refuse_missing_media
from ttp.services.post_changes import Change
from ttp.services.posts import Posts
from ttp.services.queries import PostView, accounts_of
from ttp.store import attempts, queries
from ttp.store.credentials import BackendUnavailable, BrokenEntry, CredentialsStore, KeyMissing
from ttp.store.dialect import Connection

_FAILED, _PENDING, _REVIEW = DeliveryState.FAILED, DeliveryState.PENDING, DeliveryState.NEEDS_REVIEW


@dataclass(frozen=True, slots=True)
class PublishResult:
    """The posts that are due now, and why others are not."""

    posts: tuple[PostView, ...]
    refused: tuple[TtpError, ...] = ()

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(post.id or 0 for post in self.posts)


class Publishing:
    def __init__(self, posts: Posts, credentials: CredentialsStore) -> None:
        self._posts = posts
        self._credentials = credentials

    def publish(self, ids: Iterable[int]) -> PublishResult:
        """Make the pending deliveries of posts due now; of a post without any, the comments that have a later time.
        Raise if every post is refused."""
        ids, now, accounts = tuple(ids), self._posts.clock.now(), self._posts.accounts()
        self._posts.convert_media(ids)
        elsewhere = self._foreign_host_errors(ids, accounts)

        def change(db: Connection, post: Post) -> tuple[Post, tuple[Problem, ...]]:
            if not accounts_of(post, accounts):
                raise no_accounts_error(post, accounts, self._posts.platforms)
            pending = [d for d in post.deliveries if d.state is _PENDING]
            comments = [] if pending else [d for d in post.comments if d.state is _PENDING and d.due_at is not None]
            if not (pending or comments or post.in_flight):
                raise nothing_to_publish(post)
            self._refuse_unapproved(post, pending or comments)
            _refuse_foreign_hosts(pending or comments, elsewhere)
            at = post.scheduled_at if post.scheduled_at is not None and post.scheduled_at <= now else now
            moved = replace(
                _make_due(post, pending or comments, now), scheduled_at=post.scheduled_at if comments else at
            )
            return moved, self._posts.check_post(moved, accounts, timed=True, db=db)

        return self._change_each(ids, change)

    def retry(self, ids: Iterable[int], accounts: Sequence[str] = ()) -> PublishResult:
        """Make the failed deliveries of posts due now (only those of `accounts`, if any are named)."""
        ids, now, all_accounts = tuple(ids), self._posts.clock.now(), self._posts.accounts()
        elsewhere = self._foreign_host_errors(ids, all_accounts)
        only = {account.id for account in self._posts.find_accounts(accounts)}

        def change(db: Connection, post: Post) -> tuple[Post, tuple[Problem, ...]]:
            deliveries = [d for d in (*post.deliveries, *post.comments) if not only or d.account_id in only]
            failed = [d for d in deliveries if d.state is _FAILED]
            if not failed:
                review = next((d for d in deliveries if d.state is _REVIEW), None)
                raise (
                    needs_review_error(post, review)
                    if review
                    else StateRefused(
                        f"post {post.id} has no failed delivery to retry", Hint("see", action("show", post.id))
                    )
                )
            self._refuse_unapproved(post, failed)
            _refuse_foreign_hosts(failed, elsewhere)
            if not all(d.is_comment for d in failed):
                refuse_missing_media(post, self._posts.media_conversion.find_missing(post))
            return _make_due(post, failed, now), ()

        return self._change_each(ids, change)

    def resolve(self, post_id: int, account: str, published: str | None, *, comment: bool = False) -> PostView:
        """Settle a delivery that needs review, or its `comment`. `published`: its URL or id; None: it is not live.
        Recorded as an attempt.

        Raise NotFound, StateRefused, UsageError for an invalid URL or id, Conflict if it belongs to another post.
        """
        (target,) = resolve_accounts([account], self._posts.accounts(), self._posts.platforms)
        lookups: list[Attempt] = []

        def resolution(comment: bool) -> Action:
            options: dict[str, object] = {"published": published, "not_published": published is None}
            return action("resolve", post_id, account=target.name, comment=comment, **options)

        def change(db: Connection, post: Post) -> tuple[Post, tuple[Problem, ...]]:
            delivery = next((d for d in post.active if d.account_id == target.id), None)
            if delivery is None:
                raise NotFound(f"post {post.id} does not go to {target.name}", Hint("see", action("show", post.id)))
            what, other = f"post {post.id}", delivery.comment
            if comment:
                other = delivery
                delivery, what = delivery.comment, f"the comment on post {post.id}"
                if delivery is None:
                    raise NotFound(
                        f"post {post.id} has no comment on {target.name}", Hint("see", action("show", post.id))
                    )
            if delivery.state is not _REVIEW:
                raise StateRefused(
                    f"{what} for {target.name} is {delivery.state} and needs no review",
                    *([Hint("try", resolution(not comment), sure=False)] if other and other.state is _REVIEW else []),
                    Hint("see", action("show", post.id)),
                )
            now = self._posts.clock.now()
            after = resolve_delivery(post, delivery, self._posts.platforms.facts(delivery.platform), published, now)
            others = attempts.bound_remote_ids(db, delivery.account_id or 0, delivery.id or 0, EPOCH)
            if others.intersection(after.parts or (str(after.remote_id),)):
                raise Conflict(
                    f"{published} belongs to another post of {target.name}",
                    Hint("fix", action("resolve", post.id, account=target.name, comment=comment, not_published=True)),
                )
            lookups.append(manual_lookup(delivery, published, now))
            return with_delivery(post, delivery, after), ()

        return self._posts.change([post_id], change, None, steps=lookups)[0].post

    def _change_each(self, ids: Iterable[int], change: Change) -> PublishResult:
        queued: list[PostView] = []
        refused: list[TtpError] = []
        for post_id in dict.fromkeys(ids):
            try:
                queued += [one.post for one in self._posts.change([post_id], change, None, keeps_approval=True)]
            except (StateRefused, ContentRefused, UsageError, NotAllowed) as error:
                refused.append(error)
        if refused and not queued:
            first, *others = refused
            first.details = (*first.details, *(other.message for other in others))
            raise first
        return PublishResult(tuple(queued), tuple(refused))

    def _refuse_unapproved(self, post: Post, deliveries: Iterable[Delivery]) -> None:
        """Raise NotAllowed for a delivery that still needs approval."""
        if self._posts.config.requires_approval and any(d.approved_at is None for d in deliveries):
            state = "was rejected" if post.rejection else "waits for approval"
            raise NotAllowed(f"post {post.id} {state}", Hint("fix", action("approve", post.id)))

    def _foreign_host_errors(self, ids: Sequence[int], accounts: Iterable[Account]) -> dict[int | None, UsageError]:
        """Return an error for each account, by id, whose credentials were made for another host. Called before the
        transaction: a keyring or a program can be slow, and others wait for the transaction."""
        with self._posts.database.reading() as db:
            account_ids = {
                d.account_id for post in (queries.posts_by_id(db, ids) if db else ()) for d in post.deliveries
            }
        errors: dict[int | None, UsageError] = {}
        for account in accounts:
            credentials = self._stored_credentials(account) if account.id in account_ids else None
            wrong = credentials and self._posts.platforms.host_mismatch(account, credentials, self._posts.config)
            if wrong:
                errors[account.id] = wrong
        return errors

    def _stored_credentials(self, account: Account) -> Credentials | None:
        """Return the stored credentials; None if they cannot be read, which the publisher reports for this account."""
        try:
            return self._credentials.get(account.name)
        except (BrokenEntry, BackendUnavailable, KeyMissing):
            return None


def _refuse_foreign_hosts(deliveries: Iterable[Delivery], why: Mapping[int | None, UsageError]) -> None:
    for delivery in deliveries:
        if delivery.account_id in why:
            raise why[delivery.account_id]


def _make_due(post: Post, deliveries: Sequence[Delivery], now: datetime) -> Post:
    for delivery in deliveries:
        post = with_delivery(post, delivery, delivery.schedule(now))
    return post
