"""TikTok: authorization page, token endpoint with both grants, revocation. Desktop apps need hexadecimal PKCE."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from functools import partial
from urllib.parse import SplitResult, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.consent import VERIFIER, LoginPage, authorization_route, is_loopback, refusal_page
from ttp.sandbox.request_checks import RequestRefused, content_type, form_body
from ttp.sandbox.state import State, grant_tokens, renew_tokens
from ttp.sandbox.tiktok.records import SCOPES, TikTokAccount
from ttp.sandbox.tiktok.requests import log_id


def routes(state: State) -> list[Route]:
    """Return the routes of the login. Every path ends with a slash."""
    return [
        authorization_route(state, "/v2/auth/authorize/", _PAGE),
        Route("/v2/oauth/token/", partial(_token, state), methods=["POST"]),
        Route("/v2/oauth/revoke/", partial(_revoke, state), methods=["POST"]),
    ]


def _may_redirect(address: SplitResult) -> bool:
    """Any https, or this machine with a port."""
    return address.scheme == "https" or (is_loopback(address) and address.port is not None)


def _read_challenge(params: Mapping[str, str]) -> tuple[str | None, str]:
    """Return the challenge. A desktop app, whose address is on loopback, must send one."""
    challenge = params.get("code_challenge")
    if challenge is None and is_loopback(urlsplit(params["redirect_uri"])):
        raise refusal_page("The code_challenge is missing.")
    hexadecimal = challenge is None or re.fullmatch(r"[0-9a-fA-F]{64}", challenge)
    if not hexadecimal or (challenge is not None and params.get("code_challenge_method") != "S256"):
        raise refusal_page(
            "The code_challenge must be the SHA-256 of the verifier in 64 hexadecimal digits, method S256."
        )
    return challenge, "S256"


_PAGE = LoginPage(
    platform="tiktok",
    client="client_key",
    required=("client_key", "response_type", "scope", "redirect_uri", "state"),
    optional=("disable_auto_auth", "code_challenge", "code_challenge_method"),
    scopes=SCOPES,
    separator=",",
    may_redirect=_may_redirect,
    read_challenge=_read_challenge,
    code_ms=600_000,  # TikTok documents no life of its codes; RFC 6749 (4.1.2) allows ten minutes at most
    denied={"error": "access_denied", "error_description": "The user canceled the authorization."},
    names_scopes=True,
)


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
            "expires_in": account.life_s,
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
    return grant_tokens(state, TikTokAccount, found)


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
    if app is None or not app.belongs_to("tiktok") or app.secret != form["client_secret"]:
        raise _error(state, "invalid_client", "Client key or secret is incorrect.")
    return form


def _error(state: State, error: str, description: str) -> RequestRefused:
    return RequestRefused(
        JSONResponse({"error": error, "error_description": description, "log_id": log_id(state)}, 400)
    )
