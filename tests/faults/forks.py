"""Real `ttp` processes that start fast: one process imports everything and forks for each command.

Owns starting and awaiting them. A fork is a process like any other: it can be killed, stopped, and holds its own locks.
Run as a module it is that process; it reads orders from its standard input and has no threads.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from ttp.domain.time.clock import SystemClock
from ttp.platforms import BUILT_IN

IMPORTED = (
    "anyio",
    "decimal",
    "filelock",
    "httpcore",
    "httpx",
    "idna",
    "regex",
    "ttp.cli.app",
    "ttp.cli.commands.publish",
    "ttp.cli.commands.run",
    "ttp.cli.main",
    "ttp.cli.commands.posts",
    "ttp.cli.commands.account",
    "ttp.cli.commands.list",
    "ttp.cli.output",
    "ttp.publisher.process",
    "ttp.services.posts",
    "ttp.services.accounts",
    "ttp.services.audit",
    "ttp.services.duplicate_check",
    "ttp.services.metrics.sync",
    "ttp.services.status",
    "ttp.services.time_resolver",
    "zoneinfo",
    *(f"ttp.platforms.{name}.{module}" for name in BUILT_IN for module in ("client", "facts")),
)
"""Modules that runs need. Without this each fork would import them again, for a seventh of a second."""
SMALL_CHUNK = 5_242_880
"""TikTok's least chunk: three of them are 16 MB, not 30."""
TURN_S = 0.02
MEMORY = 256 * 1024 * 1024
_NEW_NET = 0x40000000


def move_clocks(path: Path) -> None:
    """Move the machine's clocks, for this process, by the seconds in a file: `wall boot`. No file: not moved. The
    clock stays the machine's own: on PostgreSQL a publisher with another one does not go by the server's."""
    now, boot = SystemClock.now, SystemClock.boot

    def shifts() -> tuple[float, float]:
        try:
            wall, slept = path.read_text().split()
        except (FileNotFoundError, ValueError):
            return 0.0, 0.0
        return float(wall), float(slept)

    SystemClock.now = lambda self: now(self) + timedelta(seconds=shifts()[0])  # type: ignore[method-assign]
    SystemClock.boot = lambda self: boot(self) + shifts()[1]  # type: ignore[method-assign]


