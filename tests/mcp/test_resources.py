"""Resources and prompts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent, TextResourceContents

from tests.conftest import Program
from tests.mcp.conftest import Agent
from ttp.mcp.prompts import PROMPTS
from ttp.mcp.tools import TOOLS


def read(agent: Agent, uri: str) -> Any:
    async def say(client: Client) -> Any:
        (found,) = (await client.read_resource(uri)).contents
        assert isinstance(found, TextResourceContents)
        assert found.mime_type == "application/json"
        return json.loads(found.text)

    return agent.talk(say)


def test_resources_are_the_answers_of_tools(agent: Agent, ttp: Program) -> None:
    ttp.account()
    ttp.post("Hello", "--to", "x", "--at", "tomorrow 9am")
    assert read(agent, "ttp://accounts")["accounts"][0]["account"] == "x/me"
    post = read(agent, "ttp://posts/1")
    assert (post["text"], post["untrusted"]) == ("Hello", ["text"])
    calendar = read(agent, "ttp://calendar/2026-11")
    assert [one["id"] for one in calendar["posts"]] == [
        one["id"] for one in ttp.ok("calendar", "2026-11", "--json").json["posts"]
    ]


def test_resources_are_listed(agent: Agent) -> None:
    async def say(client: Client) -> tuple[list[str], list[str]]:
        return (
            [one.uri for one in (await client.list_resources()).resources],
            [one.uri_template for one in (await client.list_resource_templates()).resource_templates],
        )

    assert agent.talk(say) == (["ttp://accounts"], ["ttp://posts/{id}", "ttp://calendar/{month}"])


@pytest.mark.parametrize(
    "uri",
    [
        "ttp://posts/1",
        "ttp://posts/x",
        "ttp://posts/0",
        "ttp://calendar/2026-13",
        "ttp://calendar/now",
        "ttp://a",
        "a:b",
    ],
)
def test_an_unknown_resource_is_an_error(agent: Agent, uri: str) -> None:
    async def say(client: Client) -> None:
        with pytest.raises(MCPError) as refused:
            await client.read_resource(uri)
        assert refused.value.error.data["code"] in ("not_found", "usage")

    agent.talk(say)


@pytest.mark.parametrize(
    ("name", "arguments", "holds"),
    [
        ("plan_week", {}, "next week"),
        ("plan_week", {"accounts": "x/me", "topics": "beans"}, "beans"),
        ("write_variants", {"text": "Fresh beans"}, "Fresh beans"),
        ("write_variants", {"post": "7", "accounts": "x/me"}, "post 7"),
    ],
)
def test_a_prompt_has_its_arguments(agent: Agent, name: str, arguments: dict[str, str], holds: str) -> None:
    async def say(client: Client) -> str:
        (message,) = (await client.get_prompt(name, arguments)).messages
        assert isinstance(message.content, TextContent)
        return message.content.text

    assert holds in agent.talk(say)


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("plan_month", {}, "not_found"),
        ("plan_week", {"account": "x/me"}, "usage"),
        ("write_variants", {}, "usage"),
        ("write_variants", {"text": "a", "post": "1"}, "usage"),
    ],
)
def test_a_wrong_prompt_is_an_error(agent: Agent, name: str, arguments: dict[str, str], code: str) -> None:
    async def say(client: Client) -> None:
        assert {one.name for one in (await client.list_prompts()).prompts} == {"plan_week", "write_variants"}
        with pytest.raises(MCPError) as refused:
            await client.get_prompt(name, arguments)
        assert refused.value.error.data["code"] == code

    agent.talk(say)


def test_prompts_name_tools_that_exist(agent: Agent) -> None:
    for one in PROMPTS.values():
        named = re.findall(r"\b[a-z]+_[a-z]+\b", one.write({"post": "1"}))
        assert named
        assert set(named) <= TOOLS.keys()
