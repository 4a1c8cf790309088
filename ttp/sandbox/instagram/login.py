"""Instagram Login: the authorization page, a token of an hour for the code, one of sixty days for that, the refresh."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.accounts import HOUR_MS, SCOPES, logged_in, may_redirect, renewed
from ttp.sandbox.consent import Ask, door, needed, refused
from ttp.sandbox.instagram.front import Params, graph_error, guarded, only
from ttp.sandbox.records import Account
from ttp.sandbox.request_checks import Refused, content_type
from ttp.sandbox.state import DAY_MS, State

CODE_MS = HOUR_MS
END = "#_"
"""What stands behind every redirect with a code, and is no part of it."""
_ASKED = {"client_id", "redirect_uri", "response_type", "scope", "state", "force_reauth", "enable_fb_login"}
_SCOPES = {*SCOPES["instagram"], "instagram_business_manage_comments", "instagram_business_manage_messages"}


def routes(state: State) -> list[Route]:
    """The login's paths; a version in front of the two exchanges is optional."""
    bare = partial(guarded, state, scope="basic")
    return [
        door(state, "/oauth/authorize", read, answer, END),
        Route("/oauth/access_token", partial(_token, state), methods=["POST"]),
        bare("/access_token", "GET", exchange),
        bare("/refresh_access_token", "GET", refresh),
        bare("/{version}/access_token", "GET", exchange),
        bare("/{version}/refresh_access_token", "GET", refresh),
    ]


def read(state: State, params: Mapping[str, str]) -> Ask:
    """An authorization request that Instagram takes: https address, known scopes, no PKCE."""
    needed(params, "client_id", "redirect_uri", "response_type", "scope")
    if unknown := set(params) - _ASKED:
        raise refused(f"Unknown parameters: {', '.join(sorted(unknown))}.")
    app = state.apps.get(params["client_id"])
    if app is None or app.platform != "instagram" or app.login != "instagram":
        raise refused("Invalid platform app: the client_id is not known.")
    if not may_redirect(app, params["redirect_uri"]):
        raise refused("Invalid redirect_uri: it is not registered for this app.")
    if params["response_type"] != "code":
        raise refused("The response_type must be code.")
    scopes = tuple(dict.fromkeys(scope.strip() for scope in params["scope"].split(",")))
    if not set(scopes) <= _SCOPES or "instagram_business_basic" not in scopes:
        raise refused(f"Invalid scopes: {params['scope']}.")
    return Ask(app, params["redirect_uri"], scopes, params.get("state"), CODE_MS)


def answer(ask: Ask, code: str | None) -> dict[str, str]:
    """What goes back to the app beside the state."""
    if code is None:
        text = "The user denied your request."
        return {"error": "access_denied", "error_reason": "user_denied", "error_description": text}
    return {"code": code}


async def _token(state: State, request: Request) -> Response:
    """`POST /oauth/access_token`: a token of one hour for a code. The answer's shape is a setting, as both are seen."""
    if content_type(request) not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise _error("Missing required field client_id")
    form = {name: str(value) for name, value in (await request.form()).multi_items()}
    for name in ("client_id", "client_secret", "grant_type", "redirect_uri", "code"):
        if not form.get(name):
            raise _error(f"Missing required field {name}")
    app = state.apps.get(form["client_id"])
    if app is None or app.platform != "instagram" or app.login != "instagram":
        raise _error("Invalid platform app")
    if app.secret != form["client_secret"]:
        raise _error("Error validating client secret.")
    if form["grant_type"] != "authorization_code":
        raise _error("Invalid grant_type")
    grant = state.grants.get(form["code"])
    if grant is None or grant.app != app.id or grant.ends_ms <= state.now_ms():
        raise _error("Matching code was not found or was already used")
    if form["redirect_uri"] != grant.redirect_uri:
        raise _error("Error validating verification code. Please make sure your redirect_uri is identical.")
    del state.grants[grant.code]
    account = logged_in(state.accounts[grant.account], "instagram", grant.scopes)
    account = renewed(state, account, short=True)
    state.keep(account)
    number, granted = account.user_id, list(account.scopes)
    flat: dict[str, Any] = {"access_token": account.access_token, "user_id": int(number), "permissions": granted}
    documented = {**flat, "user_id": number, "permissions": ",".join(granted)}
    return JSONResponse(flat if state.flat_tokens else {"data": [documented]})


async def exchange(state: State, account: Account, request: Request, params: Params) -> Response:
    """`GET /access_token`: a token of sixty days for one of an hour, with the app's secret."""
    only(params, {"grant_type", "client_secret"})
    if params.get("grant_type") != "ig_exchange_token":
        raise graph_error(100, "(#100) Param grant_type must be ig_exchange_token")
    secrets = {app.secret for app in state.apps.values() if app.platform == "instagram" and app.login == "instagram"}
    if params.get("client_secret") not in secrets:
        raise graph_error(1, "Error validating client secret.")
    if account.login != "instagram" or not account.short:
        raise graph_error(100, "(#100) Unsupported token: only a short-lived one can be exchanged")
    return _long(state, account)


async def refresh(state: State, account: Account, request: Request, params: Params) -> Response:
    """`GET /refresh_access_token`: a new token for one that lives and is at least a day old. The old one ends."""
    only(params, {"grant_type"})
    if params.get("grant_type") != "ig_refresh_token":
        raise graph_error(100, "(#100) Param grant_type must be ig_refresh_token")
    if account.login != "instagram" or account.short:
        raise graph_error(100, "(#100) Unsupported token: only a long-lived one of Instagram Login can be refreshed")
    if state.now_ms() - account.issued_ms < DAY_MS:
        raise graph_error(100, "(#100) The access token must be at least 24 hours old to be refreshed")
    return _long(state, account, permissions=",".join(account.scopes))


def _long(state: State, account: Account, **more: str) -> Response:
    account = renewed(state, account)
    state.keep(account)
    life_s = (account.expires_ms - account.issued_ms) // 1000
    return JSONResponse({"access_token": account.access_token, "token_type": "bearer", "expires_in": life_s, **more})


def _error(message: str) -> Refused:
    """400 in the shape of this one endpoint, which is not that of Graph errors."""
    return Refused(JSONResponse({"error_type": "OAuthException", "code": 400, "error_message": message}, 400))
