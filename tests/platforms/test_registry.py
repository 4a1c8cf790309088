"""One client per platform, imported late."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.platforms.factories import PLATFORMS, client_for
from tests.platforms.stubs import Script
from tests.settings import Config
from ttp.platforms.testing import StandingClock


@pytest.mark.parametrize("platform", PLATFORMS.names())
def test_every_platform_has_a_client(platform: str) -> None:
    client = client_for(platform, Config(), StandingClock(), transport=Script())
    assert type(client).__module__ == f"ttp.platforms.{platform}.client"


def test_asking_for_the_registry_imports_no_client_and_no_httpx() -> None:
    program = (
        "import sys, ttp.platforms.registry, ttp.platforms.media_host\n"
        "print([name for name in ('httpx', 'ttp.platforms.http', 'ttp.platforms.x') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
