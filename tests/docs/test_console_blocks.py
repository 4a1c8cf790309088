"""What the documents show is what happens. How: tests/docs/console.py."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

import pytest

from tests.docs.console import FIRST, documents, masked, printed, same

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
PARTS = 4
"""How many run at the same time, if there are enough processors."""


def assert_shown(pages: Sequence[str]) -> None:
    """If this fails, and what happens is right: python -m tests.docs.console"""
    wrong = [
        "\n".join([f"{name}: $ {command.typed}", "shows:", *command.shown, "happens:", *lines])
        for name, command, lines in printed(pages)
        if not same(command.shown, lines)
    ]

    assert not wrong, "\n\n".join(wrong)


@needs_bash
def test_the_readme_shows_what_happens() -> None:
    assert_shown(["README.md"])


@needs_bash
@pytest.mark.parametrize("part", range(PARTS))
def test_the_documents_show_what_happens(part: int) -> None:
    assert_shown([name for name in documents() if name not in (FIRST, "README.md")][part::PARTS])


def test_the_readme_has_a_session_that_goes_on_from_the_sandboxs_page() -> None:
    first, *others = documents()

    assert first == "docs/tutorial/sandbox.md"
    assert "README.md" in others


def test_what_differs_from_run_to_run_is_masked() -> None:
    assert masked("17:14:06  1  x/demo    published  https://x.com/i/status/2125261687601758208  1.6 s") == (
        "<time> 1 x/demo published https://x.com/i/status/<id> <duration>"
    )
    assert masked("Wed 25 Nov 2026 00:34 Europe/Berlin (Tue 23:34 UTC)") == "<time> Europe/Berlin (<time> UTC)"
    assert masked("   1  Wed 25 09:00  in 1 d 15 h  scheduled") == "1 <time> <duration> scheduled"
    assert masked("Wed 25 Nov 2026 00:27 Europe/Berlin (Tue 23:27 UTC)") == "<time> Europe/Berlin (<time> UTC)"
    assert masked("Wed  2 Dec 12:00  6 %") == masked("Fri 27 Nov 17:00  6 %")
    assert masked("fix: 2026-11-26 09:00") == masked("fix: 2026-12-02 09:00") == "fix: <time>"
    assert masked("(Tue 23:49 UTC, 11 s ago)") == masked("(17:54 UTC, 2 s ago)")
    assert masked("Times in Europe/Berlin (UTC+01:00).") == "Times in Europe/Berlin (<offset>)."


def test_a_line_that_says_something_else_is_not_the_same() -> None:
    assert same(["1  published", "…", "end"], ["1   published", "a", "b", "end"])
    assert same(["12:00:01  b", "12:00:02  a"], ["12:00:01  a", "12:00:02  b"])
    assert not same(["1  published"], ["1  failed"])
    assert not same(["1  published"], ["1  published", "and more"])
    assert not same([], ["something"])
