"""`TTP_PAGER`: tables on a terminal go through it, and nothing else does."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.drift.terminal import on_a_terminal

TTP = [sys.executable, "-m", "ttp"]


@pytest.fixture
def pager(ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pager that says that it was there, and keeps what LESS was."""
    program = tmp_path / "my pager"
    program.write_text('#!/bin/sh\necho "[$LESS $1]"\ncat\n')
    program.chmod(0o755)
    monkeypatch.setenv("TTP_PAGER", f"'{program}' --all")
    return program


def on_screen(*words: str, env: Mapping[str, str] = os.environ) -> str:
    with on_a_terminal([*TTP, *words], cwd=Path.cwd(), env=env) as terminal:
        return terminal.rest().replace("\r\n", "\n")


def test_a_table_on_a_terminal_goes_through_it(ttp: Program, pager: Path) -> None:
    ttp.post("Hello")
    shown = on_screen("list")
    assert shown.startswith("[FRX --all]\n")
    assert "Hello" in shown
    assert "[FRX" not in on_screen("list", "--json")
    assert "[FRX" not in on_screen("create", "Hi")
    assert "[FRX" not in ttp.ok("list", "--format", "table").out


def test_one_that_leaves_early_is_no_error(ttp: Program, pager: Path) -> None:
    for _ in range(40):
        ttp.post("Hello " * 30)
    pager.write_text("#!/bin/sh\nhead -c 10\n")
    with on_a_terminal([*TTP, "list"], cwd=Path.cwd(), env=os.environ) as terminal:
        assert "Error" not in terminal.rest()
        assert terminal.code() == 0


@pytest.mark.parametrize(("command", "named"), [("/no/such/pager", "/no/such/pager"), ("'less", "TTP_PAGER")])
def test_one_that_is_none_is_told_with_the_way_out(ttp: Program, command: str, named: str) -> None:
    ttp.post("Hello")
    shown = on_screen("list", env={**os.environ, "TTP_PAGER": command})
    assert named in shown
    assert "unset TTP_PAGER" in shown
