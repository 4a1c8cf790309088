"""What an error tells to type works when it is typed; and nothing waits for a keyboard that is not there."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clock import START
from tests.conftest import Fill, Program
from ttp.cli.app import load_command as load
from ttp.cli.command_table import COMMANDS
from ttp.cli.help_pages import split_help


def drafts(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.account("instagram/shop")
    for text in ("One", "Two", "Three"):
        ttp.post(text, "--to", "x/me")


def scheduled(ttp: Program) -> None:
    drafts(ttp)
    ttp.ok("schedule", "1-3", "--at", "2099-01-01 09:00", "-q")


def failed(ttp: Program) -> None:
    scheduled(ttp)
    ttp.bring(1, "failed", error=("network", "no answer"))


def review(ttp: Program) -> None:
    scheduled(ttp)
    ttp.bring(1, "needs_review", error=("unknown", "it was cut"))


def published(ttp: Program) -> None:
    scheduled(ttp)
    ttp.bring(1, "published", remote_id="1", published_at=START)


def two(ttp: Program) -> None:
    drafts(ttp)
    ttp.account("x/other")


REFUSED: tuple[tuple[Callable[[Program], None], list[str]], ...] = (
    (drafts, ["show", "9"]),
    (drafts, ["schedule", "1", "--at", "tomorow 9am"]),
    (drafts, ["schedule", "1", "--at", "9am"]),
    (drafts, ["schedule", "1", "--at", "12/11/2026"]),
    (drafts, ["schedule", "1", "--at", "tomorrow"]),
    (drafts, ["schedule", "1", "--at", "2027-03-28 02:30", "--tz", "Europe/Berlin"]),
    (drafts, ["create", "Hi", "--to", "x", "--at", "2020-01-01 09:00"]),
    (drafts, ["delete", "1", "2"]),
    (drafts, ["schedule", "1", "--at", "tomorrow 9am", "--tz", "Europe/Berlinn"]),
    (drafts, ["shedule", "1", "--at", "tomorrow 9am"]),
    (drafts, ["list", "--status", "skeduled"]),
    (drafts, ["list", "--formt", "json"]),
    (drafts, ["edit", "1", "-5% off"]),
    (drafts, ["create", "-5% off"]),
    (drafts, ["account", "show", "x/mee"]),
    (drafts, ["account", "set", "x/me"]),
    (drafts, ["config", "get", "publish.retry_mxa"]),
    (drafts, ["help", "tiem"]),
    (drafts, ["optimal", "next", "--account", "x/me"]),
    (drafts, ["plan", "--drafts"]),
    (drafts, ["repeat", "1"]),
    (drafts, ["slots", "add", "mon 9", "--account", "x/me"]),
    (drafts, ["export", "--format", "docx"]),
    (drafts, ["import", "/no/such/file.csv"]),
    (drafts, ["metrics", "import", "/no/such/file.csv"]),
    (scheduled, ["retry", "1"]),
    (failed, ["unschedule", "1"]),
    (review, ["retry", "1"]),
    (review, ["schedule", "1", "--at", "tomorrow 9am"]),
    (published, ["edit", "1", "Another"]),
    (published, ["schedule", "1", "--at", "tomorrow 9am"]),
    (two, ["create", "Hi", "--to", "x", "--at", "2099-01-01 09:00"]),
)
_OUTSIDE = ("ttp account connect", "ttp account add", "ttp metrics pull", "ttp export --format md")
"""They reach for a browser, a file or the network, or go on from what a person has."""
_HOLES = re.compile(r"\b(ID|FILE|TEXT|TIME|DATE|DIR|URL|URL_OR_ID|PLATFORM/HANDLE)\b|…")


@pytest.mark.parametrize(
    ("given", "typed"), REFUSED, ids=[f"{number}: {shlex.join(typed)}" for number, (_, typed) in enumerate(REFUSED)]
)
def test_what_is_suggested_works(fill: Fill, given: Callable[[Program], None], typed: list[str]) -> None:
    ttp = fill(given)
    refused = ttp(*typed)
    assert refused.code in (2, 3), refused
    assert refused.out == ""
    told = [line.strip() for line in refused.err.splitlines()[1:]]
    assert told, refused.err
    for command in (line[line.index("ttp ") :] for line in told if "ttp " in line):
        if _HOLES.search(command) or command.startswith(_OUTSIDE):
            continue
        ran = ttp(*shlex.split(command)[1:])
        assert ran.code == 0, (command, ran)


_STAY = {"run", "serve", "mcp", "sandbox", "demo", "service", "account connect", "account check", "restore"}
"""Commands that go on by themselves, or reach for the system."""


def leaves() -> list[tuple[str, str]]:
    """Return every command with each example of its help."""
    found = []
    for one in COMMANDS:
        left = [(one.name, load(one.name))]
        while left:
            name, command = left.pop()
            left += [(f"{name} {child}", inner) for child, inner in getattr(command, "commands", {}).items()]
            if name not in _STAY and name.split()[0] not in _STAY:
                found += [(name, example) for example in split_help(command.help or "")[1]]
    return found


def words_of(example: str) -> list[str]:
    """Return the words of an example after `ttp`, without pipes and variables."""
    words = shlex.split(re.split(r" [|>] | < ", example)[0])
    while "=" in words[0]:
        words.pop(0)
    return words[1:]


_NO_FIELDS = (
    "export",
    "config path",
    "config edit",
    "notify add",
    "notify remove",
    "completion",
    "help",
    "template edit",
    "template remove",
    "lint",
)


def test_every_command_refuses_a_field_that_it_does_not_have(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    drafts(ttp)
    monkeypatch.chdir(ttp.home)
    (ttp.home / "templates").mkdir()
    (ttp.home / "templates" / "release.md").write_text("Hi")
    for name, example in leaves():
        if name not in _NO_FIELDS and example != "ttp edit 3":  # which opens an editor
            words = words_of(example)
            end = words.index("--") if "--" in words else len(words)  # what follows `--` is no option
            ran = ttp(*words[:end], "--fields", "nope", *words[end:], stdin="x")
            assert (ran.code, ran.out, "nope" in ran.err) == (2, "", True), (example, ran)
    assert [row[1] for row in ttp.ok("list").rows] == ["draft"] * 4  # one is the text of `create -`, which is kept


def test_nothing_waits_for_a_keyboard_that_is_not_there(
    fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command's own example, on a store with three drafts, with nothing to read; it ends, in its own words."""
    for variable in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(variable, raising=False)
    for _, example in leaves():
        ttp = fill(drafts)
        monkeypatch.chdir(ttp.home)
        ran = ttp(*words_of(example))
        assert ran.code in range(8), (example, ran)
        assert "Traceback" not in ran.err, example
        assert ran.code == 0 or ran.out or "error" in ran.err, (example, ran)
        monkeypatch.chdir(tmp_path)
        shutil.rmtree(ttp.home)


@pytest.mark.parametrize("command", [["create"], ["edit", "1"]])
def test_a_text_that_was_typed_as_an_option_is_taken_out_of_it(ttp: Program, command: list[str]) -> None:
    drafts(ttp)
    ran = ttp(*command, "--tag", "a", "--text", "it's here")
    (tried,) = [line.partition("try: ")[2] for line in ran.err.splitlines() if "try: " in line]
    assert (ran.code, ttp(*shlex.split(tried)[1:]).code) == (2, 0)
    assert "it's here" in [post["content"] for post in ttp("list", "--json").json]
