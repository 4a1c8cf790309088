"""The editor on a terminal: a mistake opens it again, with the problem at the top."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import pytest

from tests.cli.writing import editor as fixes
from tests.cli.writing import left
from tests.conftest import Program, inherited
from tests.drift.terminal import Terminal, on_a_terminal
from ttp.sandbox.files import PHOTO


def editor(folder: Path, *scripts: str) -> Path:
    """An editor that does one script after the other, and nothing after the last. What it was opened on is in `1`, `2`
    …"""
    for number, script in enumerate(scripts, 1):
        (folder / f"script{number}").write_text(script)
    program = folder / "rounds.sh"
    program.write_text(
        f'#!/bin/sh\ncd {folder}\necho >> rounds\nnumber=$(wc -l < rounds | tr -d " ")\n'
        'cp "$1" "$number"\n[ -e "script$number" ] && . "./script$number"\nexit 0\n'
    )
    program.chmod(0o700)
    return program


@contextmanager
def running(ttp: Program, folder: Path, command: list[str], editor: Path) -> Iterator[Terminal]:
    """A command on a terminal, with the store of `ttp` and that editor."""
    env = {**inherited(), "TTP_HOME": str(ttp.home), "TTP_TZ": "UTC", "LANG": "C.UTF-8", "TERM": "dumb"}
    with on_a_terminal(command, cwd=folder, env={**env, "EDITOR": str(editor)}) as terminal:
        yield terminal


@contextmanager
def rounds(ttp: Program, folder: Path, argv: list[str], *scripts: str) -> Iterator[Terminal]:
    """`ttp` on a terminal, with an editor of these scripts."""
    with running(ttp, folder, [sys.executable, "-m", "ttp", *argv], editor(folder, *scripts)) as terminal:
        yield terminal


def test_each_mistake_is_told_at_the_top_and_none_of_it_stays(ttp: Program, tmp_path: Path) -> None:
    ttp.account()
    text = "# ! cannot read the time\n---\n# more"
    (tmp_path / "text").write_text(f"\n{text}\n")
    scripts = (
        'cat text >> "$1"',
        'sed -i.b "s/^at: .*/at: then/" "$1"',
        'sed -i.b "s/^- x.me/- x\\/mee/" "$1"',
        'sed -i.b "s/^- x.mee/- x\\/me/; s/^at: .*/at: 2031-01-01 09:00/" "$1"',
    )
    argv = ["create", "-e", "--to", "x/me", "--at", "soon"]
    with rounds(ttp, tmp_path, argv, *scripts) as terminal:
        said = terminal.rest()
        assert terminal.code() == 0
    assert "Scheduled post 1 for Wed 1 Jan 2031 09:00 UTC" in said
    first, second, third, fourth = ((tmp_path / str(number)).read_text() for number in (1, 2, 3, 4))
    assert "# !" not in first
    assert [one.split("\n")[1][:4] for one in (second, third)] == ["# ! ", "# ! "]
    assert ('"soon"' in second.split("\n")[1], '"then"' in third.split("\n")[1]) == (True, True)
    assert "soon" not in third
    assert fourth.split("\n")[2] == "# !   try: x/me"
    assert fourth.split("# ! Fix it")[1] != ""
    assert "then" not in fourth.split("---\n")[1].partition("# ! Fix it")[0]
    assert ttp.shown()["content"] == text
    assert ttp.count("post") == 1


def test_a_mistake_that_is_left_as_it_is_stays_in_the_file(ttp: Program, tmp_path: Path) -> None:
    ttp.account()
    with rounds(ttp, tmp_path, ["create", "Hello", "-e", "--to", "x/me", "--at", "soon"]) as terminal:
        said = terminal.rest()
        assert terminal.code() == 2
    assert (tmp_path / "rounds").read_text() == "\n\n"
    assert "fix: ttp create -e" in said
    assert ttp.count("post") == 0
    with rounds(ttp, tmp_path, ["create", "-e"], "", "", 'sed -i.b "s/soon/2031-01-01 09:00/" "$1"') as terminal:
        terminal.rest()
        assert terminal.code() == 0
    assert ttp.shown()["scheduledAt"] == "2031-01-01T09:00:00Z"


def test_emptying_the_file_after_a_mistake_gives_up_and_keeps_what_was_there(ttp: Program, tmp_path: Path) -> None:
    ttp.account()
    argv = ["create", "Hello", "-e", "--to", "x/me", "--at", "soon"]
    with rounds(ttp, tmp_path, argv, "", ': > "$1"') as terminal:
        terminal.rest()
        assert terminal.code() == 2
    (kept,) = (ttp.home / "writing").glob("new-*.md")
    assert kept.read_text().endswith("Hello\n")


@pytest.mark.parametrize("leaves", ["", ': > "$1"'], ids=["as it was", "emptied"])
@pytest.mark.parametrize("argv", [["create"], ["edit", "1"]], ids=str)
def test_a_file_that_is_given_up_is_not_stored_even_if_what_was_wrong_is_so_no_more(
    ttp: Program, tmp_path: Path, argv: list[str], leaves: str
) -> None:
    ttp.account()
    ttp.post("Before")
    late = tmp_path / "late.jpg"
    typed = [*argv, "Typed", "-e", "--to", "x/me", "--media", str(late)]
    with rounds(ttp, tmp_path, typed, "", f"cp {PHOTO} {late}\n{leaves}") as terminal:
        terminal.rest()
        assert terminal.code() == 3
    assert (tmp_path / "rounds").read_text() == "\n\n"
    assert [one["content"] for one in ttp.ok("list", "--json").json] == ["Before"]
    (kept,) = (ttp.home / "writing").glob("*.md")
    assert kept.read_text().endswith("Typed\n")


def test_an_edit_is_asked_again_too(ttp: Program, tmp_path: Path) -> None:
    ttp.account()
    ttp.ok("create", "Hello", "--to", "x/me", "--at", "2031-01-01 09:00")
    scripts = (f'sed -i.b "s/^Hello/{"a" * 281}/" "$1"', 'sed -i.b "s/^aaaa*/Short/" "$1"')
    with rounds(ttp, tmp_path, ["edit", "1", "-e"], *scripts) as terminal:
        assert "Changed post 1." in terminal.rest()
        assert terminal.code() == 0
    assert "\n# ! x/me: text is 281 of 280\n" in (tmp_path / "2").read_text()
    assert ttp.shown()["content"] == "Short"
    assert len(ttp.ok("list").rows) == 1


def test_a_post_that_was_changed_meanwhile_is_shown_before_a_second_save_changes_it(
    ttp: Program, tmp_path: Path
) -> None:
    ttp.account()
    ttp.ok("create", "Hello", "--to", "x/me")
    other = f"{sys.executable} -m ttp edit 1 Theirs --tag new >&2"
    scripts = (f'{other}; sed -i.b "s/^Hello/Mine/" "$1"', 'sed -i.b "/^# ! To apply/d" "$1"')
    with rounds(ttp, tmp_path, ["edit", "1", "-e"], *scripts) as terminal:
        assert "Changed post 1." in terminal.rest()
        assert terminal.code() == 0
    assert "\n# !   Theirs\n" in (tmp_path / "2").read_text()
    post = ttp.shown()
    assert (post["content"], post["tags"]) == ("Mine", ["new"])


def test_control_c_is_the_editors_alone(ttp: Program, tmp_path: Path) -> None:
    script = "trap 'echo Caught >> \"$1\"; exit 0' INT; echo ready; while :; do sleep 0.05; done"
    with rounds(ttp, tmp_path, ["create", "-e"], script) as terminal:
        terminal.until("ready")
        terminal.interrupt()
        assert "Saved draft 1." in terminal.rest()
        assert terminal.code() == 0
    assert ttp.shown()["content"] == "Caught"


def test_the_answer_goes_to_a_pipe_and_the_editor_to_the_terminal(ttp: Program, tmp_path: Path) -> None:
    (tmp_path / "ttp.sh").write_text(f'id=$({sys.executable} -m ttp create -e -q)\necho "[$id]"\n')
    opened = editor(tmp_path, 'test -t 1 && echo "On a terminal" >> "$1"')
    with running(ttp, tmp_path, ["sh", str(tmp_path / "ttp.sh")], opened) as terminal:
        assert "[1]" in terminal.rest()
    assert ttp.shown()["content"] == "On a terminal"


KILLS = {"editor": "kill -9 $$", "ttp": "kill -9 $PPID", "terminal": "echo ready; while :; do sleep 0.05; done"}


CASES = list(product(KILLS, (0, 1, 2), (["create"], ["edit", "1"])))


@pytest.mark.parametrize(
    ("victim", "mistakes", "argv"),
    [CASES[8], *(pytest.param(*case, marks=pytest.mark.slow) for case in CASES if case != CASES[8])],
    ids=str,
)
def test_whatever_is_killed_after_some_mistakes_nothing_typed_is_lost(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str], mistakes: int, victim: str
) -> None:
    ttp.account()
    ttp.post("Before")
    words = [f"word{number}" for number in range(mistakes + 1)]
    scripts = [f'echo {word} >> "$1"' for word in words]
    scripts[-1] += f"\n{KILLS[victim]}"
    with rounds(ttp, tmp_path, [*argv, "Typed", "-e", "--to", "x/me", "--at", "soon"], *scripts) as terminal:
        if victim == "terminal":
            terminal.until("ready")
            terminal.hang_up()
        terminal.rest()
        assert terminal.code() == (1 if victim == "editor" else -9 if victim == "ttp" else -1)
    fixes(monkeypatch, tmp_path, 'sed -i.b "s/^at: soon/at: 2031-01-01 09:00/" "$1"')
    after = ttp.ok(*argv, "-e", "--json").json
    assert after["content"].split() == ["Typed", *words]
    assert after["scheduledAt"] == "2031-01-01T09:00:00Z"
    assert left(ttp.home) == []
    assert ttp.count("post") == (2 if argv == ["create"] else 1)
