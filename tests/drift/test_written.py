"""What is written from the program is up to date."""

from __future__ import annotations

import pytest

from tests.drift.write_docs import ROOT, generated

WRITTEN = generated()


@pytest.mark.parametrize("name", WRITTEN)
def test_a_file_is_what_the_program_says(name: str) -> None:
    """If this fails: python -m tests.drift.write_docs"""
    assert (ROOT / name).read_text() == WRITTEN[name]
