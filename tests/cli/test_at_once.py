"""What is called before Typer is imported: with Typer's values, to the same bytes, and never where there is doubt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer._click.exceptions import ClickException

from tests.clock import FakeClock
from tests.conftest import Program, Ran, program
from tests.examples import examples
from ttp.cli import at_once, tree
from ttp.cli.at_once import called
from ttp.cli.command_table import COMMANDS
from ttp.cli.declared import Group, Option, declaration, parameters
from ttp.domain.errors import UsageError

USUAL = [
    *(["--status", "draft"], ["--status=failed,published"], ["--platform", "ig"], ["--account", "x/me"]),
    *(
        ["--account", "x/nobody"],
        ["--tag", "launch"],
        ["--since", "7d"],
        ["--until=tomorrow 9am"],
        ["--until", "12/11"],
    ),
    *(
        ["--search", "bean"],
        ["--search", ""],
        ["--search=a=b"],
        ["--key", "k"],
        ["--key="],
        ["--needs-you"],
        ["--limit", "1"],
    ),
    *(["--after", "1"], ["--after", "9"], ["--ids"], ["--status", "nonsense"], ["--search", "\udce9"]),
]
"""What `list` takes, also where it is refused for what it says."""
SHARED = [
    *(["--json"], ["--jsonl"], ["--format", "table"], ["--format=tsv"], ["--format", "nonsense"], ["--header"]),
    *(["--fields", "id,status"], ["--fields=nothing"], ["--color", "always"], ["--color=pink"], ["-q"], ["--quiet"]),
]
UNUSUAL = [
    *(["--limit", "x"], ["--limit", "-1"], ["--limit=99999999999"], ["--limit"], ["--after", "0"], ["--after=1-2"]),
    *(["--ids=1"], ["--json=true"], ["--search", "-x"], ["--nonsense"], ["-x"], ["-qh"], ["--"], ["--help"], ["-h"]),
    *(["--limit", "1", "--limit", "2"], ["too", "many"], ["--forma", "json"]),
]
QUESTIONS = (
    *("list", "show", "log", "status", "calendar", "account list", "account show"),
    *("optimal", "optimal next", "optimal week", "slots list", "config show", "metrics list"),
)
PLACES = {"show": ["1"], "log": ["1"], "account show": ["x/me"]}


def leaves(path: str, found: Any) -> Iterator[tuple[str, Any]]:
    """The commands that do something, by their words."""
    if not isinstance(found, Group):
        yield path, found
        return
    if found.alone is not None:
        yield path, found.alone
    for name, child in found.commands.items():
        yield from leaves(f"{path} {name}", child)


LEAVES = dict(leaf for command in COMMANDS for leaf in leaves(command.name, command.load()))
SOME = {
    "int": ["1", "7", "0", "-1", "x"],
    "str": ["x/me", "draft", "1", "1-3", "json", "9am", "2h", "a=b", "", "-", "-x"],
}


def words_for(path: str) -> st.SearchStrategy[list[str]]:
    """What could be typed behind a command's words: its options, words by their place, and what is neither."""
    parts: list[st.SearchStrategy[list[str]]] = [st.sampled_from([["--nonsense"], ["--"], ["-q"], ["--help"]])]
    for parameter in parameters(LEAVES[path]):
        kind, declared = declaration(parameter)
        texts = st.sampled_from(SOME["int" if kind in (int, int | None) else "str"])
        match declared:
            case Option() if kind is bool:
                parts.append(st.sampled_from([[name] for name in declared.names]))
            case Option():
                names = st.sampled_from(declared.names)
                parts.append(st.builds(lambda name, text: [name, text], names, texts))
                parts.append(st.builds(lambda name, text: [f"{name}={text}"], names, texts))
            case _:
                parts += [texts.map(lambda text: [text])] * 3
    chosen = st.lists(st.one_of(parts[1:] * 4 + parts[:1] if len(parts) > 1 else parts), max_size=4)
    return chosen.map(lambda some: [word for part in some for word in part])


