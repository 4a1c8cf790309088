"""What commands take, declared once: for Typer (`as_typer`), and to be read without it (`at_once`).

A command is a function whose parameters are `Annotated[TYPE, Option(…)]` or `Annotated[TYPE, Argument(…)]`, or a group
of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, get_args

F = TypeVar("F", bound=Callable[..., Any])
SEVERAL = (list[str], list[str] | None)
"""Types of what can be given more than once."""


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


class Group:
    """Commands under one name.

    `alone`: what the name does without any of theirs. `first_implied`: what follows the name, and is no command's name,
    is for the first of them.
    """

    def __init__(self, alone: Callable[..., Any] | None = None, *, first_implied: bool = False) -> None:
        self.alone = alone
        self.first_implied = first_implied
        self.commands: dict[str, Callable[..., Any]] = {}

    def command(self, name: str) -> Callable[[F], F]:
        """Takes a function in under that name."""

        def keep(command: F) -> F:
            self.commands[name] = command
            return command

        return keep


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
