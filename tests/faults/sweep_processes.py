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
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults.bench import PATIENCE_S, RUN, Bench
from tests.faults.judge import Verdict
from tests.faults.posts import KINDS, Kind
from tests.faults.proxy import Fault
from tests.faults.sweeps import Asks, Run, Where, ends_of, requests_of, spoiling

KILLS_MOST = 3
LONGEST_S = 0.6
"""Most runs are over by then."""
STOPPED_S = 1.2
STRACE = shutil.which("strace")
CALLS = ("fsync", "fdatasync", "pwrite64", "sendto", "recvfrom")
_LOSER = re.compile(r"pid \d+")


def killed(count: int, seed: int = 1) -> Iterator[Run]:
    """`kill -9` at random times, up to three times in a row."""
    dice = random.Random(seed)
    kinds = list(KINDS.values())
    for number in range(count):
        kind = kinds[number % len(kinds)]
        times = [dice.uniform(0.0, LONGEST_S) for _ in range(dice.randint(1, KILLS_MOST))]
        where = ", ".join(f"{seconds * 1000:.0f} ms" for seconds in times)
        ends = ends_of(kind, unsure=True)
        yield Run("kill -9 at a random time", f"{kind.name}, {where}", _killing(kind, times), ends, covers=(kind.name,))


def _killing(kind: Kind, times: list[float]) -> Callable[[Bench], Verdict]:
    def go(bench: Bench) -> None:
        for seconds in times:
            fork = bench.run(*RUN)
            time.sleep(seconds)
            fork.signal(signal.SIGKILL)
            fork.wait()
        bench.settle()

    return lambda bench: bench.case(kind, lambda asked: None, go)


def killed_in_a_call(most: int) -> Iterator[Run]:
    """`kill -9` as the k-th fsync, write, send or receive begins. Nothing where the machine has no strace."""
    if STRACE is None:
        return
    for call in CALLS:
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
        subprocess.run(
            [*words, sys.executable, "-m", "ttp", *RUN], env=env, stdout=said, stderr=said, timeout=PATIENCE_S
        )


def overlapping(asks: Asks) -> Iterator[Run]:
    """Three runs at once; the one that publishes is stopped in mid-request for longer than the settle window."""
    for kind in KINDS.values():
        for where, _ in requests_of(kind, asks[kind.name]):
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
        bench.victims = [first := bench.run(*RUN)]
        while not stopped.wait(0.02):
            if first.wait(0.0) is not None:  # it asked for a status less often, and did not come to this request
                return bench.settle()
        others = [bench.run("run", "--once", "--fail-if-locked"), bench.run(*RUN)]
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
