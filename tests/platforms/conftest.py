"""The desk that tests against the sandbox sit at, and which tests of the suite are slow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platforms.sandboxed import Desk
from ttp.platforms.testing import PlatformSuite
from ttp.sandbox.server import RunningSandbox

LONG = {
    PlatformSuite.test_a_call_that_was_carried_out_is_found_whatever_was_answered.__name__,
    PlatformSuite.test_a_fault_at_any_step_leaves_a_handle_from_which_one_post_comes.__name__,
}
"""Tests of the suite that publish dozens of posts each."""
TRIED = ("thread", "a cut")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the long tests of the suite as slow, but for one kind of post of each platform, threads, and one fault."""
    for item in items:
        if isinstance(item, pytest.Function) and item.originalname in LONG and issubclass(item.cls, PlatformSuite):
            values = item.callspec.params.values()
            if not {*TRIED, next(iter(item.cls.scenarios))} & {*values}:
                item.add_marker(pytest.mark.slow)


@pytest.fixture
def desk(request: pytest.FixtureRequest, shared_sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Desk]:
    """A desk for the platform that the test is parametrised with."""
    made = Desk(request.param, shared_sandbox, tmp_path)
    with made.opened:
        yield made
