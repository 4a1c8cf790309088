"""`ttp account …`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from ttp.cli.context import Context
from ttp.cli.errors import DONE, FAILED, error_lines
from ttp.cli.options import AccountName, Options, parse_platform_options, read_file, subcommand
from ttp.cli.parameters import argument, flag, option
from ttp.cli.render.accounts import ACCOUNTS_SPEC, account_spec, accounts_spec
from ttp.cli.render.doctor import CHECKS_SPEC
from ttp.cli.render.labels import plural
from ttp.cli.settings import variable
from ttp.cli.terminal import is_attended, is_interactive, print_prompt, read_line, read_secret
from ttp.domain.account import is_loopback, parse_account_name
from ttp.domain.errors import Hint, UsageError

if TYPE_CHECKING:
    from ttp.platforms.login import App, PasswordLogin
    from ttp.platforms.oauth.callback import Code, Denied
    from ttp.services.connecting.connect import AccountConnector, ConnectResult, PendingLogin


account = typer.Typer()


def parse_when_to_split(text: str) -> str:
    """Return `always` or `never`. UsageError for anything else."""
    if text not in ("always", "never"):
        hints = (Hint("try", f"--split {one}") for one in ("always", "never"))
        raise UsageError(f'--split is always or never, not "{text}"', *hints)
    return text


Server = Annotated[str | None, option("--server", "URL", "Its server, where the platform has many of them.")]
Langs = Annotated[
    str | None, option("--langs", "A,B", "Languages of its posts, where the platform has them: en,de; '' for none.")
]
Some = Annotated[str | None, argument("[PLATFORM/HANDLE]", "An account; without it all accounts.")]


@subcommand(account, "add", ACCOUNTS_SPEC)
def add(
    context: Context,
    name: AccountName,
    credentials: Annotated[
        str | None, option("--credentials", "FILE", "JSON with accessToken and more; - reads stdin.")
    ] = None,
    server: Server = None,
    program: Annotated[
        str | None, option("--program", "PATH", "Your program that publishes, see ttp help command.")
    ] = None,
) -> None:
    """Add an account, or replace its credentials, without signing in.

    Without credentials it is not connected: for analytics only. A program that you write needs none.

    Examples:
      ttp account add x/me --credentials token.json
      ttp account add ig/shop
      ttp account add command/discord --program ./discord.py
    """
    from ttp.cli.notices import note_new_account
    from ttp.services.accounts import ask_server, find_server

    parse_account_name(name, context.platforms)
    root = find_server(context.platforms, context.installation.runtime, name, server, program)
    info = ask_server(context.platforms, context.installation.runtime, name, root)
    text = None if credentials is None else read_file(context, credentials, "credentials")
    added = context.accounts.add(name, text, root, info)
    message = f"{added.name} is {'connected' if added.connected else 'added, not connected'}."
    context.out.write_one(ACCOUNTS_SPEC, added, say=[message])
    stored = None if credentials is None else context.installation.credentials.get(added.name)
    if stored is not None and stored.refresh_token is not None:
        is_inside = context.config.text("credentials.backend") == "store"
        rest = "" if is_inside else " Do not copy or delete TTP_HOME."
        context.out.note(f"ttp renews this login by itself.{rest}")
    note_new_account(context, added)


@subcommand(account, "connect", ACCOUNTS_SPEC, verbose=True, asks=True)
def connect(
    context: Context,
    name: Annotated[str, argument("PLATFORM[/HANDLE]", "A platform or an account: x, ig/shop.")],
    paste: Annotated[bool, flag("--paste", "Paste the address that the browser shows at the end.")] = False,
    no_browser: Annotated[bool, flag("--no-browser", "Print the address instead of opening a browser.")] = False,
    client_secret: Annotated[
        str | None, option("--client-secret", "FILE", "A file with your app's secret; - reads stdin.")
    ] = None,
    scopes: Annotated[
        str | None, option("--scopes", "A,B", "Ask for these permissions instead of the usual ones.")
    ] = None,
    server: Server = None,
    password_file: Annotated[
        str | None, option("--password-file", "FILE", "A password for this app; - reads stdin.")
    ] = None,
    langs: Langs = None,
) -> int:
    """Connect or reconnect an account, in your browser or with a password.

    A reconnected account keeps all it has; with a new handle it is renamed, after a question. --paste is for a machine
    without a browser, or an app's redirect address elsewhere. A terminal asks for --langs, and to read past posts.

    Examples:
      ttp account connect x
      ttp account connect ig/shop --paste
    """
    from ttp.cli.commands.metrics import offer_history
    from ttp.platforms.login import PasswordLogin
    from ttp.services.accounts import find_server
    from ttp.services.connecting.connect import KnownIdentity

    facts, installation = context.platforms.find(name.partition("/")[0]), context.installation
    ask = is_interactive() and not context.no_input
    options = _parse_langs(context, facts.name, langs)  # before the login: a code or a password may work once only
    scope_list = tuple(part for part in (scopes or "").replace(",", " ").split() if part)
    root = find_server(context.platforms, installation.runtime, name, server)
    with installation.connecting(facts, root, installation.runtime) as (service, login):
        try:
            if isinstance(login, PasswordLogin):
                done = service.sign_in(name, _answers(context, login, name, password_file, ask=ask))
            elif not _is_here(redirect := context.config.text(f"platforms.{facts.name}.redirect_uri")) or paste:
                redirect = facts.paste_redirect or redirect
                app = _app(context, service, name, redirect, client_secret, ask=ask)
                pending = service.begin(name, app, redirect_uri=redirect, scopes=scope_list)
                with _browsers_silent():
                    answer = _pasted(context, pending, ask=ask, browser=not no_browser)
                done = service.finish(pending, answer)
            else:
                from ttp.platforms.oauth.callback import Listener

                with Listener(redirect, name) as listener, _browsers_silent():
                    app = _app(context, service, name, listener.redirect_uri, client_secret, ask=ask)
                    pending = service.begin(name, app, redirect_uri=listener.redirect_uri, scopes=scope_list)
                    answer = listener.wait(
                        pending.state, ready=lambda: _show(pending, facts.title, browser=not no_browser, back=True)
                    )
                done = service.finish(pending, answer)
        except KnownIdentity as known:
            if not context.yes and (context.no_input or not is_attended()):
                raise
            old, new = known.account.name, known.person.handle
            if not context.confirm(f"{old} has the handle {new} now. Rename it? Its posts and numbers stay."):
                return FAILED
            done = service.rename(known)
        if langs is None and ask and context.out.for_people and not done.again and not done.renamed:
            options = _ask_langs(context, facts.name)
        if options:
            done = replace(
                done, account=context.accounts.set(done.account.name, timezone=None, options=options).account
            )
        _print_connected(context, done)
    offer_history(context, done, ask_person=ask and not context.yes)
    return DONE


def _parse_langs(context: Context, platform: str, langs: str | None) -> dict[str, str]:
    """Return the option that `--langs` sets; an empty value removes it. UsageError."""
    if langs is None:
        return {}
    from ttp.domain.options import parse_languages

    return parse_languages(context.platforms.facts(platform), langs, context.platforms)


def _ask_langs(context: Context, platform: str) -> dict[str, str]:
    """Ask for the languages of an account's posts, if its platform has them; Enter for none."""
    option = context.platforms.options(platform).get(context.platforms.facts(platform).language_option)
    while option is not None and (typed := read_line(f"Language of your posts ({option.accepts}; Enter for none): ")):
        try:
            return _parse_langs(context, platform, typed)
        except UsageError as wrong:
            print_prompt(*error_lines(wrong))
    return {}


