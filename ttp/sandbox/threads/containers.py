"""Threads: containers. Their media are fetched and measured, and they are published."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.media import CannotFetch, fetch_url, read_facts
from ttp.sandbox.meta.nodes import own_node, status_code
from ttp.sandbox.meta.requests import Params, allow_only, graph_error, split_list
from ttp.sandbox.records import DAY_MS, SandboxPost
from ttp.sandbox.state import State
from ttp.sandbox.threads.records import (
    LIMITS,
    POSTS,
    REPLIES,
    REPLY,
    TROUBLES,
    ThreadsAccount,
    ThreadsContainer,
    ThreadsSwitches,
    new_id,
)
from ttp.sandbox.threads.requests import not_found

MOST_TEXT, MOST_ALT, MOST_LINKS, MOST_TOPIC = 500, 1000, 5, 50
MOST_BYTES = {"IMAGE": 8_000_000, "VIDEO": 1_000_000_000}
MIMES = {"IMAGE": ("image/jpeg", "image/png"), "VIDEO": ("video/mp4", "video/quicktime")}
CONTROLS = ("everyone", "accounts_you_follow", "mentioned_only", "parent_post_author_only", "followers_only")
_OF_POST = {"text", "reply_to_id", "reply_control", "quote_post_id", "topic_tag"}
_OF_KIND = {
    "TEXT": {"link_attachment", "poll_attachment", *_OF_POST},
    "IMAGE": {"image_url", "is_carousel_item", "alt_text", "is_spoiler_media", *_OF_POST},
    "VIDEO": {"video_url", "is_carousel_item", "alt_text", "is_spoiler_media", *_OF_POST},
    "CAROUSEL": {"children", "is_spoiler_media", *_OF_POST},
}
_LABELS = ("topic_tag", "link_attachment", "quote_post_id", "poll_attachment", "is_spoiler_media")
_ANSWERS = ["option_a", "option_b", "option_c", "option_d"]
_NEEDS = {"TEXT": "text", "IMAGE": "image_url", "VIDEO": "video_url", "CAROUSEL": "children"}
_EMOJI = re.compile("[\u2600-\u27bf\ufe0f\u200d\U0001f000-\U0001faff]")


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise graph_error(100, f"(#100) {message}")


def _check(state: State, account: ThreadsAccount, params: Params) -> str:
    """Return the kind, after checking that every parameter fits it."""
    kind = params.get("media_type", "")
    _require(kind in _OF_KIND, f"Param media_type must be one of {', '.join(_OF_KIND)}")
    allow_only(params, {"media_type", *_OF_KIND[kind]})
    _require(bool(params.get(_NEEDS[kind])), f"The parameter {_NEEDS[kind]} is required")
    _require(not ("is_carousel_item" in params and _OF_POST & set(params)), "A carousel item has no text or settings")
    text = params.get("text", "")
    length = sum(len(sign.encode()) if _EMOJI.match(sign) else 1 for sign in text)
    _require(length <= MOST_TEXT, f"Param text must be at most {MOST_TEXT} characters long")
    links = {*re.findall(r"https?://[^\s<>]+", text), *filter(None, [params.get("link_attachment")])}
    _require(len(links) <= MOST_LINKS, "THREADS_API__LINK_LIMIT_EXCEEDED")
    _require(len(params.get("alt_text", "")) <= MOST_ALT, f"Param alt_text must be at most {MOST_ALT} characters long")
    _require(params.get("reply_control", CONTROLS[0]) in CONTROLS, "Param reply_control is not valid")
    topic = params.get("topic_tag", "-")
    _require(0 < len(topic) <= MOST_TOPIC and not set(".&") & set(topic), "Param topic_tag is not valid")
    if "reply_to_id" in params:
        if REPLY not in account.scopes:
            raise graph_error(10, f"(#10) Application does not have permission for this action: {REPLY} is needed.")
        parent = state.posts.get(params["reply_to_id"])
        if parent is None or parent.deleted or parent.platform != "threads":
            raise not_found()
    _require(params.get("is_spoiler_media", "true") in ("true", "false"), "Param is_spoiler_media must be a boolean")
    _require(
        _is_poll(params.get("poll_attachment", '{"option_a": "-", "option_b": "-"}')),
        "Param poll_attachment is not valid",
    )
    _require(params.get("quote_post_id", "1").isdecimal(), "Param quote_post_id must be an id")
    return kind


def _is_poll(text: str) -> bool:
    try:
        poll = json.loads(text)
    except ValueError:
        return False
    names = list(poll) if isinstance(poll, dict) else []
    answers = [poll[name] for name in names]
    return names in (_ANSWERS[:2], _ANSWERS[:3], _ANSWERS) and all(
        isinstance(a, str) and 0 < len(a) <= 25 for a in answers
    )


def refuse_in_trouble(state: State, account: ThreadsAccount, step: str) -> None:
    """Refuse a step if a refusal was ordered for this account."""
    trouble = TROUBLES.get(state.trouble_of(account))
    if trouble is not None and (trouble.step == step or (trouble.step == "all" and step != "create")):
        refused = graph_error(trouble.code, trouble.message, trouble.subcode)
        refused.response.status_code = trouble.status
        raise refused


async def create(state: State, account: ThreadsAccount, request: Request, params: Params) -> Response:
    """`POST /me/threads`: a container of a text, an image, a video, or a carousel of such."""
    own_node(account, request)
    kind = _check(state, account, params)
    refuse_in_trouble(state, account, "create")
    made = ThreadsContainer(
        new_id(state),
        account.id,
        kind,
        state.now_ms(),
        None,
        text=params.get("text", ""),
        alts=(params.get("alt_text"),),
        child=params.get("is_carousel_item") == "true",
        reply_to=params.get("reply_to_id"),
        reply_control=params.get("reply_control", CONTROLS[0]),
        labels=tuple(f"{name}={params[name]}" for name in _LABELS if name in params),
    )
    work_s = 0.0
    if kind == "CAROUSEL":
        made = _with_items(state, account, made, params["children"])
    elif kind != "TEXT":
        made = await _with_file(state, made, params[_NEEDS[kind]])
        work_s = state.processing_s / (1 if kind == "VIDEO" else 5)
    ready_ms = state.now_ms() + int(work_s * 1000)
    known_ms = ready_ms + int(state.part(ThreadsSwitches).unknown_s * 1000)
    state.save(replace(made, ready_ms=ready_ms, known_ms=known_ms))
    return JSONResponse({"id": made.id})


async def _with_file(state: State, made: ThreadsContainer, url: str) -> ThreadsContainer:
    """Return a container with the file behind its URL, or the error that its status shows."""
    try:
        data = await fetch_url(url, MOST_BYTES[made.kind])
    except CannotFetch:
        if made.kind == "IMAGE":
            raise graph_error(9004, "The media could not be fetched from this URI.", 2207052) from None
        return replace(made, error="FAILED_DOWNLOADING_VIDEO")
    facts, digest = read_facts(data), hashlib.sha256(data).hexdigest()
    state.pictures.keep(digest, data)
    made = replace(made, media=(digest,), shapes=(made.kind.lower(),))
    if facts.mime not in MIMES[made.kind] or not facts.complete or len(data) > MOST_BYTES[made.kind]:
        return replace(made, error="FAILED_PROCESSING_VIDEO" if made.kind == "VIDEO" else "UNKNOWN")
    if facts.width and facts.height and not 0.1 <= facts.width / facts.height <= 10:
        return replace(made, error="INVALID_ASPEC_RATIO")
    if facts.duration_s is not None and not 0 < facts.duration_s <= 300:
        return replace(made, error="INVALID_DURATION")
    return made


def _with_items(state: State, account: ThreadsAccount, made: ThreadsContainer, text: str) -> ThreadsContainer:
    """Return a carousel with the media of its items, in order."""
    ids = split_list(text)
    _require(2 <= len(ids) <= 20 and len(set(ids)) == len(ids), "A carousel has 2 to 20 items")
    items = [state.table(ThreadsContainer).get(one) for one in ids]
    own = [one for one in items if one is not None and one.account == account.id and one.child]
    if len(own) < len(ids):
        raise not_found()
    _require(all(status_code(state, one) == "FINISHED" for one in own), "An item of the carousel is not ready")
    return replace(
        made,
        media=tuple(one.media[0] for one in own),
        alts=tuple(one.alts[0] for one in own),
        shapes=tuple(one.shapes[0] for one in own),
    )


def count_posts(state: State, account: ThreadsAccount, *, replies: bool) -> int:
    """Return how many posts, or replies, an account made in 24 hours."""
    since = state.now_ms() - DAY_MS
    mine = (one for one in state.posts.values() if one.account == account.id and one.at_ms > since)
    return sum(1 for one in mine if (one.parent is not None) is replies)


async def publish(state: State, account: ThreadsAccount, request: Request, params: Params) -> Response:
    """`POST /me/threads_publish`: makes a finished container a post. A second time is an error and no post."""
    own_node(account, request)
    allow_only(params, {"creation_id"})
    _require("creation_id" in params, "The parameter creation_id is required")
    container = state.table(ThreadsContainer).get(params["creation_id"])
    if container is None or container.account != account.id or container.child:
        raise not_found()
    if status_code(state, container) != "FINISHED" or state.now_ms() < container.known_ms:
        raise not_found()
    refuse_in_trouble(state, account, "publish")
    is_reply = container.reply_to is not None
    name = REPLIES if is_reply else POSTS
    if count_posts(state, account, replies=is_reply) >= state.limit(name, LIMITS[name], account):
        raise graph_error(4, "(#4) Application request limit reached")
    post = SandboxPost(
        new_id(state),
        account.id,
        container.text,
        container.media,
        state.now_ms(),
        parent=container.reply_to,
        kind=container.kind,
        alts=container.alts,
        shortcode=secrets.token_urlsafe(8),
        shapes=container.shapes,
        children=tuple(new_id(state) for _ in container.media) if container.kind == "CAROUSEL" else (),
        labels=container.labels,
        reply_settings=container.reply_control,
    )
    state.save(post, replace(container, media_id=post.id))
    refuse_in_trouble(state, account, "after")
    return JSONResponse({"id": post.id})
