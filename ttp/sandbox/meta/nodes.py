"""Accounts, containers and lists of posts as nodes and edges of the Graph API."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.meta.requests import Params, graph_error, no_such_node
from ttp.sandbox.records import DAY_MS, SandboxAccount, SandboxPost
from ttp.sandbox.state import State


@dataclass(frozen=True, slots=True)
class MetaContainer:
    """A container: invisible until it is published, which works once."""

    id: str
    account: str
    kind: str
    made_ms: int
    ready_ms: int | None
    """None while bytes of a resumable upload are missing."""
    error: str | None = None
    media_id: str | None = None


def status_code(state: State, container: MetaContainer) -> str:
    """Return the status of a container: IN_PROGRESS, FINISHED, ERROR, EXPIRED or PUBLISHED."""
    now = state.now_ms()
    if container.media_id is not None:
        return "PUBLISHED"
    if now - container.made_ms >= DAY_MS:
        return "EXPIRED"
    if container.ready_ms is None or now < container.ready_ms:
        return "IN_PROGRESS"
    return "ERROR" if container.error else "FINISHED"


def used_quota(state: State, account: SandboxAccount, since_ms: int) -> int:
    """Return how many posts an account made since an instant. A carousel counts once, a comment not."""
    return sum(1 for p in state.posts.values() if p.account == account.id and p.at_ms > since_ms and not p.parent)


def own_node(account: SandboxAccount, request: Request, *, is_me: bool = True) -> None:
    """100/33 unless the path names the token's own account. `is_me`: `me` is that, too."""
    node = request.path_params["node"]
    if node != account.user_id and not (node == "me" and is_me):
        raise no_such_node(node)


def page_of(
    request: Request,
    params: Params,
    posts: Sequence[SandboxPost],
    render: Callable[[SandboxPost], dict[str, Any]],
    *,
    names_next: bool = True,
    most: int = 100,
) -> Response:
    """Answer a page of a list of posts, with cursors, and if `names_next` with the address of the next page. `most`: on
    one page."""
    limit = int(params.get("limit", "25")) if params.get("limit", "25").isdecimal() else 0
    if not 1 <= limit <= most:
        raise graph_error(100, f"(#100) Param limit must be between 1 and {most}")
    ids = [post.id for post in posts]
    start = ids.index(_read_cursor(params["after"], ids)) + 1 if "after" in params else 0
    page = posts[start : start + limit]
    answer: dict[str, Any] = {"data": [render(post) for post in page]}
    if page:
        before, after = _write_cursor(page[0].id), _write_cursor(page[-1].id)
        answer["paging"] = {"cursors": {"before": before, "after": after}}
        if names_next and start + limit < len(posts):
            answer["paging"]["next"] = str(request.url.remove_query_params(["after"]).include_query_params(after=after))
    return JSONResponse(answer)


def timestamp(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def _write_cursor(post_id: str) -> str:
    return base64.urlsafe_b64encode(post_id.encode()).decode()


def _read_cursor(text: str, ids: list[str]) -> str:
    try:
        post_id = base64.urlsafe_b64decode(text.encode()).decode()
    except (binascii.Error, ValueError):
        post_id = ""
    if post_id not in ids:
        raise graph_error(100, "(#100) The cursor is not valid")
    return post_id
