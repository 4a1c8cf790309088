"""Settings of the tests of Instagram: it fetches media, so they need a public address."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.platforms.instagram.test_prepare import SERVED
from tests.settings import Config


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "served").mkdir()
    return Config(
        {
            "media_host.kind": "folder",
            "media_host.path": str(tmp_path / "served"),
            "media_host.base_url": SERVED,
            "publish.status_poll_s": 1.0,
        }
    )
