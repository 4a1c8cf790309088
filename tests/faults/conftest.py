"""Real processes against the sandbox, on the machine's own clock."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from tests.clock import FakeClock
from tests.conftest import Program, program
from tests.platforms.sandboxed import control
from ttp.domain.time.clock import SystemClock
from ttp.sandbox.server import running_sandbox

PATIENCE_S = 60.0


@dataclass
class Process:
    """A `ttp` process whose output goes to files."""

    popen: subprocess.Popen[bytes]
    stdout: Path
    stderr: Path

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def out(self) -> str:
        return self.stdout.read_text()

    @property
    def err(self) -> str:
        return self.stderr.read_text()

    @property
    def events(self) -> list[dict[str, Any]]:
        """What it said with --jsonl; a line that is being written is left out."""
        return [json.loads(line) for line in self.out.split("\n")[:-1]]

    def signal(self, number: signal.Signals) -> None:
        self.popen.send_signal(number)

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()

    def code(self) -> int:
        """Its exit code, once it has ended."""
        return self.popen.wait(PATIENCE_S)


@dataclass
class World:
    """One store, the sandbox as its platforms, the program in this process, and further processes."""

    url: str
    served: Path
    folder: Path
    ttp: Program
    processes: list[Process] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def start(self, *argv: str) -> Process:
        number = len(self.processes)
        paths = [self.folder / f"{number}.{name}" for name in ("out", "err")]
        with paths[0].open("wb") as out, paths[1].open("wb") as err:
            popen = subprocess.Popen(
                [sys.executable, "-m", "ttp", *argv], stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
        self.processes.append(Process(popen, *paths))
        return self.processes[-1]

    def publisher(self, *argv: str) -> Process:
        """A loop that is up and holds the lock."""
        loop = self.start("run", "--jsonl", *argv)
        until(lambda: loop.events and loop.events[0]["event"] == "publisher.started")
        return loop

    def control(self, method: str, path: str, body: object = None) -> Any:
        return control(self.url, method, path, body)

    def fault(self, path: str, do: str, **more: object) -> None:
        self.control("POST", "faults", {"path": path, "do": do, **more})

    def account(self, name: str, **order: object) -> None:
        """An account that the sandbox knows, connected here; with `expired` its token is dead."""
        made = self.control("POST", "accounts", {"account": name, **order})
        self.tokens.append(made["credentials"]["accessToken"])
        self.ttp.ok("account", "add", name, "--credentials", "-", stdin=json.dumps(made["credentials"]))
        if name.startswith("tiktok/"):
            self.ttp.ok("account", "set", name, "--set", "tiktok.privacy_level=SELF_ONLY")

    def kill_in_call(self, process: Process) -> None:
        """Kill a process whose request the sandbox is about to get and will not answer; later ones are answered."""
        time.sleep(0.3)  # the request is on its way, and nothing can be asked that would tell when it is there
        process.kill()
        for _ in range(5):  # what was sent before reaches the sandbox's faults before its answers to these
            self.control("GET", "requests")
        self.control("DELETE", "faults")

    def posts(self, account: str) -> list[dict[str, Any]]:
        return [post for post in self.control("GET", "posts") if post["account"] == account]

    def state(self, account: str = "x/me") -> str:
        platform, _, handle = account.partition("/")
        rows = self.ttp.sql(
            "SELECT d.state FROM delivery d JOIN account a ON a.id = d.account_id"
            " WHERE a.platform = ? AND a.handle = ? ORDER BY d.id DESC LIMIT 1",
            platform,
            handle,
        )
        return str(rows[0][0])

    def shown_states(self, post_id: int = 1) -> list[str]:
        """The states of a post's deliveries."""
        return [delivery["state"] for delivery in self.ttp.shown(post_id)["deliveries"]]

    def log(self, post_id: int = 1) -> list[tuple[str, str]]:
        """Phase and outcome of every publishing call and look-up."""
        found = self.ttp.ok("log", str(post_id), "--json").json
        return [(a["phase"], a["outcome"]) for a in found if a["phase"] != "prepare"]


def until(met: Callable[[], Any]) -> None:
    """Wait for what another process does."""
    end = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


@pytest.fixture(scope="package")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    served = tmp_path_factory.mktemp("served")
    with running_sandbox(media_dir=served, processing_s=0.2, moderation_s=0.2) as running:
        yield running.url, served


@pytest.fixture
def world(sandbox: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    url, served = sandbox
    settings = {
        **{f"PLATFORMS__{name}__BASE_URL": url for name in ("BLUESKY", "MASTODON", "X", "INSTAGRAM", "TIKTOK")},
        "MEDIA_HOST__KIND": "folder",
        "MEDIA_HOST__PATH": str(served),
        "MEDIA_HOST__BASE_URL": f"{url}/_sandbox/media/",
        "PUBLISH__SETTLE_X_S": "1",
        "PUBLISH__SETTLE_INSTAGRAM_S": "1",
        "PUBLISH__LOOKUP_GAP_S": "0.3",
        "PUBLISH__RETRY_BASE_S": "0.2",
        "PUBLISH__STATUS_POLL_S": "0.1",
        "PUBLISH__DRAIN_S": "5",
    }
    clock = cast(FakeClock, SystemClock())  # the program asks it the same two questions
    with program(tmp_path, clock) as ttp:
        for name, value in settings.items():
            monkeypatch.setenv(f"TTP_{name}", value)
        monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        made = World(url, served, tmp_path, ttp)
        try:
            yield made
        finally:
            for process in made.processes:
                process.kill()
            made.control("DELETE", "faults")
