"""Mastodon: how every request is checked and refused: the error's form, tokens, scopes, limits and their headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.kit import Quota, checked_route
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

    def check_scope(state: State, account: MastodonAccount, request: Request) -> None:
        if scope not in account.scopes and scope.partition(":")[0] not in account.scopes:
            raise refusal(403, "This action is outside the authorized scopes")

    def refuse_in_trouble(state: State, account: MastodonAccount, request: Request) -> None:
        found = TROUBLES.get(state.trouble_of(account))
        publishing = method == "POST" and path.endswith("/statuses")
        if found is not None and found.status != 200 and (publishing or not found.posts_only):
            raise refusal(found.status, found.error)

    quota = Quota(family, LIMITS[family], WINDOWS_S[family], lambda wait_s: refusal(429, "Too many requests"), _headers)
    return checked_route(state, path, method, _authenticate, work, check_scope, quota, refuse_in_trouble)


async def _authenticate(state: State, request: Request) -> MastodonAccount:
    account = state.find_by_token(MastodonAccount, bearer(request.headers) or "")
    if account is None or account.expires_ms <= state.now_ms():
        raise refusal(401, "The access token is invalid")
    return account


def _headers(limit: int, left: int, reset: int) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": datetime.fromtimestamp(reset, UTC).isoformat(timespec="microseconds")[:-6] + "Z",
    }
