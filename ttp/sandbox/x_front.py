"""X's front door: problems in its words, the token check, rate limits and their headers. No endpoint lives here."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.answers import Refused, bearer, content_type
from ttp.sandbox.credentials import as_credentials, renewed
from ttp.sandbox.limits import Limits
from ttp.sandbox.state import Account, State

Work: TypeAlias = Callable[[State, Account, Request], Awaitable[Response]]

_PROBLEMS = "https://api.x.com/2/problems/"


def problem(status: int, title: str, detail: str, kind: str = "about:blank", **more: Any) -> Refused:
    """A refusal in X's problem shape. `kind` is the last segment of `type`."""
    about = kind if kind == "about:blank" else _PROBLEMS + kind
    body = {"title": title, "detail": detail, "type": about, "status": status, **more}
    return Refused(JSONResponse(body, status, media_type="application/problem+json"))


def invalid(message: str, **parameters: Any) -> Refused:
    """400 in the words X uses for a bad parameter or body."""
    shown = {name: [str(value)] for name, value in parameters.items()}
    return problem(
        400,
        "Invalid Request",
        "One or more parameters to your request was invalid.",
        "invalid-request",
        errors=[{"message": message, "parameters": shown}],
    )


def forbidden(detail: str) -> Refused:
    """403 as X words most of its refusals."""
    return problem(403, "Forbidden", detail)


def not_found(resource: str, value: str) -> dict[str, Any]:
    """The entry of `errors` for a resource that does not exist."""
    return {
        "value": value,
        "detail": f"Could not find {resource} with id: [{value}].",
        "title": "Not Found Error",
        "resource_type": resource,
        "parameter": "id",
        "resource_id": value,
        "type": _PROBLEMS + "resource-not-found",
    }


def guarded(
    state: State, limits: Limits, path: str, method: str, work: Work, limit: int, scopes: tuple[str, ...]
) -> Route:
    """A route that asks for a live token with `scopes` and allows `limit` calls per account and 15 minutes."""

    async def endpoint(request: Request) -> Response:
        account = signed_in(state, request)
        used, reset = limits.spend(account.id, f"{method} {path}", state.now_ms() / 1000)
        try:
            if account.limited and used > limit:
                raise problem(429, "Too Many Requests", "Too Many Requests")
            if not set(scopes) <= set(account.scopes):
                raise forbidden("You are not permitted to perform this action.")
            answer = await work(state, account, request)
        except Refused as refused:
            answer = refused.response
        answer.headers["x-rate-limit-limit"] = str(limit)
        answer.headers["x-rate-limit-remaining"] = str(max(0, limit - used))
        answer.headers["x-rate-limit-reset"] = str(reset)
        return answer

    return Route(path, endpoint, methods=[method])


def signed_in(state: State, request: Request) -> Account:
    """The account of the request's token. 401 for none, an unknown or an ended one."""
    token = bearer(request.headers)
    account = state.account_of("x", token) if token else None
    if account is None or account.expires_ms <= state.now_ms():
        raise problem(401, "Unauthorized", "Unauthorized")
    return account


async def renew_token(state: State, request: Request) -> Response:
    """`POST /2/oauth2/token`, refresh grant: both tokens are replaced, the spent refresh token never works again."""
    if content_type(request) != "application/x-www-form-urlencoded":
        raise _oauth(400, "invalid_request", "Missing required parameter [grant_type].")
    form = {name: str(value) for name, value in (await request.form()).multi_items()}
    if form.get("grant_type") != "refresh_token" or "refresh_token" not in form:
        raise _oauth(400, "invalid_request", "Value passed for the grant type was invalid.")
    account = state.refreshed_by("x", form["refresh_token"])
    if account is None:
        raise _oauth(400, "invalid_request", "Value passed for the token was invalid.")
    if not _is_client(account, request, form):
        raise _oauth(401, "unauthorized_client", "Missing valid authorization header")
    account = renewed(state, account)
    state.keep(account)
    new = as_credentials(account)
    return JSONResponse(
        {
            "token_type": "bearer",
            "expires_in": (account.expires_ms - account.issued_ms) // 1000,
            "access_token": new["accessToken"],
            "scope": " ".join(account.scopes),
            "refresh_token": new["refreshToken"],
        }
    )


def _is_client(account: Account, request: Request, form: dict[str, str]) -> bool:
    """A confidential client proves itself by a Basic header, a public one names itself in the form."""
    if account.client_secret is None:
        return form.get("client_id") == account.client_id and "authorization" not in request.headers
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return scheme.lower() == "basic" and given == f"{account.client_id}:{account.client_secret}"


def _oauth(status: int, error: str, description: str) -> Refused:
    return Refused(JSONResponse({"error": error, "error_description": description}, status))
