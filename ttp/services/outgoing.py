"""What goes out now, at a person's word: publish, retry, resolve.

Published deliveries are never touched again, and what may already be live only by `resolve`. Several posts are each
for themselves: what cannot be done for one does not keep back the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from ttp.domain.account import Account, same_host
from ttp.domain.clock import EPOCH
from ttp.domain.delivery import IN_FLIGHT, Delivery, DeliveryState
from ttp.domain.errors import Conflict, ContentRefused, Hint, NotFound, Problem, StateRefused, TtpError, UsageError
from ttp.domain.post import Post
from ttp.services.book import Book, Change, of
from ttp.services.changes import must_be_reviewed, no_accounts, nothing_left, resolved, with_delivery
from ttp.services.names import resolve_accounts
from ttp.store import attempts
from ttp.store.credentials import CredentialsFile

_FAILED, _PENDING, _REVIEW = DeliveryState.FAILED, DeliveryState.PENDING, DeliveryState.NEEDS_REVIEW


@dataclass(frozen=True, slots=True)
class Queued:
    """The posts that are due now, and why others are not."""

    ids: tuple[int, ...]
    refused: tuple[TtpError, ...] = ()


class Outgoing:
    def __init__(self, book: Book, credentials: CredentialsFile) -> None:
        self._book = book
        self._credentials = credentials

    def publish(self, ids: Iterable[int]) -> Queued:
        """Make the pending deliveries of posts due now. The reason where it can be done for none of the posts."""
        now, known = self._book.clock.now(), self._book.accounts()

        def change(post: Post) -> tuple[Post, tuple[Problem, ...]]:
            if not of(post, known):
                raise no_accounts(post, known)
            if not any(d.state is _PENDING or d.state in IN_FLIGHT for d in post.deliveries):
                raise nothing_left(post)
            pending = [d for d in post.deliveries if d.state is _PENDING]
            self._refuse_elsewhere(pending, known)
            at = post.scheduled_at if post.scheduled_at is not None and post.scheduled_at <= now else now
            moved = replace(_due(post, pending, now), scheduled_at=at)
            return moved, self._book.judge(moved, known, timed=True)

        return self._each(ids, change)

    def retry(self, ids: Iterable[int], accounts: Sequence[str] = ()) -> Queued:
        """Make the failed deliveries of posts due now, and only those (of these accounts, if any are named)."""
        now, known = self._book.clock.now(), self._book.accounts()
        only = {account.id for account in self._book.named(accounts)}

        def change(post: Post) -> tuple[Post, tuple[Problem, ...]]:
            wanted = [d for d in post.deliveries if not only or d.account_id in only]
            failed = [d for d in wanted if d.state is _FAILED]
            if not failed:
                review = next((d for d in wanted if d.state is _REVIEW), None)
                raise (
                    must_be_reviewed(post, review)
                    if review
                    else StateRefused(
                        f"post {post.id} has no failed delivery to retry", Hint("look at it", f"ttp show {post.id}")
                    )
                )
            self._refuse_elsewhere(failed, known)
            return _due(post, failed, now), ()

        return self._each(ids, change)

    def resolve(self, post_id: int, account: str, published: str | None) -> Post:
        """A person settles a delivery that needs review: `published` is its URL or id, or None if it is not live.

        NotFound, StateRefused, UsageError for what is no address; Conflict if it is another post's.
        """
        (found,) = resolve_accounts([account], self._book.accounts())

        def change(post: Post) -> tuple[Post, tuple[Problem, ...]]:
            delivery = next((d for d in post.active if d.account_id == found.id), None)
            if delivery is None:
                raise NotFound(f"post {post.id} does not go to {found.name}", Hint("look", f"ttp show {post.id}"))
            if delivery.state is not _REVIEW:
                raise StateRefused(
                    f"post {post.id} for {found.name} is {delivery.state}, it needs no review",
                    Hint("look", f"ttp show {post.id}"),
                )
            after = resolved(delivery, published, self._book.clock.now())
            if after.remote_id in self._bound(delivery):
                raise Conflict(
                    f"{published} is what another post of {found.name} was published as",
                    Hint("if this one is not live", f"ttp resolve {post.id} --account {found.name} --not-published"),
                )
            return with_delivery(post, delivery, after), ()

        return self._book.change([post_id], change)[0].post

    def _each(self, ids: Iterable[int], change: Change) -> Queued:
        queued: list[int] = []
        refused: list[TtpError] = []
        for post_id in dict.fromkeys(ids):
            try:
                self._book.change([post_id], change)
                queued.append(post_id)
            except (StateRefused, ContentRefused, UsageError) as error:
                refused.append(error)
        if refused and not queued:
            first, *others = refused
            first.details = (*first.details, *(other.message for other in others))
            raise first
        return Queued(tuple(queued), tuple(refused))

    def _refuse_elsewhere(self, deliveries: Iterable[Delivery], known: Iterable[Account]) -> None:
        """Refuse to send credentials to a host that they were not made for. UsageError names both."""
        accounts = {account.id: account for account in known}
        for delivery in deliveries:
            account = accounts.get(delivery.account_id)
            held = self._credentials.get(account.name) if account else None
            if account is None or held is None or not held.host:
                continue
            host = urlsplit(self._book.config.text(f"platforms.{account.platform}.base_url")).hostname or ""
            if not same_host(held.host, host):
                raise UsageError(
                    f"the credentials of {account.name} were made for {held.host} and are not sent to {host}",
                    Hint("give it others", f"ttp account add {account.name} --credentials FILE"),
                )

    def _bound(self, delivery: Delivery) -> frozenset[str]:
        """The remote ids that other deliveries of the account have."""
        with self._book.database.reading() as db:
            assert db is not None
            return attempts.bound_remote_ids(db, delivery.account_id or 0, delivery.id or 0, EPOCH)


def _due(post: Post, deliveries: Sequence[Delivery], now: datetime) -> Post:
    return replace(post, deliveries=tuple(d.scheduled(now) if d in deliveries else d for d in post.deliveries))
