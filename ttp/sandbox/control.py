"""`/_sandbox/…`: everything about the sandbox that is not one of the platforms. Faults never touch it.

`CONTROL_HELP` says what there is: the paths and their bodies, the apps, the login pages, the settings.
"""

from __future__ import annotations

import re
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ttp.sandbox import feed_page, trouble
from ttp.sandbox.accounts import (
    APPS,
    SCOPES,
    X_API_KEY,
    X_CONFIDENTIAL,
    X_PUBLIC,
    as_credentials,
    iso,
    logged_in,
    new_account,
    renewed,
    with_keys,
)
from ttp.sandbox.faults import Fault, fault_from
from ttp.sandbox.instagram.front import DEAD
from ttp.sandbox.rate_limits import MOST
from ttp.sandbox.records import Account, App, Post
from ttp.sandbox.request_checks import Key, Refused, breaches, json_body
from ttp.sandbox.settings import SWITCHES, is_open, kind_of, settings_help
from ttp.sandbox.state import State
from ttp.sandbox.tiktok.rules import LEVELS, PUBLIC
from ttp.sandbox.x.front import APP_ONLY

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
            return JSONResponse([feed_page.entry(state, post) for post in deque(seen, feed_page.MOST)])
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
        *feed_page.routes(state),
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


_NAME = re.compile(r"(instagram|tiktok|x)/[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")


_TROUBLES = {"", *(name for names in trouble.NAMES.values() for name in names)}


def _is_name(text: str) -> bool:
    return bool(_NAME.fullmatch(text))


def _are_texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _are_of(allowed: tuple[str, ...]) -> Any:
    return lambda values: _are_texts(values) and set(values) <= set(allowed)


ACCOUNT = (
    Key("account", str, required=True, fits=_is_name),
    Key("keepTokens", bool),
    Key("expired", bool),
    Key("accessExpired", bool),
    Key("ageS", int, fits=lambda n: n >= 0),
    Key("short", bool),
    Key("unaudited", bool),
    Key("unlimited", bool),
    Key("confidential", bool),
    Key("signed", bool),
    Key("scopes", list, fits=_are_texts),
    Key("login", str, fits=("instagram", "facebook").__contains__),
    Key("dead", int, fits=lambda code: code == 0 or code in DEAD),
    Key("trouble", str, fits=_TROUBLES.__contains__),
    Key("premium", bool),
    Key("hidesLikes", bool),
    Key("trialReels", bool),
    Key("followers", int, fits=lambda n: n >= 0),
    Key("privacyLevels", list, fits=_are_of(LEVELS)),
    Key("switchedOff", list, fits=_are_of(("comment", "duet", "stitch"))),
    Key("maxVideoS", int, fits=lambda n: n > 0),
)


APP = (
    Key("platform", str, required=True, fits=("x", "instagram", "tiktok").__contains__),
    Key("clientId", str, required=True, fits=bool),
    Key("clientSecret", str),
    Key("login", str, fits=("instagram", "facebook").__contains__),
    Key("redirects", list, fits=_are_texts),
)


POST = (
    Key("account", str, required=True, fits=_is_name),
    Key("text", str, required=True),
    Key("at", str, required=True),
    Key("kind", str, fits=("IMAGE", "REELS", "STORIES", "CAROUSEL", *LEVELS).__contains__),
    Key("parent", str),
)


