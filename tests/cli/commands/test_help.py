"""Every word for a post, a delivery and an error is explained; the help of a command fits the terminal."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.conftest import Program, inherited
from tests.drift.terminal import on_a_terminal
from ttp.cli.commands.help import KINDS, STATES, STATUSES
from ttp.domain.delivery import DeliveryState
from ttp.domain.post import PostStatus
from ttp.domain.publishing.attempt import Kind


def test_every_word_is_explained() -> None:
    assert (set(STATUSES), set(STATES), set(KINDS)) == (set(PostStatus), set(DeliveryState), set(Kind))


def test_the_topic_has_them_in_lines_that_fit(ttp: Program) -> None:
    said = ttp.ok("help", "statuses").out
    assert all(f"\n  {word} " in said for word in (*PostStatus, *DeliveryState, *Kind))
    assert max(map(len, said.splitlines())) <= 100


def on_screen(folder: Path, *argv: str) -> list[str]:
    with on_a_terminal(
        [sys.executable, "-m", "ttp", *argv], cwd=folder, env={**inherited(), "LINES": "24"}
    ) as terminal:
        return terminal.rest().splitlines()


def test_a_help_page_fits_the_terminal_and_all_of_it_comes_with_all_and_in_a_pipe(ttp: Program, tmp_path: Path) -> None:
    short, whole = on_screen(tmp_path, "create", "--help"), on_screen(tmp_path, "help", "create", "--all")

    assert len(short) < 24 < len(whole)
    assert "ttp help create --all" in " ".join(short)
    pages = [
        ttp.ok(*words).out.splitlines() for words in (("create", "--help"), ("help", "create"), ("--help", "create"))
    ]
    assert pages == [whole] * 3
