"""Instagram: insights of one post. Each kind of post has its own metrics; one wrong name fails the whole call."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.engagement import Engagement, count_engagement
from ttp.sandbox.instagram.front import Params, allow_only, graph_error, no_such_node, split_list
from ttp.sandbox.instagram.records import InstagramAccount, InstagramSwitches
from ttp.sandbox.records import DAY_MS, Post
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
    """`GET /{media}/insights`: lifetime numbers of some time ago. `data` is empty while the post is newer than that."""
    allow_only(params, {"metric", "period", "breakdown"})
    post = state.posts.get(request.path_params["node"])
    if post is None or post.account != account.id or post.deleted:
        raise no_such_node(request.path_params["node"])
    metrics = split_list(params.get("metric", ""))
    product = product_of(post)
    _check(metrics, product)
    if params.get("period", "lifetime") != "lifetime":
        raise graph_error(100, f"(#100) The period {params['period']} is not for this media")
    seen_ms = state.now_ms() - int(state.part(InstagramSwitches).insights_lag_s * 1000)
    if seen_ms < post.at_ms:
        return JSONResponse({"data": []})
    now = count_engagement(account, post, seen_ms)
    if product == "STORY" and (state.now_ms() - post.at_ms >= DAY_MS or now.reach < LEAST_VIEWERS):
        raise graph_error(10, "(#10) Not enough viewers for the media to show insights")
    return JSONResponse({"data": [_entry(post, metric, now) for metric in dict.fromkeys(metrics)]})


def product_of(post: Post) -> str:
    """Return `media_product_type`: FEED, REELS or STORY."""
    return {"REELS": "REELS", "STORIES": "STORY"}.get(post.kind, "FEED")


def _check(metrics: list[str], product: str) -> None:
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


def _entry(post: Post, metric: str, now: Engagement) -> dict[str, Any]:
    return {
        "name": metric,
        "period": "lifetime",
        "values": [{"value": value_of(metric, post, now)}],
        "title": metric.replace("_", " ").capitalize(),
        "description": f"The number of {metric.replace('_', ' ')} of this media.",
        "id": f"{post.id}/insights/{metric}/lifetime",
    }


def value_of(metric: str, post: Post, now: Engagement) -> float:
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
