"""The program in new processes, with its own home, against a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conftest import Ran

QUICK = {
    "TTP_PUBLISH__LOOKUP_GAP_S": "0.2",
    "TTP_PUBLISH__RETRY_BASE_S": "0.1",
    "TTP_PUBLISH__STATUS_POLL_S": "0.1",
    "TTP_PUBLISH__POLL_S": "0.5",
}
PATIENCE_S = 120


def record_run(server: str, trouble: str, state: str, *, posts: int, parts: int) -> None:
    """Add how a run ended to the file that `TTP_REAL_RESULTS` names: its state, and the posts that the server has.

    The table in docs/explanation/reliability.md comes from such a file.
    """
    if path := os.environ.get("TTP_REAL_RESULTS"):
        line = {"server": server, "trouble": trouble, "state": state, "posts": posts, "parts": parts}
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


@dataclass
class Program:
    """`ttp` in its own home; `settings` are environment variables without `TTP_`."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        named = {f"TTP_{name}": value for name, value in self.settings.items()}
        own = {"TTP_HOME": str(self.folder / "home"), "TTP_TZ": "UTC", "NO_COLOR": "1"}
        return {"PATH": os.environ["PATH"], **QUICK, **own, **named}

    def start(self, *argv: str) -> subprocess.Popen[str]:
        """Start a command in a new process group."""
        return subprocess.Popen(
            [sys.executable, "-m", "ttp", *argv],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __call__(self, *argv: str, stdin: str = "") -> Ran:
        process = self.start(*argv)
        out, err = process.communicate(stdin, PATIENCE_S)
        return Ran(process.returncode, out, err)

    def ok(self, *argv: str, stdin: str = "") -> Ran:
        """Run what must succeed."""
        ran = self(*argv, stdin=stdin)
        assert ran.code == 0, (argv, ran)
        return ran

    def create(self, *argv: str) -> int:
        """Create a post that is due now; its id."""
        return int(self.ok("create", *argv, "--at", "now", "-q").out)

    def publish(self, *more: str) -> Ran:
        """Publish what is due, until nothing is left to do."""
        return self("run", "--until-idle", "--max-time", "60s", *more)

    def delivery(self, post: int) -> Any:
        """The one delivery of a post, as JSON."""
        (one,) = self.ok("show", str(post), "--json").json["deliveries"]
        return one