@subcommand(account, "list", ACCOUNTS_SPEC)
def list_accounts(context: Context) -> None:
    """List accounts and whether they are connected.

    Examples:
      ttp account list
      ttp account list --json
    """
    spec = accounts_spec(context.installation.renews_token, context.proof_for)
    context.out.write_list(spec, context.queries.accounts())


@subcommand(account, "show", ACCOUNTS_SPEC)
def show_account(context: Context, name: AccountName) -> None:
    """Show everything about one account except its tokens.

    Examples:
      ttp account show x/me
      ttp account show ig
    """
    context.out.write_one(account_spec(context.proof_for), context.queries.account(name))


@subcommand(account, "check", CHECKS_SPEC, verbose=True)
def check(context: Context, name: Some = None) -> int:
    """Check accounts on their platforms: token, permissions, quota.

    Tokens that are due are renewed; an account whose token is refused is marked. Exit code 4 if accounts only need
    reconnecting, 1 if more is wrong.

    Examples:
      ttp account check
      ttp account check x/me
    """
    from ttp.cli.commands.setup.doctor import finish_checks

    accounts = context.queries.accounts() if name is None else [context.queries.account(name)]
    return finish_checks(context.out, context.installation.account_check.accounts(accounts))


@subcommand(account, "enable", ACCOUNTS_SPEC)
def enable(context: Context, name: AccountName) -> None:
    """Enable an account that is disabled or on hold.

    Examples:
      ttp account enable x/me
    """
    done = context.accounts.enable(name)
    context.out.write_one(ACCOUNTS_SPEC, done.account, say=[f"{done.account.name} is enabled."])
    if done.failed:
        context.out.note(
            f"{plural(done.failed, 'post')} failed while it was disabled\n"
            f"ttp retry --failed --account {done.account.name}"
        )


