"""`ttp serve`."""

from __future__ import annotations

import ipaddress
import threading
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import typer

from ttp.cli import settings
from ttp.cli.commands.run import PublishReport
from ttp.cli.context import Context
from ttp.cli.errors import DONE
from ttp.cli.options import with_output
from ttp.domain.errors import Hint, NotAllowed, TtpError, UsageError
from ttp.publisher.loop import Mode

if TYPE_CHECKING:
    from ttp.server.services import Installation

PORT = 8765


@with_output(verbose=True)
def serve(
    context: Context,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="The address to listen on (127.0.0.1).")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="N", help=f"The port ({PORT}); 0 picks a free one.", min=0, max=65535)
    ] = PORT,
    unix_socket: Annotated[
        str | None,
        typer.Option("--socket", metavar="PATH", help="Listen on a Unix socket that only you can open, instead."),
    ] = None,
    publish: Annotated[
        bool, typer.Option("--publish/--no-publish", help="Publish due posts while no other publisher runs.")
    ] = True,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="NAME", help="A name by which clients may call the server."),
    ] = None,
) -> int:
    """Serve the HTTP API, and publish due posts.

    It runs until Ctrl-C. Every request needs a token:  ttp token create NAME --capability publish
    GET /openapi.json describes the API. Only this machine reaches it; another address needs --allow-host, and a proxy
    with TLS in front.

    Examples:
      ttp serve
      ttp serve --port 0 --no-publish
      ttp serve --socket /run/user/1000/ttp.sock
    """
    server, app_module = _load_server()
    if unix_socket is None:
        names = _names(host, allow_host or [], app_module.LOCAL_NAMES)
        listener, address = server.listen(host, port), ""
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listener.getsockname()[1]}"
    else:
        names, path = None, Path(unix_socket).absolute()
        listener, address = server.listen_on_path(path), str(path)
    with closing(listener):
        context.database.connect().close()
        stopping = threading.Event()
        process = server.ServerProcess(
            app_module.build_app(installation_of(context), names, stopping),
            listener,
            context.publisher if publish else None,
            stopping=stopping,
            poll_s=context.config.seconds("publish.poll_s"),
            drain_s=context.config.seconds("publish.drain_s"),
        )
        report = PublishReport(context, Mode.LOOP)

        def refused(error: TtpError) -> None:
            context.out.note(f"nothing is published here: {error.message}")

        process.run(lambda: context.out.write_stderr(f"Serving on {address}"), report.tell, refused)
    if unix_socket is not None:
        server.remove_socket(path)
    return DONE


def installation_of(context: Context) -> Installation:
    """Return what the server needs of this call of the program."""
    from ttp.server.services import Installation

    return Installation(
        context.database,
        context.media,
        context.clock,
        context.config,
        context.platforms,
        context.credentials,
        settings.system_zone().zone,
        context.render_way_out,
        lambda: context.account_check,
    )


def _load_server() -> tuple[ModuleType, ModuleType]:
    """Import the server. NotAllowed if its packages are not installed."""
    try:
        from ttp.server import app, process
    except ImportError as error:
        from ttp.cli.errors import install_command

        raise NotAllowed(
            f"the server needs packages that are not installed ({error.name})", Hint("fix", install_command("server"))
        ) from None
    return process, app


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
    if not is_local and not allowed:
        raise UsageError(
            f"{host} can be reached from other machines; say by which name",
            Hint("try", f"ttp serve --host {host} --allow-host NAME"),
        )
    return frozenset({*local, host, *allowed})
