"""Resources: what clients can show next to a conversation. They are what the tools that read answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

from mcp_types import Resource, ResourceTemplate

from ttp.domain.errors import Hint, NotAllowed, NotFound
from ttp.mcp.services import Services
from ttp.mcp.tool import Answer
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
_READERS: list[tuple[str, str, Callable[[Services, Any], Answer]]] = [
    (r"ttp://accounts", "list_accounts", lambda services, _: list_accounts(services, Nothing())),
    (
        r"ttp://posts/([1-9][0-9]{0,14})",
        "get_post",
        lambda services, found: get_post(services, OnePost(id=int(found[1]))),
    ),
    (
        r"ttp://calendar/([0-9]{4}-[0-9]{2})",
        "calendar",
        lambda services, found: calendar(services, ShowCalendar.model_validate({"when": found[1]})),
    ),
]


def read(services: Services, uri: str, tools: Collection[str]) -> Answer:
    """Return the JSON of a resource: what one of `tools` answers, those of the client. Raise NotFound for an unknown
    address, NotAllowed for one of another tool."""
    for pattern, tool, reader in _READERS:
        if found := re.fullmatch(pattern, uri):
            if tool not in tools:
                raise NotAllowed(f"{uri} needs the tool {tool}, which this client does not have")
            return reader(services, found)
    raise NotFound(f"there is no resource {uri}", Hint("see", ", ".join(["ttp://accounts", *_addresses()])))


def _addresses() -> list[str]:
    return [one.uri_template for one in TEMPLATES]
