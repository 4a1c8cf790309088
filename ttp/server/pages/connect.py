"""Connect and reconnect accounts: a platform's login page leads back to the callback here, or a password is typed.

Connecting an account needs `publish`. People who may use some accounts only may reconnect those, and add none.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from ttp.domain.action import Action, WayOut, action
from ttp.domain.errors import Hint, NotAllowed, TtpError, UsageError
from ttp.domain.options import parse_languages
from ttp.domain.time.clock import Clock
from ttp.platforms.addresses import host_of
from ttp.platforms.http import is_private
from ttp.platforms.login import App, BrowserLogin, PasswordLogin
from ttp.platforms.oauth.callback import NotThisLogin, read_answer
from ttp.platforms.platform import Platform, Runtime
from ttp.server.pages.visit import Visit
from ttp.services.accounts import find_server
from ttp.services.connecting.connect import AccountConnector, ConnectResult, PendingLogin

CALLBACK = "/callback"
FORM = "/accounts/connect"
LASTS_FOR = timedelta(minutes=10)
ON_SERVER = "Who works on the server itself can connect an account there."
MOST_STARTED = 10
"""Logins that one session may have started; the oldest makes room."""


@dataclass(frozen=True, slots=True)
class StartedLogin:
    """A login that waits for its answer. `session`: a value that only the session knows that started it."""

    session: str = field(repr=False)
    pending: PendingLogin
    server: str | None
    runtime: Runtime
    options: Mapping[str, str]
    ends_at: datetime


class StartedLogins:
    """The logins that wait for an answer, by their state. In memory only: they hold secrets, and last ten minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_state: dict[str, StartedLogin] = {}
        self._lock = threading.Lock()

    def add(
        self, session: str, pending: PendingLogin, server: str | None, runtime: Runtime, options: Mapping[str, str]
    ) -> None:
        now = self._clock.now()
        with self._lock:
            for state, login in list(self._by_state.items()):
                if login.ends_at <= now:
                    del self._by_state[state]
            own = [state for state, login in self._by_state.items() if login.session == session]
            for state in own[: max(0, len(own) - MOST_STARTED + 1)]:
                del self._by_state[state]
            self._by_state[pending.state] = StartedLogin(session, pending, server, runtime, options, now + LASTS_FOR)

    def take(self, state: str, session: str) -> StartedLogin | None:
        """Return the login with this state, once. None for one of another session, which stays, and for an old one."""
        with self._lock:
            login = self._by_state.get(state)
            if login is None or login.session != session:
                return None
            del self._by_state[state]
        return login if self._clock.now() < login.ends_at else None


def setup_commands(visit: Visit, platform: Platform) -> list[str]:
    """Return the commands to type on the server before accounts of a platform can be connected here: its app is not
    known yet. Empty for platforms whose apps have no secret, or are made by ttp."""
    installation = visit.installation
    if not (platform.has_login and platform.needs_client_secret and platform.server == "fixed"):
        return []
    with installation.connecting(platform, None, installation.runtime) as (connector, _):
        if connector.known_app(platform.name) is not None:
            return []
    key = f"platforms.{platform.name}.client_id"
    ways: list[WayOut] = [] if installation.config.text(key) else [action("config set", key, "CLIENT_ID")]
    ways.append(action("account connect", platform.name, client_secret="FILE"))  # noqa: S106  # a file's name
    return [installation.render_way_out(way) for way in ways]


def show_form(visit: Visit) -> Response:
    name, _, handle = visit.query("name").partition("/")
    return _form_page(visit, visit.query("platform") or name, handle)


def _form_page(
    visit: Visit, name: str, handle: str, error: TtpError | None = None, *, wrong_answer: bool = False
) -> Response:
    """Show the networks, and the form of the one that is chosen. `wrong_answer`: the error is about the password."""
    registry = visit.installation.platforms
    platforms = [facts for facts in map(registry.facts, registry.names()) if facts.has_login]
    prompts = {platform.name: _asks_for(visit, platform) for platform in platforms}
    return _page(
        visit,
        "connect.html",
        error,
        platforms=platforms,
        asked=prompts,
        platform=next((platform for platform in platforms if name in (platform.name, *platform.aliases)), None),
        handle=handle,
        langs=visit.field("langs"),
        wrong_answer=wrong_answer,
    )


