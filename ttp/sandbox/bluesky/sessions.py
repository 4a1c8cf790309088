"""Bluesky: sign-in with a password, sessions, and the description of the server."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from ttp.sandbox.bluesky import records
from ttp.sandbox.bluesky.requests import authenticated_route, invalid, open_route, read_body, read_query, refusal
from ttp.sandbox.request_checks import bearer
from ttp.sandbox.state import State, renew_tokens

LONGEST_SERVICE_S = 3600


def routes(state: State) -> list[BaseRoute]:
    opened, closed = partial(open_route, state), partial(authenticated_route, state)
    return [
        opened("com.atproto.server.createSession", "POST", create),
        opened("com.atproto.server.refreshSession", "POST", refresh),
        opened("com.atproto.server.deleteSession", "POST", delete),
        opened("com.atproto.server.describeServer", "GET", describe),
        opened("com.atproto.identity.resolveHandle", "GET", resolve_handle),
        closed("com.atproto.server.getSession", "GET", show),
        closed("com.atproto.server.getServiceAuth", "GET", service_auth),
    ]


async def create(state: State, request: Request) -> Response:
    """Sign in. The account's own password gives a session that may do everything."""
    body = await read_body(request)
    account = records.account_of(state, str(body.get("identifier", "")))
    limit = state.limit(records.SESSIONS, records.LIMITS[records.SESSIONS], account)
    used, _ = state.count_calls(str(body.get("identifier")), records.SESSIONS, 300)
    if used > limit:
        raise refusal(429, "RateLimitExceeded", "Rate Limit Exceeded")
    if account is None or account.moved or body.get("password") not in (records.APP_PASSWORD, records.OWN_PASSWORD):
        raise refusal(401, "AuthenticationRequired", "Invalid identifier or password")
    found = records.TROUBLES.get(state.trouble_of(account))
    if found is not None and found.error == "AccountTakedown":
        raise refusal(found.status, found.error, found.message)
    scope = records.OWN_SCOPE if body["password"] == records.OWN_PASSWORD else records.APP_SCOPE
    account = _new_session(state, account, scope)
    return JSONResponse({**_described(account), "accessJwt": account.access_token, "refreshJwt": account.refresh_token})


async def refresh(state: State, request: Request) -> Response:
    """Renew a session by its refresh token. The one before gives the same successor during its grace."""
    held = bearer(request.headers) or ""
    account = state.find_by_refresh_token(records.BlueskyAccount, held)
    if account is not None and state.trouble_of(account) != "revoked":
        account = _new_session(state, account, records.APP_SCOPE)
    else:
        spent = (a for a in state.accounts_of(records.BlueskyAccount) if held and a.previous_refresh == held)
        account = next((a for a in spent if a.grace_ends_ms > state.now_ms()), None)
    if account is None:
        if any(held == one.access_token for one in state.accounts_of(records.BlueskyAccount)):
            raise refusal(400, "InvalidToken", "Bad token scope")
        raise refusal(400, "ExpiredToken", "Token has been revoked")
    return JSONResponse({**_described(account), "accessJwt": account.access_token, "refreshJwt": account.refresh_token})


async def delete(state: State, request: Request) -> Response:
    """End a session by its refresh token."""
    account = state.find_by_refresh_token(records.BlueskyAccount, bearer(request.headers) or "")
    if account is None:
        raise refusal(400, "ExpiredToken", "Token has been revoked")
    state.save(account.without_tokens())
    return Response()


async def show(state: State, account: records.BlueskyAccount, request: Request) -> Response:
    return JSONResponse({**_described(account), "emailConfirmed": not account.unconfirmed})


async def service_auth(state: State, account: records.BlueskyAccount, request: Request) -> Response:
    """Return a token for another service, which lives an hour at most."""
    audience, method = read_query(request, "aud", "lxm")
    ends = request.query_params.get("exp", "")
    if not ends.isdecimal() or not 0 < int(ends) - state.now_ms() // 1000 <= LONGEST_SERVICE_S:
        raise refusal(400, "BadExpiration", "expiration is not in the next hour")
    return JSONResponse(
        {"token": records.token("service", int(ends) * 1000, iss=account.user_id, aud=audience, lxm=method)}
    )


async def describe(state: State, request: Request) -> Response:
    limit = state.part(records.BlueskySwitches).blob_limit
    return JSONResponse({"did": "did:web:localhost", "availableUserDomains": [".test"], "blobUploadLimit": limit})


async def resolve_handle(state: State, request: Request) -> Response:
    (handle,) = read_query(request, "handle")
    account = records.account_of(state, handle)
    if account is None:
        raise invalid("Unable to resolve handle")
    return JSONResponse({"did": account.user_id})


def _new_session(state: State, account: records.BlueskyAccount, scope: str) -> records.BlueskyAccount:
    """Give an account new tokens that say themselves when they end."""
    grace = int(state.part(records.BlueskySwitches).refresh_grace_s * 1000)
    before = account.refresh_token or ""
    account = renew_tokens(state, account)
    account = replace(
        account,
        access_token=records.token(scope, account.expires_ms),
        refresh_token=records.token(records.REFRESH_SCOPE, account.refresh_expires_ms),
        previous_refresh=before,
        grace_ends_ms=state.now_ms() + grace,
    )
    state.save(account)
    return account


def _described(account: records.BlueskyAccount) -> dict[str, Any]:
    return {"did": account.user_id, "handle": account.handle, "active": True}
