"""What is answered before Typer is imported: the same bytes as Typer's way, and nothing where there is any doubt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clock import FakeClock
from tests.conftest import Program, Ran, program
from ttp.cli import at_once
from ttp.cli.at_once import COMMANDS, command_of, read
from ttp.cli.declared import parameters

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
PLACES = {"show": ["1"], "log": ["1"], "account show": ["x/me"]}


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
    return read(parameters(command_of(name)), words) is not None


def test_every_usual_word_is_answered_and_no_unusual_one() -> None:
    assert [words for words in USUAL + SHARED if not is_answered("list", *words)] == []
    assert [words for words in UNUSUAL if is_answered("list", *words)] == []
    assert [name for name in COMMANDS if not is_answered(name, *PLACES.get(name, []), "--json", "-q")] == []
    assert [name for name in PLACES if is_answered(name)] == []


@given(
    st.sampled_from(list(COMMANDS)),
    st.lists(st.sampled_from(USUAL + SHARED + SHARED + UNUSUAL), max_size=3),
    st.sampled_from([None, "1", "9", "x/nobody", ""]),
)
@settings(max_examples=80, deadline=None)
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
        for name in COMMANDS:
            argv = [*name.split(), *PLACES.get(name, []), "--json"]
            assert ttp(*argv) == by_typer(ttp, *argv)
        assert not ttp.home.exists()
