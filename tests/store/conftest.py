"""Stores made by the program itself, in the tests of the store."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def copied_stores() -> None:
    """Copy no template."""
