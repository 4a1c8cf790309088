"""Instagram's two logins. Instagram Login: a token of an hour for a code, one of sixty days for that, refresh. Facebook
Login: user tokens, the pages of a user, what a token may do."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.consent import LoginPage, authorization_route, is_https
from ttp.sandbox.instagram.records import SCOPES, InstagramAccount, InstagramSwitches, switch_login
from ttp.sandbox.instagram.requests import API
from ttp.sandbox.meta.records import REMOVED, renew
from ttp.sandbox.meta.requests import Params, allow_only, graph_error, select_fields
from ttp.sandbox.meta.tokens import TokenEndpoints
from ttp.sandbox.records import DAY_MS, HOUR_MS, SandboxApp
from ttp.sandbox.state import State

_PAGE = LoginPage(
    platform="instagram",
    login="instagram",
    required=("client_id", "redirect_uri", "response_type", "scope"),
    optional=("state", "force_reauth", "enable_fb_login"),
    scopes={*SCOPES["instagram"], "instagram_business_manage_messages"},
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


_TOKENS = TokenEndpoints(
    API,
    "instagram",
    "ig",
    approve=lambda account, code: switch_login(account, "instagram", code.scopes),
    is_flat=lambda state: state.part(InstagramSwitches).flat_tokens,
)


def routes(state: State) -> list[Route]:
    return [authorization_route(state, "/oauth/authorize", _PAGE), *_TOKENS.routes(state)]


_FACEBOOK_PAGE = LoginPage(
    platform="instagram",
    login="facebook",
    required=("client_id", "redirect_uri", "scope"),
    optional=("response_type", "state", "display", "auth_type", "extras", "config_id"),
    scopes={
        *SCOPES["facebook"],
        *("ads_management", "ads_read", "business_management", "public_profile"),
        "pages_manage_posts",
    },
    may_redirect=is_https,
    code_ms=600_000,
    denied={
        "error": "access_denied",
        "error_code": "200",
        "error_description": "Permissions error",
        "error_reason": "user_denied",
    },
)


def facebook_routes(state: State) -> list[Route]:
    """Return the routes of the login, each with and without a version."""
    found: list[Route] = []
    for front in ("", "/{version}"):
        methods = ["GET", "POST"] if front else ["GET"]  # POST without a version is Instagram Login's
        found += [
            authorization_route(state, f"{front}/dialog/oauth", _FACEBOOK_PAGE),
            Route(f"{front}/oauth/access_token", partial(_facebook_token, state), methods=methods),
            Route(f"{front}/debug_token", partial(_debug_token, state), methods=["GET"]),
            API.authenticated_route(state, f"{front}/me/accounts", "GET", pages, "pages_show_list"),
            API.authenticated_route(state, f"{front}/me/permissions", "GET", permissions),
            API.authenticated_route(state, f"{front}/me/permissions", "DELETE", revoke),
        ]
    return found


async def _facebook_token(state: State, request: Request) -> Response:
    """`/oauth/access_token`: a user token for a code, a long one for a short one, or the app's own token."""
    params = await API.read_params(request)
    app = _find_app(state, params)
    grant_type = params.get("grant_type", "authorization_code")
    match grant_type:
        case "client_credentials":
            return JSONResponse({"access_token": f"{app.id}|{app.secret}", "token_type": "bearer"})
        case "fb_exchange_token":
            account = state.find_by_token(InstagramAccount, params.get("fb_exchange_token", ""))
            if account is None or account.login != "facebook" or account.expires_ms <= state.now_ms() or account.dead:
                raise graph_error(190, "Error validating access token: the token is not valid.", 467)
            account = renew(state, account)
        case "authorization_code":
            account = _exchange(state, app, params)
        case _:
            raise graph_error(100, "(#100) Param grant_type is not valid")
    state.save(account)
    return JSONResponse({"access_token": account.access_token, "token_type": "bearer", "expires_in": account.life_s})


