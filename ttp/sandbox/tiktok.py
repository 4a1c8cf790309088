"""TikTok's API as `open.tiktokapis.com` speaks it: paths (each ends with a slash), own videos, own user."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ttp.sandbox import tiktok_publish
from ttp.sandbox.answers import Key, breaches
from ttp.sandbox.limits import Limits
from ttp.sandbox.state import Account, Post, State
from ttp.sandbox.tiktok_front import checked_body, envelope, guarded, refusal, renew_token, wanted_fields
from ttp.sandbox.tiktok_publish import PUBLIC

_VIDEO_FIELDS = (
    "id",
    "create_time",
    "title",
    "video_description",
    "duration",
    "share_url",
    "cover_image_url",
    "like_count",
    "comment_count",
    "share_count",
    "view_count",
)
_USER_SCOPES = {
    "open_id": "user.info.basic",
    "union_id": "user.info.basic",
    "avatar_url": "user.info.basic",
    "display_name": "user.info.basic",
    "username": "user.info.profile",
    "is_verified": "user.info.profile",
    "follower_count": "user.info.stats",
    "following_count": "user.info.stats",
    "likes_count": "user.info.stats",
    "video_count": "user.info.stats",
}
TITLE_LENGTH = 150
"""Where titles are cut in lists."""


def routes(state: State) -> list[Route]:
    """The paths of TikTok over `state`."""
    route = partial(guarded, state, Limits(window_s=60))

    async def token(request: Request) -> Response:
        return await renew_token(state, request)

    async def upload(request: Request) -> Response:
        return await tiktok_publish.put_chunk(state, request)

    publish = "/v2/post/publish"
    return [
        Route("/v2/oauth/token/", token, methods=["POST"]),
        Route("/video/", upload, methods=["PUT"]),
        route(f"{publish}/creator_info/query/", "POST", tiktok_publish.creator_info, 20, "video.publish"),
        route(f"{publish}/video/init/", "POST", tiktok_publish.init_video, 6, "video.publish"),
        route(f"{publish}/status/fetch/", "POST", tiktok_publish.fetch_status, 30, "video.publish"),
        route("/v2/video/list/", "POST", video_list, 600, "video.list"),
        route("/v2/video/query/", "POST", video_query, 600, "video.list"),
        route("/v2/user/info/", "GET", user_info, 600),
    ]


async def video_list(state: State, account: Account, request: Request) -> Response:
    """`POST /v2/video/list/`: own public videos before `cursor` (milliseconds), newest first."""
    fields = wanted_fields(state, request, _VIDEO_FIELDS)
    keys = (Key("cursor", int, fits=lambda n: n >= 0), Key("max_count", int, fits=lambda n: 1 <= n <= 20))
    body = await checked_body(state, request, keys, optional=True)
    before, size = body.get("cursor", 1 << 62), body.get("max_count", 10)
    found = [p for p in _public(state, account) if p.at_ms < before]
    page = found[:size]
    data: dict[str, Any] = {
        "videos": [_video(account, post, fields) for post in page],
        "cursor": page[-1].at_ms if page else state.now_ms(),
        "has_more": len(found) > size,
    }
    return envelope(state, data)


async def video_query(state: State, account: Account, request: Request) -> Response:
    """`POST /v2/video/query/`: own public videos by id; unknown ids are left out."""
    fields = wanted_fields(state, request, _VIDEO_FIELDS)
    body = await checked_body(state, request, (Key("filters", dict, required=True),))
    ids = Key("video_ids", list, required=True, fits=lambda v: 1 <= len(v) <= 20 and all(type(i) is str for i in v))
    if found := breaches(body["filters"], (ids,), "filters."):
        raise refusal(state, 400, "invalid_params", "; ".join(found))
    wanted = set(body["filters"]["video_ids"])
    videos = [_video(account, post, fields) for post in _public(state, account) if post.id in wanted]
    return envelope(state, {"videos": videos})


async def user_info(state: State, account: Account, request: Request) -> Response:
    """`GET /v2/user/info/?fields=`: the token's own user; each field asks for its scope."""
    fields = wanted_fields(state, request, _USER_SCOPES)
    for field in fields:
        if _USER_SCOPES[field] not in account.scopes:
            raise refusal(state, 401, "scope_not_authorized", f"The user did not authorize {_USER_SCOPES[field]}.")
    known: dict[str, Any] = dict.fromkeys(("follower_count", "following_count", "likes_count"), 0)
    known |= {"open_id": account.user_id, "union_id": account.user_id, "avatar_url": "", "is_verified": False}
    known |= {"display_name": account.handle, "username": account.handle}
    known["video_count"] = len(_public(state, account))
    return envelope(state, {"user": {field: known[field] for field in fields}})


def _public(state: State, account: Account) -> list[Post]:
    """Public videos that moderation has let through, newest first."""
    until = state.now_ms() - int(state.moderation_s * 1000)
    return [p for p in state.listed_posts(account.id) if p.kind == PUBLIC and p.at_ms <= until]


def _video(account: Account, post: Post, fields: list[str]) -> dict[str, Any]:
    known: dict[str, Any] = {
        "id": post.id,
        "create_time": post.at_ms // 1000,
        "title": post.text[:TITLE_LENGTH],
        "video_description": post.text[:TITLE_LENGTH],
        "duration": post.duration_s,
        "cover_image_url": "",
        "share_url": f"https://www.tiktok.com/@{account.handle}/video/{post.id}",
        "like_count": 0,
        "comment_count": 0,
        "share_count": 0,
        "view_count": 0,
    }
    return {field: known[field] for field in fields}
