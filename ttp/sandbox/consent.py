"""The login pages: the consent page, and the page for a request that is refused. Nothing is loaded from outside.

Each platform describes its own page with a `LoginPage`. The page's look, the choice of the account and the redirect are
the same for all.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from ttp.sandbox.records import LoginCode, SandboxApp
from ttp.sandbox.request_checks import RequestRefused
from ttp.sandbox.stand_in import stand_in
from ttp.sandbox.state import State, renew_tokens

HANDLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}(?:@[A-Za-z0-9.-]{1,64}(?::[0-9]{1,5})?)?")
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
"""RFC 7636, 4.1."""
OWN = ("sandbox", "sandbox_account")
"""Parameters that are the sandbox's own: `sandbox=approve|deny|ask`, and who logs in."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """An authorization request that its platform accepts."""

    app: SandboxApp
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    challenge: str | None
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPage:
    """What a platform's authorization page accepts, and what it sends back to the app."""

    platform: str
    login: str = ""
    """Which login, on a platform that has several."""
    client: str = "client_id"
    """The parameter that names the app."""
    required: tuple[str, ...]
    optional: tuple[str, ...]
    scopes: Collection[str]
    separator: str = r"\s*,\s*"
    """Regular expression between two scopes."""
    needed_scope: str | None = None
    may_redirect: Callable[[SplitResult], bool]
    """Accepts a redirect address of an app that has none registered."""
    read_challenge: Callable[[Mapping[str, str]], tuple[str | None, str]] = lambda params: (None, "")
    """Returns the PKCE challenge and its method, or raises a `refusal_page`."""
    code_ms: int
    denied: Mapping[str, str]
    """The redirect's query after a refusal, without the state."""
    names_scopes: bool = False
    """Whether the redirect names the granted scopes."""
    fragment: str = ""
    """Follows the query of a redirect with a code. Not a part of the code."""
    shows_code: str = ""
    """The redirect address for which the page shows the code instead."""


def authorization_route(state: State, path: str, page: LoginPage) -> Route:

    async def endpoint(request: Request) -> Response:
        params = dict(request.query_params)
        if len(params) != len(request.query_params.multi_items()):
            raise refusal_page("A parameter is there twice.")
        own = {name: params.pop(name) for name in OWN if name in params}
        asked = _read_request(state, params, page)
        if request.method == "POST":
            own = {name: str(value) for name, value in (await request.form()).multi_items()}
        decision = own.get("sandbox", "approve" if state.auto_approve else "ask")
        handle = own.get("sandbox_account", _demo_handle(state, page.platform)).removeprefix(f"{page.platform}/")
        if not HANDLE.fullmatch(handle):
            raise refusal_page(f"Account {handle} does not exist.")
        if decision not in ("approve", "deny"):
            return HTMLResponse(_page(state, asked, handle), headers=HEADERS)
        if decision == "deny":
            answer, fragment = dict(page.denied), ""
        else:
            answer, fragment = {"code": _new_code(state, asked, handle, page.code_ms)}, page.fragment
            if page.names_scopes:
                answer["scopes"] = ",".join(asked.scopes)
        if asked.redirect_uri == page.shows_code:
            return HTMLResponse(f"<h1>Authorization code</h1><p><code>{answer.get('code', 'denied')}</code></p>")
        return _redirect(asked, answer, fragment)

    return _AuthorizationRoute(state, path, endpoint, page)


@dataclass(slots=True)
class _PagePlatforms:
    """The platforms that have an authorization page at each path."""

    by_path: dict[str, set[str]] = field(default_factory=dict)


class _AuthorizationRoute(Route):
    """Leaves an app of another platform to that platform's page at the same path, such as /oauth/authorize."""

    def __init__(self, state: State, path: str, endpoint: Callable[[Request], Any], page: LoginPage) -> None:
        super().__init__(path, endpoint, methods=["GET", "POST"])
        self._state, self._page = state, page
        self._platforms = state.part(_PagePlatforms).by_path.setdefault(path, set())
        self._platforms.add(page.platform)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child_scope = super().matches(scope)
        if match is not Match.NONE:
            app = self._state.apps.get(Request(scope).query_params.get(self._page.client, ""))
            if app is not None and app.platform in self._platforms - {self._page.platform}:
                return Match.NONE, {}
        return match, child_scope


def _demo_handle(state: State, platform: str) -> str:
    handles = (one.handle for one in state.accounts.values() if one.platform == platform)
    return next((handle for handle in handles if handle.partition("@")[0] == "demo"), "demo")


