"""Requests that schemathesis makes up from our own OpenAPI document: no crash, no status that is not described, and
enough of them accepted that more than refusals is tested. `python -m tests.server.fuzz --full` sends more."""

from __future__ import annotations

import pytest

from tests.server.conftest import Api
from tests.server.fuzz import LEAST_ACCEPTED, accepted, fuzz_of
from ttp.server.routes import ROUTES, Route

CASES = 30


@pytest.mark.slow
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_nothing_that_the_document_allows_crashes_the_server(server: Api, route: Route) -> None:
    statuses = fuzz_of(server.having("publish", name="ann")).run(route, CASES)
    if route.path.startswith("/v1/"):
        assert accepted(statuses) >= LEAST_ACCEPTED, statuses
