"""What may be done: by the environment (`TTP_CAPABILITY`), and by approval of a post where a setting requires it. The
first is a guard against mistakes: whoever can set the variable can unset it. Any change of a post withdraws it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from ttp.domain.action import action, other_options
from ttp.domain.delivery import APPROVAL, ENDED, Delivery, DeliveryState
from ttp.domain.errors import Hint, NotAllowed
from ttp.domain.post import Post, Rejection
from ttp.domain.post_fields import CONTENT, AnyPost, for_readers

if TYPE_CHECKING:
    from ttp.domain.recurrence import Recurrence


VARIABLE = "TTP_CAPABILITY"
VIA_MCP = " via mcp"
"""Behind the name of who changed posts through an agent's tools."""


class Capability(StrEnum):
    """Each allows what those before it do."""

    READ = "read"  # writes nothing
    DRAFT = "draft"  # writes drafts, and files that are named
    PUBLISH = "publish"  # whatever there is

    def allows(self, needed: Capability) -> bool:
        order = list(Capability)
        return order.index(self) >= order.index(needed)


class Caller(NamedTuple):  # a dataclass would cost each command a millisecond
    """For whom services work. `name`: as the history of changes has it; `capability_source`: what sets the capability,
    for messages; `accounts`: the ids of the only accounts there are for them, None for all; `approver`: the name under
    which they approve posts, but not their own, None for the owner of the store; `timezone`: the one that they have
    set; `sees_private`: they may write posts, so they see of them what readers do not."""

    name: str
    capability: Capability
    capability_source: str = VARIABLE
    accounts: frozenset[int] | None = None
    approver: str | None = None
    timezone: str | None = None
    sees_private: bool = False

    @property
    def is_owner(self) -> bool:
        return self.approver is None

    @property
    def is_agent(self) -> bool:
        """Whether they use the tools."""
        return VIA_MCP in self.name

    def view(self, post: AnyPost) -> AnyPost:
        return post if self.sees_private else for_readers(post)


def refuse_forbidden_change(caller: Caller, before: Post | None, after: Post, repeats: Iterable[Recurrence]) -> None:
    """Raise NotAllowed for a change of anything but a draft, or of a draft that will be published automatically.
    `repeats`: all active ones; a draft that one of them copies is published automatically."""
    if caller.capability is Capability.PUBLISH:
        return
    this = "" if before is None else f" {before.id}"
    here = f"{caller.capability_source} is {caller.capability}"
    if before is not None and before.status != "draft":
        raise NotAllowed(f"post{this} is {before.status}, and {here}: only drafts are changed here", *_look(before))
    if after.status != "draft":
        refuse_time(caller)
    for one in repeats:
        if before is not None and one.post_id == before.id:
            raise NotAllowed(f"post{this} is what repeat {one.id} makes posts of, and {here}", *_look(before))
        if one.pool is not None and one.pool in (*after.tags, *(before.tags if before else ())):
            message = f'what is tagged "{one.pool}" is published by repeat {one.id}, and {here}'
            raise NotAllowed(message, Hint("see", action("repeat list")))


def refuse_time(caller: Caller) -> None:
    """Raise NotAllowed where no post may get a time."""
    if caller.capability is not Capability.PUBLISH:
        message = f"{caller.capability_source} is {caller.capability}: no post gets a time here"
        raise NotAllowed(message, Hint("try", other_options(at=None)))


def _look(post: Post) -> tuple[Hint, ...]:
    return (Hint("see", action("show", post.id)),)


_AT_REST = frozenset({DeliveryState.PENDING, DeliveryState.FAILED, DeliveryState.NEEDS_REVIEW})
_READY = frozenset({DeliveryState.PENDING, DeliveryState.RETRYING})
OPEN = (frozenset(DeliveryState) - ENDED) | {DeliveryState.FAILED}
"""States of deliveries that will be published by themselves or by a retry."""


def approve(post: Post, at: datetime) -> Post:
    """Return the post with all open deliveries approved. An earlier approval keeps its time."""
    yes = _each(post, lambda d: replace(d, approved_at=d.approved_at or at) if d.state in OPEN else d)
    return replace(yes, rejection=None)


def reject(post: Post, at: datetime, why: str | None) -> Post:
    """Return the post rejected and without approval."""
    return replace(_unapproved(post), rejection=Rejection(at, why))


def keep_approval(before: Post, after: Post) -> Post:
    """Return `after`, without approval and rejection if its content, accounts or time differ from `before`, or a link
    card from what was shown: only one that waited may have been fetched."""
    is_shown = before.cards.keys() == after.cards.keys() and all(
        old in ({}, after.cards[url]) for url, old in before.cards.items()
    )
    return after if is_shown and _meant(before) == _meant(after) else replace(_unapproved(after), rejection=None)


def waits_for_approval(delivery: Delivery) -> bool:
    """Return whether only approval is missing for the delivery to be published at its time."""
    return delivery.state in _READY and delivery.next_at is not None and delivery.approved_at is None


def show_approval_waits(post: AnyPost) -> AnyPost:
    """Return the post for display where approval is required: unapproved deliveries wait for it."""
    if not any(map(waits_for_approval, (*post.deliveries, *post.comments))):
        return post
    return _each(post, lambda d: replace(d, waiting_for=APPROVAL, waiting_until=None) if waits_for_approval(d) else d)


def _meant(post: Post) -> tuple[object, ...]:
    """Return what a person judges when approving a post."""
    content = [getattr(post, name) for name, one in CONTENT.items() if one.is_judged]
    accounts = sorted((d.account, d.planned_parts, d.part_starts) for d in (*post.active, *post.comments))
    return *content, accounts, post.scheduled_at, post.deleted_at


def _unapproved(post: Post) -> Post:
    """Return the post without approval, except for what is published or in flight."""
    return _each(post, lambda d: replace(d, approved_at=None) if d.state in _AT_REST else d)


def _each(post: AnyPost, change: Callable[[Delivery], Delivery]) -> AnyPost:
    """Return the post with each delivery and each comment changed."""

    def both(delivery: Delivery) -> Delivery:
        after = change(delivery)
        return after if after.comment is None else replace(after, comment=change(after.comment))

    return replace(post, deliveries=tuple(map(both, post.deliveries)))
