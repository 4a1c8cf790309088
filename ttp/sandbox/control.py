"""`/_sandbox/…`: everything about the sandbox that is not one of the platforms (INTERFACE.md). Faults never touch it.

`CONTROL_HELP` says what there is: the paths and their bodies, the apps, the login pages, the settings.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ttp.sandbox import page, trouble
from ttp.sandbox.answers import Refused, breaches, json_body
from ttp.sandbox.apps import APPS, X_API_KEY
from ttp.sandbox.credentials import as_credentials, iso
from ttp.sandbox.faults import Fault, fault_from
from ttp.sandbox.limits import MOST
from ttp.sandbox.orders import ACCOUNT, APP, POST, change_settings, ordered_account, ordered_app, ordered_post
from ttp.sandbox.settings import SWITCHES, settings_help
from ttp.sandbox.state import State
from ttp.sandbox.things import Account, App, Post
from ttp.sandbox.x_front import APP_ONLY

_APPS = "\n".join(
    f"  {app.platform:9} {app.login if app.platform == 'instagram' else '':9} {app.id}  {app.secret or '(public)'}"
    for app in APPS
)
CONTROL_HELP = f"""\
In a browser, / shows what followers of the accounts would see.

Paths (JSON):
  GET    /_sandbox/accounts    every account with credentials for `ttp account add`
  POST   /_sandbox/accounts    makes an account, or gives one new credentials: {{"account": "x/shop", ...}}
           keepTokens          change the rest only, leave the tokens alone
           expired, accessExpired, ageS, short (a token of an hour, Instagram), dead (subcode of code 190)
           scopes, confidential (X), signed (X: answers with OAuth 1.0a keys), login ("instagram", "facebook")
           unaudited, privacyLevels, switchedOff ("comment", "duet", "stitch"), maxVideoS (TikTok)
           premium (X), hidesLikes, trialReels (Instagram), followers, unlimited (no rate limits or quotas)
           trouble             a refusal by name; "" ends it
  GET    /_sandbox/apps        the registered apps; POST adds or replaces one:
                               {{"platform", "clientId", "clientSecret"?, "login"?, "redirects"?: [address...]}}
  GET    /_sandbox/posts       what followers see, in order; ?view=page adds what the page at / shows
  POST   /_sandbox/posts       a post of the past: {{"account", "text", "at", "kind"?, "parent"?}}
  GET    /_sandbox/settings    the settings below; POST changes those it names
  GET    /_sandbox/limits      how often each thing may be done: the names for the setting `limits`
  GET    /_sandbox/troubles    the names for `trouble`, by platform
  POST   /_sandbox/faults      {{"platform"?, "method"?, "path": regex, "nth": 1, "times": 1, "do": "status" |
                               "cut_before" | "cut_after" | "hang" | "body", "status"?, "headers"?, "body"?, "effect"?}}
  DELETE /_sandbox/faults
  GET    /_sandbox/requests    the newest requests to the platforms: {{"method", "path", "status"}}; DELETE forgets them
  GET    /_sandbox/help        this text

Logins: /i/oauth2/authorize (X), /oauth/authorize (Instagram Login), /v25.0/dialog/oauth (Facebook Login),
/v2/auth/authorize/ (TikTok). Each shows a page to approve or deny. `&sandbox=approve` or `&sandbox=deny` in the
address, or the setting auto_approve, answers at once; `&sandbox_account=HANDLE` says who logs in (demo).
Redirects without registered ones: X http://127.0.0.1 or https, Instagram https, TikTok loopback with a port or https.

Apps (client id, client secret):
{_APPS}
  X also: app-only bearer {APP_ONLY}; OAuth 1.0a API key {X_API_KEY[0]}, secret {X_API_KEY[1]}

