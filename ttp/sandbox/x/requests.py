"""X: how every request is checked and refused. Problems, tokens, rate limits and their headers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.kit import Quota, checked_route
from ttp.sandbox.request_checks import RequestRefused, bearer, content_type
from ttp.sandbox.state import State
from ttp.sandbox.x.records import APP_ONLY, LIMITS, POSTS_A_DAY, TROUBLES, XAccount, XMemory, XSwitches

Work: TypeAlias = Callable[[State, XAccount, Request], Awaitable[Response]]
_PROBLEMS = "https://api.x.com/2/problems/"


def problem(status: int, title: str, detail: str, kind: str = "about:blank", **more: Any) -> RequestRefused:
    """A refusal in X's problem shape. `kind` is the last segment of `type`."""
    about = kind if kind == "about:blank" else _PROBLEMS + kind
    body = {"title": title, "detail": detail, "type": about, "status": status, **more}
    return RequestRefused(JSONResponse(body, status, media_type="application/problem+json"))


def invalid(message: str, **parameters: Any) -> RequestRefused:
    """400 for a bad parameter or body."""
    shown = {name: [str(value)] for name, value in parameters.items()}
    return problem(
        400,
        "Invalid Request",
        "One or more parameters to your request was invalid.",
        "invalid-request",
        errors=[{"message": message, "parameters": shown}],
    )


def forbidden(detail: str) -> RequestRefused:
    """403, as X words most of them."""
    return problem(403, "Forbidden", detail)


def not_found(resource: str, value: str) -> dict[str, Any]:
    """Return the entry of `errors` for a resource that does not exist."""
    return {
        "value": value,
        "detail": f"Could not find {resource} with id: [{value}].",
        "title": "Not Found Error",
        "resource_type": resource,
        "parameter": "id",
        "resource_id": value,
        "type": _PROBLEMS + "resource-not-found",
    }


def authenticated_route(state: State, path: str, method: str, work: Work, scopes: tuple[str, ...]) -> Route:
    """Return a route that needs a live token with `scopes` (OAuth 1.0a keys have all), within its 15-minute limit."""
    name = f"{method} {path}"
    is_post = name == "POST /2/tweets"

    def check_scopes(state: State, account: XAccount, request: Request) -> None:
        if bearer(request.headers) and not set(scopes) <= set(account.scopes):
            raise forbidden("You are not permitted to perform this action.")

    def refuse_in_trouble(state: State, account: XAccount, request: Request) -> None:
        found = TROUBLES.get(state.trouble_of(account))
        if found is not None and (found.all_calls or is_post):
            raise problem(found.status, found.title, found.detail, found.kind, **found.more)

    quota = Quota(name, LIMITS[name], 900, _too_many, partial(_limit_headers, "x-rate-limit"))
    checks = (quota, check_scopes, refuse_in_trouble, *((_DAILY,) if is_post else ()))
    return checked_route(state, path, method, authenticate, work, *checks)


def _limit_headers(front: str, limit: int, left: int, reset: int) -> dict[str, str]:
    return {f"{front}-limit": str(limit), f"{front}-remaining": str(left), f"{front}-reset": str(reset)}


def _daily_headers(*numbers: int) -> dict[str, str]:
    return {n: v for who in ("app", "user") for n, v in _limit_headers(f"x-{who}-limit-24hour", *numbers).items()}


def _too_many(wait_s: int) -> RequestRefused:
    return problem(429, "Too Many Requests", "Too Many Requests")


_DAILY = Quota(
    POSTS_A_DAY,
    LIMITS[POSTS_A_DAY],
    86_400,
    _too_many,
    _daily_headers,
    counted_as=lambda account: account.client_id or "" if account else "",
)
"""Posts of one app."""


