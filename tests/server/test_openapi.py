"""The OpenAPI document: complete, and true for what the views answer."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ConfigDict, TypeAdapter

from tests.feed_site import feed_site
from tests.server.conftest import Api
from tests.server.test_access import LIST
from tests.server.test_planning import ROWS
from ttp.server.routes import ROUTES
from ttp.views.answers import PlanAnswer


@pytest.fixture
def document(server: Api) -> Any:
    return server.ok("GET", "/openapi.json")


def test_every_route_is_described_with_its_statuses(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    described = {
        (method.upper(), path, operation["operationId"]): sorted(map(int, operation["responses"]))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert described == {
        (route.method, route.path.replace(":path", ""), route.name): route.statuses for route in ROUTES
    }


def test_problems_have_their_media_type_and_routes_their_token(document: Any) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            needs_token = operation["operationId"] not in ("get_health", "receive_upload")
            assert ("security" in operation) == needs_token
            for status, answer in operation["responses"].items():
                problem = int(status) >= 400 and needs_token and operation["tags"] != ["timetopost"]
                kinds = ["application/problem+json" if problem else "application/json"]
                if operation["operationId"] == "list_events" and not problem:
                    kinds.append("text/event-stream")
                elif operation["operationId"] == "get_file" and int(status) == 200:
                    kinds = ["application/octet-stream"]
                elif operation["operationId"] == "get_counts" and int(status) == 200:
                    kinds = ["text/plain"]
                elif operation["operationId"] == "run_command" and not problem:
                    kinds = ["application/x-ndjson"]
                assert list(answer["content"]) == kinds


def test_the_headers_that_prevent_doubles_and_lost_changes_are_parameters(document: Any) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            given = {one["name"]: one for one in operation.get("parameters", ()) if one["in"] == "header"}
            is_write = method != "get" and "security" in operation
            assert ("Idempotency-Key" in given) is is_write, path
            assert ("If-Match" in given) is ("412" in operation["responses"] and "201" not in operation["responses"])
            answers = [answer for status, answer in operation["responses"].items() if int(status) < 300]
            assert all(("Idempotency-Replayed" in answer.get("headers", ())) is is_write for answer in answers)
            assert not any(one["required"] for one in given.values())
    for method in ("get", "patch"):
        assert "ETag" in document["paths"]["/v1/posts/{post_id}"][method]["responses"]["200"]["headers"]
    events = document["paths"]["/v1/events"]["get"]["parameters"]
    assert "Last-Event-ID" in [one["name"] for one in events]


def test_each_schema_has_a_name_of_its_own(document: Any) -> None:
    """Two classes with one name get the names of their modules, and generators of clients leave one out."""
    assert [name for name in document["components"]["schemas"] if "__" in name] == []


def check_answer(model: Any, answer: Any) -> None:
    """Fail unless an answer has the shape, and no other keys."""
    shapes: Any = tuple[model]
    TypeAdapter(shapes, config=ConfigDict(extra="forbid")).validate_python((answer,), strict=True)


def test_no_object_has_other_keys_than_described(document: Any) -> None:
    free = {
        name
        for name, schema in document["components"]["schemas"].items()
        if "properties" in schema and schema["additionalProperties"] is not False
    }
    assert free == {"CapabilitiesAnswer", "CreatorAnswer", "PinterestInput"}


def test_answers_fit_their_schemas(server: Api) -> None:
    api = server.having("publish")
    body = {"content": "Hi", "accounts": ["x/me"], "scheduledAt": "2098-01-01T09:00Z", "tags": ["a"]}
    api.ok("POST", "/v1/posts", body)
    server.ttp.post("failed", "--to", "x/other")
    server.ttp.bring(2, "failed", next_at=None, error=("auth", "no", "see"))
    server.ttp.post("review", "--to", "x/me")
    server.ttp.bring(3, "needs_review", next_at=None)
    api.ok("POST", "/v1/posts/3/resolve", {"account": "x/me", "published": None})
    server.ttp.ok("pause", "--account", "x/other")
    server.ttp.ok("metrics", "import", "-", stdin=ROWS)
    server.ttp.ok("slots", "add", "mon,wed 09:00", "--account", "x/me,x/other")
    upload = api.ok("POST", "/v1/media/uploads", {"name": "a.jpg", "bytes": 9})["id"]
    server.ttp.ok("repeat", "2", "--cron", "0 9 * * *", "--count", "3")
    with feed_site() as site:
        site.has("a", "b")
        server.ttp.ok("source", "add", site.feed, "--to", "x/me", "--allow-private")
    for route in ROUTES:
        if route.method != "GET" or route.name in ("get_file", "get_counts", "get_creator_info", "get_connect_link"):
            continue
        path = route.path.replace("{account:path}", "x/me").replace("{slug:path}", "a").replace("{upload_id}", upload)
        path = path.replace("{source_id}", "1")
        path += "?kind=VIDEO" if route.name == "suggest_prompts" else ""
        for post_id in (1, 2, 3):
            check_answer(route.answers[200], api.ok("GET", path.replace("{post_id}", str(post_id)), headers=LIST))
    created = next(route for route in ROUTES if route.name == "create_post")
    previewed = api.ok("POST", "/v1/posts?dryRun=true", body)
    check_answer(created.answers[200], previewed)


def test_a_plan_in_which_not_all_fit_fits_its_schema(server: Api) -> None:
    for _ in range(2):
        server.ttp.post("Hi", "--to", "x/me")
    body = {"days": 1, "minGapS": 2 * 86_400, "partly": True}
    planned = server.having("publish").ok("POST", "/v1/plan?dryRun=true", body)
    assert (planned["perDay"], len(planned["leftOut"])) == (None, 1)
    check_answer(PlanAnswer, planned)


@pytest.mark.parametrize("body", [{"contents": "a"}, {"content": "a", "accounts": ["x/nobody"]}, {"content": " "}])
def test_a_problem_fits_its_schema(server: Api, body: Any) -> None:
    from ttp.server.answers import ProblemAnswer

    check_answer(ProblemAnswer, server.having("draft").post("/v1/posts", body).json())
