"""Read X's list of an account's posts, and find one part of a delivery in it. Pure. Fields are read by their names in
both of X's dialects."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote

from ttp.domain.time.clock import from_ms
from ttp.platforms.client import Part, PublishRequest
from ttp.platforms.reply import Reply, list_at, parse_numeric_id, value_at

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
    """The time, on X's clock, in which the post in question can have been created."""

    start: datetime
    end: datetime

    @classmethod
    def around(cls, first: datetime, last: datetime, settle_s: float) -> Window:
        """Return the window from a minute before the first call to the settle time after the last. At least a minute,
        in which the last call may still have been on its way."""
        return cls(first - _BEFORE, last + timedelta(seconds=max(settle_s, _LEAST_AFTER_S)))


@dataclass(frozen=True, slots=True)
class TimelinePost:
    """A listed post: its id, its media keys, the id of the post it replies to, and its data from X."""

    id: str
    media_keys: tuple[str, ...]
    parent: str | None
    data: Mapping[str, object]


def read_page(reply: Reply) -> tuple[tuple[TimelinePost, ...], str | None] | None:
    """Return the posts of a page and the token of the next one; None unless it is complete and without errors: only
    that proves that a post is missing."""
    if not (reply.is_success and isinstance(reply.value_at("meta"), dict)):
        return None
    listed, next_token = reply.value_at("data"), reply.value_at("meta", "next_token")
    if listed is None and reply.value_at("meta", "result_count") == 0:
        listed = []  # X omits an empty `data`
    if not isinstance(listed, list) or not isinstance(next_token, str | None):
        return None
    posts = [_post(item) for item in listed]
    return None if None in posts else (tuple(filter(None, posts)), next_token or None)


def matches(
    posts: Iterable[TimelinePost], part: Part, uploads: Iterable[Mapping[str, object]], window: Window
) -> list[str]:
    """Return the ids of unbound posts that are this part.

    They have its media keys, or for a text alone, its text since the window began, and reply to the previous part (the
    first replies to nothing). Media keys are unique, so they need no time; a text that appears late still counts.
    """
    request = part.request
    keys = sorted(str(entry.get("key")) for entry in uploads if entry.get("key"))
    return [
        post.id
        for post in posts
        if post.id not in request.bound
        and (
            sorted(post.media_keys) == keys
            if len(keys) == len(request.media) > 0
            else post.parent == part.parent and _is_recent(post, window) and _has_text(post, request)
        )
    ]


def possible_matches(posts: Iterable[TimelinePost], part: Part, window: Window) -> list[str]:
    """Return the ids of unbound posts with the text of a later part that X lists without a parent. X may omit the
    parent of our part too, so that its absence from `matches` proves nothing."""
    if part.parent is None:
        return []
    request = part.request
    used_ids = {*request.bound, *part.published_ids}
    alone = [post for post in posts if post.parent is None and post.id not in used_ids and _is_recent(post, window)]
    return [post.id for post in alone if _has_text(post, request)]


def _is_recent(post: TimelinePost, window: Window) -> bool:
    return window.start <= created_at(post.id)


def _has_text(post: TimelinePost, request: PublishRequest) -> bool:
    return len(post.media_keys) == len(request.media) and is_same_text(request.text, post.data)


def _post(item: object) -> TimelinePost | None:
    post_id, text = parse_numeric_id(value_at(item, "id")), value_at(item, "text")
    if not isinstance(item, dict) or post_id is None or len(post_id) > 19 or not isinstance(text, str):
        return None
    return TimelinePost(post_id, tuple(map(str, list_at(item, "attachments", "media_keys"))), _parent(item), item)


def _parent(item: Mapping[str, object]) -> str | None:
    """Return the id of the post that a listed post replies to; None for one that is not a reply (or is a quote)."""
    for name in ("referenced_posts", "referenced_tweets"):
        for reference in list_at(item, name):
            if value_at(reference, "type") == "replied_to":
                return parse_numeric_id(value_at(reference, "id"))
    return None


X_EPOCH_MS = 1_288_834_974_657
"""2010-11-04T01:42:54.657Z: X's ids count milliseconds from then in their upper bits."""
_ENTITY = re.compile(r"&(amp|lt|gt);")
_CHARACTER = {"amp": "&", "lt": "<", "gt": ">"}
_SHORT_LINK = re.compile(r"https?://t\.co/\w+", re.ASCII)
_OWN_MEDIA = re.compile(r"https://(?:x|twitter|pic\.twitter|pic\.x)\.com/\S*/(?:photo|video)/\d+")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_SLASH = re.compile(r"/(?=[.,;:!?'\"»”’…)\]}]*(?:\s|$))")


def created_at(post_id: str) -> datetime:
    """Return when a post was created: its id is a snowflake with milliseconds since X's epoch above 22 bits."""
    return from_ms((int(post_id) >> 22) + X_EPOCH_MS)


def is_same_text(sent: str, post: Mapping[str, object]) -> bool:
    """Whether `post`, as listed by X, has the text that was sent."""
    listed = post.get("text")
    return isinstance(listed, str) and canonical(sent) == canonical(restore_text(listed, post))


def restore_text(listed: str, post: Mapping[str, object]) -> str:
    """Return a listed text with entities decoded and t.co links replaced; links to its own media are dropped."""
    behind = dict(_links(list_at(post, "entities", "urls")))
    plain = _ENTITY.sub(lambda match: _CHARACTER[match[1]], listed)
    return _SHORT_LINK.sub(lambda match: behind.get(match[0], match[0]), plain)


def canonical(text: str) -> str:
    """Return `text` for comparison: NFC, trimmed, URLs without scheme, trailing slash and percent-encoding. X adds a
    scheme to bare domains and a slash to bare hosts, and encodes non-ASCII characters in paths."""
    bare = _SLASH.sub("", _SCHEME.sub("", unquote(text.replace("\r\n", "\n").strip())))
    return unicodedata.normalize("NFC", bare).strip()


def _links(urls: Iterable[object]) -> Iterable[tuple[str, str]]:
    for url in urls:
        short, expanded = value_at(url, "url"), value_at(url, "expanded_url")
        if isinstance(short, str) and isinstance(expanded, str):
            own = value_at(url, "media_key") is not None or _OWN_MEDIA.fullmatch(expanded) is not None
            yield short, "" if own else expanded
