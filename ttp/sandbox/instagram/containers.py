"""Instagram: containers and publishing them. A container is invisible until `media_publish`, which works once."""

from __future__ import annotations

import secrets
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox import trouble
from ttp.sandbox.instagram.container_rules import is_child, is_resumable, kind_of
from ttp.sandbox.instagram.fields import listed
from ttp.sandbox.instagram.front import NEWEST_VERSION, Params, graph_error, missing, only
from ttp.sandbox.instagram.media import image, video
from ttp.sandbox.records import Account, Container, Post
from ttp.sandbox.state import DAY_MS, State


async def create(state: State, account: Account, request: Request, params: Params) -> Response:
    """`POST /{ig-id}/media`: a container of one image, reel, story, carousel item or carousel."""
    own_node(account, request)
    kind = kind_of(account, params)
    _untroubled(state, account, "create")
    now = state.now_ms()
    made_today = sum(1 for c in state.containers.values() if c.account == account.id and now - c.made_ms < DAY_MS)
    if made_today >= state.most("instagram containers a day", account):
        raise graph_error(4, "(#4) Application request limit reached")
    container = await _filled(state, account, params, kind)
    state.keep(container)
    if container.ready_ms is not None:
        return JSONResponse({"id": container.id})
    version = request.path_params.get("version", f"v{NEWEST_VERSION}.0")
    address = request.url.replace(path=f"/ig-api-upload/{version}/{container.id}", query="")
    return JSONResponse({"id": container.id, "uri": str(address)})


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
    _untroubled(state, account, "publish")
    most = state.most("instagram posts a day", account)
    if used_quota(state, account, state.now_ms() - DAY_MS) >= most:
        raise graph_error(9, "Application request limit reached: too many posts in 24 hours", 2207042)
    post = published(state, container)
    return JSONResponse({"id": post.id})


def published(state: State, container: Container) -> Post:
    """The post that a container becomes, kept together with the container's end."""
    items = len(container.media) if container.kind == "CAROUSEL" else 0
    post = Post(
        state.seventeen_digits(),
        container.account,
        container.caption,
        media=container.media,
        at_ms=state.now_ms(),
        kind=container.kind,
        alts=container.alts,
        shortcode=secrets.token_urlsafe(8),
        duration_s=int(container.duration_s),
        shapes=container.shapes,
        children=tuple(state.seventeen_digits() for _ in range(items)),
    )
    state.keep(post, replace(container, media_id=post.id))
    return post


def status_code(state: State, container: Container) -> str:
    """Where a container is on its way: IN_PROGRESS, FINISHED, ERROR, EXPIRED or PUBLISHED."""
    now = state.now_ms()
    if container.media_id is not None:
        return "PUBLISHED"
    if now - container.made_ms >= DAY_MS:
        return "EXPIRED"
    if container.ready_ms is None or now < container.ready_ms:
        return "IN_PROGRESS"
    return "ERROR" if container.error else "FINISHED"


def used_quota(state: State, account: Account, since_ms: int) -> int:
    """Posts of an account since an instant; a carousel counts once."""
    return sum(1 for p in state.posts.values() if p.account == account.id and p.at_ms > since_ms)


def own_node(account: Account, request: Request) -> None:
    """100/33 unless the path names the token's own account; `me` is that on Instagram Login only."""
    node = request.path_params["node"]
    if node != account.user_id and (node != "me" or account.login == "facebook"):
        raise missing(node)


def _untroubled(state: State, account: Account, step: str) -> None:
    """The refusal that was ordered for this account and step, if there is one."""
    found = trouble.INSTAGRAM.get(state.trouble_of(account))
    if found is not None and found.step == step:
        raise graph_error(found.code, found.message, found.subcode, found.transient)


async def _filled(state: State, account: Account, params: Params, kind: str) -> Container:
    """The container with its media fetched; ready after the time that processing takes."""
    made = Container(
        state.seventeen_digits(),
        account.id,
        kind,
        made_ms=state.now_ms(),
        ready_ms=None,
        caption="" if kind == "STORIES" else params.get("caption", ""),
        alts=(params.get("alt_text"),),
        child=is_child(params),
        feed=params.get("share_to_feed", "true").lower() == "true",
        collaborators=tuple(listed(params.get("collaborators", ""))),
    )
    if "cover_url" in params:
        await image(state, params["cover_url"], feed=False)
    if is_resumable(params):
        return replace(made, shapes=("video",))
    work_s = state.processing_s
    if kind == "CAROUSEL":
        made = _with_items(state, account, made, params.get("children", ""))
    elif "image_url" in params:
        media = (await image(state, params["image_url"], feed=kind == "IMAGE"),)
        made = replace(made, media=media, shapes=("image",))
        work_s /= 5
    else:
        taken = await video(params["video_url"], kind)
        offset = int(params.get("thumb_offset", "0"))
        if taken.error is None and "cover_url" not in params and offset > taken.duration_s * 1000:
            raise graph_error(1, "The thumbnail offset is not valid.", 2207057)
        made = replace(made, media=(taken.sha256,), shapes=("video",), error=taken.error, duration_s=taken.duration_s)
    return replace(made, ready_ms=state.now_ms() + int(work_s * 1000))


def _with_items(state: State, account: Account, made: Container, text: str) -> Container:
    """A carousel with the media of its items, in order."""
    ids = listed(text)
    if not 2 <= len(ids) <= 10:
        raise graph_error(100, "A carousel has 2 to 10 items.", 2207028)
    items = [state.containers.get(i) for i in ids]
    own = [c for c in items if c is not None and c.account == account.id and c.child]
    if len(own) != len(items) or len(set(ids)) != len(ids):
        raise graph_error(24, "A carousel item does not exist", 2207006)
    if any(status_code(state, c) == "EXPIRED" for c in own):
        raise graph_error(24, "A carousel item has expired", 2207008)
    if any(status_code(state, c) != "FINISHED" for c in own):
        raise graph_error(9007, "A carousel item is not ready", 2207027)
    return replace(
        made,
        media=tuple(sha256 for c in own for sha256 in c.media),
        shapes=tuple(shape for c in own for shape in c.shapes),
        alts=tuple(alt for c in own for alt in c.alts),
    )
