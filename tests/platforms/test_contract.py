"""The built-in platforms pass the suite that every platform passes, over real HTTP against the sandbox.

Each has a class here, made from its `tests/platforms/<name>/case.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from tests.platforms.case import PlatformCase, find_cases
from tests.platforms.pinned import PinnedFacts
from tests.platforms.sandboxed import control
from ttp.domain.account import Account, Credentials
from ttp.domain.config import Value
from ttp.platforms.testing import PlatformSuite, Scenario, StandingClock
from ttp.sandbox.server import RunningSandbox

AHEAD = timedelta(hours=1)


@dataclass
class SandboxStandIn:
    """A new account in the shared sandbox, whose clock is an hour ahead."""

    url: str
    settings: Mapping[str, Value]
    account: Account
    credentials: Credentials
    ahead: timedelta = AHEAD

    def count(self) -> int:
        return sum(not post.get("parent") for post in self._posts())

    def count_comments(self) -> int:
        return sum(bool(post.get("parent")) for post in self._posts())

    def _posts(self) -> list[Mapping[str, object]]:
        return [post for post in control(self.url, "GET", "posts") if post["account"] == self.account.name]

    def refuse(self, why: str) -> None:
        self._change(trouble=why)

    def end_token(self) -> None:
        self._change(accessExpired=True)

    def _change(self, **what: object) -> None:
        control(self.url, "POST", "accounts", {"account": self.account.name, "keepTokens": True, **what})


class SandboxSuite(PinnedFacts, PlatformSuite):
    case: ClassVar[PlatformCase]

    @pytest.fixture(autouse=True)
    def _sandbox(self, shared_sandbox: RunningSandbox, tmp_path: Path) -> None:
        self.sandbox, self.served = shared_sandbox, tmp_path / "served"
        self.served.mkdir()

    @contextmanager
    def stand_in(self, scenario: Scenario, clock: StandingClock) -> Iterator[SandboxStandIn]:
        self.sandbox.reset(now=lambda: clock.now() + AHEAD, media_dir=self.served, processing_s=5.0, moderation_s=5.0)
        url, name = self.sandbox.url, self.platform.name
        handle = "tester@example.org" if self.platform.server == "in_handle" else "tester"
        wanted: dict[str, object] = {"account": f"{name}/{handle}", "unlimited": True}
        fields = self.case.sandbox_fields
        wanted |= {fields[setting]: value for setting, value in scenario.settings.items() if setting in fields}
        held = control(url, "POST", "accounts", wanted)["credentials"]
        settings: dict[str, Value] = {
            f"platforms.{name}.base_url": url,
            "media_host.kind": "folder",
            "media_host.path": str(self.served),
            "media_host.base_url": f"{url}/_sandbox/media",
        }
        credentials = Credentials(held["accessToken"], host="127.0.0.1", user_id=held["userId"])
        yield SandboxStandIn(url, settings, Account(name, handle), credentials)


def _suite_of(case: PlatformCase) -> type[SandboxSuite]:
    values = {"case": case, "platform": case.platform, "pinned": case.pinned, "scenarios": case.scenarios}
    return type(f"Test{case.platform.title}", (SandboxSuite,), {**values, "__module__": __name__})


globals().update({suite.__name__: suite for suite in map(_suite_of, find_cases().values())})
