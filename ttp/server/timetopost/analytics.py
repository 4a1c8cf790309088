"""Routes at TimeToPost's paths: numbers, tags, the publisher, and the prompts that ttp does not have."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import Query

from ttp.domain.errors import NotFound
from ttp.domain.metrics.sample import COUNTS, sum_known
from ttp.domain.time.clock import format_json_instant
from ttp.server.answers import JsonAnswer
from ttp.server.inputs import ShortText, Words, split
from ttp.server.requests import Services
from ttp.server.timetopost.answers import success
from ttp.server.timetopost.inputs import AccountId, Slug, TheirPostId, as_id
from ttp.server.timetopost.platforms import account_name
from ttp.views import Json
from ttp.views.optimal import AccountAdvice, recommendation_json
from ttp.views.status import status_json

if TYPE_CHECKING:
    from ttp.domain.metrics.sample import Sample, Total

_NOTHING: Json = {"timezone": "UTC", "bestHours": [], "bestDays": [], "dataPoints": 0}


def get_optimal_times(services: Services, platform: Words = None, account_id: AccountId = None) -> JsonAnswer:
    """Return the best hours and days of the account with the most data points, and those of all accounts."""
    account = account_id and account_name(account_id)
    platforms = split(platform and account_name(platform)) or None
    accounts = services.queries.select_accounts(split(account) or None, platforms)
    recommendations = [
        recommendation_json(AccountAdvice(services.optimal.advise(account, services.times.account_zone(account))))
        for account in accounts
    ]
    best = max(recommendations, key=itemgetter("dataPoints"), default=_NOTHING)
    return success(recommendation=best, recommendations=recommendations)


def get_engagement_summary(services: Services) -> JsonAnswer:
    """Return the sums of the newest numbers of every known post."""
    accounts = services.queries.accounts()
    totals = services.metrics.totals(accounts) if accounts else []
    rows = [{"accountId": total.account, "posts": total.posts, **_counts([total])} for total in totals]
    return success(posts=sum(total.posts for total in totals), **_counts(totals), accounts=rows)


def get_post_metrics(post_id: TheirPostId, services: Services) -> JsonAnswer:
    """Return the newest numbers of a post, together and of each account. Unknown numbers are null."""
    number = as_id(post_id)
    services.queries.post(number)
    samples = services.metrics.of_post(number)
    rows = [
        {
            "accountId": sample.account,
            "postId": sample.remote_id,
            **_counts([sample]),
            "observedAt": format_json_instant(sample.observed_at),
        }
        for sample in samples
    ]
    newest = max((sample.observed_at for sample in samples), default=None)
    return success(postId=post_id, **_counts(samples), observedAt=format_json_instant(newest), accounts=rows)


def list_brands(services: Services) -> JsonAnswer:
    """List the tags in use, and how many posts have them."""
    brands = [{"slug": tag, "name": tag, "postCount": posts} for tag, posts in services.queries.tags()]
    return success(brands=brands)


def get_brand_engagement(slug: Slug, services: Services) -> JsonAnswer:
    """Return the sums of the newest numbers of the posts with a tag."""
    posts, samples = services.metrics.of_tag(slug)
    if not posts:
        raise NotFound(f'no post has the tag "{slug}"')
    return success(brand=slug, posts=posts, measured=len(samples), **_counts(samples))


def get_scheduler_status(services: Services) -> JsonAnswer:
    """Return when the publisher ran last, what waits and what needs a person."""
    health = services.installation.status.health()
    return success(
        status="stalled" if health.is_stalled else "running" if health.publisher.running else "stopped",
        lastTick=format_json_instant(health.publisher.last_run_at),
        failures=len(health.needs.retry) + len(health.needs.retry_after_reconnect),
        **status_json(health._replace(costs=services.installation.status.costs())),
    )


def list_prompts(services: Services) -> JsonAnswer:
    """List nothing: ttp has no library of prompts."""
    return success(prompts=[])


def suggest_prompts(
    services: Services,
    kind: Annotated[Literal["POST_HOOK", "VIDEO"], Query(description="Of a post or a video.")],
    niche: ShortText | None = None,
    platform: ShortText | None = None,
) -> JsonAnswer:
    """Suggest nothing: ttp has no library of prompts."""
    return success(suggestions=[])


def _counts(rows: Sequence[Sample | Total]) -> Json:
    """Return the sums of the known numbers. `engagementRate`: likes, comments, shares and saves as a share of views."""
    sums = {name: sum_known(*(getattr(row, name) for row in rows)) for name in COUNTS}
    engaged, views = sum_known(*(sums[name] for name in ("likes", "comments", "shares", "saves"))), sums["views"]
    rate = round(engaged / views, 4) if engaged is not None and views else None
    return {**sums, "impressions": views, "clicks": None, "engagementRate": rate}
