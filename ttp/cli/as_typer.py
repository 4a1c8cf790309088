"""Declared commands (`declared`) as Typer takes them, and what was typed in the type of its parameter.

Typer reads every value through pydantic, whose import takes as long as all the rest of a command. Here the standard
library does it, by the one hook that there is: the function that makes a parameter's reader (private to Typer, so its
version is pinned; `tests/cli/test_imports.py` fails where a later one has moved it).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer
from typer import core
from typer._coercion import RuntimeParam, TypeDescriptor

from ttp.cli.declared import Declared, Option, declaration, parameters
from ttp.domain.errors import Hint, UsageError

F = TypeVar("F", bound=Callable[..., Any])


class App(typer.Typer):
    """An app whose commands are declared."""

    def command(self, name: str | None = None, **more: Any) -> Callable[[F], F]:
        return _keeping(super().command(name, **more))

    def callback(self, **more: Any) -> Callable[[F], F]:
        return _keeping(super().callback(**more))


def _keeping(register: Callable[[Any], Any]) -> Callable[[F], F]:
    def keep(command: F) -> F:
        register(_for_typer(command))
        return command

    return keep


def _for_typer(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with a signature that Typer reads."""

    @functools.wraps(command)
    def run(**values: Any) -> Any:
        """Of several values that were not given Typer says (), and a command that they are None."""
        return command(**{name: None if value == () else value for name, value in values.items()})

    taken = [one.replace(annotation=_annotation(one)) for one in parameters(command)]
    run.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]  # read by inspect
    run.__annotations__ = {one.name: one.annotation for one in taken}
    return run


def _annotation(parameter: inspect.Parameter) -> Any:
    kind, declared = declaration(parameter)
    if declared is None:
        return kind
    make: Any = functools.partial(typer.Option, *declared.names) if isinstance(declared, Option) else typer.Argument
    known = ("metavar", "help", "parser", "min", "max")
    return Annotated[kind, make(**{name: getattr(declared, name) for name in known})]


class Reader(RuntimeParam):
    """Reads what was typed for one parameter. UsageError for what is none of its type."""

    def _coerce_value(self, value: Any, param: Any, ctx: Any) -> Any:
        known = self.parameter_info
        if known.parser is not None:
            return known.parser(value)
        if self.annotation not in (int, float) or not isinstance(value, str):
            return list(value) if self.annotation == list[str] else value
        bounds = Declared(min=known.min, max=known.max)
        try:
            number = self.annotation(value)
        except ValueError:
            number = None
        if number is None or not bounds.holds(number):
            raise UsageError(
                f'{param.opts[0]} is {_wanted(self.annotation, bounds)}, not "{value}"',
                Hint("usage", f"{ctx.command_path} --help"),
            )
        return number


def _wanted(kind: type, bounds: Declared) -> str:
    number = "a whole number" if kind is int else "a number"
    match bounds.min, bounds.max:
        case None, None:
            return number
        case least, None:
            return f"{number} from {least:g}"
        case least, most:
            return f"{number} from {least or 0:.10g} to {most:.10g}"


def _reader_of(descriptor: TypeDescriptor) -> RuntimeParam:
    return Reader(descriptor.parameter_info, descriptor.annotation)


core.build_runtime_param = _reader_of  # type: ignore[attr-defined]  # private to Typer
