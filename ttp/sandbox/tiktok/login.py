"""TikTok: authorization page, token endpoint with both grants, revocation. Desktop apps need hexadecimal PKCE."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from urllib.parse import SplitResult, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.consent import (
    VERIFIER,
    AuthorizationRequest,
    authorization_route,
    check_request,
    is_loopback,
    refusal_page,
)
from ttp.sandbox.request_checks import RequestRefused, content_type, form_body
from ttp.sandbox.state import State, renew_tokens
from ttp.sandbox.tiktok.front import log_id
from ttp.sandbox.tiktok.records import SCOPES, TikTokAccount

CODE_MS = 600_000
"""TikTok names no life for its codes; ten minutes is what RFC 6749 (4.1.2) allows at most."""
_REQUIRED = ("client_key", "response_type", "scope", "redirect_uri", "state")
_OPTIONAL = ("disable_auto_auth", "code_challenge", "code_challenge_method")


def routes(state: State) -> list[Route]:
    """Return the routes of the login. Every path ends with a slash."""
    return [
        authorization_route(state, "/v2/auth/authorize/", read_request, build_answer),
        Route("/v2/oauth/token/", partial(_token, state), methods=["POST"]),
        Route("/v2/oauth/revoke/", partial(_revoke, state), methods=["POST"]),
    ]


def read_request(state: State, params: Mapping[str, str]) -> AuthorizationRequest:
    """Check an authorization request. A desktop app, which goes back to loopback, needs PKCE."""
    app = check_request(
        state,
        params,
        required=_REQUIRED,
        known=(*_REQUIRED, *_OPTIONAL),
        is_app=lambda app: app.platform == "tiktok",
        may_redirect=_may_redirect,
        no_app="The client_key is not known.",
        no_redirect="The redirect_uri is not registered for this app.",
        client="client_key",
    )
    scopes = tuple(dict.fromkeys(params["scope"].split(",")))
    if not set(scopes) <= set(SCOPES):
        raise refusal_page(f"Unknown scopes: {', '.join(sorted(set(scopes) - set(SCOPES)))}.")
    challenge = params.get("code_challenge")
    if challenge is None and is_loopback(urlsplit(params["redirect_uri"])):
        raise refusal_page("The code_challenge is missing.")
    hexadecimal = challenge is None or re.fullmatch(r"[0-9a-fA-F]{64}", challenge)
    if not hexadecimal or (challenge is not None and params.get("code_challenge_method") != "S256"):
        raise refusal_page(
            "The code_challenge must be the SHA-256 of the verifier in 64 hexadecimal digits, method S256."
        )
    return AuthorizationRequest(app, params["redirect_uri"], scopes, params["state"], CODE_MS, challenge, "S256")


def _may_redirect(address: SplitResult) -> bool:
    """Any https, or this machine with a port."""
    return address.scheme == "https" or (is_loopback(address) and address.port is not None)


def build_answer(asked: AuthorizationRequest, code: str | None) -> dict[str, str]:
    """Return what goes back to the app, without the state."""
    if code is None:
        return {"error": "access_denied", "error_description": "The user canceled the authorization."}
    return {"code": code, "scopes": ",".join(asked.scopes)}


async def _token(state: State, request: Request) -> Response:
    """`POST /v2/oauth/token/`: takes forms only. Both tokens are replaced, and the old ones stop working."""
    form = await _client_form(state, request, "grant_type")
    match form["grant_type"]:
        case "authorization_code":
            account = _exchange(state, form)
        case "refresh_token":
            account = _refresh(state, form)
        case _:
            raise _error(state, "invalid_request", "The request parameters are malformed.")
    state.save(account)
    return JSONResponse(
        {
            "access_token": account.access_token,
            "expires_in": (account.expires_ms - account.issued_ms) // 1000,
            "open_id": account.user_id,
            "refresh_expires_in": (account.refresh_expires_ms - account.issued_ms) // 1000,
            "refresh_token": account.refresh_token,
            "scope": ",".join(account.scopes),
            "token_type": "Bearer",
        },
        headers={"Cache-Control": "no-store"},
    )


def _exchange(state: State, form: Mapping[str, str]) -> TikTokAccount:
    found = state.login_codes.get(form.get("code", ""))
    if not form.get("code") or not form.get("redirect_uri"):
        raise _error(state, "invalid_request", "The request parameters are malformed.")
    if found is None or found.app != form["client_key"] or found.ends_ms <= state.now_ms():
        raise _error(state, "invalid_grant", "Authorization code is expired.")
    del state.login_codes[found.code]
    if form["redirect_uri"] != found.redirect_uri:
        raise _error(state, "invalid_request", "Redirect_uri is not matched with the uri when requesting code.")
    verifier = form.get("code_verifier", "")
    proof = hashlib.sha256(verifier.encode()).hexdigest()
    if found.challenge is not None and not (
        VERIFIER.fullmatch(verifier) and hmac.compare_digest(proof, found.challenge.lower())
    ):
        raise _error(state, "invalid_request", "Code verifier or code challenge is invalid.")
    app = state.apps[found.app]
    account = state.accounts[found.account]
    assert isinstance(account, TikTokAccount)
    account = replace(account, scopes=found.scopes, client_id=app.id, client_secret=app.secret)
    return renew_tokens(state, account)


def _refresh(state: State, form: Mapping[str, str]) -> TikTokAccount:
    if not form.get("refresh_token"):
        raise _error(state, "invalid_request", "The request parameters are malformed.")
    account = state.find_by_refresh_token(TikTokAccount, form["refresh_token"])
    if account is None or account.client_id != form["client_key"]:
        raise _error(state, "invalid_grant", "Refresh token is invalid or expired.")
    return renew_tokens(state, account)


async def _revoke(state: State, request: Request) -> Response:
    """`POST /v2/oauth/revoke/`: ends the account's tokens; answered with an empty object."""
    form = await _client_form(state, request, "token")
    account = state.find_by_token(TikTokAccount, form["token"]) or state.find_by_refresh_token(
        TikTokAccount, form["token"]
    )
    if account is None:
        raise _error(state, "invalid_request", "The token is invalid or has been revoked.")
    state.save(account.without_tokens())
    return JSONResponse({})


async def _client_form(state: State, request: Request, *names: str) -> dict[str, str]:
    """Return the form of an app with a correct secret and everything in `names`."""
    if content_type(request) != "application/x-www-form-urlencoded":
        raise _error(state, "invalid_request", "Only application/x-www-form-urlencoded is supported.")
    form = await form_body(request)
    if not {"client_key", "client_secret", *names} <= {name for name, value in form.items() if value}:
        raise _error(state, "invalid_request", "The request parameters are malformed.")
    app = state.apps.get(form["client_key"])
    if app is None or app.platform != "tiktok" or app.secret != form["client_secret"]:
        raise _error(state, "invalid_client", "Client key or secret is incorrect.")
    return form


def _error(state: State, error: str, description: str) -> RequestRefused:
    return RequestRefused(
        JSONResponse({"error": error, "error_description": description, "log_id": log_id(state)}, 400)
    )
