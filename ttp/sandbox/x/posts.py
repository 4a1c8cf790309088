"""X: the text of a post. Its weighted length, its links, and the text with t.co links that the API returns.

Numbers: twitter-text configuration v3 (280 units of 100; a link counts 23; U+0000-10FF and a few punctuation ranges
count one unit, everything else two; an emoji sequence counts two).
"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.records import DAY_MS, SandboxAccount, SandboxPost
from ttp.sandbox.request_checks import BodyField, check_object, json_body
from ttp.sandbox.state import State
from ttp.sandbox.x.records import XAccount, XMedia, XSwitches, new_id
from ttp.sandbox.x.requests import forbidden, invalid, problem

MAX_WEIGHTED = 280
LINK_LENGTH = 23
_SINGLE_WEIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
# A bare domain is a link when its ending is one of these; with a scheme any ending is.
_DOMAINS = "com|org|net|edu|gov|info|biz|name|io|co|ai|me|tv|app|dev|shop|blog|xyz|online|site|store|news|live"
_DOMAINS += "|de|uk|fr|eu|us|ca|es|it|nl|jp|br|au|ch|at|be|in|se|no|pl|pt|dk|fi|ie"
_HOST_PATTERN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+"
_ANY_HOST = r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+"
_PATH = r"(?::\d+)?(?:[/?#][!#-;=?-~\u00C0-\u024F\u0400-\u04FF]*)?"
_LINK = re.compile(
    rf"(?<![@#$\w./-])(?:https?://{_ANY_HOST}[A-Za-z]{{2,}}{_PATH}|{_HOST_PATTERN}(?:{_DOMAINS})(?![A-Za-z0-9@.-]*[A-Za-z0-9@]){_PATH})",
    re.IGNORECASE,
)
_TRAILING = ".,:;!?'\")]}*_~"
_PICTOGRAM = (
    r"[\u00A9\u00AE\u203C\u2049\u2122\u2139\u2190-\u21FF"
    r"\u2300-\u23FF\u25A0-\u27BF\u2934\u2935\u2B00-\u2BFF\u3030\u303D\u3297\u3299\U0001F000-\U0001FAFF]"
)
_MODIFIER = r"(?:\uFE0F|[\U0001F3FB-\U0001F3FF])?"
_EMOJI = re.compile(
    rf"[\U0001F1E6-\U0001F1FF]{{2}}|[0-9#*]\uFE0F?\u20E3"
    rf"|{_PICTOGRAM}{_MODIFIER}(?:\u200D{_PICTOGRAM}{_MODIFIER})*[\U000E0020-\U000E007F]*"
)
_CASHTAG = re.compile(r"(?<![\w$])\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?!\w)")


@dataclass(frozen=True, slots=True)
class Link:
    """One link in a text, at code points `start` to `end` (exclusive)."""

    start: int
    end: int
    url: str


def normalize(text: str) -> str:
    """Return the text as X stores it: NFC, no white space at its ends."""
    return unicodedata.normalize("NFC", text).strip()


def links(text: str) -> list[Link]:
    found = []
    for match in _LINK.finditer(text):
        url = match[0].rstrip(_TRAILING)
        found.append(Link(match.start(), match.start() + len(url), url))
    return found


def weighted_length(text: str) -> int:
    """Return the length of a text in X's units, of which 280 are allowed."""
    total, rest = 0, 0
    for link in links(text):
        total += LINK_LENGTH + _weight_without_links(text[rest : link.start])
        rest = link.end
    return total + _weight_without_links(text[rest:])


def count_cashtags(text: str) -> int:
    """Return how many cashtags ($ABC) a text has."""
    return len(_CASHTAG.findall(text))


