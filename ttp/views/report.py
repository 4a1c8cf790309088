"""A report of how posts did, as JSON."""

from __future__ import annotations

from datetime import timedelta, tzinfo
from typing import TYPE_CHECKING

from ttp.domain.metrics.report import MeasuredPost, Period, Report, Totals, change
from ttp.domain.time.clock import utc_text
from ttp.views.factors import factor_json
from ttp.views.posts import main_counts

if TYPE_CHECKING:
    from ttp.views.number_answers import MeasuredPostAnswer, PeriodAnswer, ReportAnswer, ReportChange, ReportTotals


def report_json(report: Report) -> ReportAnswer:
    """Return a report. `change`: shares of the period before; 0.5 is half more."""
    return {
        **_period_json(report.period),
        "factors": [{"account": account, **factor_json(one)} for account, one in report.factors],
        "before": {**_period_json(report.before_period), **totals_json(report.before)},
        "totals": totals_json(report.totals),
        "change": _change_json(report.totals, report.before),
        "groups": [
            {
                "by": group.by,
                "value": group.value,
                **totals_json(group.totals),
                "medianLow": None if group.interval is None else group.interval[0],
                "medianHigh": None if group.interval is None else group.interval[1],
                "change": _change_json(group.totals, group.before),
            }
            for group in report.groups
        ],
        "best": [measured_post_json(post) for post in report.best],
        "worst": [measured_post_json(post) for post in report.worst],
        "posts": [measured_post_json(post) for post in report.posts],
        "spentUsd": {platform: cost / 1000 for platform, cost in report.spent.items()},
    }


def _period_json(period: Period) -> PeriodAnswer:
    return {"from": utc_text(period.start), "to": utc_text(period.end)}


def period_words(period: Period, zone: tzinfo) -> str:
    """Return `1 Nov to 30 Nov 2026`, both included."""
    first, last = (at.astimezone(zone) for at in (period.start, period.end - timedelta(milliseconds=1)))
    year = "" if first.year == last.year else f" {first.year}"
    return f"{first.day} {first:%b}{year} to {last.day} {last:%b %Y}"


def totals_json(totals: Totals) -> ReportTotals:
    return {
        "posts": totals.posts,
        **main_counts(totals),
        "engagement": totals.engagement,
        "medianEngagement": totals.median_engagement,
    }


def _change_json(now: Totals, before: Totals) -> ReportChange:
    numbers, old = now.numbers(), before.numbers()
    share = {name: _rounded(change(value, old[name]), 3) for name, value in numbers.items()}
    return {
        "posts": share["posts"],
        "likes": share["likes"],
        "comments": share["comments"],
        "shares": share["shares"],
        "views": share["views"],
        "engagement": share["engagement"],
        "medianEngagement": share["median_engagement"],
    }


def measured_post_json(post: MeasuredPost) -> MeasuredPostAnswer:
    """Return a post with its newest numbers. `difference`: 0.2 is 20 % more than usual for its hour and kind."""
    sample = post.sample
    return {
        "id": post.post_id,
        "account": sample.account,
        "remoteId": sample.remote_id,
        "url": post.url,
        "publishedAt": utc_text(sample.published_at),
        "observedAt": utc_text(sample.observed_at),
        "kind": sample.kind,
        "tags": list(post.tags),
        **main_counts(sample),
        "engagement": sample.engagement,
        "usual": _rounded(post.usual, 1),
        "measure": post.measure,
        "difference": _rounded(post.difference, 3),
        "text": post.text,
    }


def _rounded(number: float | None, digits: int) -> float | None:
    return None if number is None else round(number, digits)
