"""X: OAuth 2.0 with PKCE. The authorization page, the token endpoint with both grants, revocation."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.accounts import may_redirect, renewed, without_tokens
from ttp.sandbox.consent import Ask, door, needed, refused
from ttp.sandbox.records import Account, App
from ttp.sandbox.request_checks import Refused, content_type
from ttp.sandbox.state import State

CODE_MS = 30_000
"""How long a code lives: 30 seconds."""
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
"""RFC 7636, 4.1."""
_ASKED = {"response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"}
_SCOPES = {f"{thing}.{right}" for thing in ("tweet", "follows", "mute", "like", "list", "block", "bookmark", "dm")
           for right in ("read", "write")}  # fmt: skip
_SCOPES |= {"tweet.moderate.write", "users.read", "users.email", "space.read", "media.write", "offline.access"}


def routes(state: State) -> list[Route]:
    """X's login: both addresses of the page, the token endpoint, revocation."""

    return [
        door(state, "/i/oauth2/authorize", read, answer),
        door(state, "/2/oauth2/authorize", read, answer),
        Route("/2/oauth2/token", partial(_token, state), methods=["POST"]),
        Route("/2/oauth2/revoke", partial(_revoke, state), methods=["POST"]),
    ]


def read(state: State, params: Mapping[str, str]) -> Ask:
    """An authorization request that X takes: known client, registered address, known scopes, state, PKCE."""
    needed(params, "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge")
    if unknown := set(params) - _ASKED:
        raise refused(f"Unknown parameters: {', '.join(sorted(unknown))}.")
    app = state.apps.get(params["client_id"])
    if app is None or app.platform != "x":
        raise refused("The client_id is not known.")
    if not may_redirect(app, params["redirect_uri"]):
        raise refused("The redirect_uri is not registered for this app.")
    if params["response_type"] != "code":
        raise refused("The response_type must be code.")
    scopes = tuple(dict.fromkeys(params["scope"].split()))
    if not set(scopes) <= _SCOPES:
        raise refused(f"Unknown scopes: {', '.join(sorted(set(scopes) - _SCOPES))}.")
    if len(params["state"]) > 500:
        raise refused("The state has more than 500 characters.")
    method = params.get("code_challenge_method", "plain")
    if method not in ("S256", "plain") or not VERIFIER.fullmatch(params["code_challenge"]):
        raise refused("The code_challenge or its method is not valid.")
    return Ask(app, params["redirect_uri"], scopes, params["state"], CODE_MS, params["code_challenge"], method)


def answer(ask: Ask, code: str | None) -> dict[str, str]:
    """What goes back to the app beside the state."""
    return {"error": "access_denied"} if code is None else {"code": code}


async def _token(state: State, request: Request) -> Response:
    """`POST /2/oauth2/token`: a form only. Every answer holds new tokens; a spent refresh token never works again."""
    form = await _form(request)
    match form.get("grant_type"):
        case "authorization_code":
            account = _exchanged(state, request, form)
        case "refresh_token":
            account = _refreshed(state, request, form)
        case None:
            raise _error(400, "invalid_request", "Missing required parameter [grant_type].")
        case _:
            raise _error(400, "invalid_request", "Value passed for the grant type was invalid.")
    state.keep(account)
    body = {
        "token_type": "bearer",
        "expires_in": (account.expires_ms - account.issued_ms) // 1000,
        "access_token": account.access_token,
        "scope": " ".join(account.scopes),
    }
    if account.refresh_token is not None:
        body["refresh_token"] = account.refresh_token
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


def _exchanged(state: State, request: Request, form: Mapping[str, str]) -> Account:
    for name in ("code", "redirect_uri", "code_verifier"):
        if not form.get(name):
            raise _error(400, "invalid_request", f"Missing required parameter [{name}].")
    app = _client(state, request, form)
    grant = state.grants.get(form["code"])
    if grant is None or grant.app != app.id or grant.ends_ms <= state.now_ms():
        raise _error(400, "invalid_request", "Value passed for the authorization code was invalid.")
    del state.grants[grant.code]
    if form["redirect_uri"] != grant.redirect_uri:
        text = "Value passed for the redirect uri did not match the uri of the authorization code."
        raise _error(400, "invalid_request", text)
    if not _proves(form["code_verifier"], grant.challenge or "", grant.method):
        raise _error(400, "invalid_request", "Value passed for the code verifier did not match the code challenge.")
    account = replace(state.accounts[grant.account], scopes=grant.scopes, client_id=app.id, client_secret=app.secret)
    return renewed(state, account)


def _refreshed(state: State, request: Request, form: Mapping[str, str]) -> Account:
    account = state.refreshed_by("x", form.get("refresh_token", ""))
    if account is None:
        raise _error(400, "invalid_request", "Value passed for the token was invalid.")
    if not _is_client(account.client_id, account.client_secret, request, form):
        raise _error(401, "unauthorized_client", "Missing valid authorization header")
    return renewed(state, account)


async def _revoke(state: State, request: Request) -> Response:
    """`POST /2/oauth2/revoke`: ends the account's tokens. A token that is not known is as good as revoked."""
    form = await _form(request)
    if not form.get("token"):
        raise _error(400, "invalid_request", "Missing required parameter [token].")
    _client(state, request, form)
    account = state.account_of("x", form["token"]) or state.refreshed_by("x", form["token"])
    if account is not None:
        state.keep(without_tokens(account))
    return JSONResponse({"revoked": True})


async def _form(request: Request) -> dict[str, str]:
    if content_type(request) != "application/x-www-form-urlencoded":
        raise _error(400, "invalid_request", "Missing required parameter [grant_type].")
    return {name: str(value) for name, value in (await request.form()).multi_items()}


def _client(state: State, request: Request, form: Mapping[str, str]) -> App:
    """The app that speaks: by a Basic header if it is confidential, by `client_id` in the form if it is public."""
    named = _basic(request)
    app = state.apps.get(named[0] if named else form.get("client_id", ""))
    if app is None or app.platform != "x" or not _is_client(app.id, app.secret, request, form):
        raise _error(401, "unauthorized_client", "Missing valid authorization header")
    return app


def _is_client(client_id: str | None, secret: str | None, request: Request, form: Mapping[str, str]) -> bool:
    if secret is None:
        return form.get("client_id") == client_id and "authorization" not in request.headers
    return _basic(request) == (client_id, secret)


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, secret


def _proves(verifier: str, challenge: str, method: str) -> bool:
    if not VERIFIER.fullmatch(verifier):
        return False
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return hmac.compare_digest(digest if method == "S256" else verifier, challenge)


def _error(status: int, error: str, description: str) -> Refused:
    return Refused(JSONResponse({"error": error, "error_description": description}, status))
