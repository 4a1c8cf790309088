"""X: creating and deleting posts, with every refusal the platform knows for them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.records import Account, Post, XMedia
from ttp.sandbox.request_checks import Key, breaches, json_body
from ttp.sandbox.state import DAY_MS, State
from ttp.sandbox.x.front import forbidden, invalid, problem
from ttp.sandbox.x.prices import LINK_POST, POST, can_pay, pay
from ttp.sandbox.x.text import MAX_WEIGHTED, cashtags, links, normal, weighted_length, with_short_links

DUPLICATE_MS = DAY_MS
"""How long an identical text is refused. X does not document it; a day is the strict reading of "hours"."""
_ID = re.compile(r"[0-9]{1,19}")


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(_ID.fullmatch(value))


def _is_option(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= 25


def _are_ids(most: int, least: int = 0) -> Any:
    return lambda ids: least <= len(ids) <= most and all(map(_is_id, ids))


_BODY = (
    Key("text", str),
    Key("media", dict),
    Key("reply", dict),
    Key("quote_tweet_id", str, fits=_is_id),
    Key("reply_settings", str, fits=("following", "mentionedUsers", "subscribers", "verified").__contains__),
    Key("made_with_ai", bool),
    Key("paid_partnership", bool),
    Key("poll", dict),
    Key("geo", dict),
    Key("card_uri", str),
    Key("community_id", str, fits=_is_id),
    Key("direct_message_deep_link", str),
    Key("edit_options", dict),
    Key("for_super_followers_only", bool),
    Key("nullcast", bool),
    Key("share_with_followers", bool),
)
_NOT_GRANTED = (
    "card_uri",
    "community_id",
    "edit_options",
    "for_super_followers_only",
    "nullcast",
    "share_with_followers",
)
"""What takes a membership, a subscription or an advertiser that no account here has."""
_MEDIA = (
    Key("media_ids", list, required=True, fits=_are_ids(4, least=1)),
    Key("tagged_user_ids", list, fits=_are_ids(10)),
)
_REPLY = (
    Key("in_reply_to_tweet_id", str, required=True, fits=_is_id),
    Key("exclude_reply_user_ids", list, fits=_are_ids(50)),
)


_POLL = (
    Key("options", list, required=True, fits=lambda found: 2 <= len(found) <= 4 and all(map(_is_option, found))),
    Key("duration_minutes", int, required=True, fits=lambda n: 5 <= n <= 10_080),
    Key("reply_settings", str, fits=("following", "mentionedUsers", "subscribers", "verified").__contains__),
)
_PARTS = {
    "media": _MEDIA,
    "reply": _REPLY,
    "poll": _POLL,
    "geo": (Key("place_id", str),),
    "edit_options": (Key("previous_post_id", str, required=True, fits=_is_id),),
}
LONG_WEIGHTED = 25_000
"""Most units in the text of a Premium account."""


async def create(state: State, account: Account, request: Request) -> Response:
    """`POST /2/tweets`: publishes one post. 201 with its id and the text as X rewrites it."""
    try:
        body: Any = await json_body(request)
    except ValueError as breach:
        raise invalid(str(breach)) from None
    _check_body(body)
    text = normal(body.get("text", ""))
    media = _attached(state, account, body.get("media", {}).get("media_ids", []))
    parent = body.get("reply", {}).get("in_reply_to_tweet_id")
    poll = body.get("poll", {})
    _check_text(state, account, text, bool(media))
    if "quote_tweet_id" in body:
        raise _not_authorized("quote_tweet_id", body["quote_tweet_id"])
    if parent is not None:
        _check_reply(state, account, parent)
    if any(body.get(name) for name in _NOT_GRANTED):
        raise forbidden("You are not permitted to perform this action.")
    if links(text):
        if not can_pay(state, LINK_POST):
            raise problem(402, "Payment Required", "credits depleted", "credits-depleted")
        pay(state, LINK_POST - POST)
    post = Post(
        state.snowflake(),
        account.id,
        text,
        media=tuple(m.sha256 or "" for m in media),
        at_ms=state.now_ms(),
        parent=parent,
        alts=tuple(m.alt for m in media),
        media_keys=tuple(m.media_key for m in media),
        duration_s=int(max((m.duration_s for m in media), default=0)),
        shapes=tuple("video" if m.media_type.startswith("video/") else "image" for m in media),
        labels=tuple(name for name in ("made_with_ai", "paid_partnership") if body.get(name)),
        reply_settings=body.get("reply_settings", "everyone"),
        poll=tuple(poll.get("options", ())),
        poll_minutes=poll.get("duration_minutes", 0),
    )
    state.keep(post)
    shown, _ = returned_text(account, post)
    return JSONResponse({"data": {"id": post.id, "text": shown, "edit_history_tweet_ids": [post.id]}}, 201)


def _check_body(body: Any) -> None:
    """400 for a body that is not of the documented keys, or joins what excludes each other."""
    found = breaches(body, _BODY)
    if not found:
        for name, keys in _PARTS.items():
            found += breaches(body[name], keys, f"{name}.") if name in body else []
        exclusive = [name for name in ("media", "poll", "quote_tweet_id", "card_uri") if name in body]
        if len(exclusive) > 1:
            found.append(f"{', '.join(exclusive)}: only one of these is allowed")
    if found:
        raise invalid("; ".join(found))


async def delete(state: State, account: Account, request: Request) -> Response:
    """`DELETE /2/tweets/{id}`: takes an own post down. An id that is not there is answered the same way."""
    if await request.body():
        raise invalid("A body is not allowed for this request.")
    wanted = request.path_params["id"]
    if not _is_id(wanted):
        raise invalid(f"The `id` path parameter value [{wanted}] is not valid", id=wanted)
    post = state.posts.get(wanted)
    if post is not None and post.platform == "x" and not post.deleted:
        if post.account != account.id:
            raise forbidden("You are not authorized to delete this Tweet.")
        state.keep(replace(post, deleted=True))
    return JSONResponse({"data": {"deleted": True}})


def returned_text(account: Account, post: Post) -> tuple[str, list[Any]]:
    """The text of a post as the API shows it, and its `entities.urls`."""
    page = "photo" if post.media_keys and post.media_keys[0].startswith("3_") else "video"
    url = f"https://x.com/{account.handle}/status/{post.id}/{page}/1" if post.media_keys else None
    return with_short_links(post.text, post.id, url, post.media_keys)


def _attached(state: State, account: Account, ids: list[str]) -> list[XMedia]:
    """The uploads with these ids. 400 unless each is the account's own, not expired, ready, and they go together."""
    now = state.now_ms()
    media = [state.x_media.get(wanted) for wanted in ids]
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
    if not account.premium and any(m.duration_s > state.x_video_s for m in ready):
        minutes = state.x_video_s // 60
        raise forbidden(f"This user is not allowed to post a video longer than {minutes} minutes.")
    return ready


def _check_text(state: State, account: Account, text: str, has_media: bool) -> None:
    if not text and not has_media:
        raise invalid("text: must not be empty without media", text=text)
    if weighted_length(text) > (LONG_WEIGHTED if account.premium else MAX_WEIGHTED):
        raise invalid("Your Tweet text is too long. For more information see twitter-text.", text=text)
    if cashtags(text) > 1:
        raise forbidden("Your post contains more than the maximum of one cashtag.")
    if has_media:
        return  # nothing says that the guard looks at posts with media, and a sandbox must not hide a second one
    since = state.now_ms() - DUPLICATE_MS
    for post in reversed(state.posts.values()):
        if post.at_ms < since:
            break
        if post.account == account.id and post.text == text and not post.media:
            raise forbidden("You are not allowed to create a Tweet with duplicate content.")


def _check_reply(state: State, account: Account, parent: str) -> None:
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
