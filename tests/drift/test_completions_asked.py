"""What each shell offers of what the store holds: ids, accounts, tags. However bad a text is, it stays text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.conftest import program
from tests.drift.shells import bare, bash, fish, needs_bash, needs_fish, needs_zsh, typed_in, typing
from tests.drift.write_docs import ROOT

NASTY_TAGS = [
    "$(touch bad)",
    "`touch bad`",
    "; touch bad",
    "a b",
    "it's",
    'q"uote',
    "back\\slash",
    "ünï*?[x]",
    "-v",
    "~",
]
NASTY_TEXT = '$(touch bad) `touch bad` \\$(touch bad) it\'s "q"\n; touch bad\t\x1b]0;bad\x07\u202e a:b %B'
SHOWN = '$(touch bad) `touch bad` \\$(touch bad) it\'s "q" ; '
"""The part of NASTY_TEXT that every shell shows as help."""


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a shell that has a `ttp` with two accounts and two posts, text and tags as bad as can be."""
    folder = tmp_path_factory.mktemp("asked")
    with program(folder, FakeClock()) as ttp:
        ttp.account("x/me")
        ttp.account("ig/shop")
        ttp.post(NASTY_TEXT, *(f"--tag={tag}" for tag in NASTY_TAGS))
        ttp.post("Fresh beans", "--to", "x/me", "--at", "tomorrow 9am", "--tag", "launch")
        ttp.ok("slots", "add", "mon 09:00", "--account", "x/me", "--name", "early")
    (folder / "bin").mkdir()
    script = folder / "bin" / "ttp"
    script.write_text(f"#!/bin/sh\nPYTHONPATH='{ROOT}' exec '{sys.executable}' -m ttp \"$@\"\n")
    script.chmod(0o755)
    return {"PATH": f"{script.parent}:/usr/bin:/bin", "TTP_HOME": str(folder / "home"), "LANG": "C.UTF-8"}


@needs_bash
def test_bash_asks_for_ids_accounts_and_tags(asked: dict[str, str], tmp_path: Path) -> None:
    def offered(*words: str) -> list[str]:
        return bash(tmp_path, "ttp", *words, env=asked)

    newest, first = offered("show", "")
    assert newest == "2  (scheduled: Fresh beans)"
    assert first.startswith(f"1  (draft: {SHOWN}")
    assert offered("show", "1") == ["1"]
    assert offered("show", "1", "")[0].startswith("--")
    assert offered("delete", "1", "2") == ["2"]
    assert offered("unschedule", "") == ["2"]
    assert offered("retry", "") == []
    assert offered("create", "Hi", "--to", "") == ["instagram/shop  (connected)", "x/me  (connected)"]
    assert offered("create", "Hi", "--to", "x/me,ins") == ["x/me,instagram/shop"]
    assert offered("list", "--account", "=", "x") == ["x/me"]
    assert offered("slots", "remove", "") == ["1"]
    assert offered("list", "--tag", "la") == ["launch"]


@needs_bash
def test_bash_quotes_every_word_that_it_puts_into_the_line(asked: dict[str, str], tmp_path: Path) -> None:
    offered = bash(tmp_path, "ttp", "list", "--tag", "", env=asked)
    program = f"printf '%s\\n' {' '.join(offered)}"
    got = subprocess.run(["bash", "-c", program], env=asked, capture_output=True, text=True, check=True, cwd=tmp_path)

    assert got.stdout.splitlines() == sorted([*NASTY_TAGS, "launch"])
    assert bash(tmp_path, "ttp", "list", "--tag", "'", env=asked) == sorted({*NASTY_TAGS, "launch"} - {"it's"})
    spoiled = {"$(touch bad)", "`touch bad`", 'q"uote', "back\\slash"}
    assert bash(tmp_path, "ttp", "list", "--tag", '"', env=asked) == sorted({*NASTY_TAGS, "launch"} - spoiled)
    assert list(tmp_path.iterdir()) == []


@needs_bash
def test_a_bash_that_is_typed_in_runs_nothing(asked: dict[str, str], tmp_path: Path) -> None:
    with typing("bash", tmp_path, asked) as terminal:
        assert typed_in(terminal, "ttp list --tag \\$\t --sta\tdr\t") == [
            *("list", "--tag", "$(touch bad)", "--status", "draft")
        ]
        assert typed_in(terminal, "ttp list --tag '`\t") == ["list", "--tag", "`touch bad`"]
        assert typed_in(terminal, "ttp unsch\t\t") == ["unschedule", "2"]
        terminal.type("ttp show \t\t")
        terminal.until(f"(draft: {SHOWN}")
    assert list(tmp_path.glob("bad*")) == []


@needs_zsh
def test_a_zsh_that_is_typed_in_asks_for_words_and_runs_nothing(asked: dict[str, str], tmp_path: Path) -> None:
    with typing("zsh", tmp_path, asked) as terminal:
        assert typed_in(terminal, "ttp show 1\t--js\t") == ["show", "1", "--json"]
        assert typed_in(terminal, "ttp unsch\t\t") == ["unschedule", "2"]
        assert typed_in(terminal, "ttp create Hi --to=x/me,ins\t--at tom\t") == [
            *("create", "Hi", "--to=x/me,instagram/shop", "--at", "tomorrow 9am")
        ]
        assert typed_in(terminal, "ttp list --tag la\t--fields id,sta\t") == [
            *("list", "--tag", "launch", "--fields", "id,status")
        ]
        assert typed_in(terminal, "ttp config get guard.st\t") == ["config", "get", "guard.strict"]
        for beginning, tag in {"\\$": "$(touch bad)", "\\`": "`touch bad`", "\\;": "; touch bad", "it": "it's"}.items():
            assert typed_in(terminal, f"ttp list --tag {beginning}\t") == ["list", "--tag", tag]
        terminal.type("ttp show \t\t")
        terminal.until(f"draft: {SHOWN}")
    assert list(tmp_path.glob("bad*")) == []


@needs_fish
def test_fish_asks_for_ids_accounts_and_tags(asked: dict[str, str], tmp_path: Path) -> None:
    def offered(line: str) -> list[str]:
        return fish(tmp_path, line, env=asked)

    newest, first = offered("ttp show ")
    assert newest == "2\tscheduled: Fresh beans"
    assert first.startswith(f"1\tdraft: {SHOWN}")
    assert offered("ttp show 1") == [first]
    assert offered("ttp show 1 ") == []
    assert offered("ttp delete 1 2") == [newest]
    assert offered("ttp unschedule ") == [newest]
    assert offered("ttp create Hi --to x/me,ins") == ["x/me,instagram/shop\tconnected"]
    assert bare(offered("ttp list --account=x")) == {"--account=x/me"}
    assert bare(offered("ttp list --tag ")) == {*NASTY_TAGS, "launch"}
    assert bare(offered("ttp list --tag '$")) == {"$(touch bad)"}
    assert list(tmp_path.glob("bad*")) == []


@needs_bash
def test_bash_asks_for_zones(asked: dict[str, str], tmp_path: Path) -> None:
    assert bash(tmp_path, "ttp", "create", "--tz", "Europe/Berl", env=asked) == ["Europe/Berlin"]