@subcommand(account, "disable", ACCOUNTS_SPEC)
def disable(context: Context, name: AccountName) -> None:
    """Disable an account; its posts fail when they are due.

    Examples:
      ttp account disable x/me
    """
    done = context.accounts.disable(name)
    context.out.write_one(ACCOUNTS_SPEC, done.account, say=[f"{done.account.name} is disabled."])
    if done.waiting:
        message = f"{plural(done.waiting, 'scheduled post')} will fail for this account when due"
        context.out.note(f"{message}:  ttp list --account {done.account.name}")


@subcommand(account, "set", ACCOUNTS_SPEC)
def set_(
    context: Context,
    name: AccountName,
    tz: Annotated[str | None, option("--tz", "ZONE", "Its timezone, such as Europe/Berlin; '' for none.")] = None,
    langs: Langs = None,
    options: Options = None,
    split: Annotated[
        str | None,
        option(
            "--split",
            "always|never",
            "Whether texts that are too long become parts, for posts that do not say.",
            parser=parse_when_to_split,
        ),
    ] = None,
    utm: Annotated[
        bool | None, flag("--utm/--no-utm", "Add UTM parameters to links of your own hosts, for posts that do not say.")
    ] = None,
) -> None:
    """Set an account's zone, languages, options, and how it treats texts and links.

    --set NAME= removes an option. Approved posts that would be published with other options lose their approval. Posts
    that are stored keep their languages.

    Examples:
      ttp account set x/me --tz Europe/Berlin
      ttp account set x/me --set x.reply_settings=following
      ttp account set x/me --split always
    """
    if tz is None and not options and split is None and langs is None and utm is None:
        raise UsageError("nothing to set", Hint("see", "ttp account set --help"))
    if tz:
        from ttp.domain.time.zones import parse_zone

        parse_zone(tz)
    typed = parse_platform_options(context, options, may_empty=True)
    changed = context.accounts.set(
        name,
        timezone=tz,
        options=typed | _parse_langs(context, context.platforms.find(name.partition("/")[0]).name, langs),
        split=None if split is None else split == "always",
        utm=utm,
    )
    context.out.write_one(ACCOUNTS_SPEC, changed.account, say=[f"Changed {changed.account.name}."])
    if changed.withdrawn:
        lost = f"{plural(changed.withdrawn, 'post')} lost the approval for {changed.account.name}"
        context.out.note(f"{lost}, because the options changed\nttp list --needs-you")


