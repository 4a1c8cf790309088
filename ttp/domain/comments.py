"""Comments: what each account replies to its own published post. A comment is a delivery of its own, beside that of its
post (`Delivery.comment`), and has its text as its only planned part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from ttp.domain.account import Account
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import PlatformDisabled
from ttp.domain.links import LinkRules, tag_parts
from ttp.domain.platform import PlatformFacts
from ttp.domain.post import Post

_OPEN = frozenset({DeliveryState.PENDING, DeliveryState.FAILED})


def takes_comments(platform: str, platforms: PlatformFacts) -> bool:
    try:
        return platforms.facts(platform).comments
    except PlatformDisabled:
        return False


def plan_comments(post: Post, accounts: Iterable[Account], platforms: PlatformFacts, links: LinkRules) -> Post:
    """Return the post with a comment for each account that can have one, and none where there should be none. What is
    sent stays, and what may be."""
    if not post.comment and not any(d.comment for d in post.deliveries):
        return post
    by_name = {account.name: account for account in accounts}

    def planned(delivery: Delivery) -> Delivery:
        comment, counts = delivery.comment, delivery.state is not DeliveryState.CANCELLED
        if comment and comment.state not in _OPEN | {DeliveryState.CANCELLED}:
            return delivery
        if not (post.comment and counts and takes_comments(delivery.platform, platforms)):
            if comment is None or comment.id is None:
                return replace(delivery, comment=None)
            return replace(delivery, comment=comment.cancel() if comment.state in _OPEN else comment)
        parts = tag_parts(post, by_name.get(delivery.account), (post.comment,), links)
        fresh = comment or Delivery(delivery.account, delivery.platform, account_id=delivery.account_id)
        if fresh.state is DeliveryState.CANCELLED:
            fresh = replace(fresh, state=DeliveryState.PENDING, error=None, tries=0, due_at=None, next_at=None)
        frozen = fresh.parts_frozen and fresh.planned_parts == parts
        langs = delivery.langs if comment is None else comment.langs
        return replace(delivery, comment=replace(fresh, planned_parts=parts, parts_frozen=frozen, langs=langs))

    return replace(post, deliveries=tuple(map(planned, post.deliveries)))


def due_at(published_at: datetime, after_s: float | None, now: datetime) -> datetime:
    """Return when the comment on a post is due that is published: one that is written later is due at once."""
    return max(published_at + timedelta(seconds=after_s or 0.0), now)
