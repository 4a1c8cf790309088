"""Approval or rejection of a post, which any change of the post withdraws. A setting can require approval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from ttp.domain.config import Config
from ttp.domain.delivery import APPROVAL, ENDED, Delivery, DeliveryState
from ttp.domain.post import Post, PostFields, Rejection

AnyPost = TypeVar("AnyPost", bound=PostFields)
_AT_REST = frozenset({DeliveryState.PENDING, DeliveryState.FAILED, DeliveryState.NEEDS_REVIEW})
_READY = frozenset({DeliveryState.PENDING, DeliveryState.RETRYING})
SETTING = "publish.require_approval"
OPEN = (frozenset(DeliveryState) - ENDED) | {DeliveryState.FAILED}
"""States of deliveries that will be published by themselves or by a retry."""


def is_needed(config: Config) -> bool:
    """Return whether only approved posts are published."""
    return config[SETTING] is True


def approve(post: Post, at: datetime) -> Post:
    """Return the post with all open deliveries approved. An earlier approval keeps its time."""
    yes = _each(post, lambda d: replace(d, approved_at=d.approved_at or at) if d.state in OPEN else d)
    return replace(yes, rejection=None)


def reject(post: Post, at: datetime, why: str | None) -> Post:
    """Return the post rejected and without approval."""
    return replace(_unapproved(post), rejection=Rejection(at, why))


def keep_approval(before: Post, after: Post) -> Post:
    """Return `after`, without approval and rejection if its content, accounts or time differ from `before`."""
    return after if _meant(before) == _meant(after) else replace(_unapproved(after), rejection=None)


def waits_for_approval(delivery: Delivery) -> bool:
    """Return whether only approval is missing for the delivery to be published at its time."""
    return delivery.state in _READY and delivery.next_at is not None and delivery.approved_at is None


def show_approval_waits(post: AnyPost) -> AnyPost:
    """Return the post for display where approval is required: unapproved deliveries wait for it."""
    return _each(post, lambda d: replace(d, waiting_for=APPROVAL, waiting_until=None) if waits_for_approval(d) else d)


def _meant(post: Post) -> tuple[object, ...]:
    """Return what a person judges when approving a post."""
    return (
        post.content,
        dict(post.variants),
        post.thread,
        post.media,
        dict(post.options),
        sorted(post.accounts),
        post.scheduled_at,
        post.max_lateness_s,
        post.deleted_at,
    )


def _unapproved(post: Post) -> Post:
    """Return the post without approval, except for what is published or in flight."""
    return _each(post, lambda d: replace(d, approved_at=None) if d.state in _AT_REST else d)


def _each(post: AnyPost, change: Callable[[Delivery], Delivery]) -> AnyPost:
    return replace(post, deliveries=tuple(map(change, post.deliveries)))
