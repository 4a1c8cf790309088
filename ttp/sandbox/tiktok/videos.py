"""TikTok: reading own videos and the own user."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ttp.sandbox.engagement import count_engagement
from ttp.sandbox.records import SandboxPost
from ttp.sandbox.request_checks import BodyField, validation_errors
from ttp.sandbox.state import State
from ttp.sandbox.tiktok.records import PUBLIC, TikTokAccount, TikTokSwitches
from ttp.sandbox.tiktok.requests import envelope, read_body, read_fields, refusal

_VIDEO_FIELDS = {
    *("id", "create_time", "title", "video_description", "duration", "share_url", "cover_image_url", "embed_html"),
    *("embed_link", "height", "width", "like_count", "comment_count", "share_count", "view_count"),
}
_USER_SCOPES = {
    **dict.fromkeys(("open_id", "union_id", "avatar_url", "avatar_url_100", "avatar_large_url"), "user.info.basic"),
    "display_name": "user.info.basic",
    **dict.fromkeys(("username", "is_verified", "bio_description", "profile_deep_link"), "user.info.profile"),
    **dict.fromkeys(("follower_count", "following_count", "likes_count", "video_count"), "user.info.stats"),
}
TITLE_LENGTH = 150
"""Most characters of a title in lists."""


async def video_list(state: State, account: TikTokAccount, request: Request) -> Response:
    """`POST /v2/video/list/`: own public videos before `cursor` (milliseconds), newest first."""
    fields = read_fields(state, request, _VIDEO_FIELDS)
    keys = (BodyField("cursor", int, fits=lambda n: n >= 0), BodyField("max_count", int, fits=lambda n: 1 <= n <= 20))
    body = await read_body(state, request, keys, optional=True)
    before, size = body.get("cursor", 1 << 62), body.get("max_count", 10)
    found = [p for p in _public_videos(state, account) if p.at_ms < before]
    page = found[:size]
    data: dict[str, Any] = {
        "videos": [_render_video(state, account, post, fields) for post in page],
        "cursor": page[-1].at_ms if page else state.now_ms(),
        "has_more": len(found) > size,
    }
    return envelope(state, data)


async def video_query(state: State, account: TikTokAccount, request: Request) -> Response:
    """`POST /v2/video/query/`: own public videos by id; unknown ones are left out."""
    fields = read_fields(state, request, _VIDEO_FIELDS)
    body = await read_body(state, request, (BodyField("filters", dict, required=True),))
    ids = BodyField(
        "video_ids", list, required=True, fits=lambda v: 1 <= len(v) <= 20 and all(type(i) is str for i in v)
    )
    if found := validation_errors(body["filters"], (ids,), "filters."):
        raise refusal(state, 400, "invalid_params", "; ".join(found))
    wanted = set(body["filters"]["video_ids"])
    videos = [
        _render_video(state, account, post, fields) for post in _public_videos(state, account) if post.id in wanted
    ]
    return envelope(state, {"videos": videos})


async def user_info(state: State, account: TikTokAccount, request: Request) -> Response:
    """`GET /v2/user/info/?fields=`: the token's own user. Each field needs its scope."""
    fields = read_fields(state, request, _USER_SCOPES)
    for field in fields:
        if _USER_SCOPES[field] not in account.scopes:
            raise refusal(state, 401, "scope_not_authorized", f"The user did not authorize {_USER_SCOPES[field]}.")
    videos = _public_videos(state, account)
    likes = sum(count_engagement(account, post, state.now_ms()).likes for post in videos)
    known: dict[str, Any] = dict.fromkeys(("avatar_url", "avatar_url_100", "avatar_large_url", "bio_description"), "")
    known |= {"open_id": account.user_id, "union_id": account.user_id, "is_verified": False}
    known |= {"display_name": account.handle, "username": account.handle}
    known |= {"follower_count": account.followers, "following_count": 150, "likes_count": likes}
    known |= {"video_count": len(videos), "profile_deep_link": f"https://www.tiktok.com/@{account.handle}"}
    return envelope(state, {"user": {field: known[field] for field in fields}})


def _public_videos(state: State, account: TikTokAccount) -> list[SandboxPost]:
    """Return public videos that passed moderation, newest first."""
    until = state.now_ms() - int(state.part(TikTokSwitches).moderation_s * 1000)
    found = (p for p in state.listed_posts(account.id) if p.kind == PUBLIC and p.at_ms <= until)
    return [post for post in found if "image" not in post.shapes]


def _render_video(state: State, account: TikTokAccount, post: SandboxPost, fields: list[str]) -> dict[str, Any]:
    now = count_engagement(account, post, state.now_ms())
    embed = f"https://www.tiktok.com/player/v1/{post.id}"
    known: dict[str, Any] = {
        "id": post.id,
        "create_time": post.at_ms // 1000,
        "title": post.text[:TITLE_LENGTH],
        "video_description": post.text[:TITLE_LENGTH],
        "duration": post.duration_s,
        "cover_image_url": "",
        "share_url": f"https://www.tiktok.com/@{account.handle}/video/{post.id}",
        "embed_link": embed,
        "embed_html": f'<iframe src="{embed}"></iframe>',
        "height": 960,
        "width": 540,
        "like_count": now.likes,
        "comment_count": now.comments,
        "share_count": now.shares,
        "view_count": now.views,
    }
    return {field: known[field] for field in fields}
