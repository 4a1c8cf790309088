"""Instagram: accounts, posts, insights. Each kind of post has its own metrics; one wrong name fails the call."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.engagement import Engagement, count_engagement, rhythm
from ttp.sandbox.instagram.comments import comment_fields
from ttp.sandbox.instagram.containers import own_node, video_status
from ttp.sandbox.instagram.login import page_fields, page_id
from ttp.sandbox.instagram.records import COMMENT, LIMITS, POSTS, InstagramAccount, InstagramSwitches, StoredContainer
from ttp.sandbox.meta.nodes import page_of, status_code, timestamp, used_quota
from ttp.sandbox.meta.requests import (
    Params,
    allow_only,
    graph_error,
    no_such_node,
    own_post,
    select_fields,
    split_list,
)
from ttp.sandbox.records import DAY_MS, HOUR_MS, SandboxPost
from ttp.sandbox.state import State

_ALL = {"views", "reach", "shares", "total_interactions", "reposts"}
_LASTING = {"likes", "comments", "saved"}
_PROFILE = {"follows", "profile_visits", "profile_activity"}
_REELS = {"ig_reels_avg_watch_time", "ig_reels_video_view_total_time", "reels_skip_rate"}
_STORY = {"navigation", "replies"}
METRICS = {"FEED": _ALL | _LASTING | _PROFILE, "REELS": _ALL | _LASTING | _REELS, "STORY": _ALL | _PROFILE | _STORY}
"""The metrics of each kind of post, by `media_product_type`."""
WITHDRAWN = {"impressions", "plays", "video_views", "clips_replays_count", "ig_reels_aggregated_all_plays_count"}
LEAST_VIEWERS = 5
"""A story's insights need this many viewers."""


async def insights(state: State, account: InstagramAccount, request: Request, params: Params) -> Response:
    """`GET /{media}/insights`: lifetime numbers of some time ago. `data` is empty while the post is newer than that.

    `GET /{ig-id}/insights`: when followers are online.
    """
    if request.path_params["node"] == account.user_id:
        return JSONResponse({"data": _online_followers(state, account, params)})
    allow_only(params, {"metric", "period", "breakdown"})
    post = own_post(state, account, request)
    metrics = split_list(params.get("metric", ""))
    product = product_of(post)
    _check_metrics(metrics, product)
    if params.get("period", "lifetime") != "lifetime":
        raise graph_error(100, f"(#100) The period {params['period']} is not for this media")
    seen_ms = state.now_ms() - int(state.part(InstagramSwitches).insights_lag_s * 1000)
    if seen_ms < post.at_ms:
        return JSONResponse({"data": []})
    now = count_engagement(account, post, seen_ms)
    if product == "STORY" and (state.now_ms() - post.at_ms >= DAY_MS or now.reach < LEAST_VIEWERS):
        raise graph_error(10, "(#10) Not enough viewers for the media to show insights")
    return JSONResponse({"data": [_render_metric(post, metric, now) for metric in dict.fromkeys(metrics)]})


LEAST_FOLLOWERS = 100
"""An account with fewer followers has no `online_followers`."""
_ONLINE_DAYS = 30
_DAY_ENDS_MS = 7 * HOUR_MS
"""Days end at 00:00 of UTC-7."""


