"""Watch posts that another process publishes and emit the publisher's events for them."""

from __future__ import annotations

from datetime import datetime, timedelta

from ttp.domain import permissions
from ttp.domain.delivery import ENDED, Delivery, DeliveryState
from ttp.domain.event import Sink, delivery_event, post_event
from ttp.domain.post import Post
from ttp.domain.time.clock import Clock
from ttp.store import accounts, queries
from ttp.store.database import Database

_QUIET = frozenset({DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.CANCELLED})
_JUST_NOW = timedelta(seconds=10)
"""A post made due within this time was made due for this watch, and may have ended before it began."""


class PostWatch:
    def __init__(
        self, database: Database, ids: frozenset[int], emit: Sink, clock: Clock, *, approved: bool = False
    ) -> None:
        """`approved`: only approved posts are published."""
        self._database = database
        self._approved = approved
        self._ids = sorted(ids)
        self._emit = emit
        self._clock = clock
        self._seen = {d.id: d.state for p in self._posts() for d in _rows(p) if not _is_new(d, clock.now())}
        self._finished: set[int | None] = set()

    def look(self) -> bool:
        """Emit what changed since the last look. Return True once every post has ended."""
        posts, now = self._posts(), self._clock.now()
        held_ids = self._held_ids(now)
        for post in posts:
            for delivery in _rows(post):
                if self._seen.get(delivery.id) is not delivery.state:
                    self._seen[delivery.id] = delivery.state
                    if delivery.state not in _QUIET:
                        self._emit(delivery_event(delivery, now))
            end = post_event(post, now)
            if end is not None and post.id not in self._finished:
                self._finished.add(post.id)
                self._emit(end)
        rows = [delivery for post in posts for delivery in _rows(post)]
        return all(self._at_rest(one, held_ids) or (one.is_comment and _is_later(one, now)) for one in rows)

    def _at_rest(self, delivery: Delivery, held_ids: frozenset[int | None]) -> bool:
        """Return whether nothing happens to it soon: ended, account on hold, or without time or approval."""
        if self._approved and permissions.waits_for_approval(delivery):
            return True
        if delivery.state is DeliveryState.PENDING and delivery.account_id in held_ids:
            return True
        return delivery.state in ENDED or (delivery.state is DeliveryState.PENDING and delivery.due_at is None)

    def _held_ids(self, now: datetime) -> frozenset[int | None]:
        with self._database.reading() as db:
            return (
                frozenset() if db is None else frozenset(account.id for account in accounts.accounts(db, held_at=now))
            )

    def _posts(self) -> list[Post]:
        with self._database.reading() as db:
            return [] if db is None else list(queries.posts_by_id(db, self._ids))


def _is_new(delivery: Delivery, now: datetime) -> bool:
    return delivery.due_at is not None and delivery.due_at > now - _JUST_NOW


def _rows(post: Post) -> tuple[Delivery, ...]:
    return (*post.deliveries, *post.comments)


def _is_later(comment: Delivery, now: datetime) -> bool:
    """Return whether a comment has a later time than its post."""
    return comment.state is DeliveryState.PENDING and comment.due_at is not None and comment.due_at > now
