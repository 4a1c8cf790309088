"""Routes: accounts, the status, the health of the server, and counts for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate

from fastapi import Request, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ttp.domain.diagnostics import Checkup
from ttp.server.answers import JsonAnswer
from ttp.server.inputs import AccountName, Empty
from ttp.server.requests import ChangeServices, Services
from ttp.services.application import Installation
from ttp.services.delivery_counts import LATE_S, DeliveryCounter, DeliveryCounts
from ttp.views.accounts import account_json
from ttp.views.status import check_json, checkup_json, status_json


def list_accounts(services: Services) -> JsonAnswer:
    """List the accounts that the token may use."""
    return JsonAnswer([account_json(account) for account in services.queries.accounts()])


def get_account(account: AccountName, services: Services) -> JsonAnswer:
    return JsonAnswer(account_json(services.queries.account(account)))


def check_account(account: AccountName, services: ChangeServices, body: Empty = None) -> JsonAnswer:
    """Check an account on its platform: token, permissions, quota. A token that is due is renewed; an account whose
    token is refused is marked. A dry run looks for the account only."""
    found = services.queries.account(account)
    checkup = Checkup(()) if services.dry_run else services.installation.account_check.accounts([found])
    return JsonAnswer(checkup_json(checkup, [check_json(check) for check in checkup.checks]))


def get_status(services: Services) -> JsonAnswer:
    """Return the publisher, the queue and what needs a person, of all accounts."""
    return JsonAnswer(status_json(services.installation.status.full_health()))


def get_counts(request: Request, services: Services) -> Response:
    """Return how many deliveries are due, failed, need review and were published, and how late, by platform: the text
    format of Prometheus. What was published counts from the start of the server on."""
    counter: DeliveryCounter = request.app.state.counter
    text = prometheus_text(counter.count(), stalled=services.installation.status.queue().is_stalled)
    return Response(text, media_type=CONTENT_TYPE)


def get_health(request: Request) -> JsonAnswer:
    """Answer 200, or 503 while posts are overdue and nothing publishes. Needs no token."""
    installation: Installation = request.app.state.installation
    stalled = installation.status.queue().is_stalled
    return JsonAnswer({"ok": not stalled}, 503 if stalled else 200)


CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


_PLATFORM = ["platform"]


class _Counts(Collector):
    def __init__(self, counts: DeliveryCounts, *, stalled: bool) -> None:
        self._counts = counts
        self._stalled = stalled

    def collect(self) -> Iterator[Metric]:
        counts = self._counts
        yield _gauge("ttp_deliveries_due", "Deliveries that should have begun.", counts.due)
        yield _gauge("ttp_deliveries_failed", "Deliveries that failed and can be retried.", counts.failed)
        yield _gauge("ttp_deliveries_needs_review", "Deliveries that a person must settle.", counts.needs_review)
        published = CounterMetricFamily(
            "ttp_deliveries_published", "Deliveries published since the server started.", labels=_PLATFORM
        )
        lateness = HistogramMetricFamily(
            "ttp_delivery_lateness_seconds", "How late deliveries were published.", labels=_PLATFORM
        )
        for name, total in counts.published.items():
            published.add_metric([name], total.count)
            bounds = [*map(str, LATE_S), "+Inf"]
            lateness.add_metric([name], list(zip(bounds, accumulate(total.groups), strict=True)), total.total_s)
        yield published
        yield lateness
        yield GaugeMetricFamily("ttp_stalled", "1 while posts are overdue and nothing publishes.", int(self._stalled))


def _gauge(name: str, about: str, counts: Mapping[str, int]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, about, labels=_PLATFORM)
    for platform, count in counts.items():
        gauge.add_metric([platform], count)
    return gauge


def prometheus_text(counts: DeliveryCounts, *, stalled: bool) -> bytes:
    """Return the counts as text. `stalled`: posts are overdue, and nothing publishes."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Counts(counts, stalled=stalled))
    return generate_latest(registry)
