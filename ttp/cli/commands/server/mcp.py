"""`ttp mcp`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ttp.cli import settings
from ttp.cli.commands.server.token import parse_capability
from ttp.cli.context import Context
from ttp.cli.errors import DONE
from ttp.cli.options import split_list, with_output
from ttp.cli.parameters import option
from ttp.domain.errors import Hint, NotAllowed, UsageError
from ttp.domain.permissions import VARIABLE, VIA_MCP, Capability
from ttp.domain.server.api_token import POST_CAPABILITIES, TokenCapability

if TYPE_CHECKING:
    from ttp.mcp.stdio import StdioSession
    from ttp.publisher.process import RunResult


_KEPT_VARIABLES = ("TTP_HOME", "TTP_CONFIG", "TTP_TZ", "TTP_SERVER")
"""Variables of this shell that a client needs, too."""
_PRACTICE_VARIABLES = re.compile(r"TTP_(PLATFORMS__\w+__BASE_URL|MEDIA_HOST__(KIND|PATH|BASE_URL))")
"""Those of `ttp sandbox --env`: without them the practice store would call the real platforms."""


@with_output(only="quiet")
def mcp(
    context: Context,
    capability: Annotated[
        list[str] | None,
        option("--capability", "A,B", "What the agent may do: read, draft, publish, approve. Default: publish."),
    ] = None,
    print_config: Annotated[
        str | None, option("--print-config", "CLIENT", "Print what to paste for CLIENT, such as claude-code.")
    ] = None,
) -> int:
    """Serve an agent on stdin and stdout, with the Model Context Protocol.

    The agent starts it. Tools above the capability are not listed. `publish` does not include `approve`, and nothing
    that was written through ttp mcp is approved through it. It guards against mistakes: the agent runs as you, and can
    do what you can.

    Examples:
      ttp mcp
      ttp mcp --capability draft
      ttp mcp --capability publish,approve
      ttp mcp --capability draft --print-config cursor
    """
    if find_spec("mcp") is None:
        raise NotAllowed("ttp mcp needs the extra mcp", Hint("fix", "pip install 'ttp-cli[mcp]'"))
    allowed = _limit(capability)
    if print_config is not None:
        return _print_config(context, print_config, capability)
    context.caller = context.caller._replace(sees_private=any(one.allows("draft") for one in allowed))
    if sys.stdin is None or sys.stdout is None:
        raise UsageError("an agent needs stdin and stdout, and one of them is closed", Hint("see", "ttp mcp --help"))
    if sys.stdin.isatty():
        context.out.note("an agent starts this command and talks to it on stdin; Ctrl-D ends it")
    if settings.names_server():
        return _forward(context, allowed)
    from ttp.mcp.server import ToolCaller, make_server
    from ttp.mcp.stdio import StdioSession

    session = StdioSession()
    caller = ToolCaller(lambda client: AgentContext(context, session, client), allowed, local_files=True)
    return session.serve(make_server(caller))


def _print_config(context: Context, client: str, capability: Sequence[str] | None) -> int:
    """Print how a client starts this program as it runs here; no secret is printed. Return the exit code."""
    from shutil import which

    from ttp.mcp.client_config import FILES, client_config

    limits = ["--capability", ",".join(capability)] if capability else []
    environ = {
        name: value
        for name, value in sorted(os.environ.items())
        if name in _KEPT_VARIABLES or _PRACTICE_VARIABLES.fullmatch(name)
    }
    program = which(sys.argv[0]) or which("ttp")
    text = client_config(client, [str(Path(program).absolute()) if program else "ttp", "mcp", *limits], environ)
    if FILES[client]:
        context.out.note(f"paste it into {FILES[client]}, beside the servers that are there")
    if "TTP_TOKEN" in os.environ:
        context.out.note("TTP_TOKEN is not printed: add it to the variables")
    context.out.document([text, "\n"])
    return DONE


def _forward(context: Context, allowed: Sequence[TokenCapability]) -> int:
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
        context.platforms,
        zone_variables(context.own_config).get("TTP_TZ"),
    )
    return StdioSession().serve(bridge.server())


def _limit(names: Sequence[str] | None) -> list[TokenCapability]:
    """Limit this process to capabilities, and return them. UsageError, NotAllowed."""
    have = settings.capability()
    limits = [parse_capability(one) for one in split_list(names) or [have]]
    most = max((POST_CAPABILITIES[one] for one in limits), key=list(Capability).index)
    if not have.allows(most):
        raise NotAllowed(
            f"{VARIABLE} is {have}, so an agent cannot have {', '.join(limits)}", Hint("see", "ttp help capability")
        )
    os.environ[VARIABLE] = most
    return limits


class AgentContext(Context):
    """The services of one call of a tool. They print no notes. `client`: the name of the agent's program."""

    is_command_line = False

    def __init__(self, process: Context, session: StdioSession, client: str = "") -> None:
        super().__init__(process.clock, process.credentials_key)
        self._session = session
        # Whatever the program calls itself: nothing is approved through the tools that was written through them.
        approver = f"{process.caller.name}{VIA_MCP}"
        name, source = approver + (f" ({client})" if client else ""), "this client's capability"
        self.caller = process.caller._replace(name=name, capability_source=source, approver=approver)
        self.open_output(quiet=True)

    def publish(self, ids: frozenset[int]) -> RunResult:
        return self._session.publish(lambda: super(AgentContext, self).publish(ids))