def ordered_account(state: State, order: dict[str, Any]) -> Account:
    """The account an order describes. One that exists gets new credentials; what the order leaves out stays."""
    name = order["account"]
    account = state.accounts.get(name) or new_account(state, name)
    account = logged_in(account, order.get("login", account.login))
    if account.platform == "x" and "confidential" in order:
        app = X_CONFIDENTIAL if order["confidential"] else X_PUBLIC
        account = replace(account, client_id=app.id, client_secret=app.secret)
    login = account.login if account.platform == "instagram" else account.platform
    account = replace(
        account,
        audited=not order.get("unaudited", not account.audited),
        limited=not order.get("unlimited", not account.limited),
        scopes=tuple(order.get("scopes", account.scopes or SCOPES[login])),
        trouble=order.get("trouble", account.trouble),
        premium=order.get("premium", account.premium),
        hides_likes=order.get("hidesLikes", account.hides_likes),
        trial_reels=order.get("trialReels", account.trial_reels),
        followers=order.get("followers", account.followers),
        privacy_levels=tuple(order.get("privacyLevels", account.privacy_levels)),
        switched_off=tuple(order.get("switchedOff", account.switched_off)),
        max_video_s=order.get("maxVideoS", account.max_video_s),
    )
    if not order.get("keepTokens") or not account.access_token:
        issued = state.now_ms() - order.get("ageS", 0) * 1000
        account = renewed(state, account, issued_ms=issued, short=order.get("short", False))
    if order.get("signed"):
        account = with_keys(account)
    ended = state.now_ms() - 1000
    if order.get("expired") or order.get("accessExpired"):
        account = replace(account, expires_ms=min(account.expires_ms, ended))
    if order.get("expired"):
        account = replace(account, refresh_expires_ms=min(account.refresh_expires_ms, ended))
    return replace(account, dead=order.get("dead", account.dead))


def ordered_app(order: dict[str, Any]) -> App:
    """A registered app; one of the same client id is replaced."""
    return App(
        order["clientId"],
        order["platform"],
        order.get("clientSecret"),
        order.get("login", "instagram"),
        tuple(order.get("redirects", ())),
    )


def ordered_post(state: State, order: dict[str, Any]) -> Post:
    """A post as if it had been published at `at`, which has passed. ValueError for a time or account that is none."""
    account = state.accounts.get(order["account"])
    at = datetime.fromisoformat(order["at"])
    if account is None or at.tzinfo is None:
        raise ValueError("account: does not exist" if account is None else "at: needs an offset")
    at_ms = int(at.timestamp() * 1000)
    if at_ms > state.now_ms():
        raise ValueError("at: is yet to come")
    match account.platform:
        case "x":
            made = Post(state.snowflake(at_ms), account.id, order["text"], (), at_ms, parent=order.get("parent"))
        case "instagram":
            kind = order.get("kind", "IMAGE")
            shape = "video" if kind == "REELS" else "image"
            code = secrets.token_urlsafe(8)
            made = Post(state.seventeen_digits(), account.id, order["text"], (), at_ms, kind=kind, shortcode=code)
            made = replace(made, shapes=(shape,), alts=(None,))
        case _:
            kind = order.get("kind", PUBLIC)
            made = Post(state.int64(at_ms), account.id, order["text"], (), at_ms, kind=kind, shapes=("video",))
    return made


class NoSetting(ValueError):
    """A setting that there is not, or a value that it cannot have."""


def change_settings(state: State, order: Mapping[str, Any]) -> None:
    """Set the switches an order names. NoSetting, and nothing set, for a name or value that is none."""
    for name, value in order.items():
        if name not in SWITCHES:
            raise NoSetting(f"{name}: is none of {', '.join(SWITCHES)}")
        kind = kind_of(name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        if not (is_number if kind is float else type(value) is kind) and not (value is None and is_open(name)):
            raise NoSetting(f"{name}: must be {'a number' if kind is float else kind.__name__}")
        if name == "limits" and not all(key in MOST and type(n) is int and n >= 0 for key, n in value.items()):
            raise NoSetting("limits: names are those of GET /_sandbox/limits, values whole numbers")
        if name == "trouble" and not all(found in trouble.NAMES.get(key, ()) for key, found in value.items()):
            raise NoSetting("trouble: a platform, and a name of GET /_sandbox/troubles")
        if name == "verified_prefixes" and not _are_texts(value):
            raise NoSetting("verified_prefixes: must be texts")
    for name, value in order.items():
        setattr(state, name, tuple(value) if isinstance(value, list) else value)
