"""What the publisher says while it works: one flat record for each thing that happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from ttp.domain.delivery import ENDED, Delivery, DeliveryState
from ttp.domain.post import Post
from ttp.domain.time.clock import utc_text


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `event` is among EVENTS; `ms` is how long the delivery took from its claim."""

    at: datetime
    event: str
    post: int | None = None
    account: str | None = None
    remote_id: str | None = None
    url: str | None = None
    kind: str | None = None
    message: str | None = None
    next_at: datetime | None = None
    attempt: int | None = None
    ms: int | None = None

    def as_json(self) -> dict[str, object]:
        """As `--jsonl` and hooks have it: only what there is."""
        both = {
            "at": utc_text(self.at),
            "event": self.event,
            "post": self.post,
            "account": self.account,
            "remoteId": self.remote_id,
            "url": self.url,
            "kind": self.kind,
            "message": self.message,
            "nextAt": self.next_at and utc_text(self.next_at),
            "attempt": self.attempt,
            "ms": self.ms,
        }
        return {name: value for name, value in both.items() if value is not None}


FIELDS = ("at", "event", "post", "account", "remoteId", "url", "kind", "message", "nextAt", "attempt", "ms")
EVENTS = (
    "publisher.started",
    "post.due",
    "delivery.sending",
    "delivery.processing",
    "delivery.published",
    "delivery.failed",
    "delivery.retrying",
    "delivery.reconciling",
    "delivery.needs_review",
    "post.finished",
    "publisher.idle",
    "publisher.stopped",
)

CLOCK = "clock"
"""The kind of `publisher.idle` while nothing is published because the clock cannot be right; `message` says why."""
UNREADABLE = "unreadable"
"""The kind of `publisher.idle` for a post or an account that is left alone; `message` says why."""
HOOKS = "hooks"
"""The kind of `publisher.idle` for a hook that did not do its work; `message` says why."""
APPROVAL = "approval"
"""The kind of `publisher.idle` for posts that are due and not approved; `message` says which."""
REPEATS = "repeats"
"""The kind of `publisher.idle` for times of a recurrence that do not become posts; `message` says why."""

Sink: TypeAlias = Callable[[Event], None]


def delivery_event(after: Delivery, at: datetime, *, ms: int | None = None) -> Event:
    """Return a delivery has moved to the state that it is in."""
    error = None if after.state is DeliveryState.PUBLISHED else after.error
    return Event(
        at,
        f"delivery.{after.state.value}",
        after.post_id,
        after.account,
        remote_id=after.remote_id,
        url=after.url,
        kind=error.kind.value if error else None,
        message=error.message if error else after.waiting_for,
        next_at=after.next_at,
        attempt=after.attempts,
        ms=ms,
    )


def post_event(post: Post, at: datetime) -> Event | None:
    """Return a post has come to its end; None while any of its deliveries has not."""
    if any(delivery.state not in ENDED for delivery in post.deliveries):
        return None
    return Event(at, "post.finished", post.id, kind=post.status.value)
