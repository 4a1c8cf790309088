"""Writes the parts of the documentation that come from the program, and the completion files.

    python -m tests.drift.write_docs

`test_written` compares the files with this. Hand-written text is never changed: in a file with both, the
generated part is between two markers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from graphlib import TopologicalSorter
from itertools import groupby
from pathlib import Path
from textwrap import dedent
from typing import Any

from tests.drift import api_page, errors_page, man_page, messages, operations_page, skill_page
from tests.platforms.factories import PLATFORMS
from tests.settings import KEYS
from ttp.cli.app import load_command as load
from ttp.cli.command_table import COMMANDS, SECTIONS, TOPICS
from ttp.cli.commands.help import STATES, VARIABLES, topic_text
from ttp.cli.completion import SHELLS, tree
from ttp.cli.completion_scripts import script
from ttp.cli.help_pages import first_line, split_help, usage
from ttp.cli.options import OUTPUT_OPTIONS
from ttp.cli.settings import variable
from ttp.domain.config import Key
from ttp.domain.delivery import ENDED, MOVES, DeliveryState
from ttp.domain.options import all_options
from ttp.domain.post_fields import PLAIN
from ttp.platforms import BUILT_IN
from ttp.platforms.registry import Registry

ROOT = Path(__file__).parents[2]
BEGIN = "<!-- from the program: python -m tests.drift.write_docs -->"
END = "<!-- end of the program's part -->"
COMPLETIONS = {"bash": "completions/ttp.bash", "zsh": "completions/_ttp", "fish": "completions/ttp.fish"}


def generated() -> dict[str, str]:
    """Return every generated file, or file with generated parts: its path in the repository, and its whole text."""
    nodes = tuple(tree())
    return {
        **{COMPLETIONS[shell]: script(shell, nodes) for shell in SHELLS},
        "ARCHITECTURE.md": _spliced("ARCHITECTURE.md", _layers()),
        "docs/reference/cli.md": "\n".join(_commands()),
        "docs/reference/ttp.1": man_page.page(),
        "docs/reference/errors.md": "\n".join(errors_page.page()) + "\n",
        "docs/reference/api.md": "\n".join(api_page.page()) + "\n",
        "docs/reference/operations.md": "\n".join(operations_page.page()) + "\n",
        messages.SNAPSHOT: "\n".join(messages.snapshot()),
        "docs/how-to/files.md": _spliced("docs/how-to/files.md", _plain_fields()),
        "docs/reference/config.md": _spliced("docs/reference/config.md", _settings(), _variables()),
        "docs/reference/accounts.md": _spliced("docs/reference/accounts.md", _options_of_platforms()),
        "docs/reference/platforms/README.md": _spliced("docs/reference/platforms/README.md", _contracts()),
        "docs/reference/skill.md": _spliced("docs/reference/skill.md", skill_page.table()),
        "docs/reference/state-machine.md": _spliced("docs/reference/state-machine.md", _states(), _diagram()),
    }


def _spliced(name: str, *parts: Iterator[str]) -> str:
    """Return a file's text with the generated parts between its markers, in order."""
    written, rest = "", (ROOT / name).read_text()
    for lines in parts:
        before, found, more = rest.partition(BEGIN)
        _, ended, rest = more.partition(END)
        assert found, f"{name} has too few of {BEGIN}"
        assert ended, f"{name} has too few of {END}"
        written += f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}"
    return written + rest


# docs/how-to/files.md


def _plain_fields() -> Iterator[str]:
    """The fields of a post that have no code of their own."""
    yield "| name | such as | meaning |"
    yield "|---|---|---|"
    for one in PLAIN:
        names = f"`{one.word}`, or `{one.file}` in seconds" if one.kind == "seconds" else f"`{one.word}`"
        yield f"| {names} | `{one.example}` | {one.help} |"


# ARCHITECTURE.md


