"""docs/reference/skill.md: the table of tools."""

from __future__ import annotations

from collections.abc import Iterator

from ttp.mcp.arguments import argument_names
from ttp.mcp.tool import Tool
from ttp.mcp.tools import TOOLS

_EVERY = ("key", "dryRun")
"""Arguments of every tool that writes."""


def table() -> Iterator[str]:
    yield "| tool | capability | arguments | what it does |"
    yield "|---|---|---|---|"
    for tool in TOOLS.values():
        yield f"| `{tool.name}` | {tool.needs} | {_arguments(tool)} | {tool.description.partition(chr(10))[0]} |"
    yield ""
    writing = [f"`{tool.name}`" for tool in TOOLS.values() if not tool.hints.read_only_hint]
    yield f"Tools that write, with `key` and `dryRun` too: {', '.join(writing)}."


def _arguments(tool: Tool) -> str:
    needed = {field.alias or name for name, field in tool.arguments.model_fields.items() if field.is_required()}
    names = [f"**{name}**" if name in needed else name for name in argument_names(tool.arguments) if name not in _EVERY]
    return ", ".join(names)
