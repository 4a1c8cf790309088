"""How a delivery ends that needed review, once a person has looked."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from ttp.domain.action import action, other_options
from ttp.domain.delivery import Delivery, DeliveryError
from ttp.domain.errors import Hint, UsageError
from ttp.domain.platform import Facts, parse_post_url
from ttp.domain.post import Post
from ttp.domain.publishing.attempt import Attempt, Kind, Phase


def resolve_delivery(post: Post, delivery: Delivery, facts: Facts, published: str | None, now: datetime) -> Delivery:
    """Return a delivery that needed review after a person looked: live under this URL or id, or not live (None).

    Of a thread this is about the one part in doubt, or about all parts where they go in one call. If parts are left,
    the delivery counts as failed so far: a retry publishes them.
    """
    again = action("retry", delivery.post_id, account=delivery.account)
    if published is None:
        return delivery.resolved_failed(DeliveryError(Kind.UNKNOWN, "a person looked: it is not published", hint=again))
    url = published if published.startswith("https://") else None
    remote_id = remote_id_of(facts, published)
    of = len(post.parts_for(delivery, facts))
    if of == 1:
        return delivery.mark_published(now, remote_id, url)
    if facts.thread_is_atomic:  # all of it is live, and a retry would publish all of it again
        keys = delivery.handle.get("keys")
        if isinstance(keys, list) and keys[:1] == [remote_id]:
            delivery = replace(delivery, handle={**delivery.handle, "parts": keys[:of], "of": of})
        return delivery.mark_published(now, remote_id, url)
    if remote_id is None:
        raise UsageError(
            f"the next part replies to this one and needs its id, which an address on {facts.title} does not contain",
            Hint("fix", action("resolve", delivery.post_id, account=delivery.account, published="ID")),
            Hint("see", action("metrics list")),
            details=["Or delete it there, and resolve it as not published."],
        )
    if remote_id in delivery.parts:
        number = delivery.parts.index(remote_id) + 1
        raise UsageError(
            f"{published} is part {number} of this thread, and part {len(delivery.parts) + 1} is in doubt",
            Hint(
                "fix",
                action("resolve", delivery.post_id, account=delivery.account, not_published=True),
            ),
        )
    parts = [*delivery.parts, remote_id]
    after = delivery.with_part(remote_id, url, {"parts": parts, "of": of})
    if len(parts) == of:
        return after.mark_published(now, after.remote_id, after.url)
    return after.resolved_failed(DeliveryError(Kind.UNKNOWN, "the rest of the thread is not published", hint=again))


def manual_lookup(delivery: Delivery, published: str | None, now: datetime) -> Attempt:
    """Return what a person found when they looked, as a look-up of the delivery."""
    return Attempt(
        account=delivery.account,
        number=delivery.attempts,
        step="a person looked",
        phase=Phase.LOOK_UP,
        at=now,
        ended_at=now,
        outcome="absent" if published is None else "found",
        message=published,
        delivery_id=delivery.id,
    )


def remote_id_of(facts: Facts, text: str) -> str | None:
    """Return the platform's id in a URL or id as a person copies it; None if the platform's URLs hold none."""
    text = text.strip()
    if "/" not in text:
        if not re.fullmatch(facts.post_id, text):
            raise UsageError(f'"{text}" is neither a URL nor an id', Hint("try", other_options(published="URL")))
        return text
    if not text.startswith("https://"):
        raise UsageError(f'"{text}" is not an address', Hint("try", other_options(published="URL")))
    parts = parse_post_url(facts, text)
    if facts.post_url and not parts:
        raise UsageError(f"no {facts.name} post in {text}", Hint("try", other_options(published="ID")))
    return facts.id_form.format_map(parts) if "(?P<id>" in facts.post_url else None
