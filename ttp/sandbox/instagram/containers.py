"""Instagram: containers, and publishing them. `media_publish` works once for each."""

from __future__ import annotations

import secrets
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.instagram.container_rules import is_child, is_resumable, kind_of
from ttp.sandbox.instagram.front import NEWEST_VERSION, Params, allow_only, graph_error, no_such_node, split_list
from ttp.sandbox.instagram.media import fetch_image, fetch_video
from ttp.sandbox.instagram.records import CONTAINERS, LIMITS, POSTS, TROUBLES, Container, InstagramAccount, new_id
from ttp.sandbox.records import DAY_MS, Post
from ttp.sandbox.state import State


async def create(state: State, account: InstagramAccount, request: Request, params: Params) -> Response:
    """`POST /{ig-id}/media`: a container of one image, reel, story, carousel item or carousel."""
    own_node(account, request)
    kind = kind_of(account, params)
    _refuse_in_trouble(state, account, "create")
    now = state.now_ms()
    made_today = sum(1 for c in state.table(Container).values() if c.account == account.id and now - c.made_ms < DAY_MS)
    if made_today >= state.limit(CONTAINERS, LIMITS[CONTAINERS], account):
        raise graph_error(4, "(#4) Application request limit reached")
    container = await _filled(state, account, params, kind)
    state.save(container)
    if container.ready_ms is not None:
        return JSONResponse({"id": container.id})
    version = request.path_params.get("version", f"v{NEWEST_VERSION}.0")
    address = request.url.replace(path=f"/ig-api-upload/{version}/{container.id}", query="")
    return JSONResponse({"id": container.id, "uri": str(address)})


async def publish(state: State, account: InstagramAccount, request: Request, params: Params) -> Response:
    """`POST /{ig-id}/media_publish`: makes a finished container a post. A second time is an error and no post."""
    own_node(account, request)
    allow_only(params, {"creation_id"})
    if "creation_id" not in params:
        raise graph_error(100, "(#100) The parameter creation_id is required")
    container = state.table(Container).get(params["creation_id"])
    if container is None or container.account != account.id or container.child:
        raise graph_error(24, "The requested resource does not exist", 2207006)
    match status_code(state, container):
        case "PUBLISHED":
            raise graph_error(24, "The media has been published already", 2207006)
        case "EXPIRED":
            raise graph_error(24, "The media container has expired", 2207008)
        case "IN_PROGRESS" | "ERROR":
            raise graph_error(9007, "Media ID is not available: the media is not ready for publishing", 2207027)
    _refuse_in_trouble(state, account, "publish")
    most = state.limit(POSTS, LIMITS[POSTS], account)
    if used_quota(state, account, state.now_ms() - DAY_MS) >= most:
        raise graph_error(9, "Application request limit reached: too many posts in 24 hours", 2207042)
    post = publish_container(state, container)
    return JSONResponse({"id": post.id})


def publish_container(state: State, container: Container) -> Post:
    """Save the post that a container becomes, together with the container's end."""
    items = len(container.media) if container.kind == "CAROUSEL" else 0
    post = Post(
        new_id(state),
        container.account,
        container.caption,
        media=container.media,
        at_ms=state.now_ms(),
        kind=container.kind,
        alts=container.alts,
        shortcode=secrets.token_urlsafe(8),
        duration_s=int(container.duration_s),
        shapes=container.shapes,
        children=tuple(new_id(state) for _ in range(items)),
    )
    state.save(post, replace(container, media_id=post.id))
    return post


def status_code(state: State, container: Container) -> str:
    """Return the status of a container: IN_PROGRESS, FINISHED, ERROR, EXPIRED or PUBLISHED."""
    now = state.now_ms()
    if container.media_id is not None:
        return "PUBLISHED"
    if now - container.made_ms >= DAY_MS:
        return "EXPIRED"
    if container.ready_ms is None or now < container.ready_ms:
        return "IN_PROGRESS"
    return "ERROR" if container.error else "FINISHED"


def used_quota(state: State, account: InstagramAccount, since_ms: int) -> int:
    """Return how many posts an account made since an instant. A carousel counts once."""
    return sum(1 for p in state.posts.values() if p.account == account.id and p.at_ms > since_ms)


def own_node(account: InstagramAccount, request: Request) -> None:
    """100/33 unless the path names the token's own account; `me` is that on Instagram Login only."""
    node = request.path_params["node"]
    if node != account.user_id and (node != "me" or account.login == "facebook"):
        raise no_such_node(node)


def _refuse_in_trouble(state: State, account: InstagramAccount, step: str) -> None:
    """Refuse a step if a refusal was ordered for this account."""
    found = TROUBLES.get(state.trouble_of(account))
    if found is not None and found.step == step:
        raise graph_error(found.code, found.message, found.subcode, found.transient)


async def _filled(state: State, account: InstagramAccount, params: Params, kind: str) -> Container:
    """Return the container with its media fetched, ready once they are processed."""
    made = Container(
        new_id(state),
        account.id,
        kind,
        made_ms=state.now_ms(),
        ready_ms=None,
        caption="" if kind == "STORIES" else params.get("caption", ""),
        alts=(params.get("alt_text"),),
        child=is_child(params),
    )
    if "cover_url" in params:
        await fetch_image(state, params["cover_url"], feed=False)
    if is_resumable(params):
        return replace(made, shapes=("video",))
    work_s = state.processing_s
    if kind == "CAROUSEL":
        made = _with_items(state, account, made, params.get("children", ""))
    elif "image_url" in params:
        media = (await fetch_image(state, params["image_url"], feed=kind == "IMAGE"),)
        made = replace(made, media=media, shapes=("image",))
        work_s /= 5
    else:
        found = await fetch_video(params["video_url"], kind)
        offset = int(params.get("thumb_offset", "0"))
        if found.error is None and "cover_url" not in params and offset > found.duration_s * 1000:
            raise graph_error(1, "The thumbnail offset is not valid.", 2207057)
        made = replace(made, media=(found.sha256,), shapes=("video",), error=found.error, duration_s=found.duration_s)
    return replace(made, ready_ms=state.now_ms() + int(work_s * 1000))


def _with_items(state: State, account: InstagramAccount, made: Container, text: str) -> Container:
    """Return a carousel with the media of its items, in order."""
    ids = split_list(text)
    if not 2 <= len(ids) <= 10:
        raise graph_error(100, "A carousel has 2 to 10 items.", 2207028)
    items = [state.table(Container).get(i) for i in ids]
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