def shorten_links(text: str, post_id: str, photo_url: str | None, media_keys: tuple[str, ...]) -> tuple[str, list[Any]]:
    """Return the text as the API shows it, and its `entities.urls`. `& < >` are escaped, every link becomes a t.co
    link, and attached media add one at the end (`photo_url`)."""
    parts: list[str] = []
    urls: list[dict[str, Any]] = []
    length, rest = 0, 0

    def add(part: str) -> None:
        nonlocal length
        parts.append(part)
        length += len(part)

    def add_link(expanded: str, **more: str) -> None:
        short = "https://t.co/" + hashlib.sha256(f"{post_id}{len(urls)}".encode()).hexdigest()[:10]
        shown = re.sub(r"^https?://(www\.)?", "", expanded)
        entity = {"start": length, "end": length + len(short), "url": short, "expanded_url": expanded}
        urls.append({**entity, "display_url": shown if len(shown) < 28 else shown[:26] + "…", **more})
        add(short)

    for link in links(text):
        add(html.escape(text[rest : link.start], quote=False))
        add_link(link.url if "://" in link.url else f"http://{link.url}")
        rest = link.end
    add(html.escape(text[rest:], quote=False))
    if photo_url is not None:
        if text:
            add(" ")
        add_link(photo_url, media_key=media_keys[0])
    return "".join(parts), urls


def _weight_without_links(text: str) -> int:
    without, emoji = _EMOJI.subn("", text)
    return 2 * emoji + sum(1 if any(low <= ord(c) <= high for low, high in _SINGLE_WEIGHT) else 2 for c in without)


DUPLICATE_MS = DAY_MS
"""How long an identical text is refused. X does not document it; a day is the strict reading of "hours"."""
_ID = re.compile(r"[0-9]{1,19}")


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(_ID.fullmatch(value))


def _are_ids(most: int, least: int = 0) -> Any:
    return lambda ids: least <= len(ids) <= most and all(map(_is_id, ids))


_REPLIERS = ("following", "mentionedUsers", "subscribers", "verified")


def _are_options(options: Any) -> bool:
    return 2 <= len(options) <= 4 and all(isinstance(one, str) and 1 <= len(one) <= 25 for one in options)


_BODY = (
    BodyField("text", str),
    BodyField("media", dict),
    BodyField("reply", dict),
    BodyField("quote_tweet_id", str, fits=_is_id),
    BodyField("reply_settings", str, fits=_REPLIERS.__contains__),
    BodyField("poll", dict),
    BodyField("made_with_ai", bool),
    BodyField("paid_partnership", bool),
)
_PARTS = {
    "media": (
        BodyField("media_ids", list, required=True, fits=_are_ids(4, least=1)),
        BodyField("tagged_user_ids", list, fits=_are_ids(10)),
    ),
    "reply": (
        BodyField("in_reply_to_tweet_id", str, required=True, fits=_is_id),
        BodyField("exclude_reply_user_ids", list, fits=_are_ids(50)),
    ),
    "poll": (
        BodyField("options", list, required=True, fits=_are_options),
        BodyField("duration_minutes", int, required=True, fits=range(5, 10_081).__contains__),
        BodyField("reply_settings", str, fits=_REPLIERS.__contains__),
    ),
}
LONG_WEIGHTED = 25_000
"""Most units in the text of a Premium account."""


async def create(state: State, account: XAccount, request: Request) -> Response:
    """`POST /2/tweets`: publishes one post. 201 with its id and the text as X rewrites it."""
    body = await json_body(request, invalid, _BODY)
    for name, keys in _PARTS.items():
        if name in body:
            check_object(body[name], keys, invalid, f"{name}.")
    if len(one_of := [name for name in ("media", "quote_tweet_id", "poll") if name in body]) > 1:
        raise invalid(f"{', '.join(one_of)}: only one of these is allowed")
    text = normalize(body.get("text", ""))
    media = _find_media(state, account, body.get("media", {}).get("media_ids", []))
    parent = body.get("reply", {}).get("in_reply_to_tweet_id")
    _check_text(state, account, text, bool(media))
    if "quote_tweet_id" in body:
        raise _not_authorized("quote_tweet_id", body["quote_tweet_id"])
    if parent is not None:
        _check_reply(state, account, parent)
    post = SandboxPost(
        new_id(state),
        account.id,
        text,
        media=tuple(m.sha256 or "" for m in media),
        at_ms=state.now_ms(),
        parent=parent,
        alts=tuple(m.alt for m in media),
        media_keys=tuple(m.media_key for m in media),
        duration_s=int(max((m.duration_s for m in media), default=0)),
        shapes=tuple("video" if m.media_type.startswith("video/") else "image" for m in media),
        labels=tuple(name for name in ("made_with_ai", "paid_partnership", "poll") if body.get(name)),
        reply_settings=body.get("reply_settings", "everyone"),
    )
    state.save(post)
    shown, _ = render_text(account, post)
    return JSONResponse({"data": {"id": post.id, "text": shown, "edit_history_tweet_ids": [post.id]}}, 201)


