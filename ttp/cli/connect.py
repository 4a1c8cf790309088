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

from ttp.cli import views
from ttp.cli.ask import can_ask
from ttp.cli.context import context
from ttp.cli.declared import Argument, Option
from ttp.cli.output import Output
from ttp.cli.params import NoInput, calling, read_file
from ttp.cli.settings import variable
from ttp.domain.account import Account, Platform, is_loopback, platform_named
from ttp.domain.errors import Hint, UsageError

if TYPE_CHECKING:
    from ttp.platforms.callback import Code, Denied
    from ttp.platforms.oauth.grant import App
    from ttp.services.connect import Connect, Connected, Pending

_TRIES = 3
_LONGEST_LINE = 1 << 16
_DOCS = {platform: f"docs/connect-{platform}.md" for platform in Platform}


@calling
def connect(
    out: Output,
    name: Annotated[str, Argument(metavar="PLATFORM[/HANDLE]", help="For example x, or ig/shop.")],
    paste: Annotated[bool, Option("--paste", help="Paste the address that the browser ends on.")] = False,
    no_browser: Annotated[bool, Option("--no-browser", help="Print the address, open nothing.")] = False,
    client_secret: Annotated[
        str | None, Option("--client-secret", metavar="FILE", help="Your app's secret; - reads stdin.")
    ] = None,
    scopes: Annotated[
        str | None, Option("--scopes", metavar="A,B", help="Ask for these permissions instead of the usual.")
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
            with _browsers_silent():
                answer = _pasted(pending, ask=ask, browser=not no_browser)
        else:
            from ttp.platforms.callback import Listener

            with Listener(redirect, name) as listener, _browsers_silent():
                pending = service.begin(name, app, redirect_uri=listener.redirect_uri, scopes=wanted)
                answer = listener.wait(pending.state, ready=lambda: _show(pending, browser=not no_browser, back=True))
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
        secret = _secret(" (empty for a public client)" if platform is Platform.X else "")
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


def _show(pending: Pending, *, browser: bool, back: bool = False) -> None:
    """Send the person to the platform's page. `back`: the browser must come back to this machine."""
    opens = browser and _has_desktop()
    lines = [f"Log in to {pending.platform} and say yes at this address:", "", f"  {pending.url}", ""]
    if back and not opens:
        lines += [
            f"ttp waits five minutes for the browser to come back to {pending.redirect_uri}. If it is",
            f"on another machine, press Ctrl-C and do this instead:  ttp account connect {pending.name} --paste",
            "",
        ]
    _print(*lines)
    if opens:
        _browse(pending.url)


def _pasted(pending: Pending, *, ask: bool, browser: bool) -> Code | Denied:
    """The answer that the person pastes. UsageError where there is nobody, or where it is none."""
    from ttp.platforms.callback import Foreign, read_pasted

    if not ask:
        raise UsageError(
            "there is no terminal to paste the answer on",
            Hint("with tokens that you have", f"ttp account add {_full(pending)} --credentials FILE"),
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


def _full(pending: Pending) -> str:
    return pending.name if pending.handle else f"{pending.platform}/HANDLE"


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
    note_media_host(out, account)


def note_media_host(out: Output, account: Account) -> None:
    """Say at once where local files cannot go to an account."""
    from ttp.services.media_advice import media_host_advice

    if (advice := media_host_advice(context().config, [account])) is not None:
        sentence, hint = advice
        out.note(f"{sentence}\n{hint.say}:  {hint.type}")


def _has_desktop() -> bool:
    """Whether a browser has somewhere to open: without one, a text browser would take the terminal over."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _browse(url: str) -> None:
    """Open the browser, and do not wait for it: some commands in $BROWSER end only when it is closed."""
    from threading import Thread

    Thread(target=_open, args=(url,), name="ttp-browser", daemon=True).start()


def _open(url: str) -> None:
    import webbrowser

    with suppress(webbrowser.Error, OSError):
        webbrowser.open(url)


@contextmanager
def _browsers_silent() -> Iterator[None]:
    """Browsers write to the stdout that they inherit, and ttp's is data. Nothing of ours is written meanwhile."""
    try:
        kept = os.dup(1)
    except OSError:  # there is no stdout
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _line(prompt: str) -> str:
    """What the person types, without the spaces around it. UsageError once nothing more can come."""
    print(prompt, end="", file=sys.stderr, flush=True)  # noqa: T201 (a prompt is no output)
    typed = sys.stdin.readline(_LONGEST_LINE)
    if not typed:
        raise _ended()
    return typed.strip()


def _secret(about: str) -> str:
    """The same, without showing it."""
    from getpass import getpass

    try:
        return getpass(f"Client secret{about}: ", stream=sys.stderr).strip()
    except EOFError:
        raise _ended() from None


def _ended() -> UsageError:
    _print("")
    return UsageError("nothing was typed, so nothing was connected")


def _print(*lines: str) -> None:
    print(*lines, sep="\n", file=sys.stderr, flush=True)  # noqa: T201 (what a person must do is no output)
