"""A report of how posts did, as JSON."""

from __future__ import annotations

from ttp.domain.metrics.report import COUNTS, MeasuredPost, Period, Report, Totals, change
from ttp.domain.time.clock import format_json_instant
from ttp.views import Json, attributes_json

REPORT_FIELDS = ("from", "to", "before", "totals", "change", "groups", "best", "worst", "posts")
POST_FIELDS = (
    *("id", "account", "remoteId", "url", "publishedAt", "observedAt", "kind", "tags", *COUNTS),
    *("engagement", "usual", "measure", "difference", "text"),
)


def report_json(report: Report) -> Json:
    """Return a report. `change`: shares of the period before; 0.5 is half more."""
    return {
        **_period_json(report.period),
        "before": {**_period_json(report.before_period), **totals_json(report.before)},
        "totals": totals_json(report.totals),
        "change": _change_json(report.totals, report.before),
        "groups": [
            {
                "by": group.by,
                "value": group.value,
                **totals_json(group.totals),
                "change": _change_json(group.totals, group.before),
            }
            for group in report.groups
        ],
        "best": [measured_post_json(post) for post in report.best],
        "worst": [measured_post_json(post) for post in report.worst],
        "posts": [measured_post_json(post) for post in report.posts],
    }


def _period_json(period: Period) -> Json:
    return {"from": format_json_instant(period.start), "to": format_json_instant(period.end)}


def totals_json(totals: Totals) -> Json:
    return {_key(name): value for name, value in totals.numbers().items()}


def _key(name: str) -> str:
    first, *more = name.split("_")
    return first + "".join(map(str.capitalize, more))


def _change_json(now: Totals, before: Totals) -> Json:
    old = before.numbers()
    return {_key(name): _rounded(change(value, old[name]), 3) for name, value in now.numbers().items()}


def measured_post_json(post: MeasuredPost) -> Json:
    """Return a post with its newest numbers. `difference`: 0.2 is 20 % more than usual for its hour and kind."""
    sample = attributes_json(
        post.sample, ("account", "remoteId", "publishedAt", "observedAt", "kind", *COUNTS, "engagement")
    )
    rounded = {"usual": _rounded(post.usual, 1), "difference": _rounded(post.difference, 3)}
    return attributes_json(post, POST_FIELDS, id=post.post_id, **sample, **rounded)


def _rounded(number: float | None, digits: int) -> float | None:
    return None if number is None else round(number, digits)
