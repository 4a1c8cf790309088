"""The command tree as data is the tree that runs, and every command says what it does and how."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from tests.drift.operations_page import leaves
from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.cli.app import load_command as load
from ttp.cli.app import root_group as root
from ttp.cli.command_table import BY_NAME, COMMANDS, EVERYDAY, SECTIONS, TOPICS, help_page
from ttp.cli.commands.help import capability_help, topic_text
from ttp.cli.completion import AT, OPTIONS
from ttp.cli.errors import BY_CODE
from ttp.cli.help_pages import first_line, help_lines, split_help
from ttp.cli.main import main
from ttp.cli.options import OUTPUT_OPTIONS
from ttp.cli.texts import load_text
from ttp.domain.operations import OPERATIONS, PUBLISH, capability_here
from ttp.platforms import BUILT_IN

LONGEST_HELP = 78
"""A line of help stays one line on a terminal of 80."""
SCREEN = 23
"""Lines of a terminal of 24 above the prompt."""


def walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from walk(f"{path} {name}", child)


TREE = dict(found for command in COMMANDS for found in walk(command.name, load(command.name)))


def test_the_table_has_the_first_help_line_of_each_command() -> None:
    assert {one.name: first_line(load(one.name).help) for one in COMMANDS} == {one.name: one.help for one in COMMANDS}
    assert {one.section for one in COMMANDS} <= {*SECTIONS}


def test_the_root_knows_the_table_and_nothing_else() -> None:
    assert root().list_commands(None) == [command.name for command in COMMANDS]
    assert len({command.name for command in COMMANDS}) == len(COMMANDS)


def test_every_command_has_a_line_of_help_and_examples_that_parse() -> None:
    for path in leaves():
        command = TREE[path]
        _, examples = split_help(command.help)

        assert first_line(command.help).endswith("."), path
        assert len(first_line(command.help)) <= LONGEST_HELP, path
        assert 1 <= len(examples) <= 4, path
        name = ["ttp", *path.split(" ")]
        for example in examples:
            words = shlex.split(re.split(r" [|<>] ", example)[0])
            assert words[: len(name)] == name, path
            command.make_context(path, words[len(name) :])


def test_every_option_and_argument_has_help_that_ends_in_a_full_stop() -> None:
    wrong = [(path, p.name) for path in TREE for p in TREE[path].params if not (p.help or "").endswith(".")]

    assert wrong == []


def test_the_topic_of_capabilities_names_every_command_that_does_not_need_all() -> None:
    lines = [line[11:] for line in capability_help().splitlines() if line.startswith(" " * 11)]
    words = [word for line in lines for word in line.rstrip(",").split(", ")]
    less = [path for path in leaves() if capability_here(OPERATIONS[path]) != PUBLISH]

    assert [path for path in less if path not in words and path.split()[0] not in words] == []
    assert {*words} & leaves().keys() <= {*less}


def test_completion_knows_only_options_that_exist() -> None:
    existing = {name for command in TREE.values() for parameter in command.params for name in parameter.opts}

    typed = {
        f"{path} {name}" for path, command in TREE.items() for parameter in command.params for name in parameter.opts
    }

    assert {*OPTIONS} <= existing
    assert {*AT} <= typed


@pytest.mark.parametrize("argv", [[], ["help"], ["--help"]])
def test_the_first_page_has_the_everyday_commands_and_fits_a_terminal(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 0
    lines = capsys.readouterr().out.splitlines()

    assert [line.split()[0] for line in lines if line[:2] == "  " and "  " in line.strip()] == [*EVERYDAY]
    assert (len(lines) <= SCREEN, max(map(len, lines)) <= 80) == (True, True)


def test_help_all_has_every_command_and_topic(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "--all"]) == 0
    page = capsys.readouterr().out

    names = [line.split()[0] for line in page.splitlines() if line[:2] == "  " and line[2:3] != " "]
    assert sorted(names) == sorted(BY_NAME)
    assert {*SECTIONS} <= {*page.splitlines()}
    assert {*TOPICS} <= {*page.split()}
    assert max(map(len, page.splitlines())) <= 80


@each("all_", [False, True])
@each("width", [0, 40, 47, 55, 56, 60, 79, 200])
def test_a_help_page_of_another_width_breaks_no_word_and_leaves_none_out(width: int, all_: bool) -> None:
    page = help_page(width, all=all_)

    assert max(map(len, page.splitlines())) <= max(width, 40)
    assert page.replace("\\", "").replace(" · ", " ").split() == help_page(all=all_).replace(" · ", " ").split()


def test_the_help_of_every_command_fits_a_terminal_with_its_examples_and_names_every_option() -> None:
    for path, command in TREE.items():
        screen, whole = ("\n".join(help_lines(f"ttp {path}", command, 79, height)) for height in (SCREEN, None))

        assert len(screen.splitlines()) <= SCREEN, path
        assert max(map(len, [*screen.splitlines(), *whole.splitlines()])) <= 80, path
        options = [one for one in command.params if one.param_type_name == "option"]
        own = [one for one in options if one.name not in (*OUTPUT_OPTIONS, "verbose")]
        for page in (screen, whole):
            assert all(example in page for example in split_help(command.help)[1]), path
            assert [one.name for one in own if not {*one.opts} & {*re.findall(r"(?<!\S)-[-\w]+", page)}] == [], path
            assert ("ttp help output" in page) == ({"json", "fields"} <= {one.name for one in options}), path
        texts = {" ".join(str(one.help).split()) for one in own}
        assert [text for text in texts if text not in " ".join(whole.split())] == [], path


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_has_a_text(topic: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", topic]) == 0

    assert capsys.readouterr().out == topic_text(topic, PLATFORMS)
    assert len({topic_text(other, PLATFORMS) for other in TOPICS}) == len(TOPICS)
    assert max(map(len, topic_text(topic, PLATFORMS).splitlines())) <= 80, "a terminal of 80 columns breaks words"


def test_the_first_page_shows_the_titles_that_platforms_have() -> None:
    shown = {name: title for name, title in BUILT_IN.items() if title}
    assert shown == {name: PLATFORMS.facts(name).title for name in shown}


def test_the_topic_of_exit_codes_names_every_code_that_there_is() -> None:
    import ttp.cli.errors as module

    found = vars(module).items()
    existing = {value for name, value in found if name[0].isupper() and name.isupper() and isinstance(value, int)}
    told = {int(word) for line in load_text("exit-codes.txt").splitlines() for word in line.split() if word.isdecimal()}

    assert told == existing
    assert set(BY_CODE.values()) <= existing
