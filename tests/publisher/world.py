"""The real publisher and clients against the sandbox, all on one clock that the test moves."""

from __future__ import annotations

import json
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.clock import FakeClock
from tests.conftest import Program, program
from tests.platforms.sandboxed import control
from tests.publisher.bench import Inline
from ttp.cli.context import Context
from ttp.domain.event import Event
from ttp.publisher.loop import Mode, Scope
from ttp.publisher.worker_pool import JobReport, Reports
from ttp.sandbox.server import RunningSandbox

MOST_NAPS = 5_000


@dataclass
class World:
    """The program and the sandbox, on one clock."""

    url: str
    clock: FakeClock
    ttp: Program
    events: list[Event] = field(default_factory=list)

    def control(self, method: str, path: str, body: object = None) -> Any:
        return control(self.url, method, path, body)

    def limits(self, **most: int) -> None:
        """Set limits of the sandbox."""
        self.control("POST", "settings", {"limits": most})

    def account(self, name: str, **order: object) -> None:
        made = self.control("POST", "accounts", {"account": name, **order})
        self.ttp.ok("account", "add", name, "--credentials", "-", stdin=json.dumps(made["credentials"]))
        if name.startswith("tiktok/"):
            self.ttp.ok("account", "set", name, "--set", "tiktok.privacy_level=SELF_ONLY")

    def run(self, mode: Mode = Mode.UNTIL_IDLE, max_time: float | None = None) -> None:
        """Run a new publisher, which knows only what is in the store."""
        naps = 0

        def nap(reports: Reports, seconds: float) -> JobReport | None:
            nonlocal naps
            naps += 1
            assert naps < MOST_NAPS, "the publisher never ends"
            try:
                return reports.get_nowait()
            except queue.Empty:
                self.clock.advance(max(seconds, 1e-6) if seconds else 0.0)
                return None

        runner = replace(Context(self.clock).publisher, pool=Inline(), wait=nap)
        runner.run(Scope(mode, None, max_time), self.events.append)

    def calls(self, path: str) -> int:
        """Return how often the platforms received calls to a path."""
        return sum(one["path"].endswith(path) for one in self.control("GET", "requests"))

    def states(self) -> list[str]:
        return [row[0] for row in self.ttp.sql("SELECT state FROM delivery ORDER BY id")]

    def posts(self, account: str) -> list[dict[str, Any]]:
        return [post for post in self.control("GET", "posts") if post["account"] == account]

    def told(self) -> list[dict[str, Any]]:
        """The limits in `ttp status`."""
        return list(self.ttp("status", "--json").json["limits"])


@contextmanager
def open_world(sandbox: RunningSandbox, folder: Path, clock: FakeClock, **more: Any) -> Iterator[World]:
    """Reset the sandbox and open a world on it. `more`: switches of the sandbox."""
    served = folder / "served"
    served.mkdir()
    quick: dict[str, Any] = {"processing_s": 1.0, **more}
    sandbox.reset(now=clock.now, media_dir=served, **quick)
    with program(folder, clock) as ttp:
        settings = {
            **{f"PLATFORMS__{name}__BASE_URL": sandbox.url for name in ("BLUESKY", "X", "INSTAGRAM", "TIKTOK")},
            "MEDIA_HOST__KIND": "folder",
            "MEDIA_HOST__PATH": str(served),
            "MEDIA_HOST__BASE_URL": f"{sandbox.url}/_sandbox/media/",
        }
        with pytest.MonkeyPatch.context() as patch:
            for name, value in settings.items():
                patch.setenv(f"TTP_{name}", value)
            yield World(sandbox.url, clock, ttp)