@dataclass
class Fork:
    """One command in its own process. Its output goes to files."""

    forks: Forks
    pid: int
    stdout: Path
    stderr: Path
    code: int | None = None
    peak_kb: int = 0

    def wait(self, patience_s: float = 120.0) -> int | None:
        """Its exit code (-9 where it was killed); None if it still runs then."""
        end = time.monotonic() + patience_s
        while self.code is None:
            said = self.forks.order(wait=self.pid)
            self.code, self.peak_kb = said["code"], said["peak"]
            if self.code is None and time.monotonic() > end:
                break
        return self.code

    def signal(self, number: signal.Signals) -> None:
        """Nothing where it has ended; its number is not given away before it is awaited."""
        if self.code is None:
            os.kill(self.pid, number)

    @property
    def is_stopped(self) -> bool:
        """Whether it is stopped, and can be continued."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[0] == "T"

    @property
    def said(self) -> str:
        """What it wrote. Nothing where it was killed before it had its files."""
        return "".join(path.read_text(errors="replace") for path in (self.stdout, self.stderr) if path.exists())


class Forks:
    """The process that forks. Orders may come from any thread."""

    def __init__(self, folder: Path, more: Sequence[str] = ()) -> None:
        """`more`: further modules that are imported first."""
        self._folder = folder
        self._started = 0
        self._turn = threading.Lock()
        root = Path(__file__).parents[2]
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.forks", *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
        )
        self._hear()

    def start(self, argv: Sequence[str], env: Mapping[str, str], *, stdin: str = "", **more: Any) -> Fork:
        """`ttp ARGV` with this environment and no other. `clock`: the file of `move_clocks`; `mutant`: its mistake;
        `next`: whether it is of the next version; `stop_at_intent`: the number of the intent at which it stops itself;
        `program`: the module whose `main` it is instead; `network`: the namespace of its network."""
        with self._turn:
            self._started += 1
            number = self._started
        out, err = (self._folder / f"{number}.{name}" for name in ("out", "err"))
        said = self.order(argv=list(argv), env=dict(env), stdin=stdin, stdout=str(out), stderr=str(err), **more)
        return Fork(self, said["pid"], out, err)

    def order(self, **what: Any) -> Any:
        assert self._popen.stdin is not None
        with self._turn:
            self._popen.stdin.write(json.dumps(what) + "\n")
            self._popen.stdin.flush()
            return self._hear()

    def _hear(self) -> Any:
        assert self._popen.stdout is not None
        line = self._popen.stdout.readline()
        assert line, "the process that forks has ended"
        return json.loads(line)

    def close(self) -> None:
        assert self._popen.stdin is not None
        self._popen.stdin.close()
        self._popen.wait()
        assert self._popen.stdout is not None
        self._popen.stdout.close()


def _serve() -> None:
    for name in (*IMPORTED, *sys.argv[1:]):
        importlib.import_module(name)
    gc.freeze()  # a collection in a fork would copy the memory that it shares
    _say({})
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            _say(_awaited(order["wait"]))
            continue
        pid = os.fork()
        if pid == 0:
            _become(order)
        _say({"pid": pid})


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _awaited(pid: int) -> dict[str, object]:
    """How a fork ended; no code where it has not, a moment later."""
    descriptor = os.pidfd_open(pid)
    select.select([descriptor], [], [], TURN_S)
    os.close(descriptor)
    ended, status, usage = os.wait4(pid, os.WNOHANG)
    return {"code": os.waitstatus_to_exitcode(status) if ended else None, "peak": usage.ru_maxrss if ended else 0}


def _become(order: Mapping[str, Any]) -> None:
    """Be the command. Does not come back."""
    code = 99
    try:
        for descriptor, name in ((1, "stdout"), (2, "stderr")):
            opened = os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(opened, descriptor)
            os.close(opened)
        reading, writing = os.pipe()
        os.write(writing, order["stdin"].encode())  # an order is small: it fits into the pipe
        os.close(writing)
        os.dup2(reading, 0)
        os.close(reading)
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
        os.environ.clear()
        os.environ.update(order["env"])
        if order.get("chunk"):
            import ttp.platforms.tiktok.uploads as upload

            upload.CHUNK = order["chunk"]
        if order.get("mutant"):
            from tests.faults.mutants import MUTANTS

            MUTANTS[order["mutant"]].apply()
        if order.get("next"):
            _become_next()
        if order.get("stop_at_intent"):
            _stop_at_intent(order["stop_at_intent"])
        if order.get("network"):
            enter_network(order["network"])
        if order.get("program"):
            code = importlib.import_module(order["program"]).main(order["argv"])
        else:
            from ttp.cli.main import main

            if order.get("clock"):
                move_clocks(Path(order["clock"]))
            code = main(order["argv"])
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 (a fork must never go on as its parent)
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _become_next() -> None:
    """Be the next version, which has one more migration, and takes shorter texts."""
    from tests.store.migrations.next_version import become_next
    from ttp.platforms.bluesky import rules as bluesky
    from ttp.platforms.mastodon import rules as mastodon
    from ttp.platforms.x import rules as x

    become_next()
    vars(x)["X_LIMIT"] = vars(bluesky)["MOST_GRAPHEMES"] = 100
    vars(mastodon)["limit_of"] = lambda server, name, usual: 100 if name == "characters" else usual


def enter_network(name: str) -> None:
    """Let this thread, and the processes and threads that it makes, have the network of a namespace. Raises OSError."""
    with Path(f"/var/run/netns/{name}").open() as space:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(space.fileno(), _NEW_NET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter the network {name}")


def _stop_at_intent(number: int) -> None:
    """Have this process stop itself between the commit of its n-th intent and the call."""
    from ttp.publisher.delivery_worker import DeliveryWorker

    intend, left = DeliveryWorker._commit_intent, iter(range(number - 1, -1, -1))

    def stopping(self: DeliveryWorker, ready: Any) -> Any:
        intent = intend(self, ready)
        if next(left, None) == 0:
            # To this thread: another one may receive a signal sent to the process, and this one goes on for a moment.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
        return intent

    DeliveryWorker._commit_intent = stopping  # type: ignore[method-assign]  # in this process alone


if __name__ == "__main__":
    _serve()
