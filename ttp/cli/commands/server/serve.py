"""`ttp serve` and `ttp login-link`."""

from __future__ import annotations

import ipaddress
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from ttp.cli import settings
from ttp.cli.commands.run import EVENTS_SPEC, PublishReport
from ttp.cli.commands.server.token import parse_capability
from ttp.cli.context import Context
from ttp.cli.errors import DONE
from ttp.cli.notices import note_unnotified
from ttp.cli.options import named_accounts, split_list, with_output
from ttp.cli.parameters import argument, flag, option
from ttp.cli.render import server as render_tokens
from ttp.domain.action import action
from ttp.domain.errors import Hint, NotAllowed, NotFound, TtpError, UsageError
from ttp.domain.server.api_token import TokenCapability
from ttp.publisher.loop import Mode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ttp.domain.account import Account

PORT = 8765
OWNER = (TokenCapability.PUBLISH, TokenCapability.APPROVE)
"""What whoever starts the server may do in its pages: they own the store."""
_MINUTES = 10


@with_output(EVENTS_SPEC, check=False, verbose=True)
def serve(
    context: Context,
    host: Annotated[str, option("--host", "ADDRESS", "The address to listen on (127.0.0.1).")] = "127.0.0.1",
    port: Annotated[int, option("--port", "N", f"The port ({PORT}); 0 picks a free one.", min=0, max=65535)] = PORT,
    unix_socket: Annotated[
        str | None, option("--socket", "PATH", "Listen on a Unix socket that only you can open.")
    ] = None,
    publish: Annotated[bool, flag("--publish/--no-publish", "Publish due posts while no other publisher runs.")] = True,
    allow_host: Annotated[
        list[str] | None, option("--allow-host", "NAME", "A host name that the server answers to.")
    ] = None,
    trusted_proxy: Annotated[
        list[str] | None, option("--trusted-proxy", "ADDRESS", "Your proxy, whose X-Forwarded headers are trusted.")
    ] = None,
    open_: Annotated[bool, flag("--open", "Open the pages in a browser, logged in.")] = False,
) -> int:
    """Serve the pages and the HTTP API, and publish due posts.

    It runs until Ctrl-C, and prints a link that logs you in to the pages. For others: ttp login-link NAME. Requests to
    the API need a token: ttp token create; GET /openapi.json describes it. Only this machine reaches the server.
    Another address needs --allow-host, and a proxy with TLS.

    Examples:
      ttp serve
      ttp serve --port 0 --no-publish
      ttp serve --socket /run/user/1000/ttp.sock
    """
    from ttp.services.server.people import recorded_address

    proxies = [_proxy(one) for one in trusted_proxy or []]
    if proxies and unix_socket is not None:
        raise UsageError("--trusted-proxy does not go with --socket: a socket shows no addresses")
    server, app_module = _load_server()
    path = None if unix_socket is None else Path(unix_socket).absolute()
    names = _names(host, allow_host or [], app_module.LOCAL_NAMES) if path is None else None
    listener = server.listen(host, port) if path is None else server.listen_on_path(path)
    url = None if path is not None else f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    with closing(listener), context.notifications.looking():
        context.database.connect().close()
        installation, stopping = context.installation, threading.Event()
        # Refused now, not at the first request; and built once, for all threads.
        _ = installation.media, installation.account_check, installation.runtime
        process = server.ServerProcess(
            app_module.build_app(installation, names, stopping),
            listener,
            replace(context.publisher, notifications=None) if publish else None,
            sender=server.WebhookSender(installation.webhooks, lambda: context.status.elsewhere() is None),
            stopping=stopping,
            poll_s=context.config.seconds("publish.poll_s"),
            drain_s=context.config.seconds("publish.drain_s"),
            proxies=proxies,
        )
        report = PublishReport(context, Mode.LOOP)

        def refused(error: TtpError) -> None:
            context.out.note(f"nothing is published here: {error.message}")

        def ready() -> None:
            context.out.write_stderr(f"Serving on {url or path}")
            _offer_login(context, url, open_=open_)
            note_unnotified(context)

        with recorded_address(context.home, url):
            process.run(ready, report.tell, refused)
    if path is not None:
        server.remove_socket(path)
    return DONE


