"""Servers for a whole test run. A test is skipped, with the reason, where its server cannot be installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.install import Missing
from tests.real.pds import Pds, running_pds

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.real)


@pytest.fixture(scope="session")
def pds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pds]:
    """A PDS for all tests of a run: each makes people of its own."""
    try:
        with running_pds(tmp_path_factory.mktemp("pds")) as server:
            yield server
    except Missing as missing:
        pytest.skip(f"no PDS: {missing}")
