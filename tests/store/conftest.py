"""Stores that are made by the real migrations, in the tests of those."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def copied_stores() -> None:
    """Copy none."""
