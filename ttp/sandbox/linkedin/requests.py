"""LinkedIn: how every request is checked and refused: the error's form, versions, tokens, scopes, limits of a day."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.kit import Quota, checked_route
from ttp.sandbox.linkedin.records import LIMITS, POSTS, TROUBLES, LinkedInAccount, LinkedInSwitches
from ttp.sandbox.request_checks import RequestRefused, bearer
from ttp.sandbox.state import State

Work: TypeAlias = Callable[[State, LinkedInAccount, Request], Awaitable[Response]]
_THROTTLED = "Resource level throttle limit for calls to this resource is reached."


def refusal(status: int, code: str, message: str, **more: Any) -> RequestRefused:
    """A refusal in the API's form."""
    coded = {"code": code} if code else {}
    return RequestRefused(JSONResponse({"status": status, **coded, "message": message, **more}, status))


def invalid(message: str) -> RequestRefused:
    """400 for a bad body."""
    return refusal(400, "ILLEGAL_ARGUMENT", message)


def denial(what: str) -> RequestRefused:
    """403 for a call that the token does not allow."""
    return refusal(403, "ACCESS_DENIED", f"Not enough permissions to access: {what}", serviceErrorCode=100)


def authenticated_route(state: State, path: str, method: str, work: Work, *scopes: str) -> Route:
    """Return a route that needs a version of the API that has not ended (below /rest), a live token with `scopes`, and
    calls left."""
    name = f"{method} {path}"

    def check_scopes(state: State, account: LinkedInAccount, request: Request) -> None:
        if not set(scopes) <= set(account.scopes):
            raise denial(name)

    def refuse_in_trouble(state: State, account: LinkedInAccount, request: Request) -> None:
        trouble = TROUBLES.get(state.trouble_of(account))
        if trouble is not None and name == POSTS:
            more = {} if trouble.service_code is None else {"serviceErrorCode": trouble.service_code}
            raise refusal(trouble.status, trouble.code, trouble.message, **more)

    quota = Quota(name, LIMITS[name], 86_400, lambda wait_s: refusal(429, "TOO_MANY_REQUESTS", _THROTTLED))
    return checked_route(state, path, method, authenticate, work, check_scopes, quota, refuse_in_trouble)


def closed_route(state: State, path: str, method: str) -> Route:
    """Return a route that no self-serve token may call."""

    async def work(state: State, account: LinkedInAccount, request: Request) -> Response:
        raise denial(f"{method} {path}")

    return checked_route(state, path, method, authenticate, work)


async def authenticate(state: State, request: Request) -> LinkedInAccount:
    """Return the account of the token. 400 and 426 for a missing and an ended version of the API."""
    if request.url.path.startswith("/rest/"):
        _check_version(state, request)
    account = state.find_by_token(LinkedInAccount, bearer(request.headers) or "")
    if account is None:
        raise refusal(401, "INVALID_ACCESS_TOKEN", "Invalid access token", serviceErrorCode=65600)
    if account.expires_ms <= state.now_ms():
        raise refusal(401, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired", serviceErrorCode=65602)
    return account


def _check_version(state: State, request: Request) -> None:
    version = request.headers.get("linkedin-version")
    if version is None:
        raise refusal(400, "VERSION_MISSING", "A version must be present. Please specify a version by adding a header.")
    if not re.fullmatch(r"20\d\d(0[1-9]|1[0-2])", version) or version in state.part(LinkedInSwitches).ended_months:
        raise refusal(426, "NONEXISTENT_VERSION", f"Requested version {version}01 is not active")
    if request.headers.get("x-restli-protocol-version") != "2.0.0":
        raise invalid("X-Restli-Protocol-Version must be 2.0.0")
