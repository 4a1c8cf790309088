"""TikTok's front door: the envelope of every answer, the token check, limits per minute."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.records import Account
from ttp.sandbox.request_checks import Key, Refused, bearer, breaches, json_body
from ttp.sandbox.state import State

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


def guarded(state: State, path: str, method: str, work: Work, *scopes: str) -> Route:
    """A route that asks for a live token with one of `scopes`, within the account's limit for a minute."""
    name = f"{method} {path}"

    async def endpoint(request: Request) -> Response:
        token = bearer(request.headers)
        account = state.account_of("tiktok", token) if token else None
        if account is None or account.expires_ms <= state.now_ms():
            raise refusal(
                state, 401, "access_token_invalid", "The access token is invalid or not found in the request."
            )
        used, _ = state.minute.spend(account.id, name, state.now_ms() / 1000)
        if used > state.most(name, account):
            raise refusal(state, 429, "rate_limit_exceeded", "The API rate limit was exceeded. Please try again later.")
        if scopes and not set(scopes) & set(account.scopes):
            raise refusal(state, 401, "scope_not_authorized", f"The user did not authorize the scope {scopes[0]}.")
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
