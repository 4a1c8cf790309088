"""Forward MCP requests on stdin and stdout to the /mcp of another machine's server, and local media to its store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from anyio import to_thread
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.lowlevel import Server
from mcp_types import CallToolResult, ListToolsResult

from ttp import __version__
from ttp.domain.errors import Busy, TtpError
from ttp.domain.media.item import KEPT, is_web_address
from ttp.domain.media.place import split_name
from ttp.domain.platform import PlatformFacts
from ttp.domain.server.api_token import TokenCapability
from ttp.domain.server.command_protocol import ZONE_HEADER
from ttp.mcp.answers import short_error
from ttp.mcp.arguments import normalize
from ttp.mcp.server import INSTRUCTIONS, make_refusal, may_call, missing_capability
from ttp.mcp.tools import TOOLS

WAIT_S = 90.0
"""Seconds that an answer may take; the server waits up to 30 for a post to be published."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """Forwards to one server. `allowed`: what the client here may do, within the limits of the token; `upload`: sends a
    local file, and returns the name of it there; `shown`: the address for messages; `timezone`: the one that is set
    here, before that of the token."""

    url: str
    token: str
    socket: str | None
    allowed: Sequence[TokenCapability]
    upload: Callable[[str], str]
    shown: str
    platforms: PlatformFacts
    timezone: str | None = None

    def server(self) -> Server[Any]:
        """Return the server for the client here."""

        def forward(ask: Callable[[Client, Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
            async def answer(context: Any, params: Any) -> Any:
                async with self._connected() as there:
                    return await ask(there, params)

            return answer

        async def list_tools(there: Client, params: Any) -> ListToolsResult:
            listed = await there.list_tools()
            return ListToolsResult(tools=[tool for tool in listed.tools if self._allows(tool.name)])

        async def call_tool(context: Any, params: Any) -> CallToolResult:
            try:
                if not self._allows(params.name):
                    raise missing_capability(TOOLS[params.name], self.allowed)
                arguments = params.arguments or {}
                if params.name in TOOLS:
                    arguments = normalize(TOOLS[params.name].arguments, arguments)
                arguments = await to_thread.run_sync(self._with_uploads, arguments)
                async with self._connected() as there:
                    return await there.call_tool(params.name, arguments)
            except TtpError as error:
                return make_refusal(short_error(error))

        return Server(
            "ttp",
            version=__version__,
            title="ttp",
            instructions=INSTRUCTIONS,
            on_list_tools=forward(list_tools),
            on_call_tool=call_tool,
            on_list_resources=forward(lambda there, params: there.list_resources()),
            on_list_resource_templates=forward(lambda there, params: there.list_resource_templates()),
            on_read_resource=forward(lambda there, params: there.read_resource(str(params.uri))),
            on_list_prompts=forward(lambda there, params: there.list_prompts()),
            on_get_prompt=forward(lambda there, params: there.get_prompt(params.name, params.arguments)),
        )

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Client]:
        """Yield a client of the server: a new one, as the server has no sessions. Raise Busy if it does not answer."""
        transport = httpx2.AsyncHTTPTransport(uds=self.socket) if self.socket else None
        headers = {"Authorization": f"Bearer {self.token}"} | ({ZONE_HEADER: self.timezone} if self.timezone else {})
        try:
            async with (
                httpx2.AsyncClient(headers=headers, timeout=WAIT_S, transport=transport) as http,
                Client(streamable_http_client(f"{self.url}/mcp", http_client=http)) as client,
            ):
                yield client
        except* (httpx2.HTTPError, OSError):
            failed = True
        else:
            failed = False
        if failed:
            raise Busy(f"{self.shown} does not answer")

    def _allows(self, name: str) -> bool:
        return name not in TOOLS or may_call(TOOLS[name], self.allowed)

    def _with_uploads(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments with the names of uploaded media for those of local files."""
        media = {
            name: arguments[name]
            for name in ("media", "addMedia", "thumbnail")
            if isinstance(arguments.get(name), list)
        }
        changed = {name: [self._uploaded(one) for one in names] for name, names in media.items()}
        if isinstance(posts := arguments.get("posts"), list):
            changed["posts"] = [self._with_uploads(one) if isinstance(one, dict) else one for one in posts]
        return {**arguments, **changed}

    def _uploaded(self, name: Any) -> Any:
        if not isinstance(name, str) or not name:
            return name
        file = split_name(name, self.platforms)
        if is_web_address(file.name) or file.name.startswith(KEPT):
            return name
        return file.prefix + self.upload(file.name)
