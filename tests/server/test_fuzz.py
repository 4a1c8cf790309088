"""Requests that schemathesis makes up from our own OpenAPI document: no crash, no status that is not described, and
enough of them accepted that more than refusals is tested. `python -m tests.server.fuzz --full` sends more."""

from __future__ import annotations

import pytest

from tests.conftest import Fill
from tests.server.fuzz import FETCHING, LEAST_ACCEPTED, accepted, fill_store, fuzz_of
from ttp.server.requests import Route
from ttp.server.routes import ROUTES

CASES, SEQUENCES = 30, 15


@pytest.mark.slow
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_nothing_that_the_document_allows_crashes_the_server(fill: Fill, route: Route) -> None:
    statuses = fuzz_of(fill(fill_store)).run(route, CASES)
    if route.path.startswith("/v1/") and route.name not in FETCHING:
        assert accepted(statuses) >= LEAST_ACCEPTED, statuses


@pytest.mark.slow
def test_no_sequence_that_the_document_allows_crashes_the_server(fill: Fill) -> None:
    counts = fuzz_of(fill(fill_store)).run_sequences(SEQUENCES)
    changed = {name for (name, status), count in counts.items() if status < 300} - {"list_posts", "get_post"}
    assert len(changed) >= len(ROUTES) // 8
