"""Mastodon: how every request is checked and refused: the error's form, tokens, scopes, limits and their headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.mastodon.records import CALLS, LIMITS, TROUBLES, WINDOWS_S, MastodonAccount
from ttp.sandbox.request_checks import RequestRefused, bearer
from ttp.sandbox.state import State

Work: TypeAlias = Callable[[State, MastodonAccount, Request], Awaitable[Response]]


def refusal(status: int, error: str) -> RequestRefused:
    """A refusal in the API's form."""
    return RequestRefused(JSONResponse({"error": error}, status))


def no_such_route() -> RequestRefused:
    """404 as a page, for a path that the software does not have."""
    return RequestRefused(HTMLResponse("<h1>Not found</h1>", 404))


def authenticated_route(state: State, path: str, method: str, work: Work, scope: str, family: str = CALLS) -> Route:
    """Return a route that needs a live token with a scope, within the limit of its family."""

    async def endpoint(request: Request) -> Response:
        headers: dict[str, str] = {}
        try:
            account = authenticate(state, request)
            if scope not in account.scopes and scope.partition(":")[0] not in account.scopes:
                raise refusal(403, "This action is outside the authorized scopes")
            headers = count_call(state, account, family)
            found = TROUBLES.get(state.trouble_of(account))
            publishing = method == "POST" and path.endswith("/statuses")
            if found is not None and found.status != 200 and (publishing or not found.posts_only):
                raise refusal(found.status, found.error)
            answer = await work(state, account, request)
        except RequestRefused as refused:
            answer = refused.response
        for name, value in headers.items():
            answer.headers.setdefault(name, value)
        return answer

    return Route(path, endpoint, methods=[method])


def authenticate(state: State, request: Request) -> MastodonAccount:
    held = bearer(request.headers)
    account = state.find_by_token(MastodonAccount, held) if held else None
    if account is None or account.expires_ms <= state.now_ms():
        raise refusal(401, "The access token is invalid")
    return account


def count_call(state: State, account: MastodonAccount, family: str) -> dict[str, str]:
    """Count one call, and return its headers. 429 past the limit."""
    limit = state.limit(family, LIMITS[family], account)
    used, reset = state.count_calls(account.id, family, WINDOWS_S[family])
    headers = {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(max(0, limit - used)),
        "X-RateLimit-Reset": datetime.fromtimestamp(reset, UTC).isoformat(timespec="microseconds")[:-6] + "Z",
    }
    if used > limit:
        refused = refusal(429, "Too many requests")
        refused.response.headers.update(headers)
        raise refused
    return headers
