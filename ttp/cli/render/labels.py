"""The words, marks and short names that every picture of posts and accounts shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from ttp.cli.escape import escape_text
from ttp.cli.render.page import Style
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.post import PostStatus

MOST_NAMED = 8
"""Posts that one line names."""
_STATUS: Mapping[PostStatus, tuple[str, Style]] = MappingProxyType(
    {
        PostStatus.DRAFT: ("draft", "dim"),
        PostStatus.SCHEDULED: ("scheduled", ""),
        PostStatus.PUBLISHING: ("publishing", "magenta"),
        PostStatus.PUBLISHED: ("published", "green"),
        PostStatus.PARTIAL: ("PARTIAL", "red"),
        PostStatus.FAILED: ("FAILED", "red"),
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
    """The post's status in a word; capitals where a person is needed. Of what is scheduled: whether it is approved, and
    of a draft whether it was rejected."""
    if any(row.state is DeliveryState.NEEDS_REVIEW for row in post.deliveries):
        return "REVIEW", "red"
    match post.status:
        case PostStatus.SCHEDULED if "approve" in post.needs():
            return "unapproved", "magenta"
        case PostStatus.SCHEDULED if post.approved_at is not None:
            return "approved", ""
        case PostStatus.DRAFT if post.rejection is not None:
            return "rejected", "dim"
    return _STATUS[post.status]


SIGNS: Mapping[str, tuple[str, Style]] = MappingProxyType(
    {
        "!": ("failed or partial", "red"),
        "?": ("may be live", "red"),
        "~": ("being published", "magenta"),
        "◌": ("not approved", "magenta"),
        "●": ("scheduled", ""),
        "○": ("will come by a repeat", "dim"),
        "✓": ("published", "green"),
    }
)
"""The signs of posts in a calendar, the most urgent first, and what each means."""
_SIGN: Mapping[PostStatus, str] = MappingProxyType(
    {
        PostStatus.SCHEDULED: "●",
        PostStatus.PUBLISHING: "~",
        PostStatus.PUBLISHED: "✓",
        PostStatus.PARTIAL: "!",
        PostStatus.FAILED: "!",
    }
)


def sign(post: PostFields) -> str:
    """A post that has a time, in one sign of SIGNS; one without an id is still to be made."""
    if post.id is None:
        return "○"
    if any(row.state is DeliveryState.NEEDS_REVIEW for row in post.deliveries):
        return "?"
    return "◌" if post.status is PostStatus.SCHEDULED and "approve" in post.needs() else _SIGN[post.status]


def state_word(row: Delivery) -> tuple[str, Style]:
    """The delivery's state in words."""
    _, word, style = _STATE[row.state]
    return word, style


def mark(row: Delivery) -> str:
    """The delivery's state in one sign, none while nothing has happened."""
    return _STATE[row.state][0]


def several(posts: Iterable[PostFields]) -> frozenset[str]:
    """The platforms of which more than one account occurs in `posts`."""
    seen, found = dict[str, str](), set[str]()
    for row in (row for post in posts for row in post.active):
        if seen.setdefault(row.platform, row.account) != row.account:
            found.add(row.platform)
    return frozenset(found)


def everywhere(posts: Iterable[PostFields]) -> frozenset[str]:
    """All platforms that occur in `posts`."""
    return frozenset(row.platform for post in posts for row in post.active)


@cache
def _label(platform: str) -> str:
    """A platform's short name; one of another package is shown under its own."""
    from ttp.platforms.registry import Registry

    return Registry().label(platform)


def short_name(row: Delivery, *, handle: bool) -> str:
    """`ig`, or `ig/roastery` where the handle is needed to tell it from another."""
    label = _label(row.platform)
    return escape_text(f"{label}/{row.account.partition('/')[2]}" if handle else label)


def size(count: int) -> str:
    """Bytes as people say them: `412 kB`, `3.1 MB`, `1.2 GB`."""
    if count >= 1e9:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def approve_command(ids: Sequence[int]) -> str:
    """The command that approves posts; of many the first ones."""
    return f"ttp approve {' '.join(map(str, ids[:MOST_NAMED]))}" + (" …" if len(ids) > MOST_NAMED else "")


def plural(count: int, thing: str) -> str:
    """`1 post`, `3 posts`."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
