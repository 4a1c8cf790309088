"""A tool as data: its arguments, its answer, its operation, and its function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, get_type_hints

from mcp_types import Tool as ListedTool
from mcp_types import ToolAnnotations

from ttp.domain.operations import OPERATIONS
from ttp.mcp.arguments import Arguments, input_schema
from ttp.services.application import Application as Services
from ttp.views import Json

Answer: TypeAlias = Json | Sequence[Json]


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool. `answer`: the type of what it answers, by which `present` shortens it. `rehearses`: it answers `dryRun`
    itself; the other tools that write run on a store that rolls changes back. `keeps_key`: its service knows the keys
    of requests. `whole`: it answers all fields of a post."""

    name: str
    description: str
    arguments: type[Arguments]
    answer: Any
    operation: str
    call: Callable[[Services, Any], Answer]
    hints: ToolAnnotations
    rehearses: bool = False
    keeps_key: bool = False
    whole: bool = False

    @property
    def needs(self) -> str:
        return OPERATIONS[self.operation].needs

    def as_listed(self, refused: Collection[str] = ()) -> ListedTool:
        """Return the tool as clients see it. `refused`: arguments that the client may not use in tools that write, but
        for those whose drafts can ask for a time."""
        schema = input_schema(self.arguments)
        if refused and not self.hints.read_only_hint and "draft" not in schema["properties"]:
            properties = {name: one for name, one in schema["properties"].items() if name not in refused}
            schema = {**schema, "properties": properties}
        return ListedTool(
            name=self.name,
            description=self.description,
            input_schema=schema,
            annotations=self.hints,
        )


def tool(
    operation: str,
    *,
    rehearses: bool = False,
    keeps_key: bool = False,
    whole: bool = False,
    destroys: bool = False,
    repeatable: bool = False,
    leaves: bool = False,
) -> Callable[[Callable[[Services, Any], Answer]], Tool]:
    """Make a tool of a function: its name, its docstring, the model of its parameter `args`, and what it returns.

    `destroys`: it removes something; `repeatable`: a second call changes nothing more; `leaves`: it calls platforms.
    """

    def make(function: Callable[[Services, Any], Answer]) -> Tool:
        types = get_type_hints(function)
        reads = not OPERATIONS[operation].changes
        hints = ToolAnnotations(
            read_only_hint=reads or None,
            destructive_hint=None if reads or destroys else False,
            idempotent_hint=repeatable or None,
            open_world_hint=None if leaves else False,
        )  # the protocol's defaults are left out
        text = "\n\n".join(part.replace("\n", " ") for part in inspect.cleandoc(function.__doc__ or "").split("\n\n"))
        return Tool(
            function.__name__,
            text,
            types["args"],
            types["return"],
            operation,
            function,
            hints,
            rehearses,
            keeps_key,
            whole,
        )

    return make
