"""What is written from the program is up to date."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.conftest import Program
from tests.drift.messages import HOLE, messages
from tests.drift.write_docs import ROOT, generated


def test_each_generated_file_is_what_the_program_says() -> None:
    """If this fails: python -m tests.drift.write_docs"""
    assert [name for name, text in generated().items() if (ROOT / name).read_text() != text] == []


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff, which reads it, is not installed")
def test_the_manual_page_is_read_without_a_warning() -> None:
    ran = subprocess.run(["groff", "-man", "-ww", "-z", ROOT / "docs/reference/ttp.1"], capture_output=True, check=True)
    assert ran.stderr == b""


@pytest.mark.parametrize(
    "words",
    [
        ("show", "9"),
        ("create", "Hi", "--at", "9am"),
        ("schedule", "x", "--at", "now"),
        ("create", "", "--at", "tomorrow 9am", "--to", "x"),
        ("list", "--status", "gone"),
        ("config", "set", "publish.retry_max", "many"),
        ("repeat", "add", "1"),
        ("create", "Hi", "--to", "friendster/me"),
        ("slots", "add", "mon 09:00", "--account", "x/me"),
    ],
    ids=" ".join,
)
def test_what_a_command_refuses_is_in_the_snapshot_under_its_code(ttp: Program, words: tuple[str, ...]) -> None:
    """The snapshot is read from the source: what the program says must be in it, with its holes filled."""
    error = ttp(*words, "--json").error
    known = [re.escape(text).replace(HOLE, ".*") for text in messages()[error["code"]]]

    assert any(re.fullmatch(text, error["message"]) for text in known), error
