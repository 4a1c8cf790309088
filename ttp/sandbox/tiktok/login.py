"""TikTok: the authorization page, the token endpoint with both grants, revocation. Hexadecimal PKCE for desktops."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.accounts import SCOPES, is_loopback, may_redirect, renewed, without_tokens
from ttp.sandbox.consent import Ask, door, needed, refused
from ttp.sandbox.records import Account
from ttp.sandbox.request_checks import Refused, content_type
from ttp.sandbox.state import State
from ttp.sandbox.tiktok.front import log_id
from ttp.sandbox.x.login import VERIFIER

CODE_MS = 600_000
"""TikTok names no life for its codes; ten minutes is what RFC 6749 (4.1.2) allows at most."""
_ASKED = {"client_key", "response_type", "scope", "redirect_uri", "state", "disable_auto_auth"}
_ASKED |= {"code_challenge", "code_challenge_method"}


def routes(state: State) -> list[Route]:
    """TikTok's login; every path ends with a slash."""
    return [
        door(state, "/v2/auth/authorize/", read, answer),
        Route("/v2/oauth/token/", partial(_token, state), methods=["POST"]),
        Route("/v2/oauth/revoke/", partial(_revoke, state), methods=["POST"]),
    ]


def read(state: State, params: Mapping[str, str]) -> Ask:
    """An authorization request that TikTok takes; a desktop app's (back to loopback) needs PKCE."""
    needed(params, "client_key", "response_type", "scope", "redirect_uri", "state")
    if unknown := set(params) - _ASKED:
        raise refused(f"Unknown parameters: {', '.join(sorted(unknown))}.")
    app = state.apps.get(params["client_key"])
    if app is None or app.platform != "tiktok":
        raise refused("The client_key is not known.")
    if not may_redirect(app, params["redirect_uri"]):
        raise refused("The redirect_uri is not registered for this app.")
    if params["response_type"] != "code":
        raise refused("The response_type must be code.")
    scopes = tuple(dict.fromkeys(params["scope"].split(",")))
    if not set(scopes) <= set(SCOPES["tiktok"]):
        raise refused(f"Unknown scopes: {', '.join(sorted(set(scopes) - set(SCOPES['tiktok'])))}.")
    challenge = params.get("code_challenge")
    if challenge is None and is_loopback(params["redirect_uri"]):
        raise refused("The code_challenge is missing.")
    hexadecimal = challenge is None or re.fullmatch(r"[0-9a-fA-F]{64}", challenge)
    if not hexadecimal or (challenge is not None and params.get("code_challenge_method") != "S256"):
        raise refused("The code_challenge must be the SHA-256 of the verifier in 64 hexadecimal digits, method S256.")
    return Ask(app, params["redirect_uri"], scopes, params["state"], CODE_MS, challenge, "S256")


def answer(ask: Ask, code: str | None) -> dict[str, str]:
    """What goes back to the app beside the state."""
    if code is None:
        return {"error": "access_denied", "error_description": "The user canceled the authorization."}
    return {"code": code, "scopes": ",".join(ask.scopes)}


async def _token(state: State, request: Request) -> Response:
    """`POST /v2/oauth/token/`: a form only. Both tokens are replaced, the old ones stop working."""
    form = await _client_form(state, request, "grant_type")
    match form["grant_type"]:
        case "authorization_code":
            account = _exchanged(state, form)
        case "refresh_token":
            account = _refreshed(state, form)
        case _:
            raise _error(state, "invalid_request", "The request parameters are malformed.")
    state.keep(account)
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


def _exchanged(state: State, form: Mapping[str, str]) -> Account:
    grant = state.grants.get(form.get("code", ""))
    if not form.get("code") or not form.get("redirect_uri"):
        raise _error(state, "invalid_request", "The request parameters are malformed.")
    if grant is None or grant.app != form["client_key"] or grant.ends_ms <= state.now_ms():
        raise _error(state, "invalid_grant", "Authorization code is expired.")
    del state.grants[grant.code]
    if form["redirect_uri"] != grant.redirect_uri:
        raise _error(state, "invalid_request", "Redirect_uri is not matched with the uri when requesting code.")
    verifier = form.get("code_verifier", "")
    proof = hashlib.sha256(verifier.encode()).hexdigest()
    if grant.challenge is not None and not (
        VERIFIER.fullmatch(verifier) and hmac.compare_digest(proof, grant.challenge.lower())
    ):
        raise _error(state, "invalid_request", "Code verifier or code challenge is invalid.")
    app = state.apps[grant.app]
    account = replace(state.accounts[grant.account], scopes=grant.scopes, client_id=app.id, client_secret=app.secret)
    return renewed(state, account)


def _refreshed(state: State, form: Mapping[str, str]) -> Account:
    if not form.get("refresh_token"):
        raise _error(state, "invalid_request", "The request parameters are malformed.")
    account = state.refreshed_by("tiktok", form["refresh_token"])
    if account is None or account.client_id != form["client_key"]:
        raise _error(state, "invalid_grant", "Refresh token is invalid or expired.")
    return renewed(state, account)


async def _revoke(state: State, request: Request) -> Response:
    """`POST /v2/oauth/revoke/`: ends the account's tokens; answered with an empty object."""
    form = await _client_form(state, request, "token")
    account = state.account_of("tiktok", form["token"]) or state.refreshed_by("tiktok", form["token"])
    if account is None:
        raise _error(state, "invalid_request", "The token is invalid or has been revoked.")
    state.keep(without_tokens(account))
    return JSONResponse({})


async def _client_form(state: State, request: Request, *names: str) -> dict[str, str]:
    """The form of an app that proves itself, with everything in `names` there."""
    if content_type(request) != "application/x-www-form-urlencoded":
        raise _error(state, "invalid_request", "Only application/x-www-form-urlencoded is supported.")
    form = {name: str(value) for name, value in (await request.form()).multi_items()}
    if not {"client_key", "client_secret", *names} <= {name for name, value in form.items() if value}:
        raise _error(state, "invalid_request", "The request parameters are malformed.")
    app = state.apps.get(form["client_key"])
    if app is None or app.platform != "tiktok" or app.secret != form["client_secret"]:
        raise _error(state, "invalid_client", "Client key or secret is incorrect.")
    return form


def _error(state: State, error: str, description: str) -> Refused:
    return Refused(JSONResponse({"error": error, "error_description": description, "log_id": log_id(state)}, 400))