async def delete(state: State, account: XAccount, request: Request) -> Response:
    """`DELETE /2/tweets/{id}`: deletes an own post. An unknown id gets the same answer."""
    if await request.body():
        raise invalid("A body is not allowed for this request.")
    wanted = request.path_params["id"]
    if not _is_id(wanted):
        raise invalid(f"The `id` path parameter value [{wanted}] is not valid", id=wanted)
    post = state.posts.get(wanted)
    if post is not None and post.platform == "x" and not post.deleted:
        if post.account != account.id:
            raise forbidden("You are not authorized to delete this Tweet.")
        state.save(replace(post, deleted=True))
    return JSONResponse({"data": {"deleted": True}})


def render_text(account: SandboxAccount, post: SandboxPost) -> tuple[str, list[Any]]:
    """Return the text of a post as the API shows it, and its `entities.urls`."""
    page = "photo" if post.media_keys and post.media_keys[0].startswith("3_") else "video"
    url = f"https://x.com/{account.handle}/status/{post.id}/{page}/1" if post.media_keys else None
    return shorten_links(post.text, post.id, url, post.media_keys)


def _find_media(state: State, account: XAccount, ids: list[str]) -> list[XMedia]:
    """Return the uploads with these ids. 400 unless all are the account's own, live, ready and fit together."""
    now = state.now_ms()
    media = [state.table(XMedia).get(wanted) for wanted in ids]
    ready = [
        m
        for m in media
        if m is not None
        and m.account == account.id
        and m.error is None
        and m.processed_ms is not None
        and m.processed_ms <= now < m.expires_ms
    ]
    if len(ready) != len(ids) or len(set(ids)) != len(ids):
        raise problem(400, "Invalid Request", "Your media IDs are invalid.", "invalid-request")
    if len(ready) > 1 and any(m.category != "tweet_image" for m in ready):
        raise problem(400, "Invalid Request", "Photos, a GIF and a video cannot be mixed.", "invalid-request")
    longest_s = state.part(XSwitches).x_video_s
    if not account.premium and any(m.duration_s > longest_s for m in ready):
        minutes = longest_s // 60
        raise forbidden(f"This user is not allowed to post a video longer than {minutes} minutes.")
    return ready


def _check_text(state: State, account: XAccount, text: str, has_media: bool) -> None:
    if not text and not has_media:
        raise invalid("text: must not be empty without media", text=text)
    if weighted_length(text) > (LONG_WEIGHTED if account.premium else MAX_WEIGHTED):
        raise invalid("Your Tweet text is too long. For more information see twitter-text.", text=text)
    if count_cashtags(text) > 1:
        raise forbidden("Your post contains more than the maximum of one cashtag.")
    if has_media:
        return  # it is not documented that X compares posts with media, and a sandbox must not hide a second one
    since = state.now_ms() - DUPLICATE_MS
    for post in reversed(state.posts.values()):
        if post.at_ms < since:
            break
        if post.account == account.id and post.text == text and not post.media:
            raise forbidden("You are not allowed to create a Tweet with duplicate content.")


def _check_reply(state: State, account: XAccount, parent: str) -> None:
    target = state.posts.get(parent)
    if target is None or target.platform != "x" or target.deleted:
        raise forbidden("You attempted to reply to a Tweet that is deleted or not visible to you.")
    mentioned = re.search(rf"(?<!\w)@{re.escape(account.handle)}(?!\w)", target.text, re.IGNORECASE)
    if target.account == account.id:
        return
    if not mentioned:
        raise _not_authorized("in_reply_to_tweet_id", parent)
    if target.reply_settings not in ("everyone", "mentionedUsers"):
        raise forbidden(
            "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the"
            " author of the post you are replying to."
        )


def _not_authorized(parameter: str, wanted: str) -> Exception:
    return problem(
        403,
        "Authorization Error",
        "You can only reply to or quote posts where you are mentioned or are the author.",
        "not-authorized-for-resource",
        resource_type="post",
        resource_id=wanted,
        parameter=parameter,
        value=wanted,
    )
