"""What a person sees of a login: the consent page, or why there is none. HTML with nothing from outside.

Each platform says what an authorization request must look like and how its answer reads; the page, the choice of the
account and the redirect are the same for all.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import TypeAlias
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from ttp.sandbox.accounts import new_account
from ttp.sandbox.records import App, Grant
from ttp.sandbox.request_checks import Refused
from ttp.sandbox.state import State

HANDLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
OWN = ("sandbox", "sandbox_account")
"""Parameters of an authorization request that are the sandbox's: `sandbox=approve|deny|ask`, and whose login it is."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Ask:
    """An authorization request that its platform finds in order."""

    app: App
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    code_ms: int
    """How long the code lives."""
    challenge: str | None = None
    method: str = ""


Read: TypeAlias = Callable[[State, Mapping[str, str]], Ask]
Answer: TypeAlias = Callable[[Ask, str | None], Mapping[str, str]]
"""The query that goes back: for a code, or for None where the person refused."""


def door(state: State, path: str, read: Read, answer: Answer, end: str = "") -> Route:
    """The authorization page of a platform. `end` is put behind the redirect with a code."""

    async def endpoint(request: Request) -> Response:
        params = dict(request.query_params)
        if len(params) != len(request.query_params.multi_items()):
            raise refused("A parameter is there twice.")
        own = {name: params.pop(name) for name in OWN if name in params}
        ask = read(state, params)
        if request.method == "POST":
            own = {name: str(value) for name, value in (await request.form()).multi_items()}
        decision = own.get("sandbox", "approve" if state.auto_approve else "ask")
        handle = own.get("sandbox_account", "demo").removeprefix(f"{ask.app.platform}/")
        if not HANDLE.fullmatch(handle):
            raise refused(f"There is no account {handle}.")
        match decision:
            case "approve":
                return _back(ask, answer(ask, _granted(state, ask, handle)), end)
            case "deny":
                return _back(ask, answer(ask, None))
            case _:
                return HTMLResponse(_page(state, ask, handle), headers=HEADERS)

    return Route(path, endpoint, methods=["GET", "POST"])


def refused(reason: str) -> Refused:
    """400 as a page: the request is not one the app may make, so nothing is sent back to it."""
    body = f"<h1>Something went wrong</h1><p>{escape(reason)}</p>"
    return Refused(HTMLResponse(_html("Login refused", body), 400, headers=HEADERS))


def needed(params: Mapping[str, str], *names: str) -> None:
    """A refusal page for a parameter that is missing or empty."""
    for name in names:
        if not params.get(name):
            raise refused(f"The parameter {name} is missing.")


def _granted(state: State, ask: Ask, handle: str) -> str:
    """A new code for an account, which is made if there is none of that name."""
    name = f"{ask.app.platform}/{handle}"
    if name not in state.accounts:
        state.keep(new_account(state, name))
    # TikTok's codes hold signs that a query must escape; all of them do here.
    code = f"{secrets.token_urlsafe(48)}*1!{secrets.randbelow(9000) + 1000}"
    ends = state.now_ms() + ask.code_ms
    state.grants[code] = Grant(code, ask.app.id, name, ask.redirect_uri, ask.scopes, ends, ask.challenge, ask.method)
    return code


def _back(ask: Ask, query: Mapping[str, str], end: str = "") -> Response:
    given = {**query, **({"state": ask.state} if ask.state is not None else {})}
    separator = "&" if "?" in ask.redirect_uri else "?"
    address = f"{ask.redirect_uri}{separator}{urlencode(given)}{end}"
    return RedirectResponse(address, 302, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


def _page(state: State, ask: Ask, handle: str) -> str:
    names = [account.handle for account in state.of(ask.app.platform)]
    options = "".join(f'<option value="{escape(name)}">' for name in names)
    scopes = "".join(f"<li>{escape(scope)}</li>" for scope in ask.scopes)
    platform = {"x": "X", "tiktok": "TikTok", "instagram": "Instagram"}[ask.app.platform]
    return _html(
        f"Log in to {platform} (sandbox)",
        f"""<h1>Log in to {platform} <small>sandbox</small></h1>
<p>The app <strong>{escape(ask.app.id)}</strong> asks for:</p><ul>{scopes}</ul>
<form method="post">
<p><label>Account <input name="sandbox_account" list="accounts" value="{escape(handle)}" required></label>
<datalist id="accounts">{options}</datalist></p>
<p><button name="sandbox" value="approve">Approve</button> <button name="sandbox" value="deny">Deny</button></p>
</form>
<p>It leads back to {escape(ask.redirect_uri)}</p>""",
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
