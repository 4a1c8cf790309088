"""The desk that tests against the sandbox sit at, and which tests of the suite are slow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.platforms.factories import client_for
from tests.platforms.sandboxed import TEXT, Desk, files
from tests.settings import Config
from ttp.domain.account import Account, Credentials
from ttp.domain.config import Value
from ttp.platforms.client import PublishRequest
from ttp.platforms.testing import PlatformSuite, StandingClock
from ttp.sandbox.server import RunningSandbox
from ttp.sandbox.stand_in import stand_in

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
def desk(request: pytest.FixtureRequest, sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Desk]:
    """A desk for the platform that the test is parametrised with."""
    platform: str = request.param
    clock, served = StandingClock(), tmp_path / "served"
    served.mkdir()
    sandbox.reset(now=clock.now, media_dir=served, processing_s=5.0, moderation_s=5.0)
    settings: dict[str, Value] = {
        f"platforms.{platform}.base_url": sandbox.url,
        "media_host.kind": "folder",
        "media_host.path": str(served),
        "media_host.base_url": f"{sandbox.url}/_sandbox/media",
    }
    client = client_for(platform, Config(settings), clock)
    options = {"privacy_level": "SELF_ONLY"} if platform == "tiktok" else {}
    account = Account(platform, stand_in(platform).demo_handle(sandbox.state.address))
    order = PublishRequest(1, account, Credentials(""), TEXT, options=options)
    made = Desk(sandbox.url, clock, client, order, settings)
    (held,) = (a["credentials"] for a in made.control("GET", "accounts") if a["account"] == account.name)
    credentials = Credentials(held["accessToken"], host="127.0.0.1", user_id=held["userId"])
    made.order = replace(order, credentials=credentials, media=files(platform, tmp_path))
    yield made
    made.client.close()
