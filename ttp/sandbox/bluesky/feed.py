"""Bluesky: the AppView, which counts what posts collect. It needs no token, and lags behind the servers."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from ttp.sandbox.bluesky.records import POSTS, BlueskyAccount, StoredRecord, account_of
from ttp.sandbox.bluesky.requests import invalid, open_route, read_query
from ttp.sandbox.engagement import count_engagement
from ttp.sandbox.records import SandboxPost, iso
from ttp.sandbox.state import State

MOST_URIS = 25


def routes(state: State) -> list[BaseRoute]:
    route = partial(open_route, state)
    return [
        route("app.bsky.feed.getPosts", "GET", get_posts),
        route("app.bsky.feed.getAuthorFeed", "GET", author_feed),
    ]


async def get_posts(state: State, request: Request) -> Response:
    """Return posts by address; those that are not there are left out."""
    uris = request.query_params.getlist("uris")
    if not 1 <= len(uris) <= MOST_URIS:
        raise invalid(f"array too big (maximum {MOST_URIS}, got {len(uris)}) at uris")
    found = []
    for uri in uris:
        did, _, rest = uri.removeprefix("at://").partition("/")
        account = account_of(state, did)
        post = _listed(state, account).get(rest.rpartition("/")[2]) if account else None
        if account is not None and post is not None and rest.startswith(f"{POSTS}/"):
            found.append(_render(state, account, post))
    return JSONResponse({"posts": found})


async def author_feed(state: State, request: Request) -> Response:
    """Return an account's posts, newest first."""
    (actor,) = read_query(request, "actor")
    account = account_of(state, actor)
    if account is None:
        raise invalid("Profile not found")
    limit, cursor = int(request.query_params.get("limit", "50")), request.query_params.get("cursor")
    posts = [post for post in _listed(state, account).values() if cursor is None or post.id < cursor]
    page = posts[:limit]
    more = {"cursor": page[-1].id} if len(posts) > limit else {}
    return JSONResponse({"feed": [{"post": _render(state, account, post)} for post in page], **more})


def _listed(state: State, account: BlueskyAccount) -> dict[str, SandboxPost]:
    return {post.id: post for post in state.listed_posts(account.id)}


def _render(state: State, account: BlueskyAccount, post: SandboxPost) -> dict[str, Any]:
    numbers = count_engagement(account, post, state.now_ms())
    stored = state.table(StoredRecord).get(f"{account.user_id}/{POSTS}/{post.id}")
    value = json.loads(stored.value) if stored else {"$type": POSTS, "text": post.text, "createdAt": iso(post.at_ms)}
    return {
        "uri": f"at://{account.user_id}/{POSTS}/{post.id}",
        "cid": stored.cid if stored else "",
        "author": {"did": account.user_id, "handle": account.handle},
        "record": value,
        "likeCount": numbers.likes,
        "replyCount": numbers.comments,
        "repostCount": numbers.shares,
        "quoteCount": 0,
        "bookmarkCount": numbers.saves,
        "indexedAt": iso(post.at_ms),
    }