def _asks_for(visit: Visit, platform: Platform) -> tuple[str, ...]:
    """Return what the login of a platform asks for here; empty where a person logs in at the platform."""
    login = visit.installation.login(platform.name)
    with closing(login) if login is not None else nullcontext():
        return login.asks_for if isinstance(login, PasswordLogin) else ()


def start(visit: Visit) -> Response:
    """Show the way to the platform's login page, or ask for the password.

    A page with a link, not a redirect: browsers apply `form-action` to redirects after a form too.
    """
    platform_name, handle = visit.field("platform"), visit.field("handle").strip().removeprefix("@")
    try:
        platform = visit.installation.platforms.find(platform_name)
        name = f"{platform.name}/{handle}" if handle else platform.name
        server, runtime = _server(visit, platform, name)
        options = parse_languages(platform, visit.field("langs"), visit.installation.platforms)
        with visit.installation.connecting(platform, server, runtime) as (connector, login):
            if isinstance(login, PasswordLogin):
                return _form_page(visit, platform.name, handle)
            callback = _callback_address(visit)
            if platform.needs_https_redirect and not callback.startswith("https://"):
                raise UsageError(
                    f"{platform.title} leads back to https addresses only, and this server is reached at {callback}",
                    Hint("try", action("account connect", name)),
                )
            app, is_own = _app(visit, connector, login, platform, name, callback)
            pending = connector.begin(name, app, redirect_uri=callback)
    except TtpError as error:
        return _form_page(visit, platform_name, handle, error)
    started: StartedLogins = visit.request.app.state.started_logins
    started.add(visit.csrf, pending, server, runtime, options)
    return visit.page("connect_go.html", platform=platform, pending=pending, is_own_app=is_own, url=pending.url)


def sign_in(visit: Visit) -> Response:
    """Connect an account with a password. The password is never shown again."""
    platform_name, handle = visit.field("platform"), visit.field("handle").strip().removeprefix("@")
    try:
        platform = visit.installation.platforms.find(platform_name)
        name = f"{platform.name}/{handle}"
        server, runtime = _server(visit, platform, name)
        options = parse_languages(platform, visit.field("langs"), visit.installation.platforms)
        with visit.installation.connecting(platform, server, runtime) as (connector, login):
            if not isinstance(login, PasswordLogin):
                raise UsageError(f"{platform.title} accounts are connected in the browser, not with a password")
            answers = {what: visit.field(f"answer_{number}") for number, what in enumerate(login.asks_for)}
            try:
                result = connector.sign_in(name, answers)
            except TtpError as error:
                return _form_page(visit, platform.name, handle, error, wrong_answer=True)
    except TtpError as error:
        return _form_page(visit, platform_name, handle, error)
    return _result_page(visit, result, options)


def finish(visit: Visit) -> Response:
    """Answer the browser that comes back from a platform."""
    started_logins: StartedLogins = visit.request.app.state.started_logins
    started = started_logins.take(visit.query("state"), visit.csrf)
    if started is None:
        refused = UsageError(
            "this login was not started here, is already done, or is older than ten minutes",
            details=["Nothing was changed. Start again on the page of accounts."],
        )
        return _failure_page(visit, None, refused)
    pending = started.pending
    try:
        answer = read_answer(visit.request.url.query, pending.state)
        platform = visit.installation.platforms.find(pending.platform)
        if isinstance(answer, NotThisLogin):
            raise UsageError(f"{platform.title} sent an answer that cannot be used: {answer.why}")
        with visit.installation.connecting(platform, started.server, started.runtime) as (connector, _):
            result = connector.finish(pending, answer)
    except TtpError as error:
        return _failure_page(visit, pending.name, error)
    return _result_page(visit, result, started.options)


