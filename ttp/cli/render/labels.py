"""Words, signs and colours of posts, deliveries and accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from ttp.cli.render.page import Style
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.post import PostStatus
from ttp.views.posts import MOST_NAMED

_STATUS: Mapping[PostStatus, tuple[str, str, Style]] = MappingProxyType(
    {
        PostStatus.DRAFT: ("", "draft", "dim"),
        PostStatus.SCHEDULED: ("●", "scheduled", ""),
        PostStatus.PUBLISHING: ("~", "publishing", "magenta"),
        PostStatus.PUBLISHED: ("✓", "published", "green"),
        PostStatus.PARTIAL: ("!", "PARTIAL", "red"),
        PostStatus.FAILED: ("!", "FAILED", "red"),
    }
)
_STATE: Mapping[DeliveryState, tuple[str, str, Style]] = MappingProxyType(
    {
        DeliveryState.PENDING: ("", "pending", ""),
        DeliveryState.CLAIMED: ("~", "claimed", "magenta"),
        DeliveryState.SENDING: ("~", "sending", "magenta"),
        DeliveryState.PROCESSING: ("~", "processing", "magenta"),
        DeliveryState.RETRYING: ("~", "retrying", "magenta"),
        DeliveryState.RECONCILING: ("~", "reconciling", "magenta"),
        DeliveryState.PUBLISHED: ("✓", "published", "green"),
        DeliveryState.FAILED: ("!", "failed", "red"),
        DeliveryState.NEEDS_REVIEW: ("?", "needs review", "red"),
        DeliveryState.CANCELLED: ("", "cancelled", "dim"),
    }
)

if TYPE_CHECKING:
    from ttp.domain.post import PostFields


def status_word(post: PostFields) -> tuple[str, Style]:
    """Return the status of a post, in capitals if a person is needed; also `approved`, `unapproved` and `rejected`."""
    if "review" in post.needs():
        return "REVIEW", "red"
    if post.status is PostStatus.PUBLISHED and any(row.state is DeliveryState.FAILED for row in post.comments):
        return "COMMENT", "red"
    match post.status:
        case PostStatus.SCHEDULED | PostStatus.DRAFT if "approve" in post.needs():
            return "unapproved", "magenta"
        case PostStatus.SCHEDULED if post.approved_at is not None:
            return "approved", ""
        case PostStatus.DRAFT if post.rejection is not None:
            return "rejected", "dim"
    _, word, style = _STATUS[post.status]
    return word, style


SIGNS: Mapping[str, tuple[str, Style]] = MappingProxyType(
    {
        "!": ("failed or partial", "red"),
        "?": ("may be live", "red"),
        "~": ("being published", "magenta"),
        "◌": ("not approved", "magenta"),
        "●": ("scheduled", ""),
        "○": ("a repeat will create it", "dim"),
        "✓": ("published", "green"),
    }
)
"""The signs of posts in a calendar and their meanings, the most urgent first."""


def sign(post: PostFields) -> str:
    """Return the sign of a post with a time. Without an id, a repeat will create it."""
    if post.id is None:
        return "○"
    if "review" in post.needs():
        return "?"
    if any(row.state is DeliveryState.FAILED for row in post.comments):
        return "!"
    return "◌" if post.status is PostStatus.SCHEDULED and "approve" in post.needs() else _STATUS[post.status][0]


def state_word(row: Delivery) -> tuple[str, Style]:
    _, word, style = _STATE[row.state]
    return word, style


def mark(row: Delivery) -> str:
    """Return the sign of a delivery, or of its comment if that needs a person; none while it is pending."""
    if row.comment is not None and row.comment.state in (DeliveryState.FAILED, DeliveryState.NEEDS_REVIEW):
        row = row.comment
    return _STATE[row.state][0]


def size(count: int) -> str:
    """Return `412 kB`, `3.1 MB`, `1.2 GB`."""
    if count >= 1e9:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def approve_command(ids: Sequence[int]) -> str:
    """Return the command that approves posts, at most the first ones."""
    return f"ttp approve {' '.join(map(str, ids[:MOST_NAMED]))}" + (" …" if len(ids) > MOST_NAMED else "")


def plural(count: int, thing: str) -> str:
    """Return `1 post`, `3 posts`."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
