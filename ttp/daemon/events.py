"""What the publisher says while it works: one flat record for each thing that happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias


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

Sink: TypeAlias = Callable[[Event], None]
