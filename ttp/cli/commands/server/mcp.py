"""`ttp mcp`."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

from ttp.cli import settings
from ttp.cli.context import Context
from ttp.cli.options import with_output
from ttp.domain.errors import Hint, NotAllowed, UsageError
from ttp.domain.permissions import VARIABLE, Capability

if TYPE_CHECKING:
    from ttp.mcp.stdio import StdioSession
    from ttp.publisher.process import RunResult


@with_output(only="quiet")
def mcp(
    context: Context,
    capability: Annotated[
        str | None,
        typer.Option("--capability", metavar="WHAT", help="What the agent may do: read, draft or publish."),
    ] = None,
) -> int:
    """Serve an agent on stdin and stdout, with the Model Context Protocol.

    The agent starts it. Tools above the capability are not listed. It guards against mistakes: the agent runs as you,
    and can do what you can.

    Examples:
      ttp mcp
      ttp mcp --capability draft
    """
    if find_spec("mcp") is None:
        raise NotAllowed("ttp mcp needs the extra mcp", Hint("fix", "pip install 'ttp-cli[mcp]'"))
    allowed = _limit(capability)
    if sys.stdin is None or sys.stdout is None:
        raise UsageError("an agent needs stdin and stdout, and one of them is closed", Hint("see", "ttp mcp --help"))
    if sys.stdin.isatty():
        context.out.note("an agent starts this command and talks to it on stdin; Ctrl-D ends it")
    if settings.names_server():
        return _forward(context, allowed)
    from ttp.mcp.server import ToolCaller, make_server
    from ttp.mcp.stdio import StdioSession

    session = StdioSession()
    caller = ToolCaller(lambda: AgentContext(context, session), allowed, local_files=True)
    return session.serve(make_server(caller))


def _forward(context: Context, allowed: Capability) -> int:
    """Serve the tools of the server that TTP_SERVER names; return the exit code."""
    from ttp.cli.remote.address import find_address, zone_variables
    from ttp.cli.remote.client import check_server, upload_media
    from ttp.mcp.bridge import Bridge
    from ttp.mcp.stdio import StdioSession

    address = find_address(context.config)
    check_server(address)
    bridge = Bridge(
        address.url,
        address.token,
        address.socket,
        allowed,
        lambda name: upload_media(context, address, name),
        address.shown,
        zone_variables(context.own_config).get("TTP_TZ"),
    )
    return StdioSession().serve(bridge.server())


def _limit(wanted: str | None) -> Capability:
    """Limit this process to a capability, and return it. UsageError, NotAllowed."""
    have = settings.capability()
    if wanted is None:
        return have
    try:
        limit = Capability(wanted)
    except ValueError:
        raise UsageError(
            f'--capability is read, draft or publish, not "{wanted}"', Hint("see", "ttp help capability")
        ) from None
    if not have.allows(limit):
        raise NotAllowed(f"{VARIABLE} is {have}, so an agent cannot have {limit}", Hint("see", "ttp help capability"))
    os.environ[VARIABLE] = limit
    return limit


class AgentContext(Context):
    """The services of one call of a tool. They print no notes."""

    def __init__(self, process: Context, session: StdioSession) -> None:
        super().__init__(process.clock, process.credentials_key)
        self._session = session
        self.open_output(quiet=True)

    def publish(self, ids: frozenset[int]) -> RunResult:
        return self._session.publish(lambda: super(AgentContext, self).publish(ids))
