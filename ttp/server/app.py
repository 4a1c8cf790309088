"""The application: the routes of the table, behind the guard, with errors as problem details."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import Route as PlainRoute

from ttp import __version__
from ttp.domain.errors import Bug, NotFound, TtpError
from ttp.server.agents import AgentEndpoint
from ttp.server.answers import ProblemAnswer
from ttp.server.commands import MOST_RUNNING
from ttp.server.guard import AGENTS, Guard
from ttp.server.problems import MEDIA_TYPE, InvalidRequest, WrongMethod, invalid_request, problem_answer
from ttp.server.requests import GuardedRoute
from ttp.server.routes import ROUTES, Route
from ttp.server.services import Installation

LOCAL_NAMES = ("127.0.0.1", "localhost", "::1")


def build_app(installation: Installation, hosts: Collection[str] | None = LOCAL_NAMES) -> FastAPI:
    """Return the application for one store. `hosts`: the names by which clients may call it; None: any."""
    app = FastAPI(title="ttp", version=__version__, docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.state.installation = installation
    app.state.turns = asyncio.Semaphore(MOST_RUNNING)
    for route in ROUTES:
        _add(app, route)
    app.router.routes.append(PlainRoute(AGENTS, AgentEndpoint(installation), methods=["POST"]))
    app.add_exception_handler(TtpError, _answer_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(Exception, _answer_bug)
    app.add_middleware(Guard, hosts=hosts)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # FastAPI's own way to change it
    return app


def _add(app: FastAPI, route: Route) -> None:
    described: dict[int | str, dict[str, Any]] = {
        **{status: {"model": model} for status, model in route.answers.items()},
        **{status: {"model": ProblemAnswer} for status in route.statuses if status not in route.answers},
    }
    guarded = {"x-capability": route.needs.value, "x-limited": route.limited} if route.needs else None
    add = APIRoute if route.needs is None else GuardedRoute
    app.router.routes.append(
        add(
            route.path,
            route.handle,
            methods=[route.method],
            status_code=next(iter(route.answers)),
            response_class=route.answer,
            response_model=None,
            responses=described,
            operation_id=route.name,
            name=route.name,
            tags=[route.path.split("/")[2] if route.needs else "health"],
            openapi_extra={**guarded, **route.described, "security": [{"token": []}]} if guarded else None,
        )
    )


def _openapi(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document: FastAPI's, with problems in their media type and the token as security scheme."""
    if app.openapi_schema is None:
        found = get_openapi(title="ttp", version=__version__, openapi_version="3.1.0", routes=app.routes)
        for path in found["paths"].values():
            for operation in path.values():
                _describe_problems(operation["responses"])
        parts = found["components"]
        for name in ("HTTPValidationError", "ValidationError"):
            parts["schemas"].pop(name, None)
        parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "ttp_…"}}
        app.openapi_schema = found
    return app.openapi_schema


def _describe_problems(responses: dict[str, Any]) -> None:
    for status, answer in list(responses.items()):
        schema = next(iter(answer.get("content", {}).values()), {}).get("schema", {})
        if schema.get("$ref", "").endswith("/HTTPValidationError"):
            del responses[status]
        elif schema.get("$ref", "").endswith("/ProblemAnswer"):
            answer["content"] = {MEDIA_TYPE: {"schema": schema}}


async def _answer_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, TtpError)
    return problem_answer(error)


async def _answer_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_answer(invalid_request(error.errors()))


async def _answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known: Mapping[int, TtpError] = {
        404: NotFound(f"there is nothing at {request.url.path}"),
        405: WrongMethod(f"{request.url.path} has no {request.method}"),
    }
    answer = problem_answer(known.get(error.status_code, InvalidRequest("the body is not JSON")))
    answer.headers.update(error.headers or {})
    return answer


async def _answer_bug(request: Request, error: Exception) -> Response:
    return problem_answer(Bug("this is a bug in ttp; its log has the details"))
