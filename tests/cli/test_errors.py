"""Hints that name one word are the whole command that was typed, with that word replaced."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.conftest import Program
from tests.media_bytes import jpeg
from ttp.cli.app import load_command
from ttp.cli.errors import retype, with_whole_commands
from ttp.cli.typed_command import TypedCommand
from ttp.domain.action import other_options
from ttp.domain.errors import Hint, UsageError

WORDS = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["list", "--status", "draft,schedled"], "ttp list --status draft,scheduled"),
        (["list", "--status=schedled", "--ids"], "ttp list --status=scheduled --ids"),
        (["list", "--statu", "draft"], "ttp list --status draft"),
        (["list", "--fields", "id,contet"], "ttp list --fields id,content"),
        (["create", "x/ma", "--to", "x/ma"], "ttp create x/ma --to x/me"),
        (["edit", "1", "--set", "x.reply_setting=following"], "ttp edit 1 --set x.reply_settings=following"),
        (["edit", "1", "--set=x.reply_settings=followin"], "ttp edit 1 --set=x.reply_settings=following"),
        (["config", "set", "publish.retrymax", "3"], "ttp config set publish.retry_max 3"),
        (["config", "get", "publish.retrymax"], "ttp config get publish.retry_max"),
        (["create", "Hello", "--to", "x", "--at", "tomorrow 9am"], None),
        (["help", "tiem"], "ttp help time"),
        (["schedule", "3-1", "--at", "fri 9am"], "ttp schedule 1-3 --at 'fri 9am'"),
        (["slots", "add", "mon 9am"], "ttp slots add 'mon 9am' --account x/me"),
        (["run", "--once", "--max-time", "30"], "ttp run --once --max-time 30m"),
    ],
)
def test_a_near_word_is_a_whole_command(ttp: Program, typed: list[str], meant: str | None) -> None:
    ttp.account()
    ttp.post("One", "--to", "x/me")
    if meant is None:
        ttp.account("x/other")
        meant = "ttp create Hello --to x/me --at 'tomorrow 9am'"
    ran = ttp(*typed)
    assert ran.code in (2, 3)
    assert meant in [line.partition(": ")[2] for line in ran.err.splitlines()]
    assert json.loads(ttp(*typed, "--json").err)["error"]["hints"][0].startswith("ttp ") or typed[0] == "help"


@pytest.mark.parametrize(
    ("typed", "ways"),
    [
        ("create Hi --to x/me --at 'friday at 6'", ["--at 'friday 6am'", "--at 'friday 6pm'"]),
        ("create Hi --to x/me --at '1/12 9am'", ["--at '2026-12-01 09:00'", "--at '2027-01-12 09:00'"]),
        ("create Hi --to x/me --at 5", ["--at 'tomorrow 5am'", "--at 5pm"]),
        ("create Hi --to x/me --at '9am IST'", ["T09:00+05:30", "T09:00+02:00", "T09:00+01:00", "T09:00Z"]),
        ("create Hi --to x/me --at '12/11/2026 9am'", ["--at '2026-12-11 09:00'"]),
        ("create Hi --to x/me --at 'fri 9am' --tz Nowhere", ["--tz Europe/Berlin"]),
        ("create Hi --to x", ["--to x/me", "--to x/mo"]),
        ("create Hi --to x/mu", ["--to x/me", "--to x/mo", "ttp account list", "ttp account connect x/mu"]),
        ("slots add 'mon 9' --account x/me", ["'mon 9am'", "'mon 9pm'"]),
        ("cancel 1", ["ttp unschedule 1", "ttp delete 1"]),
    ],
)
def test_a_program_gets_every_reading_and_none_to_follow_unread(ttp: Program, typed: str, ways: list[str]) -> None:
    ttp.account("x/me")
    ttp.account("x/mo")
    error = ttp(*shlex.split(typed), "--json").error
    assert error["hint"] is None
    assert sorted(error["hints"]) == sorted({one for way in ways for one in error["hints"] if way in one})
    assert len(error["hints"]) == len(ways)


@pytest.mark.parametrize(
    "typed",
    [
        ["create", "Hi", "--media"],
        ["create", "--file"],
        pytest.param(["restore"], marks=pytest.mark.sqlite("restore is pg_restore's")),
    ],
)
def test_a_file_that_is_not_there_comes_with_the_folder_that_is(ttp: Program, tmp_path: Path, typed: list[str]) -> None:
    (tmp_path / "of two words").mkdir()
    ran = ttp(*typed, str(tmp_path / "of two words" / "none" / "a.file"))
    assert (ran.code, f"ls -la '{tmp_path}/of two words'\n" in ran.err) == (3, True)


@pytest.mark.parametrize(
    ("media", "meant"),
    [
        ("A Photo.jpg", "--media 'a photo.jpg'"),
        ("a photo.jpg,-b.jpg", "--media 'a photo.jpg' --media -b.jpg"),
        ("a foto.jpg", None),
    ],
)
def test_the_files_of_a_suggested_command_are_those_that_were_typed(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, media: str, meant: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a photo.jpg", "-b.jpg"):
        (tmp_path / name).write_bytes(jpeg())
    ran = ttp("create", media, "--media", "-b.jpg", "--media", media, "--alt", media, "--json")
    assert (ran.code, ran.out) == (3, "")
    line = shlex.join(["ttp", "create", media, "--media", "-b.jpg"])
    way = f"{line} {meant} --alt {shlex.quote(media)} --json"
    assert ran.error["hint"] == way if meant else ran.error["hint"].startswith("ls -la")


@pytest.mark.parametrize("argv", [["run", "--bogus"], ["redo", "--list"], ["restore", "f", "--yes"]])
def test_an_option_that_is_like_none_gets_no_suggestion(ttp: Program, argv: list[str]) -> None:
    assert "try:" not in ttp(*argv).err


def test_help_on_nothing_known_lists_what_there_is(ttp: Program) -> None:
    assert ttp("help", "qqqqqq").err.splitlines()[1].split(": ")[1] == "ttp help"


@given(st.lists(WORDS, max_size=3), WORDS, st.lists(WORDS, max_size=3))
def test_only_the_wrong_word_changes(before: list[str], wrong: str, after: list[str]) -> None:
    before, after = ([word for word in words if word != wrong] for words in (before, after))
    error = with_whole_commands(
        UsageError("no", Hint("try", "right", (wrong, "right"))), TypedCommand([*before, wrong, *after])
    )
    assert error.hints[0].way == " ".join(["ttp", *before, "right", *after])


FILES = ("a.jpg", "of two words.jpg", "-5.jpg", "--after", "--media", "a.jpg,b.jpg", "k=v.jpg", "draft", "x/ma", "--")
TYPED = {
    **dict.fromkeys(("--media", "--alt", "--file", "--thread", "--text"), st.sampled_from(FILES)),
    "--to": st.just("x/me"),
    "--tag": st.just("launch"),
    "--at": st.sampled_from(("fri 9am", "--at", "--tz")),
    "--strict": st.none(),
}


def read(argv: Sequence[str]) -> dict[str, object]:
    """Return the values of `ttp create` by parameter, as Typer reads them."""
    values: dict[str, object] = load_command("create").make_context("create", list(argv)).params
    return values


@st.composite
def typed_lines(draw: st.DrawFn) -> list[str]:
    words = []
    for name in draw(st.lists(st.sampled_from(sorted(TYPED)), max_size=7)):
        value = draw(TYPED[name])
        joined = value is not None and draw(st.booleans())
        words += [f"{name}={value}"] if joined else [name] if value is None else [name, value]
    text = draw(st.none() | st.sampled_from(FILES))
    return words if text is None else [*words, "--", text]


@given(typed_lines(), st.sampled_from([{"at": "9am"}, {"at": None}, {"to": "x/mo"}, {"key": "K", "tz": None}]))
@example(["--media", "a.jpg", "--alt", "--at", "--at", "x", "--media", "--alt"], {"at": None})
def test_other_options_leave_every_file_and_text_as_they_were_typed(
    words: list[str], other: dict[str, str | None]
) -> None:
    before = read(words)
    line = TypedCommand(["create", *words], load_command("create").params, ["create"])
    command = shlex.split(retype(line, other_options(**other)))
    assert command[:2] == ["ttp", "create"]
    after = read(command[2:])
    wanted = {name: [value] if name == "to" and value else value for name, value in other.items()}
    assert after == {**before, **wanted}


@given(typed_lines(), st.sampled_from(FILES), st.sampled_from(["", "--media", "--to"]))
def test_a_word_is_replaced_where_it_is_meant_or_nowhere(words: list[str], wrong: str, option: str) -> None:
    before = read(words)
    line = TypedCommand(["create", *words], load_command("create").params, ["create"])
    command = line.replace_word(wrong, "right", "left", option=option)
    if command is None:
        return
    after = read(command[1:])
    changed = [name for name in before if before[name] != after[name]]
    media = before["media"]
    if option == "--media" and isinstance(media, list):
        assert (changed, media.count(wrong)) == (["media"], 1)
        place = media.index(wrong)
        assert after["media"] == [*media[:place], "right", "left", *media[place + 1 :]]
    else:
        assert not {*changed} & {"media", "alt", "file", "text", "thread"}


def test_what_is_not_found_or_too_long_stays_as_it_is() -> None:
    hint = Hint("try", "right", ("wrong", "right"))
    for argv in (["other"], ["wrong", "wrong"], ["wrong", "x" * 81]):
        assert with_whole_commands(UsageError("no", hint), TypedCommand(argv)).hints == (hint,)
    error, line = UsageError("no", Hint("try", other_options(force=True))), TypedCommand(["export", "--", "-f"])
    assert with_whole_commands(error, line).hints[0].way == "ttp export --force -- -f"


def test_a_row_of_a_file_has_no_fix_for_a_time_of_two_readings(ttp: Program, tmp_path: Path) -> None:
    ttp.account("x/me")
    rows = "One,2026-12-01 6,x\nTwo,2027-13-01 09:00,x\nThree,2027-01-01 09:00,x\n"
    (tmp_path / "a.csv").write_text(f"content,at,to\n{rows}")
    rejected = ttp("import", str(tmp_path / "a.csv"), "--partial", "--json").json["rejected"]
    assert [(one["row"], one["fix"]) for one in rejected] == [("2", None), ("3", "2027-01-13 09:00")]
