"""Programs of the user's that leave something running: it is not waited for, and holds nothing up."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ttp.store.home import user_program
from ttp.store.home.user_program import CAP, ProgramResult, ProgramTimeout, run


@pytest.fixture
def left(tmp_path: Path) -> Iterator[Path]:
    """Where a script writes the number of what it leaves running, which is ended with the test."""
    file = tmp_path / "left"
    yield file
    with suppress(ProcessLookupError, FileNotFoundError, ValueError):
        os.kill(int(file.read_text()), 9)


def said(left: Path, script: str, *, limit_s: float = 300.0) -> ProgramResult:
    argv = ("/bin/sh", "-c", script, "program", str(left))
    return run(argv, None, setting="hooks.on_published", home=left.parent, limit_s=limit_s)


def is_alive(file: Path) -> bool:
    try:
        os.kill(int(file.read_text()), 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_program, "LAST_WORDS_S", 0.1)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_program, "LAST_WORDS_S", 60.0)


@pytest.mark.parametrize("then", ["exit 0", "exec >&- 2>&-; exit 0"])
def test_what_it_leaves_running_with_its_output_open_is_not_waited_for(left: Path, short: None, then: str) -> None:
    began = time.monotonic()
    ended = said(left, f'sleep 600 & echo $! > "$1"; echo done; {then}')
    assert (ended.code, ended.out) == (0, b"done\n")
    assert time.monotonic() - began < 60
    assert is_alive(left)


def test_the_end_of_an_answer_may_come_from_what_it_left_running(left: Path, patient: None) -> None:
    ended = said(left, 'printf half; (sleep 0.2; printf " an answer") & exit 3')
    assert (ended.code, ended.out) == (3, b"half an answer")


def test_what_it_leaves_running_cannot_hold_it_up_by_saying_something_now_and_then(left: Path, short: None) -> None:
    began = time.monotonic()
    ended = said(left, '(while :; do echo x; sleep 0.01; done) & echo $! > "$1"')
    assert ended.code == 0
    assert time.monotonic() - began < 60


def test_what_it_leaves_running_may_not_say_more_than_it_may(left: Path, patient: None) -> None:
    with pytest.raises(ProgramTimeout, match=f"{CAP}"):
        said(left, 'yes & echo $! > "$1"')


def test_what_is_said_now_and_then_does_not_make_its_time_longer(left: Path) -> None:
    began = time.monotonic()
    with pytest.raises(ProgramTimeout):
        said(left, "while :; do echo x; sleep 0.005; done", limit_s=0.2)
    assert time.monotonic() - began < 60
