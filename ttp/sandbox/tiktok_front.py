"""TikTok's front door: the envelope of every answer, the token check, limits per minute, the token endpoint."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.answers import Key, Refused, bearer, breaches, content_type, json_body
from ttp.sandbox.credentials import renewed
from ttp.sandbox.limits import Limits
from ttp.sandbox.state import Account, State

Work: TypeAlias = Callable[[State, Account, Request], Awaitable[Response]]


def envelope(state: State, data: dict[str, Any], code: str = "ok", message: str = "", status: int = 200) -> Response:
    """An answer in TikTok's envelope; an error code may come with status 200."""
    return JSONResponse({"data": data, "error": {"code": code, "message": message, "log_id": log_id(state)}}, status)


def refusal(state: State, status: int, code: str, message: str) -> Refused:
    """A refusal in the same envelope, without data."""
    return Refused(envelope(state, {}, code, message, status))


def log_id(state: State) -> str:
    """The identifier TikTok gives each request: its time, then hexadecimal digits."""
    return f"{state.now():%Y%m%d%H%M%S}{secrets.token_hex(9).upper()}"


def guarded(
    state: State, limits: Limits, path: str, method: str, work: Work, limit: int, scope: str | None = None
) -> Route:
    """A route that asks for a live token with `scope` and allows `limit` calls per account and minute."""

    async def endpoint(request: Request) -> Response:
        token = bearer(request.headers)
        account = state.account_of("tiktok", token) if token else None
        if account is None or account.expires_ms <= state.now_ms():
            raise refusal(
                state, 401, "access_token_invalid", "The access token is invalid or not found in the request."
            )
        used, _ = limits.spend(account.id, path, state.now_ms() / 1000)
        if account.limited and used > limit:
            raise refusal(state, 429, "rate_limit_exceeded", "The API rate limit was exceeded. Please try again later.")
        if scope is not None and scope not in account.scopes:
            raise refusal(state, 401, "scope_not_authorized", f"The user did not authorize the scope {scope}.")
        return await work(state, account, request)

    return Route(path, endpoint, methods=[method])


async def checked_body(state: State, request: Request, keys: Iterable[Key], optional: bool = False) -> dict[str, Any]:
    """The JSON body, of exactly these keys. 400 `invalid_params` otherwise. `optional`: no body is an empty object."""
    if optional and not await request.body():
        return {}
    try:
        body: Any = await json_body(request)
    except ValueError as breach:
        raise refusal(state, 400, "invalid_params", str(breach)) from None
    if found := breaches(body, keys):
        raise refusal(state, 400, "invalid_params", "; ".join(found))
    return dict(body)


def wanted_fields(state: State, request: Request, known: Iterable[str]) -> list[str]:
    """The fields named in the query, of those `known`; at least one is required."""
    names = request.query_params.get("fields", "").split(",")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise refusal(state, 400, "invalid_params", f"fields: {json.dumps(unknown)} are not fields")
    return names


async def renew_token(state: State, request: Request) -> Response:
    """`POST /v2/oauth/token/`, refresh grant: a form only; both tokens are replaced, the old ones stop working."""
    if content_type(request) != "application/x-www-form-urlencoded":
        raise _oauth(state, "invalid_request", "Only application/x-www-form-urlencoded is supported.")
    form = {name: str(value) for name, value in (await request.form()).multi_items()}
    lacking = {"client_key", "client_secret", "grant_type", "refresh_token"} - form.keys()
    if lacking or form["grant_type"] != "refresh_token":
        raise _oauth(state, "invalid_request", "The request parameters are malformed.")
    account = state.refreshed_by("tiktok", form["refresh_token"])
    if account is None:
        raise _oauth(state, "invalid_grant", "Refresh token is invalid or expired.")
    if (form["client_key"], form["client_secret"]) != (account.client_id, account.client_secret):
        raise _oauth(state, "invalid_client", "Client key or secret is incorrect.")
    account = renewed(state, account)
    state.keep(account)
    return JSONResponse(
        {
            "access_token": account.access_token,
            "expires_in": (account.expires_ms - account.issued_ms) // 1000,
            "open_id": account.user_id,
            "refresh_expires_in": (account.refresh_expires_ms - account.issued_ms) // 1000,
            "refresh_token": account.refresh_token,
            "scope": ",".join(account.scopes),
            "token_type": "Bearer",
        }
    )


def _oauth(state: State, error: str, description: str) -> Refused:
    return Refused(JSONResponse({"error": error, "error_description": description, "log_id": log_id(state)}, 400))
