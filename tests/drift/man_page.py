"""docs/reference/ttp.1, the manual page in roff: commands, options, exit codes, variables, files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from ttp.cli.app import load_command as load
from ttp.cli.command_table import COMMANDS, SECTIONS, WHAT
from ttp.cli.commands.help import VARIABLES
from ttp.cli.help_pages import first_line
from ttp.cli.options import OUTPUT_OPTIONS
from ttp.cli.texts import load_text

_FILES = (
    ("config.toml", "the settings; without TTP_HOME in the system's folder for configuration"),
    ("ttp.db", "the store: posts, accounts, metrics, attempts (SQLite)"),
    ("credentials.json", "tokens, readable only by you (mode 0600), if the backend is file"),
    ("media/", "copies of images and videos"),
    ("publisher.lock", "locked by the running publisher"),
)
_EXAMPLES = (
    ("A post for two accounts, tomorrow at nine:", "ttp create \"Hello\" --to x/me,ig/shop --at 'tomorrow 9am'"),
    ("Publish what is due, every minute, from cron:", "* * * * *  /full/path/to/ttp run --once --quiet"),
    ("List failed posts, for a script:", "ttp list --status failed,partial --json | jq -r '.[].id'"),
)


def page() -> str:
    """Return the whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield r".\" Written by python -m tests.drift.write_docs; a test compares it with the program."
    yield '.TH TTP 1 "" "ttp" "User Commands"'
    yield from (".SH NAME", rf"ttp \- {WHAT[:1].lower()}{WHAT[1:].rstrip('.')}")
    yield from (".SH SYNOPSIS", ".B ttp", ".I COMMAND", r"[\fIOPTIONS\fR]")
    yield from (".SH DESCRIPTION",)
    yield from _prose(
        "You write a post once, name the accounts and give it a time. ttp run publishes it to each account exactly"
        " once, or says what went wrong and how to fix it. Everything is stored on this machine, in one SQLite file."
    )
    for section in SECTIONS:
        yield from (f".SH COMMANDS: {section.upper()}",)
        for command in COMMANDS:
            if command.section == section:
                yield from _command(f"ttp {command.name}", load(command.name))
    yield from (".SH OPTIONS OF SEVERAL COMMANDS", *_options())
    yield from (".SH OPTIONS OF EVERY COMMAND THAT PRINTS DATA",)
    for option in load("list").params:
        if option.name in OUTPUT_OPTIONS:
            yield from _option(option)
    yield from (".SH EXIT STATUS",)
    for code, meaning in re.findall(
        r"^(\d+) +(.*?)(?=   \d|$)", load_text("exit-codes.txt").replace("   143", "\n143"), re.MULTILINE
    ):
        yield from (".TP", f".B {code}", *_prose(meaning))
    yield from (".SH ENVIRONMENT",)
    for names, meaning in VARIABLES:
        yield from (".TP", f".B {names}", *_prose(meaning))
    yield from (".PP", *_prose("Every setting has a variable too: ttp help environment."))
    yield from (".SH FILES", *_prose("In TTP_HOME:"))
    for name, meaning in _FILES:
        yield from (".TP", f".I {_escaped(name)}", *_prose(meaning))
    yield from (".SH EXAMPLES",)
    for what, typed in _EXAMPLES:
        yield from (".PP", *_prose(what), *_typed(typed))
    yield from (
        ".SH SEE ALSO",
        *_prose("ttp help COMMAND says more. Topics: ttp help time, json, exit-codes, environment, statuses, cron."),
    )


def _command(path: str, command: Any) -> Iterator[str]:
    """Its arguments, options and first line. Options of several commands are explained once for all."""
    arguments = [_escaped(p.metavar) for p in command.params if p.param_type_name == "argument"]
    options = [f"[{_name(option)}]" for option in _own(command)]
    yield from (".TP", " ".join([rf"\fB{_escaped(path)}\fR", *arguments, *options]))
    yield from _prose(first_line(command.help))
    for name, child in getattr(command, "commands", {}).items():
        yield from _command(f"{path} {name}", child)


def _own(command: Any) -> list[Any]:
    return [p for p in command.params if p.param_type_name == "option" and p.name not in OUTPUT_OPTIONS]


def _name(option: Any) -> str:
    names = ", ".join(sorted(option.opts, key=len, reverse=True))
    return _escaped(names) + ("" if option.is_flag else rf" \fI{_escaped(str(option.metavar))}\fR")


def _options() -> Iterator[str]:
    """The options that several commands have, each with its meanings; the commands where they differ."""
    meanings: dict[str, dict[str, list[str]]] = {}
    todo = [(command.name, load(command.name)) for command in COMMANDS]
    while todo:
        path, command = todo.pop(0)
        todo = [*((f"{path} {name}", child) for name, child in getattr(command, "commands", {}).items()), *todo]
        for option in _own(command):
            meanings.setdefault(_name(option), {}).setdefault(first_line(option.help), []).append(path)
    for name, known in sorted(meanings.items()):
        if sum(map(len, known.values())) == 1:
            continue
        yield from (".TP", rf"\fB{name}\fR")
        for meaning, paths in known.items():
            where = "" if len(known) == 1 else f"{', '.join(paths)}: "
            yield from (*_prose(where + meaning), *([".br"] if len(known) > 1 else []))


def _option(option: Any) -> Iterator[str]:
    yield from (".TP", rf"\fB{_name(option)}\fR", *_prose(first_line(option.help)))


def _prose(text: str) -> Iterable[str]:
    """A paragraph, one sentence a line: a line that begins with a dot would be a command."""
    return [_escaped(line) for line in re.split(r"(?<=[.:]) (?=[A-Z])", text)]


def _typed(text: str) -> Iterable[str]:
    return (".RS", ".nf", _escaped(text), ".fi", ".RE")


def _escaped(text: str) -> str:
    text = (
        text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq").replace('"', r"\(dq").replace("^", r"\(ha")
    )
    text = "".join(sign if sign.isascii() else rf"\[u{ord(sign):04X}]" for sign in text)
    return rf"\&{text}" if text.startswith(".") else text
