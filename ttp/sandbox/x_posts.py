"""X: creating and deleting posts, with every refusal the platform knows for them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.answers import Key, breaches, json_body
from ttp.sandbox.state import DAY_MS, Account, Post, State, XMedia
from ttp.sandbox.x_front import forbidden, invalid, problem
from ttp.sandbox.x_text import MAX_WEIGHTED, cashtags, normal, weighted_length, with_short_links

DUPLICATE_MS = DAY_MS
"""How long an identical text is refused. X does not document it; a day is the strict reading of "hours"."""
_ID = re.compile(r"[0-9]{1,19}")


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(_ID.fullmatch(value))


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
)
_MEDIA = (
    Key("media_ids", list, required=True, fits=_are_ids(4, least=1)),
    Key("tagged_user_ids", list, fits=_are_ids(10)),
)
_REPLY = (
    Key("in_reply_to_tweet_id", str, required=True, fits=_is_id),
    Key("exclude_reply_user_ids", list, fits=_are_ids(50)),
)


async def create(state: State, account: Account, request: Request) -> Response:
    """`POST /2/tweets`: publishes one post. 201 with its id and the text as X rewrites it."""
    try:
        body: Any = await json_body(request)
    except ValueError as breach:
        raise invalid(str(breach)) from None
    found = breaches(body, _BODY)
    if not found:
        found += breaches(body["media"], _MEDIA, "media.") if "media" in body else []
        found += breaches(body["reply"], _REPLY, "reply.") if "reply" in body else []
    if found:
        raise invalid("; ".join(found))
    text = normal(body.get("text", ""))
    media = _attached(state, account, body.get("media", {}).get("media_ids", []))
    parent = body.get("reply", {}).get("in_reply_to_tweet_id")
    _check_text(state, account, text, bool(media))
    if "quote_tweet_id" in body:
        raise _not_authorized()
    if parent is not None:
        _check_reply(state, account, parent)
    post = Post(
        state.snowflake(),
        account.id,
        text,
        media=tuple(m.sha256 or "" for m in media),
        at_ms=state.now_ms(),
        parent=parent,
        alts=tuple(m.alt for m in media),
        media_keys=tuple(m.media_key for m in media),
    )
    state.keep(post)
    shown, _ = returned_text(account, post)
    return JSONResponse({"data": {"id": post.id, "text": shown, "edit_history_tweet_ids": [post.id]}}, 201)


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
    return ready


def _check_text(state: State, account: Account, text: str, has_media: bool) -> None:
    if not text and not has_media:
        raise invalid("text: must not be empty without media", text=text)
    if weighted_length(text) > MAX_WEIGHTED:
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
    if target.account != account.id and not mentioned:
        raise _not_authorized()


def _not_authorized() -> Exception:
    return problem(
        403,
        "Authorization Error",
        "You can only reply to or quote posts where you are mentioned or are the author.",
        "not-authorized-for-resource",
    )
