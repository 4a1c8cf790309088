"""The output of this process, as the shared options, its streams and the environment say."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo

from ttp.cli.output import Output
from ttp.cli.streams import is_plain, terminal_width, willing
from ttp.domain.errors import Hint, UsageError

FORMATS = ("table", "tsv", "json", "jsonl")
COLORS = ("auto", "always", "never")


def output_of_process(
    *,
    format: str | None = None,
    json: bool = False,
    jsonl: bool = False,
    fields: str | None = None,
    header: bool = False,
    quiet: bool = False,
    color: str = "auto",
    ascii: bool = False,
    environ: Mapping[str, str] = os.environ,
    now: Callable[[], datetime],
    zone: Callable[[], tzinfo] = lambda: UTC,
) -> Output:
    """The output of this process, from its options. UsageError for formats that contradict each other.

    The format follows the options or whether stdout is a terminal, never the environment.
    """
    stdout, stderr = willing(sys.stdout), willing(sys.stderr)
    is_terminal = stdout.isatty()
    return Output(
        stdout,
        stderr,
        format=chosen_format(format, json=json, jsonl=jsonl, is_terminal=is_terminal),
        fields=[] if fields is None else [name.strip() for name in fields.split(",")],
        header=header,
        quiet=quiet,
        width=terminal_width(stdout, environ),
        color=color_wanted(color, environ, is_terminal=is_terminal),
        plain=ascii or is_plain(stdout, environ),
        pager=environ.get("TTP_PAGER", "").strip() if is_terminal else "",
        now=now,
        zone=zone,
    )


def chosen_format(format: str | None, *, json: bool, jsonl: bool, is_terminal: bool) -> str:
    """The format that was asked for, else a table on a terminal and TSV elsewhere. UsageError for two different ones
    or an unknown one."""
    asked = [name for name, wanted in ((format, True), ("json", json), ("jsonl", jsonl)) if wanted and name is not None]
    if any(name not in FORMATS for name in asked):
        raise UsageError(f'no format "{format}"', Hint("the formats", ", ".join(FORMATS)))
    if len(set(asked)) > 1:
        raise UsageError(f"one output format at a time, not {' and '.join(asked)}")
    return asked[0] if asked else "table" if is_terminal else "tsv"


def color_wanted(flag: str, environ: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Whether pictures are coloured: the flag, else NO_COLOR, CLICOLOR_FORCE and FORCE_COLOR, CLICOLOR=0 and
    TERM=dumb, else whether it is a terminal. An empty variable counts as unset. UsageError for an unknown flag."""
    if flag not in COLORS:
        raise UsageError(
            f'--color is {", ".join(COLORS)}, not "{flag}"', Hint("as it is without it", "leave out --color")
        )
    if flag != "auto":
        return flag == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "") not in ("", "0") for name in ("CLICOLOR_FORCE", "FORCE_COLOR")):
        return True
    return is_terminal and environ.get("CLICOLOR") != "0" and environ.get("TERM") != "dumb"