def _exchange(state: State, app: SandboxApp, params: Params) -> InstagramAccount:
    found = state.login_codes.get(params.get("code", ""))
    if found is None or found.app != app.id:
        raise graph_error(100, "This authorization code has been used or is not valid.", 36009)
    if found.ends_ms <= state.now_ms():
        raise graph_error(100, "This authorization code has expired.", 36007)
    if params.get("redirect_uri") != found.redirect_uri:
        raise graph_error(
            100, "Error validating verification code. Please make sure your redirect_uri is identical.", 36008
        )
    del state.login_codes[found.code]
    account = state.account(InstagramAccount, found.account)
    return renew(state, switch_login(account, "facebook", found.scopes), short=True)


def _find_app(state: State, params: Params) -> SandboxApp:
    app = state.apps.get(params.get("client_id", ""))
    if app is None or app.login != "facebook":
        raise graph_error(101, "Error validating application. Cannot get application info due to a system error.")
    if params.get("client_secret") != app.secret:
        raise graph_error(1, "Error validating client secret.")
    return app


async def pages(state: State, account: InstagramAccount, request: Request, params: Params) -> Response:
    """`GET /me/accounts`: the pages of a Facebook user; each account here has one, linked to its Instagram."""
    allow_only(params, {"fields", "limit", "after", "before"})
    if account.login != "facebook":
        raise graph_error(100, "(#100) Tried accessing nonexisting field (accounts) on node type (IGUser)")
    page = select_fields(params, page_fields(account), default=("access_token", "category", "name", "id", "tasks"))
    return JSONResponse({"data": [page], "paging": {"cursors": {"before": "MA==", "after": "MA=="}}})


def page_id(account: InstagramAccount) -> str:
    """Return the id of the Facebook page that an Instagram account is linked to."""
    return f"1{account.user_id[2:16]}"


def page_fields(account: InstagramAccount) -> dict[str, Any]:
    return {
        "id": page_id(account),
        "name": account.handle,
        "access_token": account.page_token,
        "category": "Local business",
        "tasks": ["ANALYZE", "CREATE_CONTENT", "MANAGE"],
        "instagram_business_account": {"id": account.user_id, "username": account.handle},
    }


async def permissions(state: State, account: InstagramAccount, request: Request, params: Params) -> Response:
    """`GET /me/permissions`: what the user granted."""
    allow_only(params, ())
    return JSONResponse({"data": [{"permission": scope, "status": "granted"} for scope in account.scopes]})


async def revoke(state: State, account: InstagramAccount, request: Request, params: Params) -> Response:
    """`DELETE /me/permissions`: the app is removed; every token of this user is dead from here on."""
    allow_only(params, ())
    if account.login != "facebook":
        raise graph_error(100, "Unsupported delete request.", 33)
    state.save(replace(account, dead=REMOVED))
    return JSONResponse({"success": True})


async def _debug_token(state: State, request: Request) -> Response:
    """`GET /debug_token`: what a token may do. Asked with the app's token or a user's own."""
    params = await API.read_params(request)
    asking = params.get("access_token", "")
    app = next((a for a in state.apps.values() if a.login == "facebook" and asking == f"{a.id}|{a.secret}"), None)
    if app is None and state.find_by_token(InstagramAccount, asking) is None:
        raise graph_error(190, "Invalid OAuth access token - Cannot parse access token")
    account = state.find_by_token(InstagramAccount, params.get("input_token", ""))
    if account is None or account.login != "facebook":
        error = {"code": 190, "message": "Malformed access token"}
        return JSONResponse({"data": {"error": error, "is_valid": False, "scopes": []}})
    is_page = params["input_token"] == account.page_token
    alive = not account.dead and (is_page or account.expires_ms > state.now_ms())
    data: dict[str, Any] = {
        "app_id": account.client_id,
        "type": "PAGE" if is_page else "USER",
        "application": "sandbox",
        "data_access_expires_at": (account.issued_ms + 90 * DAY_MS) // 1000,
        "expires_at": 0 if is_page else account.expires_ms // 1000,
        "issued_at": account.issued_ms // 1000,
        "is_valid": alive,
        "scopes": list(account.scopes),
        "user_id": f"2{account.user_id[1:]}",
    }
    if not alive:
        data["error"] = {"code": 190, "message": "The token has ended.", "subcode": account.dead or 463}
    return JSONResponse({"data": data})
