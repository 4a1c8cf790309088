"""`ttp mcp` with TTP_SERVER: the SDK's own client talks to the tools of another machine's server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from tests.mcp.conftest import over_stdio, server_of, text_of
from tests.pictures import picture
from tests.remote.conftest import Machines


def bridge(machines: Machines, *argv: str, capability: str = "publish", **environ: str) -> StdioServerParameters:
    given = {"TTP_SERVER": machines.url, "TTP_TOKEN": machines.token(capability), **environ}
    return server_of(machines.caller.home, *argv, **given)


def test_an_agent_works_on_the_servers_store(machines: Machines, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(picture("JPEG"))

    async def talk(client: Client) -> Any:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert {"create_post", "publish_post", "status"} <= names
        made = text_of(
            await client.call_tool("create_post", {"text": "By an agent", "to": ["x/me"], "media": str(photo)})
        )
        stored = text_of(await client.call_tool("get_post", {"id": made["id"]}))
        assert [item["name"] for item in stored["media"]] == ["photo.jpg"]
        several = {"posts": ["a", {"text": "b", "media": str(photo)}]}
        made_ids = [post["id"] for post in text_of(await client.call_tool("create_posts", several))["posts"]]
        stored = text_of(await client.call_tool("get_post", {"id": made_ids[1]}))
        assert [item["name"] for item in stored["media"]] == ["photo.jpg"]
        refused = await client.call_tool("create_post", {"text": "No", "media": [str(tmp_path / "none.jpg")]})
        assert (refused.is_error, text_of(refused)["error"]["code"]) == (True, "not_found")
        assert refused.structured_content is None
        assert (await client.read_resource(f"ttp://posts/{made['id']}")).contents
        assert (await client.list_prompts()).prompts
        timed = {"text": "Zoned", "to": ["x/me"], "at": "2098-12-24 09:00", "dryRun": True}
        planned = text_of(await client.call_tool("create_post", timed))
        assert planned["scheduledAt"] == "2098-12-24T09:00+09:00", "in the zone that is set here"
        return made

    made = over_stdio(bridge(machines, TTP_TZ="Asia/Tokyo"), talk)
    assert machines.remote("show", str(made["id"]), "--json").json["content"] == "By an agent"


@pytest.mark.slow
def test_the_token_and_the_capability_limit_the_tools(machines: Machines) -> None:
    async def tools(client: Client) -> set[str]:
        return {tool.name for tool in (await client.list_tools()).tools}

    reading = over_stdio(bridge(machines, capability="read"), tools)
    assert "list_posts" in reading
    assert "create_post" not in reading
    drafting = over_stdio(bridge(machines, "--capability", "draft"), tools)
    assert "create_post" in drafting
    assert "publish_post" not in drafting


def test_a_server_that_refuses_ends_the_command(machines: Machines) -> None:
    assert machines.remote("mcp", token="ttp_" + 48 * "0").code == 7
    assert machines.remote("mcp", TTP_SERVER="http://127.0.0.1:1").code == 5
