"""Reading X's list of an account's own posts, and finding one part of a delivery in it. Pure; never asks X.

Fields are read by their names in both of X's dialects.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote

from ttp.domain.time.clock import from_ms
from ttp.platforms.client import PublishRequest
from ttp.platforms.reply import Answer, Reply, parse_numeric_id, value_at
from ttp.platforms.thread_parts import Part

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
class TimelinePost:
    """One listed post: its id, its media keys, the id of the post that it replies to, and what X sent of it."""

    id: str
    media_keys: tuple[str, ...]
    parent: str | None
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class TimelinePage:
    posts: tuple[TimelinePost, ...]
    next_token: str | None


def read_page(reply: Reply) -> TimelinePage | None:
    """The page that a reply is; None unless it is a clean one: only that can show that a post is not there."""
    if not (isinstance(reply, Answer) and reply.is_success and isinstance(reply.value_at("meta"), dict)):
        return None
    listed, next_token = reply.value_at("data"), reply.value_at("meta", "next_token")
    if listed is None and reply.value_at("meta", "result_count") == 0:
        listed = []  # X leaves `data` out when there is nothing
    if not isinstance(listed, list) or not isinstance(next_token, str | None):
        return None
    posts = [_post(item) for item in listed]
    return None if None in posts else TimelinePage(tuple(filter(None, posts)), next_token or None)


def matches(
    posts: Iterable[TimelinePost], part: Part, uploads: Iterable[Mapping[str, object]], window: Window
) -> list[str]:
    """The ids of unbound posts with our media keys, or, for a text alone, with our text since the window began, that
    reply to the part before ours (or to nothing, if ours is the first).

    Media keys are nobody else's, so they need no time; and a text that appears late is no less ours.
    """
    request = part.request
    keys = sorted(str(entry.get("key")) for entry in uploads if entry.get("key"))
    return [
        post.id
        for post in posts
        if post.id not in request.bound
        and (
            _has_media(post, keys)
            if len(keys) == len(request.media) > 0
            else post.parent == part.parent and _is_recent(post, window) and _has_text(post, request)
        )
    ]


def possible_matches(posts: Iterable[TimelinePost], part: Part, window: Window) -> list[str]:
    """The ids of unbound posts that have the text of a later part, and of which X does not say that they reply to
    anything: were it not to say so of ours, its absence from `matches` would prove nothing."""
    if part.parent is None:
        return []
    request = part.request
    taken = {*request.bound, *part.out}
    alone = [post for post in posts if post.parent is None and post.id not in taken and _is_recent(post, window)]
    return [post.id for post in alone if _has_text(post, request)]


def _is_recent(post: TimelinePost, window: Window) -> bool:
    return window.start <= created_at(post.id)


def _has_media(post: TimelinePost, keys: list[str]) -> bool:
    return sorted(post.media_keys) == keys


def _has_text(post: TimelinePost, request: PublishRequest) -> bool:
    return len(post.media_keys) == len(request.media) and is_same_text(request.text, post.data)


def _post(item: object) -> TimelinePost | None:
    post_id, text, keys = (
        parse_numeric_id(value_at(item, "id")),
        value_at(item, "text"),
        value_at(item, "attachments", "media_keys"),
    )
    if not isinstance(item, dict) or post_id is None or len(post_id) > 19 or not isinstance(text, str):
        return None
    return TimelinePost(post_id, tuple(str(key) for key in keys) if isinstance(keys, list) else (), _parent(item), item)


def _parent(item: Mapping[str, object]) -> str | None:
    """The id of the post that a listed one replies to; None for one that stands alone, or quotes."""
    for name in ("referenced_posts", "referenced_tweets"):
        references = item.get(name)
        for reference in references if isinstance(references, list) else ():
            if value_at(reference, "type") == "replied_to":
                return parse_numeric_id(value_at(reference, "id"))
    return None


X_EPOCH_MS = 1_288_834_974_657
"""2010-11-04T01:42:54.657Z, from which X counts the milliseconds in the upper bits of its ids."""


_ENTITY = re.compile(r"&(amp|lt|gt);")


_CHARACTER = {"amp": "&", "lt": "<", "gt": ">"}


_SHORT_LINK = re.compile(r"https?://t\.co/\w+", re.ASCII)


_OWN_MEDIA = re.compile(r"https://(?:x|twitter|pic\.twitter|pic\.x)\.com/\S*/(?:photo|video)/\d+")


_SCHEME = re.compile(r"https?://", re.IGNORECASE)


_SLASH = re.compile(r"/(?=[.,;:!?'\"»”’…)\]}]*(?:\s|$))")


def created_at(post_id: str) -> datetime:
    """When a post was made: its id is a snowflake with milliseconds since X's epoch above 22 bits."""
    return from_ms((int(post_id) >> 22) + X_EPOCH_MS)


def is_same_text(sent: str, post: Mapping[str, object]) -> bool:
    """Whether `post`, as X lists it, has the text that was sent."""
    listed = post.get("text")
    return isinstance(listed, str) and canonical(sent) == canonical(restore_text(listed, post))


def restore_text(listed: str, post: Mapping[str, object]) -> str:
    """A listed text with its entities undone and its t.co links put back; links to its own media are dropped."""
    urls = value_at(post, "entities", "urls")
    behind = dict(_links(urls if isinstance(urls, list) else ()))
    plain = _ENTITY.sub(lambda found: _CHARACTER[found[1]], listed)
    return _SHORT_LINK.sub(lambda found: behind.get(found[0], found[0]), plain)


def canonical(text: str) -> str:
    """`text` for comparing: NFC, trimmed, URLs without scheme, trailing slash and percent-encoding.

    X adds a scheme to bare domains and a slash to bare hosts, and encodes what is not ASCII in a path.
    """
    bare = _SLASH.sub("", _SCHEME.sub("", unquote(text.replace("\r\n", "\n").strip())))
    return unicodedata.normalize("NFC", bare).strip()


def _links(urls: Iterable[object]) -> Iterable[tuple[str, str]]:
    for url in urls:
        short, expanded = value_at(url, "url"), value_at(url, "expanded_url")
        if isinstance(short, str) and isinstance(expanded, str):
            own = value_at(url, "media_key") is not None or _OWN_MEDIA.fullmatch(expanded) is not None
            yield short, "" if own else expanded
