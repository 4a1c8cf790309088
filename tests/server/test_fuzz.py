"""Requests that schemathesis makes up from our own OpenAPI document: no crash, no status that is not described."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS

from tests.conftest import Program
from tests.server.conftest import Api
from ttp.cli.commands.serve import installation_of
from ttp.cli.context import Context
from ttp.sandbox.files import PHOTO
from ttp.server.app import build_app
from ttp.server.routes import ROUTES, Route

EXCLUDED = ["positive_data_acceptance"]
"""A schema cannot say which accounts exist, or which times have passed."""
EXAMPLES = 30
"""Cases for each route."""
STATES = ("pending", "failed", "needs_review", "published", "sending")
LATER = "2098-01-01T09:00Z"


@pytest.fixture
def api(server: Api, ttp: Program) -> Api:
    """A store with posts in every state."""
    app = build_app(installation_of(Context(ttp.clock)), hosts=None)  # the checks send requests of their own
    found = replace(server.having("publish"), app=app)
    found("POST", "/v1/media", files={"file": ("photo.jpg", PHOTO.read_bytes())})
    for number in range(3 * len(STATES)):
        state = STATES[number % len(STATES)]
        made = ttp.post(f"post {number}", "--to", "x/me", "--at", LATER)
        more: dict[str, Any] = {"error": ("content", "no")} if state == "failed" else {}
        ttp.bring(made, state, next_at=None, **more)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_nothing_that_the_document_allows_crashes_the_server(api: Api, route: Route) -> None:
    token = api.having("approve", name="bob").token if route.needs == "approve" else api.token
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    document = schemathesis.openapi.from_asgi("/openapi.json", api.app, headers=headers)
    choose, statuses = random.Random(0), list[int]()

    def send(case: Any) -> None:
        if "post_id" in case.path_parameters and choose.random() < 0.8:  # most of those made up do not exist
            case.path_parameters["post_id"] = choose.randint(1, 3 * len(STATES))
        answer = case.call(headers=headers)
        statuses.append(answer.status_code)
        case.validate_response(answer, excluded_checks=[CHECKS.get_one(name) for name in EXCLUDED], headers=headers)

    operation = document[route.path.replace(":path", "")][route.method]
    settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )(given(case=operation.as_strategy())(send))()
    assert set(statuses) <= {*route.statuses}
