"""Facebook Login for Instagram: the dialog, tokens, the pages behind an account, looking into and revoking a token."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.accounts import SCOPES, logged_in, may_redirect, renewed, without_tokens
from ttp.sandbox.consent import Ask, door, needed, refused
from ttp.sandbox.instagram.fields import chosen
from ttp.sandbox.instagram.front import Params, graph_error, guarded, only, parameters
from ttp.sandbox.records import Account, App
from ttp.sandbox.state import State

CODE_MS = 600_000
REMOVED = 458
"""Subcode of code 190 for an app that the user removed."""
_ASKED = {"client_id", "redirect_uri", "response_type", "scope", "state", "display", "auth_type", "extras", "config_id"}
_SCOPES = {*SCOPES["facebook"], "instagram_manage_comments", "ads_management", "ads_read", "business_management"}
_SCOPES |= {"public_profile", "pages_manage_posts"}


def routes(state: State) -> list[Route]:
    """The login's paths, each with and without a version."""
    found: list[Route] = []
    for front in ("", "/{version}"):
        methods = ["GET", "POST"] if front else ["GET"]  # POST without a version is Instagram Login's
        found += [
            door(state, f"{front}/dialog/oauth", read, answer),
            Route(f"{front}/oauth/access_token", partial(_token, state), methods=methods),
            Route(f"{front}/debug_token", partial(_debug, state), methods=["GET"]),
            guarded(state, f"{front}/me/accounts", "GET", pages, "pages_show_list"),
            guarded(state, f"{front}/me/permissions", "GET", permissions),
            guarded(state, f"{front}/me/permissions", "DELETE", revoke),
        ]
    return found


def read(state: State, params: Mapping[str, str]) -> Ask:
    """A dialog that Facebook opens."""
    needed(params, "client_id", "redirect_uri", "scope")
    if unknown := set(params) - _ASKED:
        raise refused(f"Unknown parameters: {', '.join(sorted(unknown))}.")
    app = state.apps.get(params["client_id"])
    if app is None or app.login != "facebook":
        raise refused("Invalid App ID: The provided app ID does not look like a valid app ID.")
    if not may_redirect(app, params["redirect_uri"]):
        raise refused("URL blocked: the redirect_uri is not registered for this app.")
    if params.get("response_type", "code") != "code":
        raise refused("The response_type must be code.")
    scopes = tuple(dict.fromkeys(scope.strip() for scope in params["scope"].split(",")))
    if not set(scopes) <= _SCOPES:
        raise refused(f"Invalid Scopes: {', '.join(sorted(set(scopes) - _SCOPES))}.")
    return Ask(app, params["redirect_uri"], scopes, params.get("state"), CODE_MS)


def answer(ask: Ask, code: str | None) -> dict[str, str]:
    """What goes back to the app beside the state."""
    if code is not None:
        return {"code": code}
    described = {"error_code": "200", "error_description": "Permissions error", "error_reason": "user_denied"}
    return {"error": "access_denied", **described}


async def _token(state: State, request: Request) -> Response:
    """`/oauth/access_token`: a user token for a code, a long one for a short one, or the app's own token."""
    params = await parameters(request)
    app = _app(state, params)
    grant_type = params.get("grant_type", "authorization_code")
    match grant_type:
        case "client_credentials":
            return JSONResponse({"access_token": f"{app.id}|{app.secret}", "token_type": "bearer"})
        case "fb_exchange_token":
            account = state.account_of("instagram", params.get("fb_exchange_token", ""))
            if account is None or account.login != "facebook" or account.expires_ms <= state.now_ms() or account.dead:
                raise graph_error(190, "Error validating access token: the token is not valid.", 467)
            account = renewed(state, account)
        case "authorization_code":
            account = _exchanged(state, app, params)
        case _:
            raise graph_error(100, "(#100) Param grant_type is not valid")
    state.keep(account)
    life_s = (account.expires_ms - account.issued_ms) // 1000
    return JSONResponse({"access_token": account.access_token, "token_type": "bearer", "expires_in": life_s})


