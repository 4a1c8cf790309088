"""What commands take, declared once: for Typer (`as_typer`), and for what is answered without it (`at_once`).

A command is a function whose parameters are `Annotated[TYPE, Option(…)]` or `Annotated[TYPE, Argument(…)]`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_args


class Declared:
    """One parameter of a command. `help` ends in a full stop; `parser` reads its text, and refuses with a TtpError."""

    def __init__(
        self,
        *names: str,
        metavar: str | None = None,
        help: str = "",
        min: float | None = None,
        max: float | None = None,
        parser: Callable[[str], Any] | None = None,
    ) -> None:
        self.names = names
        self.metavar = metavar
        self.help = help
        self.min = min
        self.max = max
        self.parser = parser

    def holds(self, number: float) -> bool:
        """Whether a number is within the bounds."""
        return (self.min is None or number >= self.min) and (self.max is None or number <= self.max)


class Option(Declared):
    """`--name VALUE`, or a flag where its type is bool."""


class Argument(Declared):
    """A word by its place."""


def parameters(command: Callable[..., Any]) -> list[inspect.Parameter]:
    """What a command takes, with its annotations evaluated: its own, and what was added to it (`params.printing`)."""
    own = list(inspect.signature(command, eval_str=True).parameters.values())
    added: tuple[inspect.Parameter, ...] | None = getattr(command, "added", None)
    if added is None:
        return own
    named = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own if one.name not in ("out", "source")]
    return [*named, *added]


def declaration(parameter: inspect.Parameter) -> tuple[Any, Declared | None]:
    """The type of a parameter, and what is declared of it."""
    kind, *more = get_args(parameter.annotation) or (parameter.annotation,)
    for one in more:
        if isinstance(one, Declared):
            return kind, one
    return parameter.annotation, None
