"""Instagram: containers and publishing them. A container is invisible until `media_publish`, which works once."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.instagram_front import Params, graph_error, missing, only
from ttp.sandbox.instagram_media import MOST_REEL, MOST_STORY, image, video
from ttp.sandbox.state import DAY_MS, Account, Container, Post, State

QUOTA = 50
"""Posts per account and 24 hours; the stricter of the two documented numbers."""
CONTAINERS = 400
_COMMON = {"media_type", "image_url", "video_url", "caption", "is_carousel_item", "is_ai_generated"}
_OF_KIND = {
    "IMAGE": {"alt_text"},
    "REELS": {"share_to_feed", "thumb_offset", "cover_url", "audio_name"},
    "STORIES": set[str](),
    "VIDEO": set[str](),
    "CAROUSEL": {"children"},
}
_URLS: dict[str, list[list[str]]] = {
    "IMAGE": [["image_url"]],
    "REELS": [["video_url"]],
    "STORIES": [["image_url"], ["video_url"]],
    "VIDEO": [["video_url"]],
    "CAROUSEL": [[]],
}
_FLAGS = ("is_carousel_item", "is_ai_generated", "share_to_feed")


async def create(state: State, account: Account, request: Request, params: Params) -> Response:
    """`POST /{ig-id}/media`: a container of one image, reel, story, carousel item or carousel."""
    own_node(account, request)
    kind = params.get("media_type", "IMAGE")
    if kind not in _OF_KIND:
        raise graph_error(100, f"(#100) Unknown media type {kind}", 2207023)
    only(params, _COMMON | _OF_KIND[kind])
    _check(params, kind)
    now = state.now_ms()
    made_today = sum(1 for c in state.containers.values() if c.account == account.id and now - c.made_ms < DAY_MS)
    if account.limited and made_today >= CONTAINERS:
        raise graph_error(4, "(#4) Application request limit reached")
    container = await _fill(state, account, params, kind)
    state.keep(container)
    return JSONResponse({"id": container.id})


async def publish(state: State, account: Account, request: Request, params: Params) -> Response:
    """`POST /{ig-id}/media_publish`: makes a finished container a post. A second time is an error and no post."""
    own_node(account, request)
    only(params, {"creation_id"})
    if "creation_id" not in params:
        raise graph_error(100, "(#100) The parameter creation_id is required")
    container = state.containers.get(params["creation_id"])
    if container is None or container.account != account.id or container.child:
        raise graph_error(24, "The requested resource does not exist", 2207006)
    match status_code(state, container):
        case "PUBLISHED":
            raise graph_error(24, "The media has been published already", 2207006)
        case "EXPIRED":
            raise graph_error(24, "The media container has expired", 2207008)
        case "IN_PROGRESS" | "ERROR":
            raise graph_error(9007, "Media ID is not available: the media is not ready for publishing", 2207027)
    if account.limited and used_quota(state, account, state.now_ms() - DAY_MS) >= QUOTA:
        raise graph_error(9, "Application request limit reached: too many posts in 24 hours", 2207042)
    post = Post(
        state.seventeen_digits(),
        account.id,
        container.caption,
        media=container.media,
        at_ms=state.now_ms(),
        kind=container.kind,
        alts=(container.alt,),
        shortcode=secrets.token_urlsafe(8),
    )
    state.keep(post, replace(container, media_id=post.id))
    return JSONResponse({"id": post.id})


def status_code(state: State, container: Container) -> str:
    """Where a container is on its way: IN_PROGRESS, FINISHED, ERROR, EXPIRED or PUBLISHED."""
    now = state.now_ms()
    if container.media_id is not None:
        return "PUBLISHED"
    if now - container.made_ms >= DAY_MS:
        return "EXPIRED"
    if now < container.ready_ms:
        return "IN_PROGRESS"
    return "ERROR" if container.error else "FINISHED"


def used_quota(state: State, account: Account, since_ms: int) -> int:
    """Posts of an account since an instant; a carousel counts once."""
    return sum(1 for p in state.posts.values() if p.account == account.id and p.at_ms > since_ms)


def own_node(account: Account, request: Request) -> None:
    """100/33 unless the path names the token's own account."""
    node = request.path_params["node"]
    if node not in ("me", account.user_id):
        raise missing(node)


