"""What the publisher's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.publisher.bench import Bench
from tests.publisher.fake_x import FakeX
from ttp.publisher import loop


@pytest.fixture
def bench(tmp_path: Path, clock: FakeClock) -> Bench:
    return Bench(tmp_path / "home", clock)


@pytest.fixture
def a_day_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop looks around every five minutes instead of each second, so that a day of it is quick."""
    for pause in ("LOOK_AROUND_S", "LEAST_POLL_S", "HEARTBEAT_S"):
        monkeypatch.setattr(loop, pause, 300.0)


@pytest.fixture
def x(bench: Bench) -> FakeX:
    """X in memory, met by its real client."""
    made = FakeX(bench.clock, bench.die)
    made.enter(bench)
    return made
