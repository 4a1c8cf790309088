"""Instagram Login: authorization page, a token of an hour for a code, one of sixty days for that, refresh."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.consent import LoginPage, authorization_route, is_https
from ttp.sandbox.instagram.records import SCOPES, InstagramAccount, InstagramSwitches, renew, switch_login
from ttp.sandbox.instagram.requests import Params, allow_only, authenticated_route, graph_error
from ttp.sandbox.records import DAY_MS, HOUR_MS
from ttp.sandbox.request_checks import RequestRefused, content_type, form_body
from ttp.sandbox.state import State

_PAGE = LoginPage(
    platform="instagram",
    login="instagram",
    required=("client_id", "redirect_uri", "response_type", "scope"),
    optional=("state", "force_reauth", "enable_fb_login"),
    scopes={*SCOPES["instagram"], "instagram_business_manage_comments", "instagram_business_manage_messages"},
    needed_scope="instagram_business_basic",
    may_redirect=is_https,
    code_ms=HOUR_MS,
    denied={
        "error": "access_denied",
        "error_reason": "user_denied",
        "error_description": "The user denied your request.",
    },
    fragment="#_",
)


def routes(state: State) -> list[Route]:
    """Return the routes of the login. A version in front of the two exchanges is optional."""
    bare = partial(authenticated_route, state, scope="basic")
    return [
        authorization_route(state, "/oauth/authorize", _PAGE),
        Route("/oauth/access_token", partial(_token, state), methods=["POST"]),
        bare("/access_token", "GET", exchange),
        bare("/refresh_access_token", "GET", refresh),
        bare("/{version}/access_token", "GET", exchange),
        bare("/{version}/refresh_access_token", "GET", refresh),
    ]


async def _token(state: State, request: Request) -> Response:
    """`POST /oauth/access_token`: a token of an hour for a code. A switch says which of two shapes it has."""
    if content_type(request) not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise _error("Missing required field client_id")
    form = await form_body(request)
    for name in ("client_id", "client_secret", "grant_type", "redirect_uri", "code"):
        if not form.get(name):
            raise _error(f"Missing required field {name}")
    app = state.apps.get(form["client_id"])
    if app is None or not app.belongs_to("instagram", "instagram"):
        raise _error("Invalid platform app")
    if app.secret != form["client_secret"]:
        raise _error("Error validating client secret.")
    if form["grant_type"] != "authorization_code":
        raise _error("Invalid grant_type")
    found = state.login_codes.get(form["code"])
    if found is None or found.app != app.id or found.ends_ms <= state.now_ms():
        raise _error("Matching code was not found or was already used")
    if form["redirect_uri"] != found.redirect_uri:
        raise _error("Error validating verification code. Please make sure your redirect_uri is identical.")
    del state.login_codes[found.code]
    account = state.account(InstagramAccount, found.account)
    account = renew(state, switch_login(account, "instagram", found.scopes), short=True)
    state.save(account)
    number, granted = account.user_id, list(account.scopes)
    flat: dict[str, Any] = {"access_token": account.access_token, "user_id": int(number), "permissions": granted}
    documented = {**flat, "user_id": number, "permissions": ",".join(granted)}
    return JSONResponse(flat if state.part(InstagramSwitches).flat_tokens else {"data": [documented]})


async def exchange(state: State, account: InstagramAccount, request: Request, params: Params) -> Response:
    """`GET /access_token`: a token of sixty days for one of an hour, with the app's secret."""
    allow_only(params, {"grant_type", "client_secret"})
    if params.get("grant_type") != "ig_exchange_token":
        raise graph_error(100, "(#100) Param grant_type must be ig_exchange_token")
    if params.get("client_secret") not in {app.secret for app in state.apps.values() if app.login == "instagram"}:
        raise graph_error(1, "Error validating client secret.")
    if account.login != "instagram" or not account.short:
        raise graph_error(100, "(#100) Unsupported token: only a short-lived one can be exchanged")
    return _answer_long_token(state, account)


async def refresh(state: State, account: InstagramAccount, request: Request, params: Params) -> Response:
    """`GET /refresh_access_token`: a new token for one that lives and is at least a day old. The old one ends."""
    allow_only(params, {"grant_type"})
    if params.get("grant_type") != "ig_refresh_token":
        raise graph_error(100, "(#100) Param grant_type must be ig_refresh_token")
    if account.login != "instagram" or account.short:
        raise graph_error(100, "(#100) Unsupported token: only a long-lived one of Instagram Login can be refreshed")
    if state.now_ms() - account.issued_ms < DAY_MS:
        raise graph_error(100, "(#100) The access token must be at least 24 hours old to be refreshed")
    return _answer_long_token(state, account, permissions=",".join(account.scopes))


def _answer_long_token(state: State, account: InstagramAccount, **more: str) -> Response:
    account = renew(state, account)
    state.save(account)
    life_s = (account.expires_ms - account.issued_ms) // 1000
    return JSONResponse({"access_token": account.access_token, "token_type": "bearer", "expires_in": life_s, **more})


def _error(message: str) -> RequestRefused:
    """400 in the shape of this endpoint, which differs from Graph errors."""
    return RequestRefused(JSONResponse({"error_type": "OAuthException", "code": 400, "error_message": message}, 400))
