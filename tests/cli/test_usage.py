"""What is typed wrong: unknown commands and options, formats that clash, and where an error is written."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Program


@pytest.mark.parametrize(
    ("argv", "says", "hint"),
    [
        (["shedule", "44"], 'no command "shedule"; did you mean "schedule"?', "ttp schedule"),
        (["LIST"], 'no command "LIST"; did you mean "list"?', "ttp list"),
        (["xyzzy"], 'no command "xyzzy"', "ttp --help"),
        (["account", "ad"], 'no command "account ad"; did you mean "add"?', "ttp account add"),
        (["account", "xyzzy"], 'no command "account xyzzy"', "ttp account --help"),
        (
            ["account"],
            "ttp account needs a command: add, connect, list, show, check, enable, disable, set, remove",
            "ttp account --help",
        ),
        (["metrics"], "ttp metrics needs a command: import, pull, list, summary", "ttp metrics --help"),
        (["optimal", "nxt"], 'no command "optimal nxt"; did you mean "next"?', "ttp optimal next"),
        (["help", "tiem"], 'no help on "tiem"', "ttp help time"),
        (["list", "--stauts", "x"], "no option --stauts", "--status"),
        (["list", "extra"], "too many words: extra", "ttp list --help"),
        (["create", "Hello", "big", "world"], "too many words: big world", 'ttp create "Hello world"'),
        (["show"], "missing argument 'ID'", "ttp show --help"),
        (["show", "abc"], '"abc" is not the number of a post', "ttp list"),
        (["show", "-1"], "no option -1", "ttp show --help"),
        (["schedule", "1"], "missing option '--at'", "ttp schedule --help"),
        (["list", "--limit"], "option '--limit' requires an argument", "ttp list --help"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_does_not_exist_is_one_error_with_what_was_meant(
    ttp: Program, argv: list[str], says: str, hint: str
) -> None:
    ran = ttp(*argv)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"ttp: error: {says}\n")
    assert hint in ran.err
    as_json = ttp(*argv, "--json")
    assert (as_json.code, as_json.out, as_json.error["exit"]) == (2, "", 2)
    assert as_json.error["code"] in ("usage", "state")


@pytest.mark.parametrize("ask", [["--json"], ["--jsonl"], ["--format", "json"], ["--format=jsonl"]], ids=" ".join)
def test_with_json_an_error_is_one_json_line_on_stderr_whatever_went_wrong(ttp: Program, ask: list[str]) -> None:
    for argv in (["show", "9"], ["list", "--nope"], ["shedule"], ["create", "hi", "--at", "9am"]):
        ran = ttp(*argv, *ask)
        assert ran.out == ""
        (line,) = ran.err.splitlines()
        error = json.loads(line)["error"]
        assert list(error) == ["code", "message", "hint", "exit", "problems"]
        assert error["exit"] == ran.code


def test_a_text_behind_two_dashes_is_no_option(ttp: Program) -> None:
    assert ttp("create", "--", "--json").out == "1\n"
    ran = ttp("create", "--", "--json", "extra")
    assert ran.err.startswith("ttp: error: ")


def test_the_form_of_an_answer_is_never_chosen_by_the_environment(
    ttp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp.ok("create", "hi")
    plain = ttp("list").out
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS", "GITHUB_ACTIONS"):
        monkeypatch.setenv(name, "1")
    assert ttp("list").out == plain
    drawn = ttp("list", "--format", "table").out
    assert "\x1b[" in drawn
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in ttp("list", "--format", "table").out
    assert "\x1b[" in ttp("list", "--format", "table", "--color", "always").out
    for argv in (["--help"], ["list", "--help"], ["list", "--nope"]):
        ran = ttp(*argv)
        assert "\x1b[" not in ran.out + ran.err
        assert "─" not in ran.out + ran.err


def test_version_and_help(ttp: Program) -> None:
    from ttp import __version__

    assert ttp("--version").out == f"ttp {__version__}\n"
    assert ttp().out == ttp("--help").out == ttp("help").out
    assert ttp("list", "--help").out == ttp("help", "list").out
    assert "Example: ttp list" in ttp("list", "-h").out
    assert (ttp().code, ttp("account", "--help").code) == (0, 0)
    assert not ttp.home.exists()


def test_a_failure_that_nobody_foresaw_is_one_line_that_says_how_to_see_more(
    ttp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ttp.services.status import Status

    def broken(self: Status, *_: object) -> None:
        raise RuntimeError("out\nof \x1b[31mthings")

    monkeypatch.setattr(Status, "health", broken)
    ran = ttp("status")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        r"ttp: error: this is a bug in ttp: RuntimeError: out\nof \x1b[31mthings"
        "\n  see: TTP_DEBUG=1 ttp status\n"
    )
    assert ttp("status", "--json").error["code"] == "internal"
