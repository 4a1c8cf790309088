"""What the publisher's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.daemon.bench import Bench


@pytest.fixture
def bench(tmp_path: Path, clock: FakeClock) -> Bench:
    return Bench(tmp_path / "home", clock)