def _result_page(visit: Visit, result: ConnectResult, options: Mapping[str, str]) -> Response:
    """Store the languages that were typed, and show the account."""
    if options:
        services = visit.services("sign-in at a platform")
        services.accounts.set(result.account.name, timezone=None, options=options)
    return _page(visit, "connect_result.html", None, result=result, name=result.account.name)


def _failure_page(visit: Visit, name: str | None, error: TtpError) -> Response:
    return _page(visit, "connect_result.html", error, result=None, name=name)


def _page(visit: Visit, template: str, error: TtpError | None, **values: Any) -> Response:
    """Return a page; an error is shown with the pages that help, and the commands to type on the server."""
    pages: list[tuple[str, str]] = []
    commands: list[str] = []
    for way in (hint.way for hint in error.hints) if error is not None else ():
        is_login = isinstance(way, Action) and way.name == "account connect" and not way.options
        if isinstance(way, Action) and is_login and visit.request.url.path == CALLBACK:
            pages.append((f"{FORM}?name={quote(way.args[0], safe='/')}", way.args[0]))
        else:
            commands.append(visit.installation.render_way_out(way))
    return visit.page(template, error=error, pages=pages, commands=commands, **values)


def _server(visit: Visit, platform: Platform, name: str) -> tuple[str | None, Runtime]:
    """Return the account's server, and the runtime of its requests. Raise NotAllowed if the person may not connect the
    account, or for a server that only this machine or its network reaches."""
    services = visit.services("sign-in at a platform")
    account = next((one for one in services.queries.accounts() if one.name.lower() == name.lower()), None)
    if account is None and services.caller.accounts is not None:
        raise NotAllowed(f"{visit.person.name} may use some accounts only, and can reconnect those")
    installation = visit.installation
    if account is not None and account.server is not None and platform.has_login:
        return account.server, installation.runtime
    runtime = installation.runtime.only_public()
    handle = name.partition("/")[2]
    if platform.server in ("in_handle", "discovered") and handle and not platform.base_url(installation.config):
        _refuse_private(name, f"//{handle.rpartition('@')[2]}")
    server = find_server(installation.platforms, runtime, name, None)
    if server is not None and not platform.base_url(installation.config):
        _refuse_private(name, server)
    return server, runtime


def _refuse_private(name: str, address: str) -> None:
    host = host_of(address)
    if host and is_private(host):
        raise NotAllowed(
            f"{host} is not on the public internet", Hint("try", action("account connect", name)), details=[ON_SERVER]
        )


def _app(
    visit: Visit, connector: AccountConnector, login: BrowserLogin, platform: Platform, name: str, callback: str
) -> tuple[App, bool]:
    """Return the app and whether it is the user's own. Raise UsageError with the command that sets it.

    An app of ttp is registered again: the one in use may only lead back to the command line.
    """
    key = f"platforms.{platform.name}.client_id"
    client_id = visit.installation.config.text(key)
    if not client_id and (made := connector.register(name, callback)) is not None:
        return made, False
    if (app := connector.known_app(name)) is not None:
        return app, True
    if not client_id:
        raise UsageError(
            f"the client id of your {platform.title} app is not set",
            Hint("fix", action("config set", key, "CLIENT_ID")),
            details=["Set it on the server, then start ttp serve again."],
        )
    if platform.needs_client_secret:
        raise UsageError(
            f"the client secret of your {platform.title} app is not stored yet",
            Hint("fix", action("account connect", name, client_secret="FILE")),  # noqa: S106  # a file's name
            details=["Connect the first account on the server. Later ones use the same secret."],
        )
    return App(client_id), True


def _callback_address(visit: Visit) -> str:
    """Return where the platform leads back to: the public address, else the one that the request came by."""
    base = visit.installation.config.text("server.base_url") or str(visit.request.base_url)
    return f"{base.rstrip('/')}{CALLBACK}"
