"""What an edit cannot change any more: parts that are published, and planned ones once publishing has begun."""

from __future__ import annotations

from dataclasses import replace

from ttp.domain.action import action
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import Hint, Problem, StateRefused
from ttp.domain.media.item import MediaItem
from ttp.domain.post import Post


def warn_published_parts(before: Post, after: Post) -> tuple[Problem, ...]:
    """Return a warning for each thread with a published part whose text or media were changed."""
    return tuple(
        Problem(
            "content",
            "published",
            f"{d.account}: what is published of the thread already does not change",
            d.account,
            warning=True,
        )
        for d in after.active
        if d.parts
        and not d.planned_parts
        and d.state is not DeliveryState.PUBLISHED
        and _published(before, d) != _published(after, d)
    )


def _published(post: Post, delivery: Delivery) -> tuple[object, ...]:
    """Return the first text of a thread, and the media of its published parts."""
    return _first(post, delivery), _media(post, delivery)[: len(delivery.parts)]


def _media(post: Post, delivery: Delivery) -> list[list[MediaItem]]:
    """Return the media of each part of a thread, wherever else they go."""
    *parts, _ = post.media_in(delivery, len(delivery.planned_parts) or 1 + len(post.thread))
    return [[replace(item, part=None, only=None) for item in items] for items in parts]


def keep_frozen_parts(before: Post, after: Post) -> tuple[Problem, ...]:
    """Return a warning for each account that an edit of texts or media does not reach: publishing has begun there with
    planned parts. Raises StateRefused if it reaches none, would change media that such an account is yet to get, or
    a published part of a thread. Whatever changes texts or media of a stored post calls it."""
    _refuse_other_parts(before, after)
    if _parts_source(before) == _parts_source(after):
        return ()
    open_ones = [d for d in after.active if d.state is not DeliveryState.PUBLISHED]
    frozen = [d for d in open_ones if d.parts_frozen]
    needing = [d for d in frozen if _media(before, d)[len(d.parts) :] != _media(after, d)[len(d.parts) :]]
    if refusing := frozen if len(frozen) == len(open_ones) else needing:
        names = ", ".join(d.account for d in refusing)
        raise StateRefused(
            f"post {before.id} is being published on {names}, so its parts and media cannot change there",
            Hint("try", action("retry", before.id)),
            Hint("try", action("copy", before.id)),
        )
    why = "publishing has begun there with the parts as they were, so the edit does not change them"
    return tuple(Problem("content", "parts_frozen", f"{d.account}: {why}", d.account, warning=True) for d in frozen)


def _parts_source(post: Post) -> tuple[object, ...]:
    """Return what the parts of a post are made of, and its media."""
    return post.content, dict(post.variants), post.thread, post.split, post.number_parts, post.utm, post.media


def _first(post: Post, delivery: Delivery) -> str:
    return post.text_for(delivery.account, delivery.platform)


def _refuse_other_parts(before: Post, after: Post) -> None:
    """Refuse a thread that differs in a published part: its position decides what comes next."""
    for delivery in before.deliveries:  # also one that is cancelled: it may be named again
        out = before.thread[: len(delivery.parts) - 1] if delivery.parts else ()
        frozen = delivery.planned_parts or delivery.state is DeliveryState.PUBLISHED
        if frozen or after.thread[: len(out)] == out:
            continue
        raise StateRefused(
            f"{len(delivery.parts)} parts of post {before.id} are published on {delivery.account} and cannot change",
            Hint("try", action("edit", before.id, thread=[*out, "TEXT"])),
        )
