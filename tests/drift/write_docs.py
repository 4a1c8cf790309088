"""Writes the parts of the documentation that come from the program, and the completion files.

    python -m tests.drift.write_docs

`test_written` holds the files equal to this. Texts that a person writes are never touched: where a file has both, the
program's part stands between two markers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby
from pathlib import Path
from textwrap import dedent
from typing import Any

from tests.drift import errors_page, man_page
from ttp.cli.command_table import COMMANDS, SECTIONS, TOPICS
from ttp.cli.commands.help import STATES, VARIABLES, topic_text
from ttp.cli.completion_scripts import script
from ttp.cli.completion_tree import SHELLS, first_line, tree
from ttp.cli.options import _SHARED
from ttp.cli.settings import variable
from ttp.cli.tree import load
from ttp.domain.config import KEYS, Key
from ttp.domain.delivery import ENDED, MOVES, DeliveryState
from ttp.domain.options import all_options
from ttp.platforms.registry import Registry

ROOT = Path(__file__).parents[2]
BEGIN = "<!-- from the program: python -m tests.drift.write_docs -->"
END = "<!-- end of the program's part -->"
COMPLETIONS = {"bash": "completions/ttp.bash", "zsh": "completions/_ttp", "fish": "completions/ttp.fish"}


def generated() -> dict[str, str]:
    """Every file that comes from the program, wholly or in part: its path in the repository, and its whole text."""
    nodes = tuple(tree())
    return {
        **{COMPLETIONS[shell]: script(shell, nodes) for shell in SHELLS},
        "docs/cli.md": "\n".join(_commands()),
        "docs/ttp.1": man_page.page(),
        "docs/errors.md": "\n".join(errors_page.page()) + "\n",
        "docs/config.md": _spliced("docs/config.md", _settings(), _variables()),
        "docs/accounts.md": _spliced("docs/accounts.md", _options_of_platforms()),
        "docs/state-machine.md": _spliced("docs/state-machine.md", _states(), _diagram()),
    }


def _spliced(name: str, *parts: Iterator[str]) -> str:
    """A file with the program's parts put between its markers, in order."""
    written, rest = "", (ROOT / name).read_text()
    for lines in parts:
        before, found, more = rest.partition(BEGIN)
        _, ended, rest = more.partition(END)
        assert found, f"{name} has too few of {BEGIN}"
        assert ended, f"{name} has too few of {END}"
        written += f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}"
    return written + rest


# docs/cli.md


def _commands() -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield "Everything that `ttp COMMAND --help` and `ttp help TOPIC` say, on one page."
    yield "It is written by `python -m tests.drift.write_docs`; a test holds it equal to the program."
    yield ""
    for section in SECTIONS:
        names = [command.name for command in COMMANDS if command.section == section]
        yield f"- **{section}**: " + " · ".join(f"[{name}](#ttp-{name})" for name in names)
    yield "- **Topics**: " + " · ".join(f"[{topic}](#ttp-help-{topic})" for topic in TOPICS)
    yield ""
    yield "## Options of every command that prints data"
    yield ""
    yield "They come after the command's name."
    yield ""
    yield from _table(("option", "meaning"), [_option_row(p) for p in _options(load("list")) if p.name in _SHARED])
    for section in SECTIONS:
        for command in COMMANDS:
            if command.section == section:
                yield from _command(f"ttp {command.name}", load(command.name), "##")
    for topic in TOPICS:
        yield from ("", f"## ttp help {topic}", "", "```text", *topic_text(topic).splitlines(), "```")
    yield ""


def _command(path: str, command: Any, level: str) -> Iterator[str]:
    children = getattr(command, "commands", {})
    prose, example = _help(command.help)
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in _options(command) if p.name not in _SHARED]
    usage = [path, *(["[OPTIONS]"] if _options(command) else []), *map(_argument, arguments)]
    if children:
        usage.append("[COMMAND]" if example else "COMMAND")
    yield from ("", f"{level} {path}", "", *prose, "", "```text", " ".join(usage), "```")
    if example:
        yield from ("", "Example:", "", "```sh", example, "```")
    rows = [(f"`{p.metavar}`", _marked(first_line(p.help).rstrip("."))) for p in arguments] + [
        _option_row(p) for p in options
    ]
    if rows:
        yield ""
        yield from _table(("argument or option" if arguments else "option", "meaning"), rows)
    if len(options) < len(_options(command)):
        yield from (
            "",
            "And [the options of every command that prints data](#options-of-every-command-that-prints-data).",
        )
    for name, child in children.items():
        yield from _command(f"{path} {name}", child, level + "#")


