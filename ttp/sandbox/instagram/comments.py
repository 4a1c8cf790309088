"""Instagram: comments on own posts, written and read. A comment is a post whose `parent` is the post it is below."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.instagram.containers import refuse_in_trouble
from ttp.sandbox.instagram.records import COMMENT, InstagramAccount, new_id
from ttp.sandbox.instagram.requests import API
from ttp.sandbox.meta.nodes import page_of, timestamp
from ttp.sandbox.meta.requests import Params, allow_only, graph_error, own_post, select_fields
from ttp.sandbox.records import SandboxPost
from ttp.sandbox.state import State

MOST_TEXT, MOST_LISTED = 2200, 50


async def create(state: State, account: InstagramAccount, request: Request, params: Params) -> Response:
    """`POST /{media}/comments`: a comment on an own post. Stories have none."""
    allow_only(params, {"message"})
    post = own_post(state, account, request)
    text = params.get("message", "").strip()
    if not text:
        raise graph_error(100, "(#100) The parameter message is required")
    if len(text.encode("utf-16-le")) // 2 > MOST_TEXT:
        raise graph_error(100, f"(#100) Param message must be at most {MOST_TEXT} characters")
    if account.comments_off or post.kind == "STORIES":
        raise graph_error(100, "(#100) Comments are turned off for this media")
    refuse_in_trouble(state, account, "publish")
    comment = SandboxPost(new_id(state), account.id, text, (), state.now_ms(), parent=post.id, kind=COMMENT)
    state.save(comment)
    return JSONResponse({"id": comment.id})


async def listed(state: State, account: InstagramAccount, request: Request, params: Params) -> Response:
    """`GET /{media}/comments`: the comments on an own post, everybody's, newest first."""
    allow_only(params, {"fields", "limit", "after"})
    post = own_post(state, account, request)
    comments = [comment for comment in state.listed_posts() if comment.parent == post.id]

    def render(comment: SandboxPost) -> dict[str, Any]:
        return select_fields(params, comment_fields(state, comment), default=("id", "text", "timestamp"))

    return page_of(request, params, comments, render, most=MOST_LISTED)


def own_comment(state: State, account: InstagramAccount, request: Request) -> SandboxPost | None:
    """Return the own comment that the path names; None for another node. Code 10 without the permission."""
    comment = state.posts.get(request.path_params["node"])
    if comment is None or comment.kind != COMMENT or comment.account != account.id or comment.deleted:
        return None
    API.check_permission(account, "comments")
    return comment


def comment_fields(state: State, comment: SandboxPost) -> dict[str, Any]:
    """Return every readable field of a comment; None for one that it does not have."""
    author = state.accounts[comment.account]
    return {
        "id": comment.id,
        "text": comment.text,
        "timestamp": timestamp(comment.at_ms),
        "username": author.handle,
        "from": {"id": author.user_id, "username": author.handle},
        "media": {"id": comment.parent},
        "hidden": False,
        "like_count": 0,
        "parent_id": None,
        "replies": None,
    }
