"""How commands declare their options and arguments, in `Annotated`.

`more`: the bounds `min` and `max` of a number, and `parser`, which makes the value of a text.
"""

from __future__ import annotations

from typing import Any

import typer


def option(name: str, metavar: str, help: str, *, short: str | None = None, **more: Any) -> Any:
    """Declare an option with a value."""
    return typer.Option(*filter(None, (name, short)), metavar=metavar, help=help, **more)


def flag(name: str, help: str, *, short: str | None = None) -> Any:
    """Declare an option without a value; `--utm/--no-utm` can be off, too."""
    return typer.Option(*filter(None, (name, short)), help=help)


def argument(metavar: str, help: str, **more: Any) -> Any:
    return typer.Argument(metavar=metavar, help=help, **more)