Settings (value at the start):
{settings_help()}
"""


def routes(state: State, faults: list[Fault]) -> list[Route]:
    """The control paths over `state` and the list of faults in force, and the page at `/`."""

    async def accounts(request: Request) -> Response:
        return JSONResponse([_shown(account) for account in state.accounts.values()])

    async def add_account(request: Request) -> Response:
        order = await _order(request, ACCOUNT)
        account = ordered_account(state, order)
        state.keep(account)
        return JSONResponse(_shown(account, signed=order.get("signed", False)), 201)

    async def apps(request: Request) -> Response:
        return JSONResponse([_app(app) for app in state.apps.values()])

    async def add_app(request: Request) -> Response:
        app = ordered_app(await _order(request, APP))
        state.keep(app)
        return JSONResponse(_app(app), 201)

    async def posts(request: Request) -> Response:
        seen = state.visible_posts()
        if request.query_params.get("view") == "page":
            return JSONResponse([page.entry(state, post) for post in deque(seen, page.MOST)])
        return JSONResponse([_seen(post) for post in seen])

    async def add_post(request: Request) -> Response:
        try:
            post = ordered_post(state, await _order(request, POST))
        except ValueError as breach:
            raise _bad(str(breach)) from None
        state.insert(post)
        return JSONResponse(_seen(post), 201)

    async def settings(request: Request) -> Response:
        return JSONResponse({name: getattr(state, name) for name in SWITCHES})

    async def set_settings(request: Request) -> Response:
        try:
            change_settings(state, await _order(request))
        except ValueError as breach:
            raise _bad(str(breach)) from None
        return await settings(request)

    async def limits(request: Request) -> Response:
        return JSONResponse({name: state.most(name) for name in MOST})

    async def troubles(request: Request) -> Response:
        return JSONResponse(trouble.NAMES)

    async def add_fault(request: Request) -> Response:
        try:
            faults.append(fault_from(await _order(request)))
        except ValueError as breach:
            raise _bad(str(breach)) from None
        return JSONResponse({"faults": len(faults)}, 201)

    async def clear_faults(request: Request) -> Response:
        faults.clear()
        return JSONResponse({"faults": 0})

    async def requests(request: Request) -> Response:
        return JSONResponse([{"method": m, "path": p, "status": s} for m, p, s in state.answered])

    async def forget_requests(request: Request) -> Response:
        state.answered.clear()
        return JSONResponse([])

    async def help_text(request: Request) -> Response:
        return PlainTextResponse(CONTROL_HELP)

    return [
        *page.routes(state),
        Route("/_sandbox/accounts", accounts, methods=["GET"]),
        Route("/_sandbox/accounts", add_account, methods=["POST"]),
        Route("/_sandbox/apps", apps, methods=["GET"]),
        Route("/_sandbox/apps", add_app, methods=["POST"]),
        Route("/_sandbox/posts", posts, methods=["GET"]),
        Route("/_sandbox/posts", add_post, methods=["POST"]),
        Route("/_sandbox/settings", settings, methods=["GET"]),
        Route("/_sandbox/settings", set_settings, methods=["POST"]),
        Route("/_sandbox/limits", limits, methods=["GET"]),
        Route("/_sandbox/troubles", troubles, methods=["GET"]),
        Route("/_sandbox/faults", add_fault, methods=["POST"]),
        Route("/_sandbox/faults", clear_faults, methods=["DELETE"]),
        Route("/_sandbox/requests", requests, methods=["GET"]),
        Route("/_sandbox/requests", forget_requests, methods=["DELETE"]),
        Route("/_sandbox/help", help_text, methods=["GET"]),
    ]


def _shown(account: Account, signed: bool = False) -> dict[str, Any]:
    return {"account": account.id, "credentials": as_credentials(account, signed)}


def _app(app: App) -> dict[str, Any]:
    known = {"platform": app.platform, "clientId": app.id, "clientSecret": app.secret}
    return {**known, "login": app.login if app.platform == "instagram" else None, "redirects": list(app.redirects)}


def _seen(post: Post) -> dict[str, Any]:
    return {
        "platform": post.platform,
        "account": post.account,
        "id": post.id,
        "text": post.text,
        "media": list(post.media),
        "at": iso(post.at_ms),
        "parent": post.parent,
    }


async def _order(request: Request, keys: Any = None) -> Any:
    """The JSON body, which is an object of these keys if any are named. 400 for anything else."""
    try:
        body = await json_body(request)
    except ValueError as breach:
        raise _bad(str(breach)) from None
    if keys is None and not isinstance(body, dict):
        raise _bad("body: must be an object")
    if keys is not None and (found := breaches(body, keys)):
        raise _bad("; ".join(found))
    return body


def _bad(message: str) -> Refused:
    return Refused(JSONResponse({"error": message}, 400))
