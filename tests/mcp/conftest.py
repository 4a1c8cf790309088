"""A client of the server in this process, and one of a server in another process."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import anyio
import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp_types import CallToolResult, TextContent

from tests.clock import START, FakeClock
from tests.conftest import Program, inherited, program
from tests.feed_site import FeedSite, feed_site
from tests.store.stores import duplicate
from ttp.cli.commands.server.mcp import AgentContext
from ttp.cli.context import Context
from ttp.domain.server.api_token import TokenCapability
from ttp.mcp.answers import UNTRUSTED
from ttp.mcp.server import ToolCaller, make_server
from ttp.mcp.stdio import StdioSession

T = TypeVar("T")


class Agent:
    """Calls tools on the store of a program, on its clock, through the SDK's client."""

    def __init__(self, ttp: Program, *capabilities: TokenCapability, local_files: bool = True) -> None:
        def services(client: str) -> AgentContext:
            return AgentContext(Context(ttp.clock), cast("StdioSession", _Here()), client)

        may = capabilities or (TokenCapability.PUBLISH, TokenCapability.APPROVE)
        self.caller = ToolCaller(services, may, local_files=local_files)

    def talk(self, say: Callable[[Client], Awaitable[T]]) -> T:
        """Do something with a connected client."""

        async def run() -> T:
            async with Client(make_server(self.caller)) as client:
                return await say(client)

        return anyio.run(run)

    def tools(self) -> list[str]:
        return [tool.name for tool in self.talk(lambda client: client.list_tools()).tools]

    def call(self, tool: str, **arguments: Any) -> CallToolResult:
        return self.talk(lambda client: client.call_tool(tool, arguments))

    def ok(self, tool: str, **arguments: Any) -> Any:
        """Call what must succeed; the answer, without the names of texts of others."""
        result = self.call(tool, **arguments)
        assert not result.is_error, result
        answer = text_of(result)
        assert result.structured_content is None, "a client would show both"
        assert set(answer.pop("untrusted", ())) <= UNTRUSTED
        return answer

    def refused(self, tool: str, **arguments: Any) -> Any:
        """Call what must be refused; the error."""
        result = self.call(tool, **arguments)
        assert result.is_error, result
        error = text_of(result)["error"]
        assert error.get("next") != {"tool": tool, "arguments": arguments}, "it would be refused again"
        return error


def text_of(result: CallToolResult) -> Any:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return json.loads(content.text)


class _Here:
    """Publishes in the thread of the call."""

    def publish(self, run: Callable[[], T]) -> T:
        return run()


def server_of(home: Path, *argv: str, **environ: str) -> StdioServerParameters:
    """Return how the SDK's client starts `ttp mcp` on a home."""
    env = {**inherited(), "TTP_HOME": str(home), "TTP_TZ": "UTC", "LANG": "C.UTF-8", **environ}
    code = "import sys; from ttp.cli.main import run; sys.argv[0] = 'ttp'; run()"
    return StdioServerParameters(command=sys.executable, args=["-c", code, "mcp", *argv], env=env, cwd=Path.cwd())


def over_stdio(server: StdioServerParameters, say: Callable[[Client], Awaitable[T]]) -> T:
    """Do something with a client of a server in another process."""

    async def run() -> T:
        async with Client(stdio_client(server)) as client:
            return await say(client)

    return anyio.run(run)


@pytest.fixture
def agent(ttp: Program) -> Agent:
    return Agent(ttp)


def agent_on(ttp: Program, filled: Path) -> Agent:
    """Return an agent on a copy of a store, an hour later."""
    duplicate(filled, ttp.home)
    ttp.clock.advance(hours=1)
    return Agent(ttp)


CUT: dict[str, Any] = {"error": ("network", "cut")}


@pytest.fixture(scope="module")
def site() -> Iterator[FeedSite]:
    with feed_site() as site:
        site.has("a", "b")
        yield site


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, site: FeedSite) -> Path:
    """1 draft, 2 scheduled, 3 failed, 4 needs review, 5 published, 6 draft with a tag; x/me has metrics."""
    with program(tmp_path_factory.mktemp("filled"), FakeClock()) as ttp:
        ttp.account("x/me")
        ttp.account("tt/me")
        rows = "".join(
            f"x/me,{day},{START - timedelta(days=day, hours=day % 5):%Y-%m-%dT%H:%M:%SZ},{40 + 7 * (day % 5)},1,1,900\n"
            for day in range(1, 60)
        )
        ttp.ok("metrics", "import", "-", stdin=f"account,remoteId,publishedAt,likes,comments,shares,views\n{rows}")
        ttp.post("one", "--to", "x/me")
        for text in ("two", "three", "four", "five"):
            ttp.post(text, "--to", "x/me", "--at", "in 3h")
        ttp.bring(3, "failed", **CUT)
        ttp.bring(4, "needs_review", error=("unknown", "cut"))
        ttp.bring(5, "published", published_at=START, remote_id="55", url="https://x.com/i/status/55")
        ttp.ok("source", "add", site.feed, "--to", "x/me", "--allow-private")
        ttp.post("six", "--to", "x/me", "--tag", "launch")
    return ttp.home
