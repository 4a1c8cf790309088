"""Bluesky: how every request is checked and refused: the error's form, tokens, limits and their headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.bluesky.records import CALLS, DAY, HOUR, LIMITS, TROUBLES, BlueskyAccount
from ttp.sandbox.request_checks import RequestRefused, bearer, json_body
from ttp.sandbox.state import State

Work: TypeAlias = Callable[[State, BlueskyAccount, Request], Awaitable[Response]]
OpenWork: TypeAlias = Callable[[State, Request], Awaitable[Response]]


def refusal(status: int, error: str, message: str) -> RequestRefused:
    """A refusal in the protocol's form."""
    return RequestRefused(JSONResponse({"error": error, "message": message}, status))


def invalid(message: str) -> RequestRefused:
    """400 for a bad parameter, body or record."""
    return refusal(400, "InvalidRequest", message)


def internal_error() -> RequestRefused:
    """500, as the reference server answers some mistakes of its clients."""
    return refusal(500, "InternalServerError", "Internal Server Error")


def open_route(state: State, name: str, method: str, work: OpenWork) -> Route:
    """Return a route that needs no token. It counts against the calls of this address."""

    async def endpoint(request: Request) -> Response:
        headers = count_calls(state, None)
        try:
            answer = await work(state, request)
        except RequestRefused as refused:
            answer = refused.response
        for header, value in headers.items():
            answer.headers.setdefault(header, value)
        return answer

    return Route(f"/xrpc/{name}", endpoint, methods=[method])


def authenticated_route(state: State, name: str, method: str, work: Work, points: int = 0) -> Route:
    """Return a route that needs a live access token. `points`: that a write costs, at least."""

    async def endpoint(request: Request) -> Response:
        headers: dict[str, str] = {}
        try:
            account = authenticate(state, request)
            headers = count_calls(state, account)
            refuse_in_trouble(state, account, writing=points > 0)
            if points:
                headers = count_points(state, account, points) or headers
            answer = await work(state, account, request)
        except RequestRefused as refused:
            answer = refused.response
        for header, value in headers.items():
            answer.headers.setdefault(header, value)
        return answer

    return Route(f"/xrpc/{name}", endpoint, methods=[method])


def authenticate(state: State, request: Request) -> BlueskyAccount:
    """Return the account of the access token. A refresh token is refused."""
    held = bearer(request.headers)
    if held is None:
        raise refusal(401, "AuthMissing", "Authentication Required")
    account = state.find_by_token(BlueskyAccount, held)
    if account is None:
        raise refusal(400, "InvalidToken", "Token could not be verified")
    if account.expires_ms <= state.now_ms():
        raise refusal(400, "ExpiredToken", "Token has expired")
    if account.moved:
        raise refusal(400, "InvalidToken", "Token could not be verified")
    return account


def refuse_in_trouble(state: State, account: BlueskyAccount, *, writing: bool) -> None:
    """Refuse a call if a refusal was ordered for this account."""
    found = TROUBLES.get(state.trouble_of(account))
    if found is not None and (writing or not found.writes_only):
        raise refusal(found.status, found.error, found.message)


def count_calls(state: State, account: BlueskyAccount | None) -> dict[str, str]:
    """Count one call of this address, and return its headers. 429 past the limit."""
    limit = state.limit(CALLS, LIMITS[CALLS], account)
    used, reset = state.count_calls("", CALLS, 300)
    return _headers(state, limit, used, reset, 300)


def count_points(state: State, account: BlueskyAccount, points: int) -> dict[str, str]:
    """Count the points of a write, and return the headers of the tighter of its two limits. 429 past one."""
    tightest: dict[str, str] = {}
    for name, seconds in ((HOUR, 3600), (DAY, 86_400)):
        limit = state.limit(name, LIMITS[name], account)
        used, reset = state.count_calls(account.id, name, seconds, points)
        headers = _headers(state, limit, used, reset, seconds)
        if not tightest or int(headers["ratelimit-remaining"]) < int(tightest["ratelimit-remaining"]):
            tightest = headers
    return tightest


def _headers(state: State, limit: int, used: int, reset: int, seconds: int) -> dict[str, str]:
    headers = {
        "ratelimit-limit": str(limit),
        "ratelimit-remaining": str(max(0, limit - used)),
        "ratelimit-reset": str(reset),
        "ratelimit-policy": f"{limit};w={seconds}",
    }
    if used > limit:
        refused = refusal(429, "RateLimitExceeded", "Rate Limit Exceeded")
        refused.response.headers.update(headers)
        refused.response.headers["retry-after"] = str(max(1, reset - state.now_ms() // 1000))
        raise refused
    return headers


async def read_body(request: Request) -> dict[str, Any]:
    """Return the JSON object of a body. 400 for anything else; unknown keys are ignored, as on the server."""
    return await json_body(request, invalid)


def read_query(request: Request, *names: str) -> tuple[str, ...]:
    """Return parameters that must be there."""
    for name in names:
        if not request.query_params.get(name):
            raise invalid(f'Params must have the property "{name}"')
    return tuple(request.query_params[name] for name in names)