def _offer_login(context: Context, url: str | None, *, open_: bool) -> None:
    """Print a link that logs whoever starts the server in, unless no browser reaches it; open it, if asked to."""
    address = _base_url(context) or url
    if address is None:
        return
    link = _login_address(context, address, settings.user_name(), OWNER, [])
    context.out.write_stderr(f"Log in once, within {_MINUTES} minutes:")
    context.out.write_stderr(link)
    if open_:
        import webbrowser

        webbrowser.open(link)


@with_output(render_tokens.LOGIN_LINK_SPEC)
def login_link(
    context: Context,
    name: Annotated[str, argument("NAME", "Who logs in; ttp history names them.")],
    capability: Annotated[
        list[str] | None,
        option("--capability", "A,B", "What they may do: read, draft, publish, approve. Default: publish."),
    ] = None,
    account: Annotated[
        list[str] | None, option("--account", "A,B", "The only accounts they may use; else all.")
    ] = None,
) -> None:
    """Print a link that logs a person in to the pages of ttp serve.

    It works once, for 10 minutes, and opens a session of 30 days. Each of read, draft and publish may do what those
    before it may. approve is separate, and no one can approve what they wrote. A terminal also gets a QR code for a
    phone, unless only this machine reaches the server.

    Examples:
      ttp login-link ann
      ttp login-link ben --capability draft,approve --account x/me
    """
    from ttp.services.server.people import LoginAddress

    capabilities = [parse_capability(one) for one in split_list(capability) or ["publish"]]
    accounts = named_accounts(context, account)
    link = _login_address(context, server_address(context), name, capabilities, accounts)
    made = LoginAddress(name, tuple(capabilities), tuple(one.name for one in accounts) or None, link)
    lines = [f"This link logs {name} in once, within {_MINUTES} minutes:", link]
    context.out.write_one(render_tokens.LOGIN_LINK_SPEC, made, say=lines)
    if not _is_local(urlsplit(link).hostname or ""):
        context.out.write_qr(link)


def _login_address(
    context: Context, address: str, name: str, capabilities: Sequence[TokenCapability], accounts: Sequence[Account]
) -> str:
    secret = context.installation.people.create_link(name, capabilities, accounts)
    return f"{address}/login/{secret}"


def server_address(context: Context) -> str:
    """Return the address by which people reach the pages. NotFound if no server runs."""
    from ttp.services.server.people import read_address

    address = _base_url(context) or read_address(context.home)
    if address is None:
        raise NotFound("no server runs on this store", Hint("fix", action("serve")))
    return address


def _base_url(context: Context) -> str:
    return context.config.text("server.base_url").rstrip("/")


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _load_server() -> tuple[ModuleType, ModuleType]:
    """Import the server. NotAllowed if its packages are not installed."""
    try:
        from ttp.server import app, process
    except ImportError as error:
        raise NotAllowed(
            f"the server needs packages that are not installed ({error.name})",
            Hint("fix", "pip install 'ttp-cli[server]'"),
        ) from None
    return process, app


def _proxy(text: str) -> str:
    """Return the address or network of a proxy. UsageError for anything else."""
    try:
        return str(ipaddress.ip_network(text)) if "/" in text else str(ipaddress.ip_address(text))
    except ValueError:
        raise UsageError(
            f'"{text}" is neither an address nor a network',
            Hint("try", "--trusted-proxy 127.0.0.1", (text, "127.0.0.1")),
        ) from None


def _names(host: str, allowed: list[str], local: tuple[str, ...]) -> frozenset[str]:
    """Return the names by which clients may call the server. UsageError for an address that needs one."""
    is_local = host in local
    if not is_local:
        try:
            is_local = ipaddress.ip_address(host).is_loopback
        except ValueError:
            raise UsageError(
                f'"{host}" is not an address', Hint("try", "--host 127.0.0.1", (host, "127.0.0.1"))
            ) from None
    for name in allowed:
        if "/" in name:
            only = name.split("://")[-1].split("/")[0] or "ttp.example.org"
            raise UsageError(f'"{name}" is an address, not the name of a host', Hint("try", only, (name, only)))
    if not is_local and not allowed:
        raise UsageError(
            f"{host} can be reached from other machines; say by which name",
            Hint("try", f"ttp serve --host {host} --allow-host NAME"),
        )
    return frozenset({*local, host, *allowed})