def typed_to_typer(argv: list[str]) -> tuple[str, dict[str, Any]] | None:
    """The command that Typer would call, and the values that it would give it; None where it calls none."""
    seen: list[tuple[str, dict[str, Any]]] = []

    def recording(path: str, command: Any) -> Any:
        for name, child in getattr(command, "commands", {}).items():
            recording(f"{path} {name}", child)
        if command.callback is not None:

            def record(**values: Any) -> None:
                seen.append((path, {name: None if value == () else value for name, value in values.items()}))

            command.callback = record
        return command

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tree, "guarded", recording)
        try:
            tree.root().main(args=argv, prog_name="ttp", standalone_mode=False)
        except (typer.Exit, ClickException, UsageError):
            return None
    return seen[-1] if seen else None


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Two accounts, and posts: one to come, a draft, one that failed."""
    with program(tmp_path_factory.mktemp("filled"), FakeClock()) as ttp:
        ttp.account("x/me")
        ttp.account("ig/shop")
        ttp.post("Fresh beans", "--to", "x/me", "--at", "tomorrow 9am", "--tag", "launch")
        ttp.post("a=b\tand more", "--key", "k")
        ttp.bring(
            ttp.post("It failed", "--to", "x/me", "--at", "in 2h"), "failed", error_kind="auth", error_message="no"
        )
        yield ttp


def by_typer(ttp: Program, *argv: str) -> Ran:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(at_once, "answer", lambda words, clock: None)
        return ttp(*argv)


def is_answered(name: str, *words: str) -> bool:
    return called([*name.split(), *words]) is not None


def test_every_usual_word_is_answered_and_no_unusual_one() -> None:
    assert [words for words in USUAL + SHARED if not is_answered("list", *words)] == []
    assert [words for words in UNUSUAL if is_answered("list", *words)] == []
    assert [name for name in QUESTIONS if not is_answered(name, *PLACES.get(name, []), "--json", "-q")] == []
    assert [name for name in PLACES if is_answered(name)] == []


def test_every_command_is_called_with_the_words_that_it_needs() -> None:
    def needed(command: Any) -> Iterator[str]:
        for one in parameters(command):
            declared = declaration(one)[1]
            if one.default is one.empty and declared is not None:
                yield from (*declared.names[:1], "1") if isinstance(declared, Option) else ("1",)

    assert [path for path, command in LEAVES.items() if called([*path.split(), *needed(command)]) is None] == []
    several = ["schedule", "1", "2", "5-9", "--at", "9am"]
    found = called(several)
    assert found is not None
    assert found[2]["post_ids"] == ["1", "2", "5-9"]
    assert [called(words) for words in (["nonsense"], ["account", "nonsense"], ["account"], ["repeat", "1"])] == [
        None
    ] * 4


@given(st.data())
@examples(300)
def test_what_is_read_is_what_typer_reads(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(list(LEAVES)))
    argv = [*path.split(), *data.draw(words_for(path))]

    found = called(argv)

    if found is not None:
        name, _, values = found
        assert (name, values) == typed_to_typer(argv)


@given(
    st.sampled_from(QUESTIONS),
    st.lists(st.sampled_from(USUAL + SHARED + SHARED + UNUSUAL), max_size=3),
    st.sampled_from([None, "1", "9", "x/nobody", ""]),
)
@examples(80)
def test_both_ways_say_the_same(filled: Program, name: str, parts: list[list[str]], place: str | None) -> None:
    usual = PLACES.get(name, [])
    argv = [*name.split(), *(usual if place is None else [place]), *(word for part in parts for word in part)]

    assert filled(*argv) == by_typer(filled, *argv)


@pytest.mark.parametrize("part", [[], *USUAL, *SHARED], ids=ascii)
def test_both_ways_list_the_same(filled: Program, part: list[str]) -> None:
    argv = ["list", *part]

    assert filled(*argv) == by_typer(filled, *argv)


def test_without_a_store_both_ways_say_the_same(tmp_path: Path) -> None:
    with program(tmp_path, FakeClock()) as ttp:
        for name in QUESTIONS:
            argv = [*name.split(), *PLACES.get(name, []), "--json"]
            assert ttp(*argv) == by_typer(ttp, *argv)
        assert not ttp.home.exists()
