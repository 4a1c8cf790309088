"""TikTok: how every request is checked and answered. The envelope, tokens, limits per minute."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.kit import Quota, checked_route
from ttp.sandbox.request_checks import BodyField, RequestRefused, bearer, json_body
from ttp.sandbox.state import State
from ttp.sandbox.tiktok.records import LIMITS, TikTokAccount

Work: TypeAlias = Callable[[State, TikTokAccount, Request], Awaitable[Response]]


def envelope(state: State, data: dict[str, Any], code: str = "ok", message: str = "", status: int = 200) -> Response:
    """Return an answer in TikTok's envelope. An error code may have status 200."""
    return JSONResponse({"data": data, "error": {"code": code, "message": message, "log_id": log_id(state)}}, status)


def refusal(state: State, status: int, code: str, message: str) -> RequestRefused:
    """Return a refusal in the same envelope, without data."""
    return RequestRefused(envelope(state, {}, code, message, status))


def log_id(state: State) -> str:
    """Return the id TikTok gives each request: its time, then hexadecimal digits."""
    return f"{state.now():%Y%m%d%H%M%S}{secrets.token_hex(9).upper()}"


def authenticated_route(state: State, path: str, method: str, work: Work, *scopes: str) -> Route:
    """Return a route that needs a live token with one of `scopes`, within the account's limit for a minute."""
    name, text = f"{method} {path}", "The API rate limit was exceeded. Please try again later."

    def check_scopes(state: State, account: TikTokAccount, request: Request) -> None:
        if scopes and not set(scopes) & set(account.scopes):
            raise refusal(state, 401, "scope_not_authorized", f"The user did not authorize the scope {scopes[0]}.")

    quota = Quota(name, LIMITS[name], 60, lambda wait_s: refusal(state, 429, "rate_limit_exceeded", text))
    return checked_route(state, path, method, _authenticate, work, quota, check_scopes)


async def _authenticate(state: State, request: Request) -> TikTokAccount:
    account = state.find_by_token(TikTokAccount, bearer(request.headers) or "")
    if account is None or account.expires_ms <= state.now_ms():
        raise refusal(state, 401, "access_token_invalid", "The access token is invalid or not found in the request.")
    return account


async def read_body(
    state: State, request: Request, known: Iterable[BodyField], optional: bool = False
) -> dict[str, Any]:
    """Return the JSON body, of exactly these keys. 400 otherwise. `optional`: no body means an empty object."""
    if optional and not await request.body():
        return {}
    return await json_body(request, partial(refusal, state, 400, "invalid_params"), known)


def read_fields(state: State, request: Request, known: Iterable[str]) -> list[str]:
    """Return the fields named in the query, of those `known`. At least one is required."""
    names = request.query_params.get("fields", "").split(",")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise refusal(state, 400, "invalid_params", f"fields: {json.dumps(unknown)} are not fields")
    return names
