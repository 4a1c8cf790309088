"""Bluesky: how every request is checked and refused: the error's form, tokens, limits and their headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.bluesky.records import CALLS, DAY, HOUR, LIMITS, TROUBLES, BlueskyAccount
from ttp.sandbox.kit import Quota, checked_route
from ttp.sandbox.records import SandboxAccount
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

    async def nobody(state: State, request: Request) -> None:
        return None

    return checked_route(
        state, f"/xrpc/{name}", method, nobody, lambda state, nobody, request: work(state, request), _CALLS
    )


def authenticated_route(state: State, name: str, method: str, work: Work, points: int = 0) -> Route:
    """Return a route that needs a live access token. `points`: that a write costs, at least."""

    def refuse_in_trouble(state: State, account: BlueskyAccount, request: Request) -> None:
        found = TROUBLES.get(state.trouble_of(account))
        if found is not None and (points or not found.writes_only):
            raise refusal(found.status, found.error, found.message)

    def count(state: State, account: BlueskyAccount, request: Request) -> Mapping[str, str]:
        return count_points(state, account, points) if points else {}

    return checked_route(state, f"/xrpc/{name}", method, authenticate, work, _CALLS, refuse_in_trouble, count)


async def authenticate(state: State, request: Request) -> BlueskyAccount:
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


def _quota(name: str, window_s: int, **more: Callable[[SandboxAccount | None], str]) -> Quota:
    def headers(limit: int, left: int, reset: int) -> dict[str, str]:
        numbers = {"limit": limit, "remaining": left, "reset": reset, "policy": f"{limit};w={window_s}"}
        return {f"ratelimit-{what}": str(number) for what, number in numbers.items()}

    return Quota(name, LIMITS[name], window_s, too_many, headers, **more)


def too_many(wait_s: int) -> RequestRefused:
    refused = refusal(429, "RateLimitExceeded", "Rate Limit Exceeded")
    refused.response.headers["retry-after"] = str(wait_s)
    return refused


_CALLS = _quota(CALLS, 300, counted_as=lambda account: "")
"""Of this address."""
_POINTS = (_quota(HOUR, 3600), _quota(DAY, 86_400))


def count_points(state: State, account: BlueskyAccount, points: int) -> Mapping[str, str]:
    """Count the points of a write, and return the headers of the tighter of its two limits. 429 past one."""
    return min(
        (quota.count(state, account, points) for quota in _POINTS), key=lambda one: int(one["ratelimit-remaining"])
    )


async def read_body(request: Request) -> dict[str, Any]:
    """Return the JSON object of a body. 400 for anything else; unknown keys are ignored, as on the server."""
    return await json_body(request, invalid)


def read_query(request: Request, *names: str) -> tuple[str, ...]:
    """Return parameters that must be there."""
    for name in names:
        if not request.query_params.get(name):
            raise invalid(f'Params must have the property "{name}"')
    return tuple(request.query_params[name] for name in names)
