"""Watching posts that another process publishes, and telling what happens to them in the publisher's own events."""

from __future__ import annotations

import sqlite3

from ttp.daemon.events import Event, Sink
from ttp.domain.clock import Clock
from ttp.domain.delivery import ENDED, Delivery, DeliveryState
from ttp.domain.post import Post
from ttp.store import reads
from ttp.store.database import Database

_QUIET = frozenset({DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.CANCELLED})


class Follow:
    """One watch over some posts."""

    def __init__(self, database: Database, ids: frozenset[int], tell: Sink, clock: Clock) -> None:
        self._database = database
        self._ids = sorted(ids)
        self._tell = tell
        self._clock = clock
        self._seen: dict[int, DeliveryState] = {d.id or 0: d.state for post in self._posts() for d in post.deliveries}
        self._finished: set[int] = set()

    def look(self) -> bool:
        """Tell what changed since the last look. True once every post is at its end."""
        posts = self._posts()
        for post in posts:
            for delivery in post.deliveries:
                if self._seen.get(delivery.id or 0) is not delivery.state:
                    self._seen[delivery.id or 0] = delivery.state
                    if delivery.state not in _QUIET:
                        self._tell(self._event(post, delivery))
            if _ended(post) and post.id not in self._finished:
                self._finished.add(post.id or 0)
                self._tell(Event(self._clock.now(), "post.finished", post.id, kind=post.status.value))
        return all(_ended(post) for post in posts)

    def _posts(self) -> list[Post]:
        with self._database.reading() as db:
            return list(reads.posts_by_id(db, self._ids)) if isinstance(db, sqlite3.Connection) else []

    def _event(self, post: Post, delivery: Delivery) -> Event:
        error = delivery.error if delivery.state is not DeliveryState.PUBLISHED else None
        return Event(
            self._clock.now(),
            f"delivery.{delivery.state.value}",
            post.id,
            delivery.account,
            remote_id=delivery.remote_id,
            url=delivery.url,
            kind=error.kind.value if error else None,
            message=error.message if error else delivery.waiting_for,
            next_at=delivery.next_at,
            attempt=delivery.attempts,
        )


def _ended(post: Post) -> bool:
    return all(delivery.state in ENDED for delivery in post.deliveries)
