"""Events that the publisher emits: one flat record each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from ttp.domain.action import Action
from ttp.domain.delivery import ENDED, Delivery, DeliveryState
from ttp.domain.post import Post
from ttp.domain.time.clock import utc_text


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `event` is among EVENTS; `ms`: time since the delivery's claim."""

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
    hint: Action | None = None
    """What a person can do about it; only for the screen."""

    def as_json(self) -> dict[str, object]:
        """Return the event for `--jsonl` and hooks, without empty fields."""
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
_STATES = ("sending", "processing", "published", "failed", "retrying", "reconciling", "needs_review")
EVENTS = (
    "publisher.started",
    "post.due",
    *(f"delivery.{state}" for state in _STATES),
    *(f"comment.{state}" for state in _STATES),
    "post.finished",
    "source.created",
    "publisher.idle",
    "publisher.stopped",
)

POST_EVENTS = tuple(name for name in EVENTS if not name.startswith("publisher."))
"""The events of posts, which are stored and sent to webhooks."""


class IdleReason(StrEnum):
    """Kind of a `publisher.idle` whose `message` says why something waits or is skipped."""

    CLOCK = "clock"  # nothing is published while the clock is wrong
    UNREADABLE = "unreadable"  # a post or account is quarantined
    HOOKS = "hooks"  # a hook failed
    APPROVAL = "approval"  # posts are due but not approved; `message` names them
    UPGRADE = "upgrade"  # the publisher's program was replaced by another version; `message` names both
    REPEATS = "repeats"  # occurrences of repeats do not become posts
    STORE = "store"  # the server of the store does not answer or is busy
    EVICTED = "evicted"  # another publisher was disconnected; `message` names it


Sink: TypeAlias = Callable[[Event], None]


def delivery_event(after: Delivery, at: datetime, *, ms: int | None = None) -> Event:
    """Return the event for the delivery's present state."""
    is_published = after.state is DeliveryState.PUBLISHED
    error, note = (None, after.note) if is_published else (after.error, None)
    return Event(
        at,
        f"{'comment' if after.is_comment else 'delivery'}.{after.state.value}",
        after.post_id,
        after.account,
        remote_id=after.remote_id,
        url=after.url,
        kind=error.kind.value if error else None,
        message=error.message if error else after.waiting_for or note,
        next_at=after.next_at,
        attempt=after.attempts,
        ms=ms,
    )


def post_event(post: Post, at: datetime) -> Event | None:
    """Return the event for a finished post; None while a delivery has not ended."""
    if any(delivery.state not in ENDED for delivery in post.deliveries):
        return None
    return Event(at, "post.finished", post.id, kind=post.status.value)
