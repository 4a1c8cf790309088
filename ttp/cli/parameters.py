"""How commands declare their options and arguments, in `Annotated`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer


def option(
    name: str,
    metavar: str,
    help: str,
    *,
    short: str | None = None,
    min: float | None = None,
    max: float | None = None,
    parser: Callable[[str], Any] | None = None,
) -> Any:
    """Declare an option with a value."""
    return typer.Option(*filter(None, (name, short)), metavar=metavar, help=help, min=min, max=max, parser=parser)


def flag(name: str, help: str, *, short: str | None = None) -> Any:
    """Declare an option without a value; `--utm/--no-utm` can be off, too."""
    return typer.Option(*filter(None, (name, short)), help=help)


def argument(
    metavar: str,
    help: str,
    *,
    min: float | None = None,
    max: float | None = None,
    parser: Callable[[str], Any] | None = None,
) -> Any:
    return typer.Argument(metavar=metavar, help=help, min=min, max=max, parser=parser)