def _layers() -> Iterator[str]:
    """The folders of the program as a graph. An import that a longer way implies is left out."""
    imports: dict[str, set[str]] = {}
    for path in (ROOT / "ttp").glob("*/**/*.py"):
        layer = path.relative_to(ROOT / "ttp").parts[0]
        named = re.findall(r"^ *from ttp\.(\w+)", path.read_text(), re.MULTILINE)
        imports.setdefault(layer, set()).update({*named} - {layer})
    reached: dict[str, set[str]] = {}
    for layer in TopologicalSorter(imports).static_order():  # raises CycleError
        reached[layer] = imports[layer].union(*(reached[other] for other in imports[layer]))
    yield from ("```mermaid", "flowchart TD")
    for layer in reversed(reached):
        direct = imports[layer] - set[str]().union(*(reached[other] for other in imports[layer]))
        yield from (f"    {layer} --> {other}" for other in sorted(direct))
    yield "```"


# docs/reference/cli.md


def _commands() -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield "The help of every command and topic (`ttp COMMAND --help`, `ttp help TOPIC`) on one page."
    yield "Generated by `python -m tests.drift.write_docs`; a test compares it with the program."
    yield ""
    for section in SECTIONS:
        names = [command.name for command in COMMANDS if command.section == section]
        yield f"- **{section}**: " + " · ".join(f"[{name}](#ttp-{name})" for name in names)
    yield "- **Topics**: " + " · ".join(f"[{topic}](#ttp-help-{topic})" for topic in TOPICS)
    for section in SECTIONS:
        for command in COMMANDS:
            if command.section == section:
                yield from _command(f"ttp {command.name}", load(command.name), "##")
    for topic in TOPICS:
        yield from ("", f"## ttp help {topic}", "", "```text", *topic_text(topic, PLATFORMS).splitlines(), "```")
    yield ""


def _command(path: str, command: Any, level: str) -> Iterator[str]:
    children = getattr(command, "commands", {})
    prose, examples = _help(command.help)
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in _options(command) if p.name not in OUTPUT_OPTIONS]
    yield from ("", f"{level} {path}", "", *prose, "", "```text", usage(path, command), "```")
    if examples:
        yield from ("", "```sh", *examples, "```")
    rows = [(f"`{p.metavar}`", _marked(first_line(p.help).rstrip("."))) for p in arguments] + [
        _option_row(p) for p in options
    ]
    if rows:
        yield ""
        yield from _table(("argument or option" if arguments else "option", "meaning"), rows)
    if len(options) < len(_options(command)):
        yield from ("", "And [the options of every command that prints data](#ttp-help-output).")
    for name, child in children.items():
        yield from _command(f"{path} {name}", child, level + "#")


def _help(text: str) -> tuple[list[str], list[str]]:
    """Return the paragraphs of a docstring, its indented lines as code, and its examples."""
    prose, examples = split_help(text)
    lines: list[str] = []
    for indented, group in groupby(prose.replace("\b", "").strip().splitlines(), lambda line: line.startswith("  ")):
        block = list(group)
        lines += ["```text", *dedent("\n".join(block)).splitlines(), "```"] if indented else map(_marked, block)
    return [line for line, _ in groupby(lines)], examples


def _marked(text: str) -> str:
    """The text with options in it written as code."""
    return re.sub(r"(?<![\w`-])--[a-z]+(-[a-z]+)*", r"`\g<0>`", text)


def _options(command: Any) -> list[Any]:
    return [p for p in command.params if p.param_type_name == "option"]


def _option_row(option: Any) -> tuple[str, str]:
    names = ", ".join(sorted([*option.opts, *option.secondary_opts], key=len, reverse=True))
    value = "" if option.is_flag else f" {option.metavar}"
    more = "; repeatable" if option.multiple else ""
    help = _marked(first_line(option.help).rstrip("."))
    default = f"; default {option.default}" if isinstance(option.default, str | int) and not option.is_flag else ""
    return f"`{names}{value}`", f"{help}{default}{more}{' **(needed)**' if option.required else ''}"


# docs/reference/config.md, docs/reference/accounts.md, docs/reference/state-machine.md


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


def _contracts() -> Iterator[str]:
    return (f"- [{title}]({name}.md)" for name, title in BUILT_IN.items() if title)


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
    yield from _table(("state", "meaning", "who changes it"), rows)


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
    yield from (
        "",
        f"{_and(final)} is final. Only a person can change a delivery that is {_and(ENDED - final, 'or')}.",
    )


def _and(states: AbstractSet[DeliveryState], word: str = "and") -> str:
    """Join states in the order of their declaration: `` `failed` and `needs_review` ``."""
    return f" {word} ".join(f"`{state}`" for state in DeliveryState if state in states)


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