def _help(text: str) -> tuple[list[str], str]:
    """The paragraphs of a docstring, indented lines of it as code, and its example."""
    prose, _, example = text.partition("Example: ")
    lines: list[str] = []
    for indented, group in groupby(prose.replace("\b", "").strip().splitlines(), lambda line: line.startswith("  ")):
        block = list(group)
        lines += ["```text", *dedent("\n".join(block)).splitlines(), "```"] if indented else map(_marked, block)
    return [line for line, _ in groupby(lines)], example.strip()


def _marked(text: str) -> str:
    """The text with options in it written as code."""
    return re.sub(r"(?<![\w`-])--[a-z]+(-[a-z]+)*", r"`\g<0>`", text)


def _argument(argument: Any) -> str:
    metavar = str(argument.metavar)
    return metavar if argument.required or metavar.startswith("[") else f"[{metavar}]"


def _options(command: Any) -> list[Any]:
    return [p for p in command.params if p.param_type_name == "option"]


def _option_row(option: Any) -> tuple[str, str]:
    names = ", ".join(sorted(option.opts, key=len, reverse=True))
    value = "" if option.is_flag else f" {option.metavar}"
    more = "; repeatable" if option.multiple else ""
    help = _marked(first_line(option.help).rstrip("."))
    default = f"; default {option.default}" if isinstance(option.default, str | int) and not option.is_flag else ""
    return f"`{names}{value}`", f"{help}{default}{more}{' **(needed)**' if option.required else ''}"


# docs/config.md, docs/accounts.md, docs/state-machine.md


def _settings() -> Iterator[str]:
    rows = [(f"`{key.name}`", _default(key), f"`{variable(key.name)}`", _meaning(key)) for key in KEYS.values()]
    yield from _table(("setting", "default", "environment", "meaning"), rows)


def _default(key: Key) -> str:
    match key.default:
        case None | ():
            return "none"
        case tuple(several):
            return ", ".join(f"`{one}`" for one in several)
        case float() as seconds:
            return f"`{seconds:.10g}`"
        case other:
            return f"`{other}`" if isinstance(other, str) else f"`{str(other).lower()}`"


def _meaning(key: Key) -> str:
    return key.help + (f" ({', '.join(f'`{choice}`' for choice in key.choices)})" if key.choices else "")


def _options_of_platforms() -> Iterator[str]:
    rows = [
        (f"`{name}`", ", ".join(f"`{value}`" for value in option.values) or option.accepts, option.help)
        for name, option in all_options(Registry()).items()
    ]
    yield from _table(("option", "values", "meaning"), rows)


def _variables() -> Iterator[str]:
    rows = [(", ".join(f"`{one}`" for one in name.split(", ")), meaning) for name, meaning in VARIABLES]
    yield from _table(("variable", "meaning"), rows)


def _states() -> Iterator[str]:
    rows = [(f"`{state}`", meaning, who) for state, (meaning, who) in STATES.items()]
    yield from _table(("state", "what it means", "who moves it on"), rows)


def _diagram() -> Iterator[str]:
    yield from ("```mermaid", "stateDiagram-v2", "    [*] --> pending")
    for (before, after), event in MOVES.items():
        yield f"    {before} --> {after}: {event}"
    for state in DeliveryState:
        if not any(before is state for before, _ in MOVES):
            yield f"    {state} --> [*]"
    yield from ("```", "")
    rows = [(f"`{before}`", event, f"`{after}`") for (before, after), event in MOVES.items()]
    yield from _table(("from", "event", "to"), rows)
    final = {state for state in DeliveryState if not any(before is state for before, _ in MOVES)}
    yield from ("", f"{_and(final)} are final. Only a person moves a delivery out of {_and(ENDED - final)}.")


def _and(states: AbstractSet[DeliveryState]) -> str:
    """`` `failed` and `needs_review` ``, in the order in which states are declared."""
    return " and ".join(f"`{state}`" for state in DeliveryState if state in states)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def main() -> None:
    for name, text in generated().items():
        path = ROOT / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"wrote {name}")


if __name__ == "__main__":
    main()
