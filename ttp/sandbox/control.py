"""`/_sandbox/…`: the sandbox's own paths. Faults never touch them. `control_help` says what there is."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ttp.sandbox import feed_page
from ttp.sandbox.consent import HANDLE
from ttp.sandbox.faults import Fault, read_fault
from ttp.sandbox.records import SandboxAccount, SandboxApp, SandboxPost, iso
from ttp.sandbox.request_checks import BodyField, RequestRefused, are_texts, json_body
from ttp.sandbox.stand_in import find_stand_ins, stand_in
from ttp.sandbox.state import Settings, State, default_of, describe_type, is_valid, renew_tokens, switches_of


def control_help() -> str:
    """Return the text of `/_sandbox/help`: paths and their bodies, login pages, apps, settings."""
    fields = "\n".join(f"           {one.name:19} {one.about}" for one in account_fields() if one.about)
    pages = "\n".join(f"  {one.title}: {one.help}" for one in find_stand_ins())
    apps = "\n".join(
        f"  {app.platform:9} {app.login:9} {app.id}  {app.secret or '(public)'}"
        for one in find_stand_ins()
        for app in one.apps
    )
    settings = "\n".join(
        f"  {known.name:21} {known.metadata['about']} ({default_of(known)!r})" for _, known in _switches(State())
    )
    return f"""\
In a browser, / shows what followers of the accounts would see.

Paths (JSON):
  GET    /_sandbox/accounts    every account with credentials for `ttp account add`
  POST   /_sandbox/accounts    makes an account, or gives one new credentials: {{"account": "PLATFORM/HANDLE", ...}}
{fields}
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
  GET    /_sandbox/about       {{"media"}}: the folder that is served, or null
  POST   /_sandbox/stop        {{}} ends the sandbox
  GET    /_sandbox/help        this text

Login pages, the redirects they accept if the app has none registered, and credentials:
{pages}
Each page asks to approve or deny. `&sandbox=approve` or `&sandbox=deny` in the address, or the setting auto_approve,
answers at once; `&sandbox_account=HANDLE` says who logs in (demo).

Apps (client id, client secret):
{apps}

