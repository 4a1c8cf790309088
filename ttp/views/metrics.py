"""Samples and the result of a metrics pull as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ttp.domain.metrics.sample import COUNTS
from ttp.views import Json, attributes_json

if TYPE_CHECKING:
    from ttp.domain.metrics.sample import Sample, Total
    from ttp.services.metrics.imports import MetricsImport
    from ttp.services.metrics.sync import PullResult
    from ttp.views.number_answers import MetricsImportAnswer, SampleAnswer, TotalAnswer


SAMPLE_FIELDS = ("account", "remoteId", "publishedAt", "observedAt", *COUNTS, "kind", "text")
TOTAL_FIELDS = ("account", "posts", "samples", "from", "to", "observedAt", *COUNTS)
PULL_FIELDS = ("account", "read", "inserted", "updated", "unchanged", "rejected")


def sample_json(item: Sample) -> SampleAnswer:
    return cast("SampleAnswer", attributes_json(item, SAMPLE_FIELDS))


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
    period = {"from": item.first_at, "to": item.last_at}
    return cast("TotalAnswer", attributes_json(item, TOTAL_FIELDS, **period))


def pull_json(item: PullResult) -> Json:
    rejected = [{"remoteId": remote_id, "reason": reason} for remote_id, reason in item.rejected]
    return attributes_json(item, PULL_FIELDS, rejected=rejected)