@subcommand(account, "remove", ACCOUNTS_SPEC, verbose=True, asks=True)
def remove(context: Context, name: AccountName) -> int:
    """Remove an account and its credentials; published posts and metrics stay.

    Refused while posts are scheduled for it; --yes cancels them for this account. ttp then asks the platform to revoke
    its access, and says whether it did.

    Examples:
      ttp account remove x/old
    """
    row = context.queries.account(name)
    if not context.confirm(f"Remove {row.name} and its credentials?"):
        return FAILED
    removal = context.accounts.remove(name, cancel=context.yes)
    more = f" Cancelled for it: {' '.join(map(str, removal.cancelled))}." if removal.cancelled else ""
    context.out.write_one(ACCOUNTS_SPEC, removal.account, say=[f"Removed {removal.account.name}.{more}"])
    if removal.access is not None:
        context.out.note(removal.access)
    return DONE


_TRIES = 3


def _answers(
    context: Context, login: PasswordLogin, name: str, password_file: str | None, *, ask: bool
) -> dict[str, str]:
    """What the login asks for: from the file, else from the person. UsageError where no one can be asked."""
    if password_file is not None:
        return {login.asks_for[0]: read_file(context, password_file, "password").strip()}
    if not ask:
        raise UsageError(
            f"{login.asks_for[0]} is needed, and asking for it needs a terminal",
            Hint("try", f"ttp account connect {name} --password-file FILE"),
        )
    return {what: _secret(what) for what in login.asks_for}


def _app(
    context: Context, service: AccountConnector, name: str, redirect_uri: str, secret_file: str | None, *, ask: bool
) -> App:
    """Return the app: the one in use, else one that the server creates, else from the settings or a prompt.

    UsageError, NotFound.
    """
    from ttp.platforms.login import App

    facts = context.platforms.find(name.partition("/")[0])
    secret = None if secret_file is None else read_file(context, secret_file, "client secret").strip()
    app = service.known_app(name)
    if app is not None:
        return app if secret is None else App(app.client_id, secret or None)
    if (made := service.register(name, redirect_uri)) is not None:
        return made
    client_id = context.config.text(f"platforms.{facts.name}.client_id")
    if not client_id:
        key = f"platforms.{facts.name}.client_id"
        if not ask:
            raise UsageError(
                f"the client id of your {facts.title} app is not set",
                Hint("fix", f"{variable(key)}=CLIENT_ID ttp account connect {name}"),
                details=[f"How to create an app: ttp help {facts.name}"],
            )
        print_prompt(
            f"{facts.title} needs an app of your own. Its redirect address must be {redirect_uri}",
            f"How to create one: ttp help {facts.name}",
        )
        client_id = _line(f"{facts.client_id_label}: ")
    if secret is None and ask:
        secret = _secret("Client secret" if facts.needs_client_secret else "Client secret (empty for a public client)")
    if not client_id or (not secret and facts.needs_client_secret):
        what = "secret" if client_id else "id"
        raise UsageError(
            f"the {facts.title} app has no client {what}",
            Hint("try", f"ttp account connect {name} --client-secret FILE"),
        )
    return App(client_id, secret or None)


def _is_here(redirect: str) -> bool:
    """Return whether ttp can listen at the redirect address. UsageError if it is not a web address."""
    try:
        split = urlsplit(redirect)
        host, port = split.hostname, split.port
    except ValueError:
        host = port = None
    if not host or split.scheme not in ("http", "https"):
        raise UsageError(f'the redirect address "{redirect}" is not a web address')
    return split.scheme == "http" and is_loopback(host) and port is not None


