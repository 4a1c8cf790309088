"""`ttp serve` as a process on a store with accounts of a sandbox, for runs that load or kill it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clock import FakeClock
from tests.conftest import inherited, program

PATIENCE_S = 120.0
QUICK = {
    "TTP_PLATFORMS__X__SETTLE_S": "1",
    "TTP_PUBLISH__LOOKUP_GAP_S": "0.2",
    "TTP_PUBLISH__POLL_S": "0.2",
    "TTP_PUBLISH__CATCH_UP_GAP_S": "0",
}
"""A call that was cut is looked up soon, not after the quarter of an hour that X's lists may take; late posts do not
wait for each other."""


@dataclass
class Server:
    """A running server. `address` has no slash at its end."""

    process: subprocess.Popen[str]
    address: str

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(PATIENCE_S)

    @property
    def memory_mb(self) -> float:
        """The memory that the process holds."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


@contextmanager
def serve_process(*argv: str, environ: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `ttp serve` for as long as the block runs; the process and its address."""
    command = [sys.executable, "-m", "ttp", "serve", *argv]
    streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, env=environ, text=True, **streams)
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("Serving on "), line + process.stderr.read()
        yield process, line.removeprefix("Serving on ").strip()
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE_S)
        if process.stderr is not None:
            process.stderr.close()


class Store:
    """A store below `folder` with accounts x/a0, x/a1, … of a sandbox, and a token that may publish."""

    def __init__(self, folder: Path, sandbox: str, accounts: int) -> None:
        self.home = folder / "home"
        self.sandbox = sandbox
        self._environ = {
            **inherited(),
            **QUICK,
            "TTP_HOME": str(self.home),
            "TTP_TZ": "UTC",
            "LANG": "C.UTF-8",
            "TTP_PLATFORMS__X__BASE_URL": sandbox,
        }
        self.accounts = [f"x/a{number}" for number in range(accounts)]
        with program(folder, FakeClock(datetime.now(UTC))) as ttp, pytest.MonkeyPatch.context() as patch:
            patch.setenv("TTP_PLATFORMS__X__BASE_URL", sandbox)
            for name in self.accounts:
                made = httpx.post(f"{sandbox}/_sandbox/accounts", json={"account": name, "unlimited": True}).json()
                ttp.ok("account", "add", name, "--credentials", "-", stdin=json.dumps(made["credentials"]))
            token = ttp.ok("token", "create", "load", "--capability", "publish", "--json").json["token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def is_sound(self) -> bool:
        """Return whether `ttp audit` finds nothing."""
        command = [sys.executable, "-m", "ttp", "audit", "--json"]
        ran = subprocess.run(command, env=self._environ, capture_output=True, text=True, timeout=300)
        return ran.returncode == 0 and json.loads(ran.stdout)["ok"] is True

    @contextmanager
    def serving(self) -> Iterator[Server]:
        """Serve on a free port for as long as the block runs."""
        with serve_process("--port", "0", environ=self._environ) as (process, address):
            yield Server(process, address)

    def sql(self, statement: str, *values: object) -> list[Any]:
        with closing(sqlite3.connect(self.home / "ttp.db", timeout=30)) as db:
            return db.execute(statement, values).fetchall()

    def published(self) -> Counter[str]:
        """Return how often each text is on the platform."""
        posts = httpx.get(f"{self.sandbox}/_sandbox/posts", timeout=PATIENCE_S).json()
        return Counter(str(post.get("text", "")) for post in posts)

    def wait_until_published(self, patience_s: float = PATIENCE_S) -> None:
        """Wait until no post that is due waits. A server must be running."""
        sql = "SELECT count(*) FROM post WHERE status IN ('scheduled', 'publishing') AND scheduled_at <= ?"
        ends = time.monotonic() + patience_s
        while self.sql(sql, round(time.time() * 1000))[0][0]:
            assert time.monotonic() < ends, self.sql("SELECT state, count(*) FROM delivery GROUP BY state")
            time.sleep(0.2)