Settings (value at the start):
{settings}
"""


def routes(state: State, faults: list[Fault], media_dir: Path | None, stop: Callable[[], object]) -> list[Route]:
    """Return the control paths over `state` and the list of faults in force, and the page at `/`. `stop` ends the
    sandbox."""

    def add_account(order: dict[str, Any]) -> object:
        account = ordered_account(state, order)
        state.save(account)
        return _render_account(account, stand_in(account.platform).credentials(account, order))

    def add_app(order: dict[str, Any]) -> object:
        app = ordered_app(order)
        state.save(app)
        return _render_app(app)

    def posts(request: Request) -> object:
        seen = state.visible_posts()
        if request.query_params.get("view") == "page":
            return [feed_page.render_entry(state, post) for post in deque(seen, feed_page.MOST)]
        return [_render_post(post) for post in seen]

    def add_post(order: dict[str, Any]) -> object:
        post = ordered_post(state, order)
        state.insert(post)
        return _render_post(post)

    def settings(request: Request | None = None) -> object:
        return {known.name: getattr(owner, known.name) for owner, known in _switches(state)}

    def set_settings(order: dict[str, Any]) -> object:
        change_settings(state, order)
        return settings()

    def add_fault(order: dict[str, Any]) -> object:
        faults.append(read_fault(order))
        return {"faults": len(faults)}

    def clear_faults(request: Request) -> object:
        faults.clear()
        return {"faults": 0}

    def requests(request: Request) -> object:
        return [{"method": m, "path": p, "status": s} for m, p, s in state.answered]

    def forget_requests(request: Request) -> object:
        state.answered.clear()
        return []

    def end(order: dict[str, Any]) -> object:
        stop()
        return {}

    async def help_text(request: Request) -> Response:
        return PlainTextResponse(control_help())

    return [
        *feed_page.routes(state),
        _read_route("accounts", lambda request: [_render_account(a, a.credentials()) for a in state.accounts.values()]),
        _order_route("accounts", add_account, account_fields()),
        _read_route("apps", lambda request: [_render_app(app) for app in state.apps.values()]),
        _order_route("apps", add_app, _app_fields()),
        _read_route("posts", posts),
        _order_route("posts", add_post, _post_fields()),
        _read_route("settings", settings),
        _order_route("settings", set_settings, status=200),
        _read_route("limits", lambda request: {name: state.limit(name, most) for name, most in _limits().items()}),
        _read_route("troubles", lambda request: {one.name: list(one.troubles) for one in find_stand_ins()}),
        _order_route("faults", add_fault),
        _read_route("faults", clear_faults, "DELETE"),
        _read_route("requests", requests),
        _read_route("requests", forget_requests, "DELETE"),
        _read_route("about", lambda request: {"media": None if media_dir is None else str(media_dir.absolute())}),
        _order_route("stop", end, (), status=200),
        Route("/_sandbox/help", help_text, methods=["GET"]),
    ]


def _read_route(name: str, answer: Callable[[Request], object], method: str = "GET") -> Route:
    """Return the route of a request without a body."""

    async def endpoint(request: Request) -> Response:
        return JSONResponse(answer(request))

    return Route(f"/_sandbox/{name}", endpoint, methods=[method])


def _order_route(
    name: str, work: Callable[[dict[str, Any]], object], known: tuple[BodyField, ...] | None = None, status: int = 201
) -> Route:
    """Return the route of a POST with an object, of these keys if any are given. 400 if `work` raises ValueError."""

    async def endpoint(request: Request) -> Response:
        order = await json_body(request, _bad_request, known)
        try:
            return JSONResponse(work(order), status)
        except ValueError as error:
            raise _bad_request(str(error)) from None

    return Route(f"/_sandbox/{name}", endpoint, methods=["POST"])


def _render_account(account: SandboxAccount, credentials: dict[str, str]) -> dict[str, Any]:
    return {"account": account.id, "credentials": credentials}


def _render_app(app: SandboxApp) -> dict[str, Any]:
    known = {"platform": app.platform, "clientId": app.id, "clientSecret": app.secret}
    return {**known, "login": app.login or None, "redirects": list(app.redirects)}


def _render_post(post: SandboxPost) -> dict[str, Any]:
    return {
        "platform": post.platform,
        "account": post.account,
        "id": post.id,
        "text": post.text,
        "media": list(post.media),
        "at": iso(post.at_ms),
        "parent": post.parent,
    }


def _bad_request(message: str) -> RequestRefused:
    return RequestRefused(JSONResponse({"error": message}, 400))


def _is_platform(name: str) -> bool:
    return name in {one.name for one in find_stand_ins()}


def _is_account(text: str) -> bool:
    platform, _, handle = text.partition("/")
    return _is_platform(platform) and bool(HANDLE.fullmatch(handle))


def _logins() -> set[str]:
    return {login for one in find_stand_ins() for login in one.logins}


def _limits() -> dict[str, int]:
    return {name: most for one in find_stand_ins() for name, most in one.limits.items()}


def account_fields() -> tuple[BodyField, ...]:
    """Return what can be ordered of an account. A platform ignores what belongs to another."""
    troubles = {"", *(name for one in find_stand_ins() for name in one.troubles)}
    return (
        BodyField("account", str, required=True, fits=_is_account),
        BodyField("keepTokens", bool, about="change the rest only, not the tokens"),
        BodyField("accessExpired", bool, about="the access token has ended"),
        BodyField("expired", bool, about="the refresh token has ended too"),
        BodyField("ageS", int, fits=lambda n: n >= 0, about="how old the tokens are, in seconds"),
        BodyField("scopes", list, fits=are_texts, about="what the user granted"),
        BodyField("unlimited", bool, about="no rate limits or quotas"),
        BodyField("followers", int, fits=lambda n: n >= 0, about="the number of followers"),
        BodyField("trouble", str, fits=troubles.__contains__, about='a refusal by name; "" ends it'),
        *(one for found in find_stand_ins() for one in found.account_fields),
    )


def _app_fields() -> tuple[BodyField, ...]:
    return (
        BodyField("platform", str, required=True, fits=_is_platform),
        BodyField("clientId", str, required=True, fits=bool),
        BodyField("clientSecret", str),
        BodyField("login", str, fits=_logins().__contains__),
        BodyField("redirects", list, fits=are_texts),
    )


def _post_fields() -> tuple[BodyField, ...]:
    kinds = {kind for one in find_stand_ins() for kind in one.post_kinds}
    return (
        BodyField("account", str, required=True, fits=_is_account),
        BodyField("text", str, required=True),
        BodyField("at", str, required=True),
        BodyField("kind", str, fits=kinds.__contains__),
        BodyField("parent", str),
    )


def ordered_account(state: State, order: dict[str, Any]) -> SandboxAccount:
    """Return the account that an order describes. An existing one gets new tokens; what the order omits stays."""
    name = order["account"]
    platform = stand_in(name.partition("/")[0])
    account = platform.choose_tokens(state.accounts.get(name) or platform.new_account(state, name), order)
    account = replace(
        account,
        limited=not order.get("unlimited", not account.limited),
        scopes=tuple(order.get("scopes", account.scopes or account.default_scopes)),
        trouble=order.get("trouble", account.trouble),
        followers=order.get("followers", account.followers),
    )
    if not order.get("keepTokens") or not account.access_token:
        account = renew_tokens(state, account, issued_ms=state.now_ms() - order.get("ageS", 0) * 1000)
    ended = state.now_ms() - 1000
    if order.get("expired") or order.get("accessExpired"):
        account = replace(account, expires_ms=min(account.expires_ms, ended))
    if order.get("expired"):
        account = replace(account, refresh_expires_ms=min(account.refresh_expires_ms, ended))
    return platform.change_account(account, order)


def ordered_app(order: dict[str, Any]) -> SandboxApp:
    """Return a registered app. It replaces one of the same client id."""
    platform = stand_in(order["platform"])
    login = order.get("login", platform.logins[0]) if platform.logins else ""
    return SandboxApp(
        order["clientId"], platform.name, order.get("clientSecret"), login, tuple(order.get("redirects", ()))
    )


def ordered_post(state: State, order: dict[str, Any]) -> SandboxPost:
    """Return a post as if it had been published at `at`, which has passed. ValueError for another time or account."""
    account = state.accounts.get(order["account"])
    at = datetime.fromisoformat(order["at"])
    if account is None or at.tzinfo is None:
        raise ValueError("account: does not exist" if account is None else "at: needs an offset")
    at_ms = int(at.timestamp() * 1000)
    if at_ms > state.now_ms():
        raise ValueError("at: is in the future")
    return stand_in(account.platform).past_post(state, account, order, at_ms)


class NoSetting(ValueError):
    """A setting that does not exist, or a value that it cannot have."""


def switch_names() -> tuple[str, ...]:
    return tuple(known.name for _, known in _switches(State()))


def _switches(state: State) -> Iterator[tuple[object, Field[Any]]]:
    """Yield each switch with the object that holds its value."""
    for kind, owner in ((Settings, state), *((one.switches, state.part(one.switches)) for one in find_stand_ins())):
        for known in switches_of(kind):
            yield owner, known


def change_settings(state: State, order: Mapping[str, Any]) -> None:
    """Set the switches that an order names. NoSetting, and no change, for a wrong name or value."""
    owners = {known.name: (owner, known) for owner, known in _switches(state)}
    for name, value in order.items():
        if name not in owners:
            raise NoSetting(f"{name}: not one of {', '.join(owners)}")
        _, known = owners[name]
        if not is_valid(known, value):
            raise NoSetting(f"{name}: must be {describe_type(known)}")
        if name == "limits" and not all(key in _limits() and type(n) is int and n >= 0 for key, n in value.items()):
            raise NoSetting("limits: names are those of GET /_sandbox/limits, values whole numbers")
        if name == "trouble" and not all(_is_platform(key) and _is_trouble(key, found) for key, found in value.items()):
            raise NoSetting("trouble: a platform, and a name of GET /_sandbox/troubles")
    for name, value in order.items():
        setattr(owners[name][0], name, tuple(value) if isinstance(value, list) else value)


def _is_trouble(platform: str, trouble: object) -> bool:
    return trouble in stand_in(platform).troubles
