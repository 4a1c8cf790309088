"""The routes of numbers, of tags, of the publisher, and of what ttp has none of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import Query

from ttp.domain.errors import NotFound
from ttp.domain.time.clock import format_json_instant
from ttp.server.answers import JsonAnswer
from ttp.server.inputs import ShortText, Words, chosen_accounts
from ttp.server.requests import Services
from ttp.server.timetopost.inputs import AccountId, Slug, TheirPostId, as_id
from ttp.server.timetopost.platforms import account_name
from ttp.views import Json
from ttp.views.metrics import COUNTS
from ttp.views.optimal import AccountAdvice, recommendation_json
from ttp.views.status import status_json

if TYPE_CHECKING:
    from ttp.domain.metrics.sample import Sample, Total

_NOTHING: Json = {"timezone": "UTC", "bestHours": [], "bestDays": [], "dataPoints": 0}


def get_optimal_times(services: Services, platform: Words = None, account_id: AccountId = None) -> JsonAnswer:
    """Return the best hours and days of the account with the most data points, and those of all accounts."""
    account = account_id and account_name(account_id)
    accounts = chosen_accounts(services, account, None if account else platform and account_name(platform))
    told = [
        recommendation_json(AccountAdvice(services.optimal.advise(one, services.times.account_zone(one))))
        for one in accounts
    ]
    best = max(told, key=lambda one: one["dataPoints"], default=_NOTHING)  # type: ignore[arg-type,return-value]
    return JsonAnswer({"success": True, "recommendation": best, "recommendations": told})


def get_engagement_summary(services: Services) -> JsonAnswer:
    """Return the sums of the newest numbers of every known post."""
    accounts = chosen_accounts(services, None, None)
    totals = services.metrics.totals(accounts) if accounts else []
    rows = [{"accountId": one.account, "posts": one.posts, **_counts([one])} for one in totals]
    return JsonAnswer({"success": True, "posts": sum(one.posts for one in totals), **_counts(totals), "accounts": rows})


def get_post_metrics(post_id: TheirPostId, services: Services) -> JsonAnswer:
    """Return the newest numbers of a post, together and of each account. Unknown numbers are null."""
    number = as_id(post_id)
    services.queries.post(number)
    samples = services.metrics.of_post(number)
    rows = [
        {
            "accountId": one.account,
            "postId": one.remote_id,
            **_counts([one]),
            "observedAt": format_json_instant(one.observed_at),
        }
        for one in samples
    ]
    newest = max((one.observed_at for one in samples), default=None)
    shape = {"success": True, "postId": post_id, **_counts(samples), "observedAt": format_json_instant(newest)}
    return JsonAnswer({**shape, "accounts": rows})


def list_brands(services: Services) -> JsonAnswer:
    """List the tags in use, and how many posts have them."""
    brands = [{"slug": tag, "name": tag, "postCount": posts} for tag, posts in services.queries.tags()]
    return JsonAnswer({"success": True, "brands": brands})


def get_brand_engagement(slug: Slug, services: Services) -> JsonAnswer:
    """Return the sums of the newest numbers of the posts with a tag."""
    posts, samples = services.metrics.of_tag(slug)
    if not posts:
        raise NotFound(f'no post has the tag "{slug}"')
    return JsonAnswer({"success": True, "brand": slug, "posts": posts, "measured": len(samples), **_counts(samples)})


def get_scheduler_status(services: Services) -> JsonAnswer:
    """Return when the publisher ran last, what waits and what needs a person."""
    health = services.installation.status.health()
    shape = {
        "status": "stalled" if health.stalled else "running" if health.publisher.running else "stopped",
        "lastTick": format_json_instant(health.publisher.last_run_at),
        "failures": len(health.needs.retry) + len(health.needs.retry_after_reconnect),
    }
    told = status_json(replace(health, costs=services.installation.status.costs()))
    return JsonAnswer({"success": True, **shape, **told})


def list_prompts(services: Services) -> JsonAnswer:
    """List nothing: ttp has no library of prompts."""
    return JsonAnswer({"success": True, "prompts": []})


def suggest_prompts(
    services: Services,
    kind: Annotated[Literal["POST_HOOK", "VIDEO"], Query(description="Of a post or a video.")],
    niche: ShortText | None = None,
    platform: ShortText | None = None,
) -> JsonAnswer:
    """Suggest nothing: ttp has no library of prompts."""
    return JsonAnswer({"success": True, "suggestions": []})


def _counts(rows: Sequence[Sample | Total]) -> Json:
    """Return the sums of what is known. `engagementRate`: likes, comments, shares and saves as a share of views."""
    sums: Json = dict.fromkeys(COUNTS)
    for name in COUNTS:
        known = [count for one in rows if (count := getattr(one, name)) is not None]
        sums[name] = sum(known) if known else None
    engaged = [count for name in ("likes", "comments", "shares", "saves") if isinstance(count := sums[name], int)]
    views = sums["views"]
    rate = round(sum(engaged) / views, 4) if engaged and isinstance(views, int) and views else None
    return {**sums, "impressions": views, "clicks": None, "engagementRate": rate}
