"""The help page of a command: usage, what it does, examples, arguments, its own options, then the shared ones."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

from ttp.cli.options import MOST, OUTPUT_OPTIONS

_SHARED = (*OUTPUT_OPTIONS, "verbose")


def split_help(text: str) -> tuple[str, list[str]]:
    """Split a docstring into its prose and its examples, one command each."""
    prose, _, rest = cleandoc(text).partition("Examples:\n")
    return prose.strip(), [line.strip() for line in rest.splitlines() if line.strip()]


def usage(path: str, command: Any) -> str:
    """Return the usage line of a command."""
    pieces = [argument_text(one) for one in command.params if one.param_type_name == "argument"]
    if getattr(command, "commands", None):
        pieces.append("[COMMAND]" if command.invoke_without_command else "COMMAND")
    has_options = any(one.param_type_name == "option" for one in command.params)
    return " ".join([path, *pieces, *(["[OPTIONS]"] if has_options else [])])


def argument_text(argument: Any) -> str:
    """Return an argument as the usage line has it."""
    metavar = str(argument.metavar)
    return metavar if argument.required or metavar.startswith("[") else f"[{metavar}]"


def option_help(option: Any) -> str:
    """Return the help of an option, with its bounds and whether it can be repeated."""
    more = []
    if option.multiple:
        more.append("repeatable")
    least, most = getattr(option, "min", None), getattr(option, "max", None)
    if most is not None and most < MOST:
        more.append(f"{least:g} to {most:g}")
    if option.required:
        more.append("required")
    return str(option.help) + (f" ({', '.join(more)})" if more else "")


def write_help(command: Any, ctx: Any, formatter: Any) -> None:
    """Write the help page of a command to Typer's formatter."""
    prose, examples = split_help(command.help or "")
    formatter.write(f"Usage: {usage(ctx.command_path, command)}\n\n")
    with formatter.indentation():
        formatter.write_text(prose)
    if examples:
        with formatter.section("Examples"):
            formatter.write("".join(f"{'':{formatter.current_indent}}{line}\n" for line in examples))
    children = getattr(command, "commands", {})
    arguments = [(argument_text(one), one.help) for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    own = [(_names(one), option_help(one)) for one in options if one.name not in _SHARED]
    shared = [(_names(one), option_help(one)) for one in options if one.name in _SHARED]
    help_row = ("-h, --help", "Show this page.")
    for title, rows in (
        ("Commands", [(name, first_line(child.help)) for name, child in children.items()]),
        ("Arguments", arguments),
        ("Options", [*own, help_row] if own or not shared else []),
        ("Output options", shared if own else [*shared, help_row] if shared else []),
    ):
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)


def _names(option: Any) -> str:
    names = ", ".join(sorted([*option.opts, *option.secondary_opts], key=len))
    return names if option.is_flag else f"{names} {option.metavar}"


def first_line(text: str | None) -> str:
    """Return the first line of a help text."""
    return (text or "").strip().partition("\n")[0]
