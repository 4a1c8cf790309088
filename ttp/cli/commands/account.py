"""`ttp account …`: the accounts that posts can go to."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from ttp.cli.context import Context
from ttp.cli.hints import command_text, quote_command
from ttp.cli.options import AccountName, NoInput, Options, Yes, parse_platform_options, read_file, with_output
from ttp.cli.prompt import confirm, is_interactive
from ttp.cli.render import accounts, doctor
from ttp.cli.render import accounts as accounts_module
from ttp.cli.settings import variable
from ttp.domain.account import Account, is_loopback, parse_account_name
from ttp.domain.errors import Hint, UsageError

if TYPE_CHECKING:
    from ttp.platforms.login import App, BrowserLogin, PasswordLogin
    from ttp.platforms.oauth.callback import Code, Denied
    from ttp.services.connect import Connect, Connected, Pending


account = typer.Typer()


Server = Annotated[
    str | None, typer.Option("--server", metavar="URL", help="Its server, where the platform has many of them.")
]
Some = Annotated[str | None, typer.Argument(metavar="[PLATFORM/HANDLE]", help="One account; else all of them.")]


@account.command("add")
@with_output()
def add(
    context: Context,
    name: AccountName,
    credentials: Annotated[
        str | None, typer.Option("--credentials", metavar="FILE", help="JSON with accessToken …; - reads stdin.")
    ] = None,
    server: Server = None,
) -> None:
    """Add an account, or give one new credentials, without signing in.

    Without credentials it is not connected: it can be analysed, not published to.

    Example: ttp account add x/me --credentials token.json
    """
    context.out.check_fields(accounts_module.ACCOUNTS_SPEC)
    from ttp.services.connect import find_server

    parse_account_name(name, context.platforms)
    root = find_server(context.platforms, context.runtime, name, server)
    text = None if credentials is None else read_file(context, credentials, "credentials")
    added = context.accounts.add(name, text, root)
    said = f"{added.name} is {'connected' if added.connected else 'added, not connected'}."
    context.out.write_one(accounts_module.ACCOUNTS_SPEC, added, say=[said])
    held = None if credentials is None else context.credentials.get(added.name)
    if held is not None and held.refresh_token is not None:
        context.out.note("its refresh token works once, and ttp keeps the next one: keep TTP_HOME between runs")
    note_media_host(context, added)


@account.command("connect")
@with_output(verbose=True)
def connect(
    context: Context,
    name: Annotated[str, typer.Argument(metavar="PLATFORM[/HANDLE]", help="For example x, or ig/shop.")],
    paste: Annotated[bool, typer.Option("--paste", help="Paste the address that the browser ends on.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address, open nothing.")] = False,
    client_secret: Annotated[
        str | None, typer.Option("--client-secret", metavar="FILE", help="Your app's secret; - reads stdin.")
    ] = None,
    scopes: Annotated[
        str | None, typer.Option("--scopes", metavar="A,B", help="Ask for these permissions instead of the usual.")
    ] = None,
    server: Server = None,
    password_file: Annotated[
        str | None,
        typer.Option("--password-file", metavar="FILE", help="A password for this app; - reads stdin."),
    ] = None,
    no_input: NoInput = False,
) -> None:
    """Connect an account, new or again, in your browser or with a password.

    An account that exists keeps its posts, metrics and settings. --paste is for machines without a browser, and for
    redirect addresses that are not on this machine.

    Example: ttp account connect x
    """
    from ttp.platforms.login import PasswordLogin

    context.out.check_fields(accounts.ACCOUNTS_SPEC)
    platform = context.platforms.find(name.partition("/")[0]).name
    ask = is_interactive() and not no_input
    wanted = tuple(part for part in (scopes or "").replace(",", " ").split() if part)
    with _service(context, platform, name, server) as (service, login):
        if isinstance(login, PasswordLogin):
            done = service.sign_in(name, _answers(context, login, name, password_file, ask=ask))
        elif not _is_here(redirect := context.config.text(f"platforms.{platform}.redirect_uri")) or paste:
            redirect = context.platforms.facts(platform).paste_redirect or redirect
            app = _app(context, service, name, redirect, client_secret, ask=ask)
            pending = service.begin(name, app, redirect_uri=redirect, scopes=wanted)
            with _browsers_silent():
                answer = _pasted(context, pending, ask=ask, browser=not no_browser)
            done = service.finish(pending, answer)
        else:
            from ttp.platforms.oauth.callback import Listener

            with Listener(redirect, name) as listener, _browsers_silent():
                app = _app(context, service, name, listener.redirect_uri, client_secret, ask=ask)
                pending = service.begin(name, app, redirect_uri=listener.redirect_uri, scopes=wanted)
                answer = listener.wait(pending.state, ready=lambda: _show(pending, browser=not no_browser, back=True))
            done = service.finish(pending, answer)
        _tell(context, done)


@account.command("list")
@with_output()
def list_accounts(context: Context) -> None:
    """Every account, and whether its token works.

    Example: ttp account list --json
    """
    context.out.write_list(accounts_module.ACCOUNTS_SPEC, context.look.accounts())


@account.command("show")
@with_output()
def show_account(context: Context, name: AccountName) -> None:
    """Everything about one account but its tokens, and the next command.

    Example: ttp account show x/me
    """
    context.out.write_one(accounts_module.ACCOUNT_SPEC, context.look.account(name))


@account.command("check")
@with_output(verbose=True)
def check(context: Context, name: Some = None) -> int:
    """Ask the platforms whether the accounts work: token, permissions, quota.

    A token that is due is renewed; one that works no more marks its account. Exit code 4 where all that is wrong is
    that accounts must be connected again, 1 where more is.

    Example: ttp account check
    """
    from ttp.cli.commands.doctor import ended

    view = doctor.checkup()
    context.out.check_fields(view)
    here = context
    accounts = here.look.accounts() if name is None else [here.look.account(name)]
    return ended(context.out, here.account_check.accounts(accounts))


@account.command("enable")
@with_output()
def enable(context: Context, name: AccountName) -> None:
    """Let posts go out to an account that is disabled or held.

    Example: ttp account enable x/me
    """
    context.out.check_fields(accounts_module.ACCOUNTS_SPEC)
    done = context.accounts.enable(name)
    context.out.write_one(accounts_module.ACCOUNTS_SPEC, done.account, say=[f"{done.account.name} is enabled."])
    if done.failed:
        from ttp.cli.render.labels import plural

        context.out.note(
            f"{plural(done.failed, 'post')} failed meanwhile:  ttp retry --failed --account {done.account.name}"
        )


@account.command("disable")
@with_output()
def disable(context: Context, name: AccountName) -> None:
    """Let no post go out to an account; what comes due for it fails.

    Example: ttp account disable x/me
    """
    context.out.check_fields(accounts_module.ACCOUNTS_SPEC)
    done = context.accounts.disable(name)
    context.out.write_one(accounts_module.ACCOUNTS_SPEC, done.account, say=[f"{done.account.name} is disabled."])
    if done.waiting:
        from ttp.cli.render.labels import plural

        held = f"{plural(done.waiting, 'post')} {'is' if done.waiting == 1 else 'are'} scheduled for it"
        context.out.note(f"{held}, and will fail when due:  ttp list --account {done.account.name}")


@account.command("set")
@with_output()
def set_(
    context: Context,
    name: AccountName,
    tz: Annotated[str | None, typer.Option("--tz", metavar="ZONE", help="Its IANA zone; '' for none.")] = None,
    options: Options = None,
) -> None:
    """Set an account's time zone and its platform options.

    --set NAME= takes an option away.

    Example: ttp account set tiktok/me --set tiktok.privacy_level=SELF_ONLY
    """
    context.out.check_fields(accounts_module.ACCOUNTS_SPEC)
    if tz is None and not options:
        raise UsageError("nothing to set", Hint("usage", "ttp account set --help"))
    if tz:
        from ttp.domain.time.zones import parse_zone

        parse_zone(tz, retype=lambda zone: quote_command("ttp", "account", "set", name, "--tz", zone))
    changed = context.accounts.set(name, timezone=tz, options=parse_platform_options(context, options, may_empty=True))
    context.out.write_one(accounts_module.ACCOUNTS_SPEC, changed, say=[f"Changed {changed.name}."])


@account.command("remove")
@with_output(verbose=True)
def remove(context: Context, name: AccountName, yes: Yes = False, no_input: NoInput = False) -> None:
    """Forget an account and its credentials; published posts and metrics stay.

    Refused while posts go to it; --yes cancels those for this account. Then the platform is asked to take its access
    back, and it is said whether it did.

    Example: ttp account remove x/old
    """
    context.out.check_fields(accounts_module.ACCOUNTS_SPEC)
    found = context.look.account(name)
    if not confirm(
        context.out, f"Remove {found.name}?", yes=True, ask_anyway=not yes, no_input=no_input, refusal="", again=""
    ):
        return
    left = context.leaving.remove(name, cancel=yes)
    more = f" Cancelled for it: {' '.join(map(str, left.cancelled))}." if left.cancelled else ""
    context.out.write_one(accounts_module.ACCOUNTS_SPEC, left.account, say=[f"Removed {left.account.name}.{more}"])
    if left.access is not None:
        context.out.note(left.access)


_TRIES = 3


_LONGEST_LINE = 1 << 16


_DOCS = "docs/how-to/connect-{}.md"


@contextmanager
def _service(
    context: Context, platform: str, name: str, named: str | None
) -> Iterator[tuple[Connect, BrowserLogin | PasswordLogin]]:
    """The service and the login for one account, whose connections are closed at the end."""
    from contextlib import closing

    from ttp.services.connect import Connect, find_server

    server = find_server(context.platforms, context.runtime, name, named)
    login, here = context.login(platform, server), context
    if login is None:
        raise UsageError(
            f"{platform} accounts are not connected by a login",
            Hint("with tokens that you have", f"ttp account add {platform}/HANDLE --credentials FILE"),
        )
    with closing(login):
        yield Connect(here.database, here.credentials, login, here.config, here.clock, here.platforms, server), login


def _answers(
    context: Context, login: PasswordLogin, name: str, password_file: str | None, *, ask: bool
) -> dict[str, str]:
    """What the login asks for: from the file, else from the person. UsageError where there is nobody to ask."""
    if password_file is not None:
        return {login.asks_for[0]: read_file(context, password_file, "password").strip()}
    if not ask:
        raise UsageError(
            f"{login.asks_for[0]} is needed, and there is no terminal to ask on",
            Hint("give it in a file", f"ttp account connect {name} --password-file FILE"),
        )
    return {what: _secret(what) for what in login.asks_for}


def _app(
    context: Context, service: Connect, name: str, redirect_uri: str, secret_file: str | None, *, ask: bool
) -> App:
    """The app: one that is in use already, else one that the server makes, else of the settings or a prompt.

    UsageError, NotFound.
    """
    from ttp.platforms.login import App

    platform = context.platforms.find(name.partition("/")[0]).name
    facts = context.platforms.facts(platform)
    secret = None if secret_file is None else read_file(context, secret_file, "client secret").strip()
    known = service.known_app(name)
    if known is not None:
        return known if secret is None else App(known.client_id, secret or None)
    if (made := service.register(name, redirect_uri)) is not None:
        return made
    client_id = context.config.text(f"platforms.{platform}.client_id")
    if not client_id:
        key = f"platforms.{platform}.client_id"
        if not ask:
            raise UsageError(
                f"ttp does not know your {platform} app",
                Hint("name it", f"{variable(key)}=CLIENT_ID ttp account connect {name}"),
                details=[f"how to make one: {_DOCS.format(platform)}"],
            )
        _print(f"Your own {platform} app is needed; {_DOCS.format(platform)} says how to make one (setting {key}).")
        client_id = _line(f"{facts.client_id_label}: ")
    if secret is None and ask:
        secret = _secret("Client secret" if facts.needs_client_secret else "Client secret (empty for a public client)")
    if not client_id or (not secret and facts.needs_client_secret):
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


def _pasted(context: Context, pending: Pending, *, ask: bool, browser: bool) -> Code | Denied:
    """The answer that the person pastes. UsageError where there is nobody, or where it is none."""
    from ttp.platforms.oauth.callback import Foreign, read_pasted

    if not ask:
        raise UsageError(
            "there is no terminal to paste the answer on",
            Hint("with tokens that you have", f"ttp account add {_full(pending)} --credentials FILE"),
        )
    _show(pending, browser=browser)
    soon = " within 30 seconds" if _is_quick(context, pending) else ""
    if pending.redirect_uri == context.platforms.facts(pending.platform).paste_redirect:
        _print("The page then shows a code. Copy it.")
    else:
        _print(
            f"The browser then ends on an address that begins with {pending.redirect_uri} and may say that it cannot",
            f"be reached; that does not matter. Copy the whole address{soon}.",
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


def _is_quick(context: Context, pending: Pending) -> bool:
    """The code of the answer lives for less than a minute."""
    return context.platforms.facts(pending.platform).code_life < timedelta(minutes=1)


def _tell(context: Context, done: Connected) -> None:
    account = done.account
    again = " again" if done.again else ""
    context.out.write_one(accounts.ACCOUNTS_SPEC, account, say=[f"{account.name} is connected{again}."])
    if done.missing:
        context.out.note(
            f"{account.name} did not get {', '.join(done.missing)}; what needs that will fail\n"
            f"allow it:  ttp account connect {account.name}"
        )
    if done.failed:
        posts = "1 post" if done.failed == 1 else f"{done.failed} posts"
        context.out.note(f"{posts} failed meanwhile:  ttp retry --failed --account {account.name}")
    note_media_host(context, account)


def note_media_host(context: Context, account: Account) -> None:
    """Say at once where local files cannot go to an account."""
    from ttp.services.doctor import media_host_advice

    if (advice := media_host_advice(context.config, [account], context.platforms)) is not None:
        sentence, way = advice
        context.out.note(f"{sentence}\nfix:  {command_text(way)}")


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


def _secret(prompt: str) -> str:
    """The same, without showing it."""
    from getpass import getpass

    try:
        return getpass(f"{prompt}: ", stream=sys.stderr).strip()
    except EOFError:
        raise _ended() from None


def _ended() -> UsageError:
    _print("")
    return UsageError("nothing was typed, so nothing was connected")


def _print(*lines: str) -> None:
    print(*lines, sep="\n", file=sys.stderr, flush=True)  # noqa: T201 (what a person must do is no output)
