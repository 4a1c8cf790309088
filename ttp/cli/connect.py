"""`ttp account connect`: a login in the person's own browser. Talks to the person; who it is and what is kept is
`ttp.services.connect`'s.

No secret is taken from the command line or the environment, where other programs can read it: a prompt, a file, stdin.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from ttp.cli import views
from ttp.cli.context import can_ask, context
from ttp.cli.output import Output
from ttp.cli.params import NoInput, printing, read_file
from ttp.cli.settings import variable
from ttp.domain.account import Platform, is_loopback, platform_named
from ttp.domain.errors import Hint, UsageError

if TYPE_CHECKING:
    from ttp.platforms.callback import Code, Denied
    from ttp.platforms.oauth.grant import App
    from ttp.services.connect import Connect, Connected, Pending

_TRIES = 3
_DOCS = {platform: f"docs/connect-{platform}.md" for platform in Platform}


@printing
def connect(
    out: Output,
    name: Annotated[str, typer.Argument(metavar="PLATFORM[/HANDLE]", help="For example x, or ig/shop.")],
    paste: Annotated[bool, typer.Option("--paste", help="Paste the address that the browser ends on.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address, open nothing.")] = False,
    client_secret: Annotated[
        str | None, typer.Option("--client-secret", metavar="FILE", help="Your app's secret; - reads stdin.")
    ] = None,
    scopes: Annotated[
        str | None, typer.Option("--scopes", metavar="A,B", help="Ask for these permissions instead of the usual.")
    ] = None,
    no_input: NoInput = False,
) -> None:
    """Connect an account with your own app, in your browser; or connect it again.

    An account that exists keeps its posts, metrics and settings. --paste is for machines without a browser, and for
    redirect addresses that are not on this machine.

    Example: ttp account connect x
    """
    out.expect(views.ACCOUNTS)
    platform = platform_named(name.partition("/")[0])
    ask = can_ask() and not no_input
    wanted = tuple(part for part in (scopes or "").replace(",", " ").split() if part)
    with _service(platform) as service:
        app = _app(service, platform, name, client_secret, ask=ask)
        redirect = context().config.text(f"platforms.{platform}.redirect_uri")
        if not _is_here(redirect) or paste:
            pending = service.begin(name, app, redirect_uri=redirect, scopes=wanted)
            answer = _pasted(pending, ask=ask, browser=not no_browser)
        else:
            from ttp.platforms.callback import Listener

            with Listener(redirect, name) as listener:
                pending = service.begin(name, app, redirect_uri=listener.redirect_uri, scopes=wanted)
                answer = listener.wait(pending.state, ready=lambda: _show(pending, browser=not no_browser))
        _tell(out, service.finish(pending, answer))


@contextmanager
def _service(platform: Platform) -> Iterator[Connect]:
    """The service for one platform, whose connections are closed at the end."""
    from contextlib import closing

    from ttp.platforms.oauth.registry import login_for
    from ttp.services.connect import Connect

    here = context()
    with closing(login_for(platform, here.config, here.clock)) as login:
        yield Connect(here.database, here.credentials, lambda _: login, here.config, here.clock)


def _app(service: Connect, platform: Platform, name: str, secret_file: str | None, *, ask: bool) -> App:
    """The user's app: one that is in use already, else of the settings or a prompt. UsageError, NotFound."""
    from ttp.platforms.oauth.grant import App

    secret = None if secret_file is None else read_file(secret_file, "client secret").strip()
    known = service.known_app(name)
    if known is not None:
        return known if secret is None else App(known.client_id, secret or None)
    client_id = context().config.text(f"platforms.{platform}.client_id")
    if not client_id:
        key = f"platforms.{platform}.client_id"
        if not ask:
            raise UsageError(
                f"ttp does not know your {platform} app",
                Hint("name it", f"{variable(key)}=CLIENT_ID ttp account connect {name}"),
                details=[f"how to make one: {_DOCS[platform]}"],
            )
        _print(f"Your own {platform} app is needed; {_DOCS[platform]} says how to make one (setting {key}).")
        client_id = _line("Client key: " if platform is Platform.TIKTOK else "Client id: ")
    if secret is None and ask:
        from getpass import getpass

        public = " (empty for a public client)" if platform is Platform.X else ""
        secret = getpass(f"Client secret{public}: ", stream=sys.stderr).strip()
    if not client_id or (not secret and platform is not Platform.X):
        what = "secret" if client_id else "id"
        raise UsageError(
            f"the {platform} app has no client {what}",
            Hint("give its secret", f"ttp account connect {name} --client-secret FILE"),
        )
    return App(client_id, secret or None)


