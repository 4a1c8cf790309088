"""Samples and the result of a metrics pull as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.domain.time.clock import format_json_instant
from ttp.views import Json

if TYPE_CHECKING:
    from ttp.domain.metrics.sample import Sample, Total
    from ttp.services.metrics.imports import MetricsImport
    from ttp.services.metrics.sync import PullResult


SAMPLE_FIELDS = (
    "account",
    "remoteId",
    "publishedAt",
    "observedAt",
    "likes",
    "comments",
    "shares",
    "views",
    "saves",
    "reach",
    "kind",
    "text",
)

COUNTS = ("likes", "comments", "shares", "views", "saves", "reach")
TOTAL_FIELDS = ("account", "posts", "samples", "from", "to", "observedAt", *COUNTS)
PULL_FIELDS = ("account", "read", "inserted", "updated", "unchanged", "rejected")


def sample_json(item: Sample) -> Json:
    return {
        "account": item.account,
        "remoteId": item.remote_id,
        "publishedAt": format_json_instant(item.published_at),
        "observedAt": format_json_instant(item.observed_at),
        "likes": item.likes,
        "comments": item.comments,
        "shares": item.shares,
        "views": item.views,
        "saves": item.saves,
        "reach": item.reach,
        "kind": item.kind,
        "text": item.text,
    }


IMPORT_COUNTS = ("read", "inserted", "updated", "unchanged")
IMPORT_FIELDS = (*IMPORT_COUNTS, "rejected", "source", "columns", "rows")


def metrics_import_json(done: MetricsImport, *, dry_run: bool) -> Json:
    """Return the result of an import; of a dry run also the format of the file, its columns and its first rows."""
    counts: Json = {name: getattr(done, name) for name in IMPORT_COUNTS}
    shape: Json = {**counts, "rejected": [{"row": row, "reason": reason} for row, reason in done.rejected]}
    if dry_run:
        columns = [{"column": column, "field": taken} for column, taken in done.columns]
        shape |= {"source": done.source, "columns": columns, "rows": [sample_json(one) for one in done.first]}
    return shape


def total_json(item: Total) -> Json:
    """Return the totals of an account; counts are sums of the newest samples of its posts."""
    return {
        "account": item.account,
        "posts": item.posts,
        "samples": item.samples,
        "from": format_json_instant(item.first_at),
        "to": format_json_instant(item.last_at),
        "observedAt": format_json_instant(item.observed_at),
        **{name: getattr(item, name) for name in COUNTS},
    }


def pull_json(item: PullResult) -> Json:
    return {
        "account": item.account,
        "read": item.read,
        "inserted": item.inserted,
        "updated": item.updated,
        "unchanged": item.unchanged,
        "rejected": [{"remoteId": remote_id, "reason": reason} for remote_id, reason in item.rejected],
    }
