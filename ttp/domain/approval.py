"""Approval: somebody's word on a post as it is, yes or no, which any change of the post takes back.

It is needed where a setting says so; it can be given everywhere.
"""

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
"""States of what goes out by itself, or by a retry."""


def is_needed(config: Config) -> bool:
    """Return whether nothing goes out before somebody has approved it."""
    return config[SETTING] is True


def approve(post: Post, at: datetime) -> Post:
    """Return the post with a yes to all that may still go out; one that it has already stays."""
    yes = _each(post, lambda d: replace(d, approved_at=d.approved_at or at) if d.state in OPEN else d)
    return replace(yes, rejection=None)


def reject(post: Post, at: datetime, why: str | None) -> Post:
    """Return the post with a no."""
    return replace(_unapproved(post), rejection=Rejection(at, why))


def keep_approval(before: Post, after: Post) -> Post:
    """`after`, without what was said of `before` if it says something else, or goes elsewhere or at another time."""
    return after if _meant(before) == _meant(after) else replace(_unapproved(after), rejection=None)


def waits_for_approval(delivery: Delivery) -> bool:
    """Return whether the delivery would go out at its time, were it approved."""
    return delivery.state in _READY and delivery.next_at is not None and delivery.approved_at is None


def show_approval_waits(post: AnyPost) -> AnyPost:
    """Return the post as it is shown where approval is needed: what is not approved waits for it."""
    return _each(post, lambda d: replace(d, waiting_for=APPROVAL, waiting_until=None) if waits_for_approval(d) else d)


def _meant(post: Post) -> tuple[object, ...]:
    """Return what somebody looks at who approves a post."""
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
    """Return the post without its approval, but for what is out and what the publisher has in hand."""
    return _each(post, lambda d: replace(d, approved_at=None) if d.state in _AT_REST else d)


def _each(post: AnyPost, change: Callable[[Delivery], Delivery]) -> AnyPost:
    return replace(post, deliveries=tuple(map(change, post.deliveries)))