def _show(pending: PendingLogin, title: str, *, browser: bool, back: bool = False) -> None:
    """Show the platform's login page. `back`: the browser must be able to reach this machine."""
    opens = browser and _has_desktop()
    lines = [f"Log in to {title} and allow access at this address:", "", f"  {pending.url}", ""]
    if back and not opens:
        lines += [
            f"Waiting five minutes for the browser to return to {pending.redirect_uri}.",
            "If your browser is on another machine, press Ctrl-C and use:",
            f"  ttp account connect {pending.name} --paste",
            "",
        ]
    print_prompt(*lines)
    if opens:
        _browse(pending.url)


def _pasted(context: Context, pending: PendingLogin, *, ask: bool, browser: bool) -> Code | Denied:
    """Return the answer that the person pastes. UsageError without a terminal, or after several wrong answers."""
    from ttp.platforms.oauth.callback import NotThisLogin, read_pasted

    facts = context.platforms.facts(pending.platform)
    if not ask:
        name = pending.name if pending.handle else f"{pending.platform}/HANDLE"
        way = Hint("try", f"ttp account add {name} --credentials FILE")
        raise UsageError("asking for the address needs a terminal", way)
    _show(pending, facts.title, browser=browser)
    is_quick = facts.code_life < timedelta(minutes=1)
    soon = " Do it within 30 seconds: the code in it expires." if is_quick else ""
    if pending.redirect_uri == facts.paste_redirect:
        print_prompt("At the end the browser shows a code. Copy it.")
    else:
        print_prompt(
            f"At the end the browser shows an address that begins with {pending.redirect_uri}",
            "and may say that it cannot be reached, which does not matter.",
            f"Copy the whole address, up to its end.{soon}",
        )
    why = ""
    for _ in range(_TRIES):
        match read_pasted(_line("Paste it here: "), pending.state):
            case NotThisLogin(why):
                print_prompt(f"That address is not complete: {why}. Copy all of it, up to its end.")
            case answer:
                return answer
    again = Hint("try", f"ttp account connect {pending.name} --paste")
    raise UsageError(f"the pasted address is not complete: {why}", again)


def _print_connected(context: Context, done: ConnectResult) -> None:
    from ttp.cli.notices import note_new_account

    account = done.account
    again = " again" if done.again else ""
    renamed = f", and was {done.renamed} before" if done.renamed else ""
    context.out.write_one(ACCOUNTS_SPEC, account, say=[f"{account.name} is connected{again}{renamed}."])
    if done.missing:
        context.out.note(
            f"{account.name} lacks the permissions {', '.join(done.missing)}; what needs them will fail\n"
            f"allow them:  ttp account connect {account.name}"
        )
    if done.failed:
        posts = plural(done.failed, "post")
        context.out.note(f"{posts} failed while it was not connected:  ttp retry --failed --account {account.name}")
    note_new_account(context, account)


def _has_desktop() -> bool:
    """Return whether a browser can open. Without a desktop, a text browser would take over the terminal."""
    desktop = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
    return sys.platform == "darwin" or desktop


def _browse(url: str) -> None:
    """Open the browser without waiting: some commands in $BROWSER end only when it is closed."""
    from threading import Thread

    Thread(target=_open, args=(url,), name="ttp-browser", daemon=True).start()


def _open(url: str) -> None:
    import webbrowser

    with suppress(webbrowser.Error, OSError):
        webbrowser.open(url)


@contextmanager
def _browsers_silent() -> Iterator[None]:
    """Keep the browser, which inherits stdout, from writing into ttp's output."""
    try:
        kept = os.dup(1)
    except OSError:  # stdout is closed
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
    return _typed(read_line(prompt))


def _secret(prompt: str) -> str:
    return _typed(read_secret(f"{prompt} (hidden): "))


def _typed(answer: str | None) -> str:
    """Return the answer. UsageError at the end of stdin."""
    if answer is None:
        raise UsageError("nothing was typed; no account was connected")
    return answer
