"""X: reading users, timelines and posts."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.records import Post
from ttp.sandbox.state import State
from ttp.sandbox.x.front import invalid, not_found
from ttp.sandbox.x.records import XAccount
from ttp.sandbox.x.view import (
    SHAPE,
    USER_EXPANSIONS,
    read_field_list,
    read_view,
    render_post,
    render_posts,
    render_user,
)

NEWEST = 3200
"""How far back a timeline reaches, in posts."""
ID = re.compile(r"[0-9]{1,19}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z")
_PAGE = {"max_results", "pagination_token", "start_time", "end_time", "exclude"}


async def me(state: State, account: XAccount, request: Request) -> Response:
    """`GET /2/users/me`: the token's own user."""
    params = read_query(request, {"user.fields", "expansions", "post.fields"})
    read_field_list(state, params, "expansions", USER_EXPANSIONS)
    read_field_list(state, params, "post.fields")
    return JSONResponse({"data": render_user(state, account, read_field_list(state, params, "user.fields"))})


async def timeline(state: State, account: XAccount, request: Request) -> Response:
    """`GET /2/users/{id}/tweets`: newest first, `max_results` at a time. Without posts, `data` is missing."""
    params = read_query(request, SHAPE | _PAGE)
    view = read_view(state, params)
    wanted = request.path_params["id"]
    if not ID.fullmatch(wanted):
        raise invalid(f"The `id` path parameter value [{wanted}] is not valid", id=wanted)
    size = _size(params.get("max_results", "10"))
    if not {*filter(None, params.get("exclude", "").split(","))} <= {"replies", "retweets"}:
        raise invalid("The `exclude` query parameter value is not valid", exclude=params["exclude"])
    owner = next((a for a in state.accounts_of(XAccount) if a.user_id == wanted), None)
    if owner is None:
        return JSONResponse({"errors": [not_found("user", wanted)]})
    found = [p for p in state.listed_posts(owner.id)[:NEWEST] if _within(p, params)]
    page, rest = found[:size], found[size:]
    meta: dict[str, Any] = {"result_count": len(page)}
    if page:
        meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
    if rest:
        meta["next_token"] = base64.b32encode(page[-1].id.encode()).decode().lower().rstrip("=")
    return JSONResponse({**render_posts(state, page, view), "meta": meta})


async def by_ids(state: State, account: XAccount, request: Request) -> Response:
    """`GET /2/tweets?ids=`: up to 100 posts; unknown ones are listed in `errors`, with 200."""
    params = read_query(request, SHAPE | {"ids"})
    ids = _read_ids(params)
    known = {p.id: p for p in state.visible_posts() if p.platform == "x"}
    page = [known[i] for i in ids if i in known]
    answer = render_posts(state, page, read_view(state, params))
    missing = [not_found("tweet", i) for i in ids if i not in known]
    if missing:
        answer["errors"] = [*answer.get("errors", []), *missing]
    return JSONResponse(answer)


async def by_id(state: State, account: XAccount, request: Request) -> Response:
    """`GET /2/tweets/{id}`: one post. An unknown one is listed in `errors`, with 200."""
    view = read_view(state, read_query(request, SHAPE))
    wanted = request.path_params["id"]
    if not ID.fullmatch(wanted):
        raise invalid(f"The `id` path parameter value [{wanted}] is not valid", id=wanted)
    post = state.posts.get(wanted)
    if post is None or post.platform != "x" or post.deleted:
        return JSONResponse({"errors": [not_found("tweet", wanted)]})
    answer = render_posts(state, [post], view)
    return JSONResponse({**answer, "data": render_post(state, post, view)})


def read_query(request: Request, allowed: Collection[str]) -> dict[str, str]:
    """Return the query. 400 for a parameter that is not `allowed`, or there twice."""
    pairs = request.query_params.multi_items()
    for name, _ in pairs:
        if name not in allowed:
            raise invalid(f"The query parameter [{name}] is not one of [{','.join(sorted(allowed))}]", name=name)
    if len(dict(pairs)) != len(pairs):
        raise invalid("A query parameter is there twice")
    return dict(pairs)


def _read_ids(params: dict[str, str]) -> list[str]:
    """Return the parameter `ids`: 1 to 100 ids."""
    ids = params.get("ids", "").split(",")
    if not 1 <= len(ids) <= 100 or not all(map(ID.fullmatch, ids)):
        raise invalid("The `ids` query parameter value is not 1 to 100 ids", ids=params.get("ids", ""))
    return ids


def _read_time(params: dict[str, str], name: str, default: int) -> int:
    """Return a time parameter in milliseconds since 1970. 400 for another form."""
    text = params.get(name)
    if text is None:
        return default
    try:
        if not _TIME.fullmatch(text):
            raise ValueError(text)
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        raise invalid(f"The `{name}` query parameter value [{text}] is not a valid RFC3339 time", name=text) from None


def _size(text: str) -> int:
    if not text.isdecimal() or not 5 <= int(text) <= 100:
        raise invalid(f"The `max_results` query parameter value [{text}] is not between 5 and 100", max_results=text)
    return int(text)


def _within(post: Post, params: dict[str, str]) -> bool:
    """Return whether a post is in the page's bounds: times, and the page before it."""
    return (
        _read_time(params, "start_time", 0) <= post.at_ms < _read_time(params, "end_time", 1 << 62)
        and int(post.id) < _token(params)
        and not ("replies" in params.get("exclude", "").split(",") and post.parent)
    )


def _token(params: dict[str, str]) -> int:
    text = params.get("pagination_token")
    if text is None:
        return 1 << 63
    try:
        return int(base64.b32decode(text.upper() + "=" * (-len(text) % 8)))
    except (binascii.Error, ValueError):
        raise invalid(f"The `pagination_token` value [{text}] is not valid", pagination_token=text) from None