def _online_followers(state: State, account: InstagramAccount, params: Params) -> list[dict[str, Any]]:
    """Return how many followers were online at each hour of the days that end from `since` to `until`.

    The two last days have no numbers yet. Numbers are greatest at 18:00 UTC, as those of posts.
    """
    allow_only(params, {"metric", "period", "since", "until"})
    if params.get("metric") != "online_followers":
        raise graph_error(100, "(#100) metric[0] must be one of the following values: online_followers")
    if params.get("period") != "lifetime":
        raise graph_error(100, "(#100) The metric online_followers needs the period lifetime")
    now = state.now_ms()
    since, until = (_epoch_ms(params, name) for name in ("since", "until"))
    if since is None or until is None:
        since, until = now - DAY_MS, now
    if until < since or until - since > _ONLINE_DAYS * DAY_MS:
        raise graph_error(100, f"(#100) There cannot be more than {_ONLINE_DAYS} days between since and until")
    if account.followers < LEAST_FOLLOWERS:
        return []
    values = []
    for day in range((since - _DAY_ENDS_MS) // DAY_MS + 1, (until - _DAY_ENDS_MS) // DAY_MS + 1):
        end = day * DAY_MS + _DAY_ENDS_MS
        hours = {str(hour): _online_at(account, end - DAY_MS + hour * HOUR_MS) for hour in range(24)}
        lasting = now - (_ONLINE_DAYS + 1) * DAY_MS < end <= now - 2 * DAY_MS
        values.append({"value": hours if lasting else {}, "end_time": timestamp(end)})
    texts = {"title": "Online followers", "description": "Followers who were online, by hour."}
    path = f"{account.user_id}/insights/online_followers/lifetime"
    return [{"name": "online_followers", "period": "lifetime", "values": values, **texts, "id": path}]


def _online_at(account: InstagramAccount, at_ms: int) -> int:
    return int(account.followers * 0.3 * rhythm(at_ms))


def _epoch_ms(params: Params, name: str) -> int | None:
    text = params.get(name)
    if text is not None and not text.isdecimal():
        raise graph_error(100, f"(#100) Param {name} must be a unix timestamp")
    return None if text is None else int(text) * 1000


def product_of(post: SandboxPost) -> str:
    """Return `media_product_type`: FEED, REELS or STORY."""
    return {"REELS": "REELS", "STORIES": "STORY"}.get(post.kind, "FEED")


def _check_metrics(metrics: list[str], product: str) -> None:
    if not metrics:
        raise graph_error(100, "(#100) The parameter metric is required")
    known = set[str]().union(*METRICS.values())
    for metric in metrics:
        if metric in WITHDRAWN:
            raise graph_error(100, f"(#100) The {metric} metric is no longer supported. Use views.")
        if metric not in known:
            raise graph_error(100, f"(#100) metric[0] must be one of the following values: {', '.join(sorted(known))}")
    if unfit := [metric for metric in metrics if metric not in METRICS[product]]:
        text = (
            f"(#100) The Media Insights API does not support the {', '.join(unfit)} metric for this media product type."
        )
        raise graph_error(100, text)


def _render_metric(post: SandboxPost, metric: str, now: Engagement) -> dict[str, Any]:
    return {
        "name": metric,
        "period": "lifetime",
        "values": [{"value": value_of(metric, post, now)}],
        "title": metric.replace("_", " ").capitalize(),
        "description": f"The number of {metric.replace('_', ' ')} of this media.",
        "id": f"{post.id}/insights/{metric}/lifetime",
    }


def value_of(metric: str, post: SandboxPost, now: Engagement) -> float:
    """Return one number. Durations are in milliseconds."""
    watched_ms = max(1, post.duration_s) * 600
    match metric:
        case "views" | "reach" | "likes" | "comments" | "shares" | "profile_visits" | "follows":
            return int(getattr(now, metric))
        case "saved":
            return now.saves
        case "total_interactions":
            return now.likes + now.comments + now.shares + now.saves
        case "reposts" | "replies":
            return now.shares // 3
        case "navigation":
            return now.views // 2
        case "profile_activity":
            return now.clicks
        case "ig_reels_avg_watch_time":
            return watched_ms if now.views else 0
        case "ig_reels_video_view_total_time":
            return now.views * watched_ms
        case _:
            return 31.5 if now.views else 0  # reels_skip_rate, in percent


_STATUS_TEXT = {
    "IN_PROGRESS": "In Progress: Media is still being processed.",
    "FINISHED": "Finished: Media has been uploaded and it is ready to be published.",
    "EXPIRED": "Expired: The container was not published within 24 hours.",
    "PUBLISHED": "Published: Media has been published.",
}
_MEDIA_TYPE = {"IMAGE": "IMAGE", "REELS": "VIDEO", "VIDEO": "VIDEO", "CAROUSEL": "CAROUSEL_ALBUM"}


async def me(state: State, account: InstagramAccount, request: Request, params: Params) -> Response:
    """`GET /me`: the token's own account; on Facebook Login that is the Facebook user."""
    allow_only(params, {"fields"})
    if account.login == "facebook":
        known = {"id": app_scoped_id(account), "name": account.handle, "email": None}
        return JSONResponse(select_fields(params, known, default=("name",)))
    own = select_fields(params, _account_fields(state, account))
    return JSONResponse(own if state.part(InstagramSwitches).flat_tokens else {"data": [own]})


async def node(state: State, account: InstagramAccount, request: Request, params: Params) -> Response:
    """`GET /{id}`: an own container, post, comment or carousel item, the own account, or its page."""
    allow_only(params, {"fields"})
    wanted = request.path_params["node"]
    container, post = state.table(StoredContainer).get(wanted), state.posts.get(wanted)
    if wanted == "me":
        return await me(state, account, request, params)
    if wanted == account.user_id:
        # The node that was asked for: Meta's own SDK goes on with the id that comes back. `/me` names the app's.
        return JSONResponse(select_fields(params, {**_account_fields(state, account), "id": account.user_id}))
    if account.login == "facebook" and wanted == page_id(account):
        return JSONResponse(select_fields(params, page_fields(account), default=("name",)))
    if container is not None and container.account == account.id:
        return JSONResponse(select_fields(params, _container_fields(state, container)))
    if post is not None and post.account == account.id and not post.deleted:
        fields = comment_fields(state, post) if post.kind == COMMENT else _media_fields(state, account, post)
        return JSONResponse(select_fields(params, fields))
    for parent in state.visible_posts(account.id):
        if wanted in parent.children:
            return JSONResponse(select_fields(params, _item_fields(account, parent)[parent.children.index(wanted)]))
    raise no_such_node(wanted)


async def children(state: State, account: InstagramAccount, request: Request, params: Params) -> Response:
    """`GET /{media}/children`: the items of a carousel."""
    allow_only(params, {"fields"})
    post = own_post(state, account, request)
    return JSONResponse({"data": [select_fields(params, item) for item in _item_fields(account, post)]})


async def media_list(state: State, account: InstagramAccount, request: Request, params: Params) -> Response:
    """`GET /{ig-id}/media`: own posts without stories, newest first, with cursors."""
    own_node(account, request)
    allow_only(params, {"fields", "limit", "after"})
    found = [post for post in state.listed_posts(account.id) if post.kind not in ("STORIES", COMMENT)]
    return page_of(request, params, found, lambda post: select_fields(params, _media_fields(state, account, post)))


async def stories(state: State, account: InstagramAccount, request: Request, params: Params) -> Response:
    """`GET /{ig-id}/stories`: the stories of the last 24 hours, newest first."""
    own_node(account, request)
    allow_only(params, {"fields", "limit"})
    since = state.now_ms() - DAY_MS
    found = [p for p in state.listed_posts(account.id) if p.kind == "STORIES" and p.at_ms > since]
    return JSONResponse({"data": [select_fields(params, _media_fields(state, account, post)) for post in found]})


async def publishing_limit(state: State, account: InstagramAccount, request: Request, params: Params) -> Response:
    """`GET /{ig-id}/content_publishing_limit`: the use of the last 24 hours, as a list of one."""
    own_node(account, request)
    allow_only(params, {"fields"})
    known = {
        "quota_usage": used_quota(state, account, state.now_ms() - DAY_MS),
        "config": {"quota_total": state.limit(POSTS, LIMITS[POSTS], account), "quota_duration": DAY_MS // 1000},
    }
    return JSONResponse({"data": [select_fields(params, known, default=("quota_usage",))]})


def app_scoped_id(account: InstagramAccount) -> str:
    """Return the id that belongs to the app. Paths do not accept it."""
    return f"2{account.user_id[1:]}"


def _account_fields(state: State, account: InstagramAccount) -> dict[str, Any]:
    facebook = account.login == "facebook"
    return {
        "id": account.user_id if facebook else app_scoped_id(account),
        "user_id": None if facebook else account.user_id,
        "username": account.handle,
        "name": account.handle,
        "account_type": None if facebook else "BUSINESS",
        "profile_picture_url": None,
        "biography": None,
        "website": None,
        "media_count": sum(1 for post in state.visible_posts(account.id) if post.kind != COMMENT),
        "followers_count": account.followers,
        "follows_count": 150,
    }


def _container_fields(state: State, container: StoredContainer) -> dict[str, Any]:
    code = status_code(state, container)
    text = container.error if code == "ERROR" else _STATUS_TEXT[code]
    return {
        "id": container.id,
        "status_code": code,
        "status": text,
        "video_status": video_status(state, container),
        "copyright_check_status": None,
    }


def _media_fields(state: State, account: InstagramAccount, post: SandboxPost) -> dict[str, Any]:
    """Return every readable field of a post; None for one that it does not have."""
    folder = {"REELS": "reel", "STORIES": f"stories/{account.handle}"}.get(post.kind, "p")
    now = count_engagement(account, post, state.now_ms())
    likes = None if account.hides_likes else now.likes
    known: dict[str, Any] = {
        "id": post.id,
        "caption": post.text or None,
        "alt_text": post.alts[0] if post.alts and not post.children else None,
        "media_type": "VIDEO" if post.shapes == ("video",) else _MEDIA_TYPE.get(post.kind, "IMAGE"),
        "media_product_type": product_of(post),
        "media_url": None,
        "thumbnail_url": None,
        "permalink": f"https://www.instagram.com/{folder}/{post.shortcode}/",
        "shortcode": post.shortcode,
        "timestamp": timestamp(post.at_ms),
        "username": account.handle,
        "owner": {"id": account.user_id},
        "like_count": likes,
        "comments_count": now.comments,
        "is_comment_enabled": not account.comments_off,
        "children": {"data": _item_fields(account, post)} if post.children else None,
    }
    if account.login == "facebook":
        known |= {"shares_count": now.shares, "saved_count": now.saves, "reposts_count": now.shares // 3}
        known |= {"total_like_count": likes, "total_comments_count": now.comments, "total_views_count": now.views}
    return known


def _item_fields(account: InstagramAccount, post: SandboxPost) -> list[dict[str, Any]]:
    """Return the readable fields of a carousel's items."""
    return [
        {
            "id": item,
            "media_type": shape.upper(),
            "alt_text": alt,
            "media_url": None,
            "permalink": f"https://www.instagram.com/p/{post.shortcode}/",
            "timestamp": timestamp(post.at_ms),
            "username": account.handle,
        }
        for item, shape, alt in zip(post.children, post.shapes, post.alts, strict=False)
    ]
