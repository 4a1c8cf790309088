"""Sweeps of processes: killed at any time, killed in a system call, stopped and overlapping."""

from __future__ import annotations

import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.faults.bench import PATIENCE_S, Bench
from tests.faults.judge import Verdict
from tests.faults.posts import KINDS
from tests.faults.proxy import Fault
from tests.faults.sweeps import Run, Where, ends_of, requests_of, spoiling
from tests.platforms.case import Kind

KILLS_MOST = 3
LATEST = 2.0
"""When a process is killed at the latest, in times of a run of its bench: most runs are over by then."""
STOPPED_S = 1.2
STRACE = shutil.which("strace")
SYSTEM_CALLS = {"fsync": 20, "fdatasync": 20, "pwrite64": 180, "sendto": 20, "recvfrom": 20}
MESSAGES = {"sendto": 260, "recvfrom": 180}
"""How many of each system call a run makes: with a store in a file, and in a server."""
_LOSER = re.compile(r"pid \d+")


def killed(count: int, seed: int = 1) -> Iterator[Run]:
    """`kill -9` at random times, up to three times in a row: the machine and the store decide how long a run takes."""
    dice = random.Random(seed)
    kinds = list(KINDS.values())
    for number in range(count):
        kind = kinds[number % len(kinds)]
        times = [dice.uniform(0.0, LATEST) for _ in range(dice.randint(1, KILLS_MOST))]
        where = ", ".join(f"{at:.3f}" for at in times)
        ends = ends_of(kind, unsure=True)
        yield Run(
            "kill -9 at a random time",
            f"{kind.name}, after {where} of a run",
            _killing(kind, times),
            ends,
            covers=(kind.name,),
        )


def _killing(kind: Kind, times: list[float]) -> Callable[[Bench], Verdict]:
    def go(bench: Bench) -> None:
        for at in times:
            fork = bench.run(*bench.until_idle)
            time.sleep(at * bench.usual_s)
            fork.signal(signal.SIGKILL)
            fork.wait()
        bench.settle()

    def killed(bench: Bench) -> Verdict:
        assert bench.usual_s  # measured before the case begins, by one of its own
        return bench.case(kind, lambda asked: None, go)

    return killed


def killed_in_a_call(calls: Mapping[str, int]) -> Iterator[Run]:
    """`kill -9` as the k-th of some system calls begins. Nothing where the machine has no strace. `calls`: how many of
    each there are."""
    if STRACE is None:
        return
    for call, most in calls.items():
        for k in range(1, most + 1):
            for kind in (KINDS["x text"], KINDS["instagram photo"], KINDS["x thread"], KINDS["tiktok photos"]):

                def go(bench: Bench, kind: Kind = kind, call: str = call, k: int = k) -> Verdict:
                    def work(bench: Bench) -> None:
                        _traced(bench, call, k)
                        bench.settle()

                    return bench.case(kind, lambda asked: None, work)

                ends = ends_of(kind, unsure=True)
                yield Run("kill -9 at a system call", f"{kind.name}, {call} {k}", go, ends, covers=(kind.name, call))


def _traced(bench: Bench, call: str, k: int) -> None:
    """A run whose k-th `call` ends it. Its own interpreter: strace follows what it starts."""
    assert STRACE is not None
    words = [STRACE, "-qq", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={k}"]
    root = Path(__file__).parents[2]
    env = {**bench.env(), "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    with (bench.folder / "traced").open("wb") as said:
        argv = [*words, sys.executable, "-m", "ttp", *bench.until_idle]
        subprocess.run(argv, env=env, stdout=said, stderr=said, timeout=PATIENCE_S)


def overlapping() -> Iterator[Run]:
    """Three runs at once; the one that publishes is stopped in mid-request for longer than the settle window."""
    for kind in KINDS.values():
        for where, _ in requests_of(kind):
            for forward in (False, True):

                def go(bench: Bench, kind: Kind = kind, where: Where = where, forward: bool = forward) -> Verdict:
                    return _overlap(bench, kind, where, forward=forward)

                place = f"{kind.name}, {where} {'after' if forward else 'before'}"
                yield Run(
                    "three runs, one stopped",
                    place,
                    go,
                    ends_of(kind, unsure=where.is_call),
                    covers=(kind.name, str(forward)),
                    at_call=where.is_call,
                )


def _overlap(bench: Bench, kind: Kind, where: Where, *, forward: bool) -> Verdict:
    stopped = threading.Event()

    def stop() -> None:
        for fork in bench.victims:
            fork.signal(signal.SIGSTOP)
        stopped.set()

    fault = Fault("stopped", forward, act=stop)

    def go(bench: Bench) -> None:
        bench.victims = [first := bench.run(*bench.until_idle)]
        while not stopped.wait(0.02):
            if first.wait(0.0) is not None:  # it asked for a status less often, and did not come to this request
                return bench.settle()
        others = [bench.run("run", "--once", "--fail-if-locked"), bench.run(*bench.until_idle)]
        for other, code in zip(others, (5, 0), strict=True):
            if other.wait() != code:
                bench.amiss.append(f"a run beside a stopped one ended with {other.code}: {other.said[:200]}")
        if not _LOSER.search(others[0].said):
            bench.amiss.append(f"the loser does not name the holder: {others[0].said[:200]}")
        time.sleep(STOPPED_S)
        first.signal(signal.SIGCONT)
        first.wait(PATIENCE_S)
        return bench.settle()

    return bench.case(kind, spoiling(kind, where, fault), go)


def crowds(count: int) -> Iterator[Run]:
    """A loop, and every tenth of a second another run."""
    for number in range(count):
        kind = list(KINDS.values())[number % len(KINDS)]

        def go(bench: Bench, kind: Kind = kind) -> Verdict:
            def work(bench: Bench) -> None:
                loop = bench.run("run", "--jsonl")
                beside = []
                for _ in range(8):
                    beside.append(bench.run("run", "--once"))
                    time.sleep(0.1)
                for fork in beside:
                    if fork.wait() != 0:
                        bench.amiss.append(f"a run beside a loop ended with {fork.code}: {fork.said[:200]}")
                end = time.monotonic() + PATIENCE_S
                while bench.state() != "published" and time.monotonic() < end:
                    time.sleep(0.02)
                loop.signal(signal.SIGTERM)
                loop.wait()

            return bench.case(kind, lambda asked: None, work)

        yield Run("a loop beside runs", kind.name, go, covers=(kind.name,))
