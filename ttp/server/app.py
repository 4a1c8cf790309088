"""Build the application: the routes of the table, behind the guard, with errors as problem details."""

from __future__ import annotations

import threading
from collections.abc import Collection
from functools import cache
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import ConfigDict, TypeAdapter
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.routing import Route as PlainRoute

from ttp import __version__
from ttp.domain.errors import Bug, TtpError
from ttp.server.agents import AgentEndpoint
from ttp.server.answers import ProblemAnswer
from ttp.server.api_page import api_page
from ttp.server.command_answer import CommandTurns
from ttp.server.events import EventStreams
from ttp.server.guard import AGENTS, SAFE_HEADERS, Guard
from ttp.server.pages.compose.open_forms import OpenForms
from ttp.server.pages.connect import StartedLogins
from ttp.server.pages.login import Backoff
from ttp.server.pages.routes import page_routes
from ttp.server.pages.visit import error_page, is_for_browser
from ttp.server.problems import (
    MEDIA_TYPE,
    TIMETOPOST,
    InvalidRequest,
    WrongMethod,
    error_answer,
    hide_home,
    invalid_request,
    nothing_at,
)
from ttp.server.requests import REPLAYED, GuardedRoute, Route
from ttp.server.routes import ROUTES
from ttp.server.timetopost.answers import FailureAnswer
from ttp.services.application import Installation
from ttp.services.delivery_counts import DeliveryCounter
from ttp.views.answers import PostAnswer

_NOT_JSON: dict[Any, dict[str, Any]] = {
    bytes: {"application/octet-stream": {"schema": {"type": "string"}}},
    str: {"text/plain": {"schema": {"type": "string"}}},
}
DOCS = "/docs"
LOCAL_NAMES = ("127.0.0.1", "localhost", "::1")


def build_app(
    installation: Installation,
    hosts: Collection[str] | None = LOCAL_NAMES,
    stopping: threading.Event | None = None,
) -> FastAPI:
    """Return the application for one store. `hosts`: the names by which clients may call it; None: any. `stopping`:
    once it is set, answers that go on for ever end."""
    app = FastAPI(title="ttp", version=__version__, docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.state.installation = installation
    app.state.turns = CommandTurns()
    app.state.counter = DeliveryCounter(installation.database, installation.clock)
    app.state.streams = EventStreams(installation.events, stopping or threading.Event())
    app.router.routes.extend(_api_routes())
    app.router.routes.append(PlainRoute(AGENTS, AgentEndpoint(installation), methods=["POST"]))
    app.state.backoff, app.state.link_backoff = Backoff(), Backoff()
    app.state.open_forms = OpenForms()
    app.state.started_logins = StartedLogins(installation.clock)
    app.router.routes.append(PlainRoute(DOCS, api_page, methods=["GET"]))
    app.router.routes.extend(page_routes())
    app.add_exception_handler(TtpError, _answer_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(ClientDisconnect, _answer_nobody)
    app.add_exception_handler(Exception, _answer_bug)
    app.add_middleware(Guard, hosts=hosts)
    app.openapi = _openapi  # type: ignore[method-assign]  # FastAPI's own way to change it
    return app


@cache
def _api_routes() -> tuple[APIRoute, ...]:
    """Return the routes of the table. They hold nothing of one application, and making them takes long."""
    return tuple(_api_route(route) for route in ROUTES)


def _api_route(route: Route) -> APIRoute:
    described = dict(route.described)
    if route.needs:
        described |= {"x-capability": route.needs[0], "x-limited": route.is_of_accounts, "security": [{"token": []}]}
    if route.headers:
        described["parameters"] = [*described.get("parameters", ()), *route.headers]
    for capability in route.needs[1:]:
        described["x-or-capability"] = capability
    options: dict[str, Any] = {
        "methods": [route.method],
        "status_code": next(iter(route.answers)),
        "response_class": Response if {bytes, str}.intersection(route.answers.values()) else route.answer,
        "response_model": None,
        "responses": {status: {} for status in route.statuses},
        "operation_id": route.name,
        "name": route.name,
        "tags": [_tag(route.path)],
        "openapi_extra": described or None,
    }
    return APIRoute(route.path, route.handle, **options) if not route.needs else GuardedRoute(route, **options)


def _tag(path: str) -> str:
    if path.startswith(TIMETOPOST):
        return "timetopost"
    return path.split("/")[2] if path.startswith("/v1/") else "health"


@cache
def _openapi() -> dict[str, Any]:
    """Return the OpenAPI document: FastAPI's, with the schemas of the answers and the token as security scheme."""
    document = get_openapi(title="ttp", version=__version__, openapi_version="3.1.0", routes=_api_routes())
    components = document["components"]
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    components["schemas"] |= _describe_answers(document["paths"])
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "ttp_…"}}
    return document


