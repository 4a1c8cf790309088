"""Samples and the result of a metrics pull as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.views import Json, attributes_json

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
    return attributes_json(item, SAMPLE_FIELDS)


IMPORT_COUNTS = ("read", "inserted", "updated", "unchanged")
IMPORT_FIELDS = (*IMPORT_COUNTS, "rejected", "source", "columns", "rows")


def metrics_import_json(done: MetricsImport, *, dry_run: bool) -> Json:
    """Return the result of an import; of a dry run also the format of the file, its columns and its first rows."""
    rejected = [{"row": row, "reason": reason} for row, reason in done.rejected]
    shape = attributes_json(done, (*IMPORT_COUNTS, "rejected"), rejected=rejected)
    if dry_run:
        columns = [{"column": column, "field": taken} for column, taken in done.columns]
        shape |= {"source": done.source, "columns": columns, "rows": [sample_json(one) for one in done.first]}
    return shape


def total_json(item: Total) -> Json:
    """Return the totals of an account; counts are sums of the newest samples of its posts."""
    return attributes_json(item, TOTAL_FIELDS, **{"from": item.first_at, "to": item.last_at})


def pull_json(item: PullResult) -> Json:
    rejected = [{"remoteId": remote_id, "reason": reason} for remote_id, reason in item.rejected]
    return attributes_json(item, PULL_FIELDS, rejected=rejected)
