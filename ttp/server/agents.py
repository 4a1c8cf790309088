"""Serve MCP at /mcp. Each request gets a server with the tools of its token; sessions do not exist."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anyio import CapacityLimiter
from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.types import Message, Receive, Scope, Send

from ttp.domain.errors import Hint, NotFound, TtpError
from ttp.domain.operations import OPERATIONS, OWN
from ttp.domain.permissions import VIA_MCP
from ttp.domain.server.api_token import ApiToken
from ttp.domain.server.command_protocol import ZONE_HEADER
from ttp.domain.time.zones import parse_zone
from ttp.server.guard import MOST_BODY_BYTES
from ttp.server.idempotency import IdempotencyKeys, ToolReplays
from ttp.server.problems import hide_home
from ttp.server.requests import refuse_unknown_parameters, token_of
from ttp.server.services import RequestServices
from ttp.services.application import Application, Installation

if TYPE_CHECKING:
    from ttp.mcp.tool import Answer, Tool

MOST_CALLS = 20
"""Calls of tools that run at once. Some wait for a publisher, and the rest of the API must not wait for them."""
WAIT_S = 30.0
"""Seconds that `publish_post` and `retry_post` wait for the end."""
_LOOK_EVERY_S = 0.1
_OPERATIONS = {"check_text": "text check by a server"}
"""The operations of tools for a token, unless they are those on stdin and stdout."""


class AgentEndpoint:
    """Answers requests at /mcp (Streamable HTTP). A key of a tool is known for a day, per token."""

    operation = "tools"

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._limiter = CapacityLimiter(MOST_CALLS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        token = await run_in_threadpool(token_of, request, self._installation, OPERATIONS[self.operation].needs)
        refuse_unknown_parameters(request, ())
        if zone := request.headers.get(ZONE_HEADER):
            token = replace(token, timezone=parse_zone(zone).key)
        if find_spec("mcp") is None:
            raise NotFound("this server was installed without the extra mcp", Hint("fix", "pip install 'ttp-cli[mcp]'"))
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        from ttp.mcp.server import ToolCaller, make_server

        services = AgentServices(self._installation, token)  # a request is one call
        caller = ToolCaller(
            lambda client: services,
            (token.capability,),
            every=_without_paths(tools_of(token), self._installation.database.home),
            replays=ToolReplays(IdempotencyKeys(self._installation, token), services),
        )
        sessions = StreamableHTTPSessionManager(
            make_server(caller, self._limiter),
            json_response=True,
            stateless=True,
            max_request_body_size=MOST_BODY_BYTES,
        )
        # Read here, where a body that is too large or too slow becomes a problem.
        received = _with_body(await request.body(), receive)
        async with sessions.run():
            await sessions.handle_request(scope, received, send)


class AgentServices(RequestServices):
    """The services of one call of a tool."""

    def __init__(self, installation: Installation, token: ApiToken, *, dry_run: bool = False) -> None:
        super().__init__(installation, token, dry_run=dry_run)
        self.caller = self.caller._replace(name=f"{token.name}{VIA_MCP}")

    @contextmanager
    def naming_choices(self) -> Iterator[None]:
        yield

    def publish(self, ids: frozenset[int]) -> None:
        """Wait for the running publisher, at most WAIT_S; without one, not at all."""
        if self.status.nothing_publishes():
            return
        watch, ends = self.watch(ids), time.monotonic() + WAIT_S
        while not watch.look() and time.monotonic() < ends:
            time.sleep(_LOOK_EVERY_S)

    @contextmanager
    def rehearsing(self) -> Iterator[AgentServices]:
        yield AgentServices(self.installation, self.token, dry_run=True)


def tools_of(token: ApiToken) -> dict[str, Tool]:
    """Return the tools for the accounts of a token, by name."""
    from ttp.mcp.tools import TOOLS

    tools = {name: replace(tool, operation=_OPERATIONS.get(name, tool.operation)) for name, tool in TOOLS.items()}
    is_for_all = token.accounts is None
    return {name: tool for name, tool in tools.items() if is_for_all or OPERATIONS[tool.operation].scope == OWN}


def _without_paths(tools: Mapping[str, Tool], home: Path) -> dict[str, Tool]:
    """Return the tools with errors that have no path of `home`."""

    def call(tool: Tool, services: Application, args: Any) -> Answer:
        try:
            return tool.call(services, args)
        except TtpError as error:
            hide_home(error, home)
            raise

    return {name: replace(tool, call=partial(call, tool)) for name, tool in tools.items()}


def _with_body(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that begins with a body that was read already."""
    rest: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return rest.pop() if rest else await receive()

    return next_message
