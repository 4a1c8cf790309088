"""X: OAuth 2.0 with PKCE. Authorization page, token endpoint with both grants, revocation."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import partial
from urllib.parse import SplitResult

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.consent import VERIFIER, LoginPage, authorization_route, refusal_page, s256
from ttp.sandbox.records import SandboxApp
from ttp.sandbox.request_checks import RequestRefused, content_type, form_body
from ttp.sandbox.state import State, grant_tokens, renew_tokens
from ttp.sandbox.x.records import XAccount

_SCOPES = {f"{thing}.{right}" for thing in ("tweet", "follows", "mute", "like", "list", "block", "bookmark", "dm")
           for right in ("read", "write")}  # fmt: skip
_SCOPES |= {"tweet.moderate.write", "users.read", "users.email", "space.read", "media.write", "offline.access"}


def routes(state: State) -> list[Route]:
    """Return the routes of the login: both addresses of the page, the token endpoint, revocation."""
    return [
        authorization_route(state, "/i/oauth2/authorize", _PAGE),
        authorization_route(state, "/2/oauth2/authorize", _PAGE),
        Route("/2/oauth2/token", partial(_token, state), methods=["POST"]),
        Route("/2/oauth2/revoke", partial(_revoke, state), methods=["POST"]),
    ]


def _may_redirect(address: SplitResult) -> bool:
    """Any https, or 127.0.0.1 over http; never `localhost`."""
    if address.scheme == "https":
        return address.hostname != "localhost"
    return address.scheme == "http" and address.hostname == "127.0.0.1"


def _read_challenge(params: Mapping[str, str]) -> tuple[str, str]:
    if len(params["state"]) > 500:
        raise refusal_page("The state has more than 500 characters.")
    challenge, method = params["code_challenge"], params.get("code_challenge_method", "plain")
    if method not in ("S256", "plain") or not VERIFIER.fullmatch(challenge):
        raise refusal_page("The code_challenge or its method is not valid.")
    return challenge, method


_PAGE = LoginPage(
    platform="x",
    required=("response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge"),
    optional=("code_challenge_method",),
    scopes=_SCOPES,
    separator=r"\s+",
    may_redirect=_may_redirect,
    read_challenge=_read_challenge,
    code_ms=30_000,
    denied={"error": "access_denied"},
)


async def _token(state: State, request: Request) -> Response:
    """`POST /2/oauth2/token`: takes forms only. Every answer has new tokens; a refresh token works once."""
    form = await _read_form(request)
    match form.get("grant_type"):
        case "authorization_code":
            account = _exchange(state, request, form)
        case "refresh_token":
            account = _refresh(state, request, form)
        case None:
            raise _error(400, "invalid_request", "Missing required parameter [grant_type].")
        case _:
            raise _error(400, "invalid_request", "Value passed for the grant type was invalid.")
    state.save(account)
    body = {
        "token_type": "bearer",
        "expires_in": account.life_s,
        "access_token": account.access_token,
        "scope": " ".join(account.scopes),
    }
    if account.refresh_token is not None:
        body["refresh_token"] = account.refresh_token
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


def _exchange(state: State, request: Request, form: Mapping[str, str]) -> XAccount:
    for name in ("code", "redirect_uri", "code_verifier"):
        if not form.get(name):
            raise _error(400, "invalid_request", f"Missing required parameter [{name}].")
    app = _find_app(state, request, form)
    found = state.login_codes.get(form["code"])
    if found is None or found.app != app.id or found.ends_ms <= state.now_ms():
        raise _error(400, "invalid_request", "Value passed for the authorization code was invalid.")
    del state.login_codes[found.code]
    if form["redirect_uri"] != found.redirect_uri:
        text = "Value passed for the redirect uri did not match the uri of the authorization code."
        raise _error(400, "invalid_request", text)
    if not _is_verifier(form["code_verifier"], found.challenge or "", found.method):
        raise _error(400, "invalid_request", "Value passed for the code verifier did not match the code challenge.")
    return grant_tokens(state, XAccount, found)


def _refresh(state: State, request: Request, form: Mapping[str, str]) -> XAccount:
    account = state.find_by_refresh_token(XAccount, form.get("refresh_token", ""))
    if account is None:
        raise _error(400, "invalid_request", "Value passed for the token was invalid.")
    if not _is_client(account.client_id, account.client_secret, request, form):
        raise _error(401, "unauthorized_client", "Missing valid authorization header")
    return renew_tokens(state, account)


async def _revoke(state: State, request: Request) -> Response:
    """`POST /2/oauth2/revoke`: ends the account's tokens. An unknown token counts as revoked."""
    form = await _read_form(request)
    if not form.get("token"):
        raise _error(400, "invalid_request", "Missing required parameter [token].")
    _find_app(state, request, form)
    account = state.find_by_token(XAccount, form["token"]) or state.find_by_refresh_token(XAccount, form["token"])
    if account is not None:
        state.save(account.without_tokens())
    return JSONResponse({"revoked": True})


async def _read_form(request: Request) -> dict[str, str]:
    if content_type(request) != "application/x-www-form-urlencoded":
        raise _error(400, "invalid_request", "Missing required parameter [grant_type].")
    return await form_body(request)


def _find_app(state: State, request: Request, form: Mapping[str, str]) -> SandboxApp:
    """Return the calling app: by a Basic header if it is confidential, by `client_id` in the form if it is public."""
    named = _read_basic(request)
    app = state.apps.get(named[0] if named else form.get("client_id", ""))
    if app is None or not app.belongs_to("x") or not _is_client(app.id, app.secret, request, form):
        raise _error(401, "unauthorized_client", "Missing valid authorization header")
    return app


def _is_client(client_id: str | None, secret: str | None, request: Request, form: Mapping[str, str]) -> bool:
    if secret is None:
        return form.get("client_id") == client_id and "authorization" not in request.headers
    return _read_basic(request) == (client_id, secret)


def _read_basic(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, secret


def _is_verifier(verifier: str, challenge: str, method: str) -> bool:
    return bool(VERIFIER.fullmatch(verifier)) and challenge == (s256(verifier) if method == "S256" else verifier)


def _error(status: int, error: str, description: str) -> RequestRefused:
    return RequestRefused(JSONResponse({"error": error, "error_description": description}, status))
