"""Samples and the result of a metrics pull as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.domain.metrics.sample import COUNTS
from ttp.domain.time.clock import format_json_instant, utc_text
from ttp.views import Json, attributes_json
from ttp.views.posts import main_counts

if TYPE_CHECKING:
    from ttp.domain.metrics.sample import Sample, Total
    from ttp.services.metrics.imports import MetricsImport
    from ttp.services.metrics.sync import PullResult
    from ttp.views.number_answers import MetricsImportAnswer, SampleAnswer, TotalAnswer


SAMPLE_FIELDS = ("account", "remoteId", "publishedAt", "observedAt", *COUNTS, "kind", "text")
TOTAL_FIELDS = ("account", "posts", "samples", "from", "to", "observedAt", *COUNTS)
PULL_FIELDS = ("account", "read", "inserted", "updated", "unchanged", "rejected")


def sample_json(item: Sample) -> SampleAnswer:
    return {
        "account": item.account,
        "remoteId": item.remote_id,
        "publishedAt": utc_text(item.published_at),
        "observedAt": utc_text(item.observed_at),
        **main_counts(item),
        "saves": item.saves,
        "reach": item.reach,
        "kind": item.kind,
        "text": item.text,
    }


IMPORT_COUNTS = ("read", "inserted", "updated", "unchanged")


def metrics_import_json(done: MetricsImport, *, dry_run: bool) -> MetricsImportAnswer:
    """Return the result of an import; of a dry run also the format of the file, its columns and its first rows."""
    shape: MetricsImportAnswer = {
        "read": done.read,
        "inserted": done.inserted,
        "updated": done.updated,
        "unchanged": done.unchanged,
        "rejected": [{"row": row, "reason": reason} for row, reason in done.rejected],
    }
    if dry_run:
        shape["source"] = done.source
        shape["columns"] = [{"column": column, "field": field} for column, field in done.columns]
        shape["rows"] = [sample_json(one) for one in done.first]
    return shape


def total_json(item: Total) -> TotalAnswer:
    """Return the totals of an account; counts are sums of the newest samples of its posts."""
    return {
        "account": item.account,
        "posts": item.posts,
        "samples": item.samples,
        "from": format_json_instant(item.first_at),
        "to": format_json_instant(item.last_at),
        "observedAt": format_json_instant(item.observed_at),
        **main_counts(item),
        "saves": item.saves,
        "reach": item.reach,
    }


def pull_json(item: PullResult) -> Json:
    rejected = [{"remoteId": remote_id, "reason": reason} for remote_id, reason in item.rejected]
    return attributes_json(item, PULL_FIELDS, rejected=rejected)
