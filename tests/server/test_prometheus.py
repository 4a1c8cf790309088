"""GET /metrics: counts by platform, read back with the parser of the library that writes them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.server.conftest import Api
from tests.server.test_imports import form
from ttp.services.delivery_counts import DeliveryCounter

Samples = dict[tuple[str, str, str | None], float]


@pytest.fixture
def read(server: Api) -> Api:
    return server.having("read")


def samples(api: Api) -> Samples:
    """The samples by name, platform and upper bound."""
    answer = api.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found: Samples = {}
    for family in text_string_to_metric_families(answer.text):
        for one in family.samples:
            found[one.name, one.labels.get("platform", ""), one.labels.get("le")] = one.value
    return found


def test_a_new_store_has_a_zero_for_each_platform(read: Api) -> None:
    found = samples(read)
    for name in ("due", "failed", "needs_review", "published_total"):
        assert found[f"ttp_deliveries_{name}", "x", None] == 0
    assert (found["ttp_delivery_lateness_seconds_count", "x", None], found["ttp_stalled", "", None]) == (0, 0)


def test_each_state_is_counted(read: Api) -> None:
    ttp = read.ttp
    for state in ("failed", "failed", "needs_review", "published", "published"):
        post = ttp.post(f"now {state}", "--to", "x/me", "--at", "2026-12-01 09:00")
        more: dict[str, Any] = {}
        if state == "published":
            due_at = ttp.clock.now() - timedelta(seconds=9 + 100 * post)
            more = {"remote_id": f"r{post}", "published_at": ttp.clock.now() + timedelta(seconds=1), "due_at": due_at}
        ttp.bring(post, state, next_at=None, **more)
    ttp.post("due", "--to", "x/me", "--at", "2026-11-26 09:00")
    ttp.clock.advance(days=3)
    found = samples(read)
    assert found["ttp_deliveries_due", "x", None] == 1
    assert found["ttp_deliveries_failed", "x", None] == 2
    assert found["ttp_deliveries_needs_review", "x", None] == 1
    assert found["ttp_deliveries_published_total", "x", None] == 2
    lateness = [found["ttp_delivery_lateness_seconds_bucket", "x", le] for le in ("300.0", "900.0", "+Inf")]
    assert lateness == [0, 2, 2]
    assert found["ttp_delivery_lateness_seconds_sum", "x", None] == pytest.approx(20 + 900)
    assert found["ttp_stalled", "", None] == 1
    assert samples(read) == found


def test_posts_published_before_the_server_started_do_not_count(read: Api) -> None:
    ttp = read.ttp
    now = ttp.clock.now()
    ttp.bring(ttp.post("before", "--to", "x/me"), "published", remote_id="a", published_at=now - timedelta(seconds=1))
    ttp.bring(ttp.post("after", "--to", "x/me"), "published", remote_id="b", published_at=now + timedelta(seconds=1))
    for _ in range(3):
        ttp.clock.advance(hours=1)
        assert samples(read)["ttp_deliveries_published_total", "x", None] == 1


def test_settled_deliveries_are_read_once(read: Api) -> None:
    ttp = read.ttp
    counter: DeliveryCounter = read.app.state.counter
    post = ttp.post("one", "--to", "x/me")
    ttp.bring(post, "published", remote_id="a", published_at=ttp.clock.now() + timedelta(seconds=1))
    ttp.clock.advance(hours=1)
    assert counter.count().published["x"].count == 1
    ttp.sql("DELETE FROM delivery")
    assert counter.count().published["x"].count == 1


def test_it_needs_a_token_for_all_accounts(server: Api) -> None:
    server.refused("GET", "/metrics", 401, "unauthorized")
    server.having("read", "x/me").refused("GET", "/metrics", 403, "not_allowed")
    server.having("publish").refused("GET", "/metrics?x=1", 400, "usage")
    server.having("publish", name="b").refused("POST", "/metrics", 405, "method", **form("a", "b"))