async def authenticate(state: State, request: Request) -> XAccount:
    """Return the account of the token or signature. 401 for a missing, unknown or ended one; 403 for the app's own."""
    if (account := await find_signer(state, request)) is not None:
        return account
    token = bearer(request.headers)
    if token == APP_ONLY:
        raise problem(
            403,
            "Unsupported Authentication",
            "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint."
            " Supported authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context].",
            "unsupported-authentication",
        )
    account = state.find_by_token(XAccount, token) if token else None
    if account is None or account.expires_ms <= state.now_ms():
        raise problem(401, "Unauthorized", "Unauthorized")
    return account


_PAIR = re.compile(r'([a-z_]+)="([^"]*)"')
_REQUIRED = {"oauth_consumer_key", "oauth_nonce", "oauth_signature", "oauth_signature_method", "oauth_timestamp"}
_REQUIRED |= {"oauth_token"}


async def find_signer(state: State, request: Request) -> XAccount | None:
    """Return the account whose keys signed the request; None for any fault in it. A nonce works once a second."""
    given = _read_oauth_header(request)
    if given is None or given["oauth_signature_method"] != "HMAC-SHA1" or given.get("oauth_version", "1.0") != "1.0":
        return None
    account = next((a for a in state.accounts_of(XAccount) if a.signing and a.signing[2] == given["oauth_token"]), None)
    if account is None or not account.signing or account.signing[0] != given["oauth_consumer_key"]:
        return None
    now_s, slack_s, memory = state.now_ms() / 1000, state.part(XSwitches).clock_slack_s, state.part(XMemory)
    stamp = given["oauth_timestamp"]
    nonce = " ".join((stamp, given["oauth_token"], given["oauth_nonce"]))
    if not stamp.isdecimal() or abs(int(stamp) - now_s) > slack_s or not given["oauth_nonce"]:
        return None
    if nonce in memory.nonces:
        return None
    _, secret, _, token_secret = account.signing
    expected = signature(await base_string(request, given), secret, token_secret)
    if not hmac.compare_digest(expected, given["oauth_signature"]):
        return None
    memory.nonces = {n: at for n, at in memory.nonces.items() if now_s - at <= 2 * slack_s}
    memory.nonces[nonce] = now_s
    return account


def signature(base: str, secret: str, token_secret: str) -> str:
    """Return the HMAC-SHA1 of the base string, in base64 (RFC 5849, 3.4.2)."""
    key = f"{_percent_encode(secret)}&{_percent_encode(token_secret)}".encode()
    return base64.b64encode(hmac.new(key, base.encode(), hashlib.sha1).digest()).decode()


async def base_string(request: Request, oauth: dict[str, str]) -> str:
    """Return method, address and every parameter of the query, the header and a form (RFC 5849, 3.4.1)."""
    parameters = [(name, value) for name, value in oauth.items() if name not in ("oauth_signature", "realm")]
    parameters += parse_qsl(request.url.query, keep_blank_values=True)
    if content_type(request) == "application/x-www-form-urlencoded":
        parameters += parse_qsl((await request.body()).decode("latin-1"), keep_blank_values=True)
    pairs = sorted((_percent_encode(name), _percent_encode(value)) for name, value in parameters)
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join((request.method.upper(), _percent_encode(_base_address(request)), _percent_encode(joined)))


def _base_address(request: Request) -> str:
    """Return scheme, host in lower case, a port that is not the default, the path as sent (RFC 5849, 3.4.1.2)."""
    parts = urlsplit(str(request.url))
    host = (parts.hostname or "").lower()
    own = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, own) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path or '/'}"


def _read_oauth_header(request: Request) -> dict[str, str] | None:
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "oauth":
        return None
    pairs = [(unquote(name), unquote(value)) for name, value in _PAIR.findall(rest)]
    given = dict(pairs)
    return given if len(given) == len(pairs) and given.keys() >= _REQUIRED else None


def _percent_encode(text: str) -> str:
    """Percent-encode everything but unreserved characters (RFC 5849, 3.6)."""
    return quote(text, safe="-._~")
