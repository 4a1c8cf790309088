"""Resources, which clients can show next to a conversation: the answers of tools that read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from mcp_types import Resource, ResourceTemplate

from ttp.domain.errors import NotAllowed, NotFound
from ttp.mcp.arguments import Arguments
from ttp.mcp.tool import Tool
from ttp.mcp.tools.planning import Nothing, ShowCalendar, calendar, list_accounts
from ttp.mcp.tools.posts import OnePost, get_post

JSON = "application/json"
RESOURCES = [
    Resource(
        uri="ttp://accounts", name="accounts", title="Accounts", description="The accounts to post to.", mime_type=JSON
    )
]
TEMPLATES = [
    ResourceTemplate(
        uri_template="ttp://posts/{id}",
        name="post",
        title="Post",
        description="A post and the state of each delivery.",
        mime_type=JSON,
    ),
    ResourceTemplate(
        uri_template="ttp://calendar/{month}",
        name="calendar",
        title="Calendar",
        description="The posts of a month, such as 2026-12.",
        mime_type=JSON,
    ),
]
_TOOLS: list[tuple[str, Tool, Callable[[re.Match[str]], Arguments]]] = [
    (r"ttp://accounts", list_accounts, lambda match: Nothing()),
    (r"ttp://posts/([1-9][0-9]{0,14})", get_post, lambda match: OnePost(id=int(match[1]))),
    (r"ttp://calendar/([0-9]{4}-[0-9]{2})", calendar, lambda match: ShowCalendar.model_validate({"when": match[1]})),
]
"""The tool that answers a resource, and its arguments."""


def tool_of(uri: str, tools: Mapping[str, Tool]) -> tuple[Tool, Arguments]:
    """Return the one of `tools`, those of the client, that answers a resource, and its arguments. Raise NotFound for an
    unknown address, NotAllowed for one of another tool."""
    for pattern, tool, arguments in _TOOLS:
        if match := re.fullmatch(pattern, uri):
            if tool.name not in tools:
                raise NotAllowed(f"{uri} needs the tool {tool.name}, which this client does not have")
            return tools[tool.name], arguments(match)
    names = ", ".join(["ttp://accounts", *(template.uri_template for template in TEMPLATES)])
    raise NotFound(f"there is no resource {uri}; there are {names}")
