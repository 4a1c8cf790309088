"""The counts of deliveries in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ttp.services.delivery_counts import LATE_S, DeliveryCounts

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PLATFORM = ["platform"]


class _Counts(Collector):
    def __init__(self, counts: DeliveryCounts, *, stalled: bool) -> None:
        self._counts = counts
        self._stalled = stalled

    def collect(self) -> Iterator[Metric]:
        found = self._counts
        yield _gauge("ttp_deliveries_due", "Deliveries that should have begun.", found.due)
        yield _gauge("ttp_deliveries_failed", "Deliveries that failed and can be retried.", found.failed)
        yield _gauge("ttp_deliveries_needs_review", "Deliveries that a person must settle.", found.needs_review)
        published = CounterMetricFamily(
            "ttp_deliveries_published", "Deliveries published since the server started.", labels=_PLATFORM
        )
        lateness = HistogramMetricFamily(
            "ttp_delivery_lateness_seconds", "How late deliveries were published.", labels=_PLATFORM
        )
        for name, one in found.published.items():
            published.add_metric([name], one.count)
            bounds = [*map(str, LATE_S), "+Inf"]
            lateness.add_metric([name], list(zip(bounds, accumulate(one.groups), strict=True)), one.total_s)
        yield published
        yield lateness
        yield GaugeMetricFamily("ttp_stalled", "1 while posts are overdue and nothing publishes.", int(self._stalled))


def _gauge(name: str, about: str, counts: Mapping[str, int]) -> GaugeMetricFamily:
    found = GaugeMetricFamily(name, about, labels=_PLATFORM)
    for platform, count in counts.items():
        found.add_metric([platform], count)
    return found


def prometheus_text(counts: DeliveryCounts, *, stalled: bool) -> bytes:
    """Return the counts as text. `stalled`: posts are overdue, and nothing publishes."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Counts(counts, stalled=stalled))
    return generate_latest(registry)