def _exchanged(state: State, app: App, params: Params) -> Account:
    grant = state.grants.get(params.get("code", ""))
    if grant is None or grant.app != app.id:
        raise graph_error(100, "This authorization code has been used or is not valid.", 36009)
    if grant.ends_ms <= state.now_ms():
        raise graph_error(100, "This authorization code has expired.", 36007)
    if params.get("redirect_uri") != grant.redirect_uri:
        raise graph_error(
            100, "Error validating verification code. Please make sure your redirect_uri is identical.", 36008
        )
    del state.grants[grant.code]
    account = logged_in(state.accounts[grant.account], "facebook", grant.scopes)
    return renewed(state, account, short=True)


def _app(state: State, params: Params) -> App:
    app = state.apps.get(params.get("client_id", ""))
    if app is None or app.login != "facebook":
        raise graph_error(101, "Error validating application. Cannot get application info due to a system error.")
    if params.get("client_secret") != app.secret:
        raise graph_error(1, "Error validating client secret.")
    return app


async def pages(state: State, account: Account, request: Request, params: Params) -> Response:
    """`GET /me/accounts`: the pages of a Facebook user; each account here has one, linked to its Instagram."""
    only(params, {"fields", "limit", "after", "before"})
    if account.login != "facebook":
        raise graph_error(100, "(#100) Tried accessing nonexisting field (accounts) on node type (IGUser)")
    page = chosen(params, page_fields(account), default=("access_token", "category", "name", "id", "tasks"))
    return JSONResponse({"data": [page], "paging": {"cursors": {"before": "MA==", "after": "MA=="}}})


def page_id(account: Account) -> str:
    """The id of the Facebook page that an Instagram account is linked to."""
    return f"1{account.user_id[2:16]}"


def page_fields(account: Account) -> dict[str, Any]:
    """What a page can say of itself."""
    return {
        "id": page_id(account),
        "name": account.handle,
        "access_token": account.page_token,
        "category": "Local business",
        "tasks": ["ANALYZE", "CREATE_CONTENT", "MANAGE"],
        "instagram_business_account": {"id": account.user_id, "username": account.handle},
    }


async def permissions(state: State, account: Account, request: Request, params: Params) -> Response:
    """`GET /me/permissions`: what the user granted."""
    only(params, set())
    return JSONResponse({"data": [{"permission": scope, "status": "granted"} for scope in account.scopes]})


async def revoke(state: State, account: Account, request: Request, params: Params) -> Response:
    """`DELETE /me/permissions`: the app is removed; every token of this user is dead from here on."""
    only(params, set())
    if account.login != "facebook":
        raise graph_error(100, "Unsupported delete request.", 33)
    state.keep(without_tokens(account, dead=REMOVED))
    return JSONResponse({"success": True})


async def _debug(state: State, request: Request) -> Response:
    """`GET /debug_token`: what a token is worth. Asked with the app's token or a user's own."""
    params = await parameters(request)
    asking = params.get("access_token", "")
    app = next((a for a in state.apps.values() if a.login == "facebook" and asking == f"{a.id}|{a.secret}"), None)
    if app is None and state.account_of("instagram", asking) is None:
        raise graph_error(190, "Invalid OAuth access token - Cannot parse access token")
    account = state.account_of("instagram", params.get("input_token", ""))
    if account is None or account.login != "facebook":
        told = {"code": 190, "message": "Malformed access token"}
        return JSONResponse({"data": {"error": told, "is_valid": False, "scopes": []}})
    is_page = params["input_token"] == account.page_token
    alive = not account.dead and (is_page or account.expires_ms > state.now_ms())
    data: dict[str, Any] = {
        "app_id": account.client_id,
        "type": "PAGE" if is_page else "USER",
        "application": "sandbox",
        "data_access_expires_at": (account.issued_ms + 90 * 86_400_000) // 1000,
        "expires_at": 0 if is_page else account.expires_ms // 1000,
        "issued_at": account.issued_ms // 1000,
        "is_valid": alive,
        "scopes": list(account.scopes),
        "user_id": f"2{account.user_id[1:]}",
    }
    if not alive:
        data["error"] = {"code": 190, "message": "The token has ended.", "subcode": account.dead or 463}
    return JSONResponse({"data": data})
