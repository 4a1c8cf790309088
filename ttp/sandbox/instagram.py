"""Instagram's API as `graph.instagram.com` speaks it (Instagram Login): paths, reads, and the token's refresh."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox import instagram_publish
from ttp.sandbox.credentials import renewed
from ttp.sandbox.instagram_front import Params, chosen, graph_error, guarded, missing, only
from ttp.sandbox.instagram_publish import QUOTA, own_node, status_code, used_quota
from ttp.sandbox.state import DAY_MS, Account, Container, Post, State

_BASIC = "instagram_business_basic"
_PUBLISH = "instagram_business_content_publish"
_STATUS_TEXT = {
    "IN_PROGRESS": "In Progress: Media is still being processed.",
    "FINISHED": "Finished: Media has been uploaded and it is ready to be published.",
    "EXPIRED": "Expired: The container was not published within 24 hours.",
    "PUBLISHED": "Published: Media has been published.",
}
_MEDIA_TYPE = {"IMAGE": "IMAGE", "REELS": "VIDEO", "VIDEO": "VIDEO", "CAROUSEL": "CAROUSEL_ALBUM"}
_PRODUCT = {"REELS": "REELS", "STORIES": "STORY"}


def routes(state: State) -> list[Route]:
    """The paths of Instagram over `state`; a version in the path is optional for `/me` and the refresh."""
    route = partial(guarded, state)
    return [
        route("/refresh_access_token", "GET", refresh),
        route("/me", "GET", me, _BASIC),
        route("/{version}/refresh_access_token", "GET", refresh),
        route("/{version}/{node}", "GET", node, _BASIC),
        route("/{version}/{node}/media", "GET", media_list, _BASIC),
        route("/{version}/{node}/media", "POST", instagram_publish.create, _PUBLISH),
        route("/{version}/{node}/media_publish", "POST", instagram_publish.publish, _PUBLISH),
        route("/{version}/{node}/content_publishing_limit", "GET", publishing_limit, _PUBLISH),
    ]


async def me(state: State, account: Account, request: Request, params: Params) -> Response:
    """`GET /me`: the token's own account; `user_id` is the id for paths, `id` belongs to the app."""
    only(params, {"fields"})
    known = {
        "id": f"2{account.user_id[1:]}",
        "user_id": account.user_id,
        "username": account.handle,
        "name": account.handle,
        "account_type": "BUSINESS",
        "media_count": sum(1 for _ in state.visible_posts(account.id)),
        "followers_count": 0,
        "follows_count": 0,
    }
    return JSONResponse(chosen(params, known))


async def node(state: State, account: Account, request: Request, params: Params) -> Response:
    """`GET /{id}`: an own container, an own post, or the own account."""
    wanted = request.path_params["node"]
    if wanted in ("me", account.user_id):
        return await me(state, account, request, params)
    only(params, {"fields"})
    container, post = state.containers.get(wanted), state.posts.get(wanted)
    if container is not None and container.account == account.id:
        return JSONResponse(chosen(params, _container(state, container)))
    if post is not None and post.account == account.id and not post.deleted:
        return JSONResponse(chosen(params, _media(account, post)))
    raise missing(wanted)


async def media_list(state: State, account: Account, request: Request, params: Params) -> Response:
    """`GET /{ig-id}/media`: own posts without stories, newest first, with cursors."""
    own_node(account, request)
    only(params, {"fields", "limit", "after", "before", "since", "until"})
    limit = _whole(params, "limit", 25)
    if not 1 <= limit <= 100:
        raise graph_error(100, "(#100) Param limit must be between 1 and 100")
    since, until = _whole(params, "since", 0) * 1000, _whole(params, "until", 1 << 40) * 1000
    found = [p for p in state.listed_posts(account.id) if p.kind != "STORIES" and since <= p.at_ms <= until]
    ids = [p.id for p in found]
    start = 0
    if "after" in params:
        start = ids.index(_cursor(params["after"], ids)) + 1
    elif "before" in params:
        start = max(0, ids.index(_cursor(params["before"], ids)) - limit)
    page = found[start : start + limit]
    answer: dict[str, Any] = {"data": [chosen(params, _media(account, post)) for post in page]}
    if page:
        after = _as_cursor(page[-1].id)
        answer["paging"] = {"cursors": {"before": _as_cursor(page[0].id), "after": after}}
        if start + limit < len(found):
            answer["paging"]["next"] = str(request.url.include_query_params(after=after))
    return JSONResponse(answer)


async def publishing_limit(state: State, account: Account, request: Request, params: Params) -> Response:
    """`GET /{ig-id}/content_publishing_limit`: what the last 24 hours used, as a list of one."""
    own_node(account, request)
    only(params, {"fields", "since"})
    since = _whole(params, "since", 0) * 1000 or state.now_ms() - DAY_MS
    if since < state.now_ms() - DAY_MS:
        raise graph_error(100, "(#100) Param since must be within the last 24 hours")
    known = {
        "quota_usage": used_quota(state, account, since),
        "config": {"quota_total": QUOTA, "quota_duration": DAY_MS // 1000},
    }
    return JSONResponse({"data": [chosen(params, known, default=("quota_usage",))]})


async def refresh(state: State, account: Account, request: Request, params: Params) -> Response:
    """`GET /refresh_access_token`: a new token for one that lives and is at least a day old. The old one ends."""
    only(params, {"grant_type"})
    if params.get("grant_type") != "ig_refresh_token":
        raise graph_error(100, "(#100) Param grant_type must be ig_refresh_token")
    if state.now_ms() - account.issued_ms < DAY_MS or _BASIC not in account.scopes:
        raise graph_error(100, "(#100) The access token must be at least 24 hours old to be refreshed")
    account = renewed(state, account)
    state.keep(account)
    return JSONResponse(
        {
            "access_token": account.access_token,
            "token_type": "bearer",
            "expires_in": (account.expires_ms - account.issued_ms) // 1000,
            "permissions": ",".join(account.scopes),
        }
    )


def _container(state: State, container: Container) -> dict[str, Any]:
    code = status_code(state, container)
    text = container.error if code == "ERROR" else _STATUS_TEXT[code]
    return {"id": container.id, "status_code": code, "status": text}


def _media(account: Account, post: Post) -> dict[str, Any]:
    """Every readable field of a post; None for one that this post does not have."""
    folder = {"REELS": "reel", "STORIES": f"stories/{account.handle}"}.get(post.kind, "p")
    return {
        "id": post.id,
        "caption": post.text or None,
        "alt_text": post.alts[0] if post.alts else None,
        "media_type": _MEDIA_TYPE.get(post.kind, "IMAGE"),
        "media_product_type": _PRODUCT.get(post.kind, "FEED"),
        "permalink": f"https://www.instagram.com/{folder}/{post.shortcode}/",
        "shortcode": post.shortcode,
        "timestamp": datetime.fromtimestamp(post.at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "username": account.handle,
        "like_count": 0,
        "comments_count": 0,
    }


def _whole(params: Params, name: str, default: int) -> int:
    text = params.get(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise graph_error(100, f"(#100) Param {name} must be a whole number")
    return int(text)


def _as_cursor(post_id: str) -> str:
    return base64.urlsafe_b64encode(post_id.encode()).decode()


def _cursor(text: str, ids: list[str]) -> str:
    try:
        post_id = base64.urlsafe_b64decode(text.encode()).decode()
    except (binascii.Error, ValueError):
        post_id = ""
    if post_id not in ids:
        raise graph_error(100, "(#100) The cursor is not valid")
    return post_id
