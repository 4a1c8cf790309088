"""X: what happened to own posts, hour by hour, day by day, week by week, or in all."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.accounts import iso
from ttp.sandbox.engagement import Counts, counts
from ttp.sandbox.records import Account, Post
from ttp.sandbox.state import DAY_MS, State
from ttp.sandbox.x.front import invalid, not_found
from ttp.sandbox.x.reads import instant, parameters, wanted_ids

_STEP_MS = {"hourly": DAY_MS // 24, "daily": DAY_MS, "weekly": 7 * DAY_MS, "total": None}
MOST_BUCKETS = 2_000
_METRICS = {
    "impressions": "views",
    "likes": "likes",
    "replies": "comments",
    "retweets": "shares",
    "bookmarks": "saves",
    "url_clicks": "clicks",
    "user_profile_clicks": "profile_visits",
    "follows": "follows",
}
_NEVER = {"app_install_attempts", "app_opens", "detail_expands", "email_tweet", "hashtag_clicks", "media_views"}
_NEVER |= {"permalink_clicks", "quote_tweets", "shares", "unfollows", "unlikes"}
"""What never happens here: these stay 0."""
_FIELDS = {*_METRICS, *_NEVER, "engagements", "id", "timestamp", "timestamped_metrics"}


async def analytics(state: State, account: Account, request: Request) -> Response:
    """`GET /2/tweets/analytics`: own posts only; those that are not come in `errors`, with 200."""
    params = parameters(request, {"ids", "start_time", "end_time", "granularity", "analytics.fields"})
    ids = wanted_ids(params)
    start, end = instant(params, "start_time", None), instant(params, "end_time", None)
    granularity = params.get("granularity", "total")
    if granularity not in _STEP_MS:
        raise invalid(f"The `granularity` query parameter value [{granularity}] is not valid", granularity=granularity)
    fields = set(filter(None, params.get("analytics.fields", "").split(",")))
    if not fields <= _FIELDS:
        raise invalid("The `analytics.fields` query parameter value is not valid", fields=params["analytics.fields"])
    step = _STEP_MS[granularity] or max(1, end - start)
    if not 0 < end - start <= step * MOST_BUCKETS:
        raise invalid("The `end_time` must lie behind the `start_time`, and not too far", end_time=params["end_time"])
    own = {p.id: p for p in state.visible_posts(account.id)}
    wanted = fields & (_METRICS.keys() | {*_NEVER, "engagements"})
    data = [
        {
            "id": post.id,
            "timestamped_metrics": [
                {"timestamp": iso(at), "metrics": _bucket(state, account, post, at, min(at + step, end), wanted)}
                for at in range(start, end, step)
            ],
        }
        for post in (own[i] for i in ids if i in own)
    ]
    answer: dict[str, Any] = {"data": data} if data else {}
    if missing := [not_found("tweet", i) for i in ids if i not in own]:
        answer["errors"] = missing
    return JSONResponse(answer)


def _bucket(state: State, account: Account, post: Post, start: int, end: int, wanted: set[str]) -> dict[str, int]:
    """What was added between two instants; nothing after now."""
    now = state.now_ms()
    before = counts(account, post, min(start, now), state.growth)
    after = counts(account, post, min(end, now), state.growth)
    added = {name: _of(after, source) - _of(before, source) for name, source in _METRICS.items()}
    added |= dict.fromkeys(_NEVER, 0)
    added["engagements"] = added["likes"] + added["replies"] + added["retweets"] + added["url_clicks"]
    return {name: count for name, count in added.items() if not wanted or name in wanted}


def _of(numbers: Counts, name: str) -> int:
    return int(getattr(numbers, name))