def _check(params: Params, kind: str) -> None:
    """Everything that can be said of the parameters without fetching anything."""
    for name in _FLAGS:
        if params.get(name, "true").lower() not in ("true", "false"):
            raise graph_error(100, f"(#100) Param {name} must be a boolean")
    child = params.get("is_carousel_item", "").lower() == "true"
    caption = params.get("caption", "")
    if child and (kind in ("STORIES", "CAROUSEL", "REELS") or {"caption", "is_ai_generated"} & set(params)):
        raise graph_error(100, "(#100) A carousel item is an image or a VIDEO without caption")
    if kind == "VIDEO" and not child:
        raise graph_error(100, "(#100) VIDEO is for carousel items; a single video is a REELS", 2207023)
    if max(len(caption), len(caption.encode("utf-16-le")) // 2) > 2200:
        raise graph_error(36004, "The caption is too long.", 2207010)
    if len(re.findall(r"(?<!\w)#\w+", caption)) > 30 or len(re.findall(r"(?<!\w)@\w+", caption)) > 20:
        raise graph_error(100, "The caption has too many tags.", 2207040)
    if len(params.get("alt_text", "")) > 1000:
        raise graph_error(100, "(#100) Param alt_text must be at most 1000 characters long")
    offset = params.get("thumb_offset", "0")
    if not offset.isdecimal():
        raise graph_error(1, "The thumbnail offset is not valid.", 2207057)
    urls = [name for name in ("image_url", "video_url") if name in params]
    if urls not in _URLS[kind]:
        need = " or ".join(name for names in _URLS[kind] for name in names)
        raise graph_error(100, f"(#100) {kind} takes {need or 'no URL'}")


async def _fill(state: State, account: Account, params: Params, kind: str) -> Container:
    """The container with its media fetched; ready after the time that processing takes."""
    error = None
    work_s = state.processing_s
    match kind:
        case "CAROUSEL":
            media = _children(state, account, params.get("children", ""))
        case "IMAGE" | "STORIES" if "image_url" in params:
            media = (await image(params["image_url"], feed=kind == "IMAGE"),)
            work_s /= 5
        case "STORIES":
            sha256, error = await video(params["video_url"], MOST_STORY, (3, 60))
            media = (sha256,)
        case _:
            if "cover_url" in params:
                await image(params["cover_url"], feed=False)
            sha256, error = await video(params["video_url"], MOST_REEL, (3, 900))
            media = (sha256,)
    now = state.now_ms()
    return Container(
        state.seventeen_digits(),
        account.id,
        kind,
        made_ms=now,
        ready_ms=now + int(work_s * 1000),
        media=media,
        caption="" if kind == "STORIES" else params.get("caption", ""),
        alt=params.get("alt_text"),
        child=params.get("is_carousel_item", "").lower() == "true",
        error=error,
    )


def _children(state: State, account: Account, text: str) -> tuple[str, ...]:
    """The media of a carousel's items, in order. `text` is a comma list or a JSON array."""
    parse: Callable[[str], list[str]] = json.loads if text.lstrip().startswith("[") else lambda t: t.split(",")
    try:
        ids = [str(i).strip() for i in parse(text)] if text else []
    except ValueError:
        raise graph_error(100, "(#100) Param children must be a list") from None
    if not 2 <= len(ids) <= 10:
        raise graph_error(100, "A carousel has 2 to 10 items.", 2207028)
    items = [state.containers.get(i) for i in ids]
    own = [c for c in items if c is not None and c.account == account.id and c.child]
    if len(own) != len(items):
        raise graph_error(24, "A carousel item does not exist", 2207006)
    if any(status_code(state, c) != "FINISHED" for c in own):
        raise graph_error(9007, "A carousel item is not ready", 2207027)
    return tuple(sha256 for c in own for sha256 in c.media)
