"""`ttp mcp` as a process, through the SDK's own client."""

from __future__ import annotations

from mcp import Client

from tests.conftest import Program
from tests.mcp.conftest import over_stdio, server_of, text_of


def test_an_agent_creates_lists_and_gets_a_post(ttp: Program) -> None:
    ttp.account()

    async def talk(client: Client) -> None:
        assert {"list_posts", "get_post", "create_post"} <= {tool.name for tool in (await client.list_tools()).tools}
        made = text_of(await client.call_tool("create_post", {"text": "Hello\n…", "to": ["x/me"]}))
        assert text_of(await client.call_tool("get_post", {"id": made["id"]})) == made
        assert text_of(await client.call_tool("list_posts", {})) == [made]

    over_stdio(server_of(ttp.home), talk)
    assert ttp.shown()["content"] == "Hello\n…"
