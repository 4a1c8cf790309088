"""Threads: profiles, posts, replies, their numbers, quotas, and deletion."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.engagement import count_engagement
from ttp.sandbox.meta.nodes import own_node, page_of, status_code, timestamp
from ttp.sandbox.meta.requests import Params, allow_only, graph_error, select_fields, split_list
from ttp.sandbox.records import DAY_MS, SandboxPost
from ttp.sandbox.state import State
from ttp.sandbox.threads.containers import count_posts, refuse_in_trouble
from ttp.sandbox.threads.records import (
    DELETIONS,
    LIMITS,
    POSTS,
    REPLIES,
    ThreadsAccount,
    ThreadsContainer,
    ThreadsSwitches,
)
from ttp.sandbox.threads.requests import not_found

EARLIEST_S = 1_688_540_400
"""The earliest `since` of a list."""
METRICS = ("views", "likes", "replies", "reposts", "quotes", "shares")
_MEDIA_TYPE = {"TEXT": "TEXT_POST", "IMAGE": "IMAGE", "VIDEO": "VIDEO", "CAROUSEL": "CAROUSEL_ALBUM"}


async def node(state: State, account: ThreadsAccount, request: Request, params: Params) -> Response:
    """`GET /{id}`: the own profile, or an own container or post."""
    allow_only(params, {"fields"})
    node_id = request.path_params["node"]
    if node_id in ("me", account.user_id):
        fields: dict[str, Any] = {"id": account.user_id, "username": account.handle, "name": account.handle}
        return JSONResponse(select_fields(params, fields))
    container = state.table(ThreadsContainer).get(node_id)
    if container is not None and container.account == account.id:
        refuse_in_trouble(state, account, "status")
        code = status_code(state, container)
        fields = {"id": container.id, "status": code, "error_message": container.error if code == "ERROR" else None}
        return JSONResponse(select_fields(params, fields))
    return JSONResponse(select_fields(params, _fields(account, _own_post(state, account, request))))


def _own_post(state: State, account: ThreadsAccount, request: Request) -> SandboxPost:
    post = state.posts.get(request.path_params["node"])
    if post is None or post.account != account.id or post.deleted:
        raise not_found()
    return post


async def posts(state: State, account: ThreadsAccount, request: Request, params: Params) -> Response:
    """`GET /me/threads`: own posts without replies, newest first."""
    return _list(state, account, request, params, replies=False)


async def replies(state: State, account: ThreadsAccount, request: Request, params: Params) -> Response:
    """`GET /me/replies`: own replies, newest first."""
    return _list(state, account, request, params, replies=True)


def _list(state: State, account: ThreadsAccount, request: Request, params: Params, *, replies: bool) -> Response:
    own_node(account, request)
    allow_only(params, {"fields", "since", "until", "limit", "after"})
    since, until = (_epoch_ms(params, name) for name in ("since", "until"))
    listed = [
        one
        for one in state.listed_posts(account.id)
        if (one.parent is not None) is replies
        and (since is None or one.at_ms >= since)
        and (until is None or one.at_ms <= until)
    ]

    def render(post: SandboxPost) -> dict[str, Any]:
        fields = _fields(account, post)
        if not replies:
            fields = {name: value for name, value in fields.items() if name not in ("root_post", "replied_to")}
        return select_fields(params, fields)

    return page_of(request, params, listed, render, names_next=False)


def _epoch_ms(params: Params, name: str) -> int | None:
    text = params.get(name)
    if text is None:
        return None
    if not text.isdecimal() or int(text) < EARLIEST_S:
        raise graph_error(100, f"(#100) Param {name} must be a unix timestamp of {EARLIEST_S} or later")
    return int(text) * 1000


def _fields(account: ThreadsAccount, post: SandboxPost) -> dict[str, Any]:
    """Return every readable field of a post; None for one that it does not have."""
    chosen = dict(label.partition("=")[::2] for label in post.labels)
    return {
        "id": post.id,
        "media_product_type": "THREADS",
        "media_type": _MEDIA_TYPE.get(post.kind, "TEXT_POST"),
        "text": post.text or None,
        "permalink": f"https://www.threads.net/@{account.handle}/post/{post.shortcode}",
        "shortcode": post.shortcode,
        "timestamp": timestamp(post.at_ms),
        "username": account.handle,
        "owner": {"id": account.user_id},
        "alt_text": post.alts[0] if post.alts and not post.children else None,
        "children": {"data": [{"id": one} for one in post.children]} if post.children else None,
        "is_quote_post": "quote_post_id" in chosen,
        "topic_tag": chosen.get("topic_tag"),
        "link_attachment_url": chosen.get("link_attachment"),
        "root_post": {"id": post.parent} if post.parent else None,
        "replied_to": {"id": post.parent} if post.parent else None,
    }


async def publishing_limit(state: State, account: ThreadsAccount, request: Request, params: Params) -> Response:
    """`GET /me/threads_publishing_limit`: the use of the last 24 hours, as a list of one."""
    own_node(account, request)
    allow_only(params, {"fields"})
    fields: dict[str, Any] = {}
    for front, name, count in (
        ("", POSTS, count_posts(state, account, replies=False)),
        ("reply_", REPLIES, count_posts(state, account, replies=True)),
    ):
        fields[f"{front}quota_usage"] = count
        total = state.limit(name, LIMITS[name], account)
        fields[f"{front}config"] = {"quota_total": total, "quota_duration": DAY_MS // 1000}
    return JSONResponse({"data": [select_fields(params, fields, default=("quota_usage",))]})


async def insights(state: State, account: ThreadsAccount, request: Request, params: Params) -> Response:
    """`GET /{media}/insights`: lifetime numbers of some time ago. `data` is empty while the post is newer than that."""
    allow_only(params, {"metric"})
    post = _own_post(state, account, request)
    metrics = split_list(params.get("metric", ""))
    if not metrics or set(metrics) - set(METRICS):
        raise graph_error(100, f"(#100) metric[0] must be one of the following values: {', '.join(METRICS)}")
    seen_ms = state.now_ms() - int(state.part(ThreadsSwitches).threads_lag_s * 1000)
    now = count_engagement(account, post, seen_ms)
    numbers = (now.views, now.likes, now.comments, now.shares // 2, now.shares // 4, now.shares - now.shares // 2)
    values = dict(zip(METRICS, numbers, strict=True)) if seen_ms >= post.at_ms else {}
    data = [
        {
            "name": one,
            "period": "lifetime",
            "values": [{"value": values[one]}],
            "id": f"{post.id}/insights/{one}/lifetime",
        }
        for one in metrics
        if one in values
    ]
    return JSONResponse({"data": data})


async def delete(state: State, account: ThreadsAccount, request: Request, params: Params) -> Response:
    """`DELETE /{media}`: deletes an own post, 100 a day."""
    allow_only(params, ())
    post = _own_post(state, account, request)
    count, _ = state.count_calls(account.id, DELETIONS, DAY_MS // 1000)
    if count > state.limit(DELETIONS, LIMITS[DELETIONS], account):
        raise graph_error(4, "(#4) Application request limit reached")
    state.save(replace(post, deleted=True))
    return JSONResponse({"success": True, "deleted_id": post.id})
