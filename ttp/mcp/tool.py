"""A tool as data: its arguments, its answer, its operation, and its function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, get_type_hints

from mcp_types import Tool as ListedTool
from mcp_types import ToolAnnotations

from ttp.domain.operations import OPERATIONS
from ttp.mcp.arguments import Arguments, input_schema, output_schema
from ttp.services.application import Application as Services
from ttp.views import Json

Answer: TypeAlias = Json | Sequence[Json]
_ANY = (Json, Sequence[Json])
"""Answers whose shape clients are not told: it costs more to read than it helps."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool. `rehearses`: it answers `dryRun` itself; the other tools that write run on a store that rolls changes
    back. `keeps_key`: its service knows the keys of requests."""

    name: str
    title: str
    description: str
    arguments: type[Arguments]
    answer: Any
    operation: str
    call: Callable[[Services, Any], Answer]
    hints: ToolAnnotations
    rehearses: bool = False
    keeps_key: bool = False

    @property
    def needs(self) -> str:
        return OPERATIONS[self.operation].needs

    def as_listed(self) -> ListedTool:
        """Return the tool as clients see it."""
        return ListedTool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=input_schema(self.arguments),
            output_schema=None if self.answer in _ANY else output_schema(self.answer),
            annotations=self.hints,
        )


def tool(
    operation: str,
    *,
    answer: Any = None,
    rehearses: bool = False,
    keeps_key: bool = False,
    destroys: bool = False,
    repeatable: bool = False,
    leaves: bool = False,
) -> Callable[[Callable[[Services, Any], Answer]], Tool]:
    """Make a tool of a function: its name, its docstring, the model of its parameter `args`, and what it returns.

    `answer`: its shape, if the function's type does not say it. `destroys`: it removes something; `repeatable`: a
    second call changes nothing more; `leaves`: it calls platforms.
    """

    def make(function: Callable[[Services, Any], Answer]) -> Tool:
        types = get_type_hints(function)
        arguments, shape = types["args"], answer or types["return"]
        title = function.__name__.replace("_", " ").capitalize()
        reads = not OPERATIONS[operation].changes
        hints = ToolAnnotations(
            read_only_hint=reads,
            destructive_hint=destroys,
            idempotent_hint=reads or repeatable,
            open_world_hint=leaves,
        )
        text = "\n\n".join(part.replace("\n", " ") for part in inspect.cleandoc(function.__doc__ or "").split("\n\n"))
        return Tool(function.__name__, title, text, arguments, shape, operation, function, hints, rehearses, keeps_key)

    return make
