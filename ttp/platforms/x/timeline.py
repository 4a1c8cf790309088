"""Reading X's list of an account's own posts, and finding one delivery in it. Pure; never asks X.

Only fields that have one name in both of X's dialects are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ttp.platforms.client import Order
from ttp.platforms.reply import Answer, Reply, dig, number_id
from ttp.platforms.x.text import created_at, is_same_text

QUERY = {
    "max_results": "100",
    "post.fields": "created_at,attachments,entities",
    "expansions": "attachments.media_keys,referenced_posts",
}
MOST_PAGES = 10
"""Pages of 100 posts that one look-up reads."""
_BEFORE = timedelta(seconds=60)
_LEAST_AFTER_S = 60.0


@dataclass(frozen=True, slots=True)
class Window:
    """The time, on X's clock, in which a post can be the one that is looked for."""

    start: datetime
    end: datetime

    @classmethod
    def around(cls, first: datetime, last: datetime, settle_s: float) -> Window:
        """From a minute before the first call to the settle time after the last; at least a minute, in which the
        last call may still have been on its way."""
        return cls(first - _BEFORE, last + timedelta(seconds=max(settle_s, _LEAST_AFTER_S)))


@dataclass(frozen=True, slots=True)
class Post:
    """One listed post: its id, its media keys, and what X sent of it."""

    id: str
    media_keys: tuple[str, ...]
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Page:
    posts: tuple[Post, ...]
    next_token: str | None


def read_page(reply: Reply) -> Page | None:
    """The page that a reply is; None unless it is a clean one: only that can show that a post is not there."""
    if not (isinstance(reply, Answer) and reply.is_success and isinstance(reply.at("meta"), dict)):
        return None
    listed, next_token = reply.at("data"), reply.at("meta", "next_token")
    if listed is None and reply.at("meta", "result_count") == 0:
        listed = []  # X leaves `data` out when there is nothing
    if not isinstance(listed, list) or not isinstance(next_token, str | None):
        return None
    posts = [_post(item) for item in listed]
    return None if None in posts else Page(tuple(filter(None, posts)), next_token or None)


def matches(posts: Iterable[Post], order: Order, uploads: Iterable[Mapping[str, object]], window: Window) -> list[str]:
    """The ids of unbound posts with our media keys, or, for a text alone, with our text since the window began.

    Media keys are nobody else's, so they need no time; and a text that appears late is no less ours.
    """
    keys = sorted(str(entry.get("key")) for entry in uploads if entry.get("key"))
    return [
        post.id
        for post in posts
        if post.id not in order.bound
        and (
            _has_media(post, keys)
            if len(keys) == len(order.media) > 0
            else window.start <= created_at(post.id) and _has_text(post, order)
        )
    ]


def _has_media(post: Post, keys: list[str]) -> bool:
    return sorted(post.media_keys) == keys


def _has_text(post: Post, order: Order) -> bool:
    return len(post.media_keys) == len(order.media) and is_same_text(order.text, post.data)


def _post(item: object) -> Post | None:
    post_id, text, keys = number_id(dig(item, "id")), dig(item, "text"), dig(item, "attachments", "media_keys")
    if not isinstance(item, dict) or post_id is None or len(post_id) > 19 or not isinstance(text, str):
        return None
    return Post(post_id, tuple(str(key) for key in keys) if isinstance(keys, list) else (), item)
