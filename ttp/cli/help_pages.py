"""The help page of a command: usage, what it does, examples, arguments and options. It fits the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from inspect import cleandoc
from shutil import get_terminal_size
from textwrap import wrap
from typing import Any

from ttp.cli.options import MOST, OUTPUT_OPTIONS

_SHARED = (*OUTPUT_OPTIONS, "verbose")
_NAMES = 24
"""Columns of the names in a list. After a longer name the text begins on the next line."""


def split_help(text: str) -> tuple[str, list[str]]:
    """Split a docstring into its prose and its examples, one command each."""
    prose, _, rest = cleandoc(text).partition("Examples:\n")
    return prose.strip(), [line.strip() for line in rest.splitlines() if line.strip()]


def usage(path: str, command: Any) -> str:
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
    """Return the help of an option, with its bounds."""
    more = []
    least, most = getattr(option, "min", None), getattr(option, "max", None)
    if most is not None and most < MOST:
        more.append(f"{least:g} to {most:g}")
    if option.required:
        more.append("required")
    return str(option.help) + (f" ({', '.join(more)})" if more else "")


def write_help(command: Any, ctx: Any, formatter: Any) -> None:
    """Write the help page of a command to Typer's formatter."""
    on_screen = sys.stdout is not None and sys.stdout.isatty() and not getattr(ctx.obj, "shows_all_help", False)
    height = get_terminal_size().lines - 1 if on_screen else None
    formatter.write("\n".join(help_lines(ctx.command_path, command, formatter.width + 1, height)) + "\n")


def help_lines(path: str, command: Any, width: int, height: int | None = None) -> list[str]:
    """Return the lines of the help page of a command. One that is longer than `height` lines describes options in a
    sentence each, and the last ones are only named."""
    prose, examples = split_help(command.help or "")
    options = [one for one in command.params if one.param_type_name == "option"]
    has_shared = {"json", "fields"} <= {one.name for one in options}
    own = [one for one in options if not (has_shared and one.name in _SHARED)]
    arguments = [(argument_text(one), str(one.help)) for one in command.params if one not in options]
    title = " and ".join(["Arguments"] * bool(arguments) + ["options" if arguments else "Options"] * bool(own))
    title += " (... can be repeated)" * any(one.multiple for one in own)
    head = [f"Usage: {usage(path, command)}", ""]
    for paragraph in prose.split("\n\n"):  # \b begins lines that are not wrapped
        kept = paragraph.removeprefix("\b\n").splitlines() if paragraph[:1] == "\b" else wrap(paragraph, width - 2)
        head += [*(f"  {line}" for line in kept), ""]
    head += ["Examples:", *(f"  {line}" for line in examples), ""] if examples else []
    if children := getattr(command, "commands", {}):
        rows = [(name, first_line(child.help)) for name, child in children.items()]
        head += ["Commands:", *list_lines(rows, width), ""]
    shared = ["Output: --json, --fields A,B and others, see ttp help output"] if has_shared else []
    rows = [*arguments, *option_rows(own)]
    lines = [*head, *([f"{title}:", *list_lines(rows, width), ""] if rows else []), *shared]
    count, whole = len(own), f"ttp help {path.removeprefix('ttp ')} --all".replace(" ", "\xa0")
    while height is not None and len(lines) > height and count >= 0:
        brief = [(_names(one), f"{str(one.help).partition('. ')[0].rstrip('.')}.") for one in own[:count]]
        more = [f"More: {', '.join(max(one.opts, key=len) for one in own[count:])};"] * (count < len(own))
        foot = wrap(" ".join([*more, f"in full: {whole}"]), width, subsequent_indent="  ", break_on_hyphens=False)
        foot = [line.replace("\xa0", " ") for line in foot]
        lines = [*head, f"{title}:", *list_lines([*arguments, *brief], width), *foot, *shared]
        count -= 1
    return lines


def option_rows(options: Iterable[Any]) -> list[tuple[str, str]]:
    """Return how options are written, and what they mean."""
    return [(_names(one), option_help(one)) for one in options]


def list_lines(rows: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    """Yield a list of names and what they mean, in lines."""
    column = 2 + max((len(name) for name, _ in rows if len(name) <= _NAMES), default=0)
    for name, meaning in rows:
        first, *more = wrap(meaning, max(width - column - 2, 10)) or [""]
        if len(name) <= column - 2:
            yield f"  {name:<{column}}{first}"
        else:
            yield from (f"  {name}", f"  {'':<{column}}{first}")
        yield from (f"  {'':<{column}}{line}" for line in more)


def _names(option: Any) -> str:
    names = ", ".join(sorted([*option.opts, *option.secondary_opts], key=len))
    return names if option.is_flag else f"{names} {option.metavar}{'...' * option.multiple}"


def first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]