def _describe_answers(paths: dict[str, Any]) -> dict[str, Any]:
    """Put the schemas of all answers into the operations, and return those that they refer to by name."""
    answers = [(route, status, _answer_model(route, status)) for route in ROUTES for status in route.statuses]
    models = list(dict.fromkeys(model for _, _, model in answers if model not in _NOT_JSON))
    shapes: Any = tuple.__class_getitem__(tuple(models))
    described = TypeAdapter(shapes, config=ConfigDict(extra="forbid")).json_schema(
        ref_template="#/components/schemas/{model}"
    )
    schemas = dict(zip(models, described["prefixItems"], strict=True))
    for route, status, model in answers:
        responses = paths[route.path.replace(":path", "")][route.method.lower()]["responses"]
        media_type = MEDIA_TYPE if model is ProblemAnswer else route.answer.media_type
        content = _NOT_JSON.get(model) or {str(media_type): {"schema": schemas[model]}}
        responses[str(status)].setdefault("content", {}).update(content)
        if headers := _headers_of(route, status, model):
            responses[str(status)]["headers"] = headers
        if 422 not in route.statuses:
            responses.pop("422", None)  # FastAPI's own
    return dict(described["$defs"])


def _headers_of(route: Route, status: int, model: Any) -> dict[str, Any]:
    """Return the headers of an answer that clients need."""
    headers = {}
    if model is PostAnswer:
        headers["ETag"] = "The revision of the post, for `If-Match`."
    if route.takes_key and status < 300:
        headers[REPLAYED] = "`true`: the request with this key was done before."
    return {name: {"description": about, "schema": {"type": "string"}} for name, about in headers.items()}


def _answer_model(route: Route, status: int) -> Any:
    problem = FailureAnswer if route.path.startswith(TIMETOPOST) else ProblemAnswer
    return route.answers.get(status, problem)


async def _answer_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, TtpError)
    hide_home(error, request.app.state.installation.database.home)
    return error_answer(error, request.url.path)


async def _answer_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return error_answer(invalid_request(error.errors()), request.url.path)


async def _answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path
    refusals = {404: nothing_at(path), 405: WrongMethod(f"{path} has no {request.method}")}
    refusal = refusals.get(error.status_code, InvalidRequest("the body is not JSON"))
    answer = await error_page(request, refusal) if is_for_browser(request) else error_answer(refusal, path)
    answer.headers.update(error.headers or {})
    if error.status_code == 405 and (methods := _methods_at(request)):
        answer.headers["Allow"] = ", ".join(methods)
    return answer


def _methods_at(request: Request) -> list[str]:
    """Return the methods of all routes with the path of a request. The router names those of the first route only."""
    routes = [route for route in request.app.router.routes if route.matches(request.scope)[0] is not Match.NONE]
    return sorted({method for route in routes for method in getattr(route, "methods", None) or ()})


async def _answer_nobody(request: Request, error: Exception) -> Response:
    """Answer a client that hung up while it sent its body. It reads nothing, and the server's log has no error."""
    return error_answer(InvalidRequest("the body was cut off"), request.url.path)


async def _answer_bug(request: Request, error: Exception) -> Response:
    answer = error_answer(Bug("this is a bug in ttp; its log has the details"), request.url.path)
    answer.headers.update(SAFE_HEADERS)  # it does not pass the guard
    return answer
