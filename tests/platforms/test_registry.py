"""One client per platform, imported late."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.platforms.factories import PLATFORMS, client_for
from tests.platforms.stubs import Script
from tests.rows import each
from tests.settings import Config
from ttp.platforms.mastodon.facts import Mastodon
from ttp.platforms.mastodon.rules import MastodonRules
from ttp.platforms.platform import Platform, Runtime
from ttp.platforms.testing import StandingClock


@each("platform", PLATFORMS.names())
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


def test_a_platform_without_a_client_has_none_to_give() -> None:
    """A publisher that was given None would fail only after it had begun."""

    class Bare(Platform):
        name = "bare"

    with pytest.raises(NotImplementedError):
        Bare().client(Runtime(Config(), StandingClock()))


class _Sister(Mastodon):
    name = "sister"


def test_the_parts_of_a_platform_that_extends_another_are_the_others() -> None:
    assert isinstance(_Sister().rules(), MastodonRules)


def test_the_parts_of_a_platform_are_found_where_its_package_has_it_in_its_first_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "ttp_leaflet"
    folder.mkdir()
    table = "class Leaflet(Platform):\n    parts = {'rules': 'laws:Laws'}\n"
    (folder / "__init__.py").write_text(f"from ttp.platforms.platform import Platform\n{table}")
    (folder / "laws.py").write_text("class Laws:\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    package = import_module("ttp_leaflet")
    assert type(package.Leaflet().rules()).__module__ == "ttp_leaflet.laws"
