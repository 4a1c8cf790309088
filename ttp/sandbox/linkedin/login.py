"""LinkedIn: authorization page, token endpoint, revocation. Refresh tokens for partners only. No PKCE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import SplitResult

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.consent import LoginPage, authorization_route, is_https, is_loopback
from ttp.sandbox.linkedin.records import SCOPES, LinkedInAccount
from ttp.sandbox.request_checks import RequestRefused, content_type, form_body
from ttp.sandbox.state import State, grant_tokens, renew_tokens


def routes(state: State) -> list[Route]:
    """Return the routes of the login."""
    return [
        authorization_route(state, "/oauth/v2/authorization", _PAGE),
        Route("/oauth/v2/accessToken", partial(_token, state), methods=["POST"]),
        Route("/oauth/v2/revoke", partial(_revoke, state), methods=["POST"]),
    ]


def _may_redirect(address: SplitResult) -> bool:
    return is_https(address) or is_loopback(address)


_PAGE = LoginPage(
    platform="linkedin",
    required=("response_type", "client_id", "redirect_uri", "scope", "state"),
    optional=(),
    scopes=SCOPES,
    separator=r"\s+",
    may_redirect=_may_redirect,
    code_ms=1_800_000,
    denied={"error": "user_cancelled_authorize", "error_description": "The user cancelled the authorization"},
)


async def _token(state: State, request: Request) -> Response:
    """`POST /oauth/v2/accessToken`: takes forms only."""
    form = await _client_form(state, request, "grant_type")
    match form["grant_type"]:
        case "authorization_code":
            account = _exchange(state, form)
        case "refresh_token":
            owner = state.find_by_refresh_token(LinkedInAccount, form.get("refresh_token", ""))
            if owner is None or not owner.partner:
                raise _error("invalid_request", "The provided authorization grant or refresh token is invalid")
            ends, token = owner.refresh_expires_ms, owner.refresh_token
            account = replace(renew_tokens(state, owner), refresh_token=token, refresh_expires_ms=ends)
        case _:
            raise _error("unsupported_grant_type", "The grant type is not supported")
    state.save(account)
    body: dict[str, Any] = {
        "access_token": account.access_token,
        "expires_in": account.life_s,
        "scope": ",".join(account.scopes),
    }
    if account.refresh_token is not None:
        left_s = (account.refresh_expires_ms - account.issued_ms) // 1000
        body |= {"refresh_token": account.refresh_token, "refresh_token_expires_in": left_s}
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


def _exchange(state: State, form: Mapping[str, str]) -> LinkedInAccount:
    login = state.login_codes.get(form.get("code", ""))
    if login is None or login.app != form["client_id"] or login.ends_ms <= state.now_ms():
        raise _error("invalid_request", "Unable to retrieve access token: authorization code not found")
    del state.login_codes[login.code]
    if form.get("redirect_uri") != login.redirect_uri:
        text = "Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code"
        raise _error("invalid_redirect_uri", text)
    return grant_tokens(state, LinkedInAccount, login)


async def _revoke(state: State, request: Request) -> Response:
    """`POST /oauth/v2/revoke`: ends the account's token."""
    form = await _client_form(state, request, "token")
    account = state.find_by_token(LinkedInAccount, form["token"])
    if account is None:
        raise _error("invalid_request", "The token is invalid or has been revoked")
    state.save(account.without_tokens())
    return Response(status_code=200)


async def _client_form(state: State, request: Request, name: str) -> dict[str, str]:
    """Return the form of an app with a correct secret, and `name` in it."""
    if content_type(request) != "application/x-www-form-urlencoded":
        raise _error("invalid_request", "A required parameter is missing")
    form = await form_body(request)
    for one in ("client_id", "client_secret", name):
        if not form.get(one):
            raise _error("invalid_request", f'A required parameter "{one}" is missing')
    app = state.apps.get(form["client_id"])
    if app is None or not app.belongs_to("linkedin") or app.secret != form["client_secret"]:
        raise _error("invalid_client", "Client authentication failed", 401)
    return form


def _error(error: str, description: str, status: int = 400) -> RequestRefused:
    return RequestRefused(JSONResponse({"error": error, "error_description": description}, status))