def _is_here(redirect: str) -> bool:
    """Whether ttp itself can listen at the redirect address. UsageError where it is none."""
    try:
        split = urlsplit(redirect)
        host, port = split.hostname, split.port
    except ValueError:
        host = port = None
    if not host or split.scheme not in ("http", "https"):
        raise UsageError(f'the redirect address "{redirect}" is no web address')
    return split.scheme == "http" and is_loopback(host) and port is not None


def _show(pending: Pending, *, browser: bool) -> None:
    """Send the person to the platform's page."""
    _print(f"Log in to {pending.platform} and say yes at this address:", "", f"  {pending.url}", "")
    if browser and _has_desktop():
        _browse(pending.url)


def _pasted(pending: Pending, *, ask: bool, browser: bool) -> Code | Denied:
    """The answer that the person pastes. UsageError where there is nobody, or where it is none."""
    from ttp.platforms.callback import Foreign, read_pasted

    if not ask:
        raise UsageError(
            "there is no terminal to paste the answer on",
            Hint("with tokens that you have", f"ttp account add {pending.name} --credentials FILE"),
        )
    _show(pending, browser=browser)
    _print(
        f"The browser then ends on an address that begins with {pending.redirect_uri} and may say that it cannot be",
        f"reached; that does not matter. Copy the whole address{' within 30 seconds' if _is_quick(pending) else ''}.",
    )
    why = ""
    for _ in range(_TRIES):
        match read_pasted(_line("Paste it here: "), pending.state):
            case Foreign(why):
                _print(f"That is not the answer: {why}.")
            case answer:
                return answer
    again = Hint("try again", f"ttp account connect {pending.name} --paste")
    raise UsageError(f"no usable answer was pasted: {why}", again)


def _is_quick(pending: Pending) -> bool:
    """X's codes live for thirty seconds (section 2 of its contract)."""
    return pending.platform is Platform.X


def _tell(out: Output, done: Connected) -> None:
    account = done.account
    again = " again" if done.again else ""
    out.record(views.ACCOUNTS, account, say=[f"{account.name} is connected{again}."])
    if done.missing:
        out.note(
            f"{account.name} did not get {', '.join(done.missing)}; what needs that will fail\n"
            f"allow it:  ttp account connect {account.name}"
        )
    if done.failed:
        posts = "1 post" if done.failed == 1 else f"{done.failed} posts"
        out.note(f"{posts} failed meanwhile:  ttp retry --failed --account {account.name}")
    if account.platform is Platform.INSTAGRAM and not context().config.text("media_host.kind"):
        out.note("Instagram takes media by a public address: until media_host is set, local files cannot be posted")


def _has_desktop() -> bool:
    """Whether a browser has somewhere to open: without one, a text browser would take the terminal over."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _browse(url: str) -> None:
    import webbrowser

    with suppress(webbrowser.Error), _browsers_silent():
        webbrowser.open(url)


@contextmanager
def _browsers_silent() -> Iterator[None]:
    """Browsers write to the stdout that they inherit, and ttp's is data."""
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _line(prompt: str) -> str:
    print(prompt, end="", file=sys.stderr, flush=True)  # noqa: T201 (a prompt is no output)
    return sys.stdin.readline().strip()


def _print(*lines: str) -> None:
    print(*lines, sep="\n", file=sys.stderr, flush=True)  # noqa: T201 (what a person must do is no output)