def refusal_page(reason: str) -> RequestRefused:
    """400 as a page. The app gets nothing back, as it may not make this request."""
    body = f"<h1>Something went wrong</h1><p>{escape(reason)}</p>"
    return RequestRefused(HTMLResponse(_html("Login refused", body), 400, headers=HEADERS))


def _read_request(state: State, params: Mapping[str, str], page: LoginPage) -> AuthorizationRequest:
    """Return an authorization request with valid parameters. Registered redirect addresses are compared exactly."""
    for name in page.required:
        if not params.get(name):
            raise refusal_page(f"The parameter {name} is missing.")
    if unknown := set(params) - {*page.required, *page.optional}:
        raise refusal_page(f"Unknown parameters: {', '.join(sorted(unknown))}.")
    app = state.apps.get(params[page.client])
    if app is None or not app.belongs_to(page.platform, page.login):
        raise refusal_page(f"The {page.client} is not known.")
    address = params["redirect_uri"]
    if address not in app.redirects if app.redirects else not _is_address(address, page.may_redirect):
        raise refusal_page("The redirect_uri is not registered for this app.")
    if params.get("response_type", "code") != "code":
        raise refusal_page("The response_type must be code.")
    scopes = tuple(dict.fromkeys(re.split(page.separator, params["scope"].strip())))
    if unknown := set(scopes) - set(page.scopes):
        raise refusal_page(f"Unknown scopes: {', '.join(sorted(unknown))}.")
    if page.needed_scope not in (None, *scopes):
        raise refusal_page(f"The scope {page.needed_scope} is missing.")
    return AuthorizationRequest(app, address, scopes, params.get("state"), *page.read_challenge(params))


def _is_address(address: str, may_redirect: Callable[[SplitResult], bool]) -> bool:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    return not ("#" in address or not parts.hostname or parts.username is not None) and may_redirect(parts)


def s256(verifier: str) -> str:
    """Return the PKCE challenge of a verifier (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def is_https(parts: SplitResult) -> bool:
    """Return whether a redirect address is one of a web app."""
    return parts.scheme == "https"


def is_loopback(parts: SplitResult) -> bool:
    """Return whether a redirect address is one of a desktop app."""
    return parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")


def _new_code(state: State, asked: AuthorizationRequest, handle: str, life_ms: int) -> str:
    """Return a new code for an account, which is created if missing."""
    name = f"{asked.app.platform}/{handle}"
    if name not in state.accounts:
        state.save(renew_tokens(state, stand_in(asked.app.platform).new_account(state, name)))
    # With signs that a query must escape, as some platforms' codes have.
    code = f"{secrets.token_urlsafe(48)}*1!{secrets.randbelow(9000) + 1000}"
    ends = state.now_ms() + life_ms
    state.login_codes[code] = LoginCode(
        code, asked.app.id, name, asked.redirect_uri, asked.scopes, ends, asked.challenge, asked.method
    )
    return code


def _redirect(asked: AuthorizationRequest, query: Mapping[str, str], fragment: str) -> Response:
    given = {**query, **({"state": asked.state} if asked.state is not None else {})}
    separator = "&" if "?" in asked.redirect_uri else "?"
    address = f"{asked.redirect_uri}{separator}{urlencode(given)}{fragment}"
    return RedirectResponse(address, 302, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


def _page(state: State, asked: AuthorizationRequest, handle: str) -> str:
    names = [account.handle for account in state.accounts.values() if account.platform == asked.app.platform]
    options = "".join(f'<option value="{escape(name)}">' for name in names)
    scopes = "".join(f"<li>{escape(scope)}</li>" for scope in asked.scopes)
    platform = stand_in(asked.app.platform).title
    return _html(
        f"Log in to {platform} (sandbox)",
        f"""<h1>Log in to {platform} <small>sandbox</small></h1>
<p>The app <strong>{escape(asked.app.id)}</strong> asks for:</p><ul>{scopes}</ul>
<form method="post">
<p><label>Account <input name="sandbox_account" list="accounts" value="{escape(handle)}" required></label>
<datalist id="accounts">{options}</datalist></p>
<p><button name="sandbox" value="approve">Approve</button> <button name="sandbox" value="deny">Deny</button></p>
</form>
<p>It leads back to {escape(asked.redirect_uri)}</p>""",
    )


def _html(title: str, body: str) -> str:
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 30rem; margin: 3rem auto; padding: 0 1rem;
  color-scheme: light dark; overflow-wrap: anywhere }}
button, input {{ font: inherit; padding: .4rem .8rem }}
</style></head>
<body><main>{body}</main></body></html>
"""
