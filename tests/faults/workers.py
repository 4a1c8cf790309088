"""Run sweeps in worker processes, each with its own bench; and choose the runs for CI and the command."""

from __future__ import annotations

import math
import random
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.util import Finalize
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tests.faults.bench import Bench, open_bench
from tests.faults.judge import Verdict
from tests.faults.sample import sample, seed
from tests.faults.sweeps import Run
from tests.faults.table import SAMPLES, SWEEPS

_WORKER: dict[str, Any] = {}
NOT_MADE = "none"
"""The state of a run that could not be made."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which runs are made: the sample of CI, or with `full` the runs of one part of so many. `sizes`: of the samples of
    sweeps. `platform`: only its runs, or (`x comment`) those of one kind of post. `seed`: what draws them, also where a
    commit is made meanwhile."""

    full: bool = False
    part: int = 1
    parts: int = 1
    sizes: Mapping[str, int] = field(default_factory=lambda: SAMPLES)
    platform: str | None = None
    seed: str = field(default_factory=seed)

    def of(self, name: str) -> list[Run]:
        """The chosen runs of one sweep."""
        runs = [run for run in SWEEPS[name]() if self.platform in (None, run.platform, *run.covers[:1])]
        if not self.full:
            return sample(name, runs, self.sizes[name], self.seed)
        # Shuffled, always alike: sweeps are nested loops, and every n-th run would be of one kind of post.
        random.Random(name).shuffle(runs)
        return runs[self.part - 1 :: self.parts]


@contextmanager
def bench_somewhere(server: str | None = None) -> Iterator[Bench]:
    """A bench in a temporary folder. `server`: the PostgreSQL that has its stores."""
    with tempfile.TemporaryDirectory(prefix="ttp-faults-") as folder, open_bench(Path(folder), server=server) as bench:
        yield bench


def on_benches(runs: list[Run], benches: list[Bench]) -> Generator[tuple[Run, Verdict], None, None]:
    """Make runs in this process, each on the next bench that is free: each with its verdict as it ends. What has not
    begun when the caller stops listening is left out."""
    free: SimpleQueue[Bench] = SimpleQueue()
    for bench in benches:
        free.put(bench)

    def make(run: Run) -> tuple[Run, Verdict]:
        bench = free.get()
        try:
            return run, _verdict(run, bench)
        finally:
            free.put(bench)

    with ThreadPoolExecutor(len(benches)) as pool:
        begun = [pool.submit(make, run) for run in runs]
        try:
            for done in as_completed(begun):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _verdict(run: Run, bench: Bench) -> Verdict:
    try:
        return run.go(bench)
    except Exception as error:  # noqa: BLE001 (one run that cannot be made must not end the others)
        return Verdict(NOT_MADE, wrong=[f"it could not be made: {type(error).__name__}: {error}"])


def _begin(server: str | None) -> None:
    stack = ExitStack()
    _WORKER["bench"] = stack.enter_context(bench_somewhere(server))
    Finalize(None, stack.close, exitpriority=1)  # a fork makes no call of atexit


def _make(job: tuple[str, int]) -> tuple[str, int, Verdict]:
    name, index = job
    return name, index, _verdict(_WORKER["runs"][name][index], _WORKER["bench"])


def made(
    runs: Mapping[str, Sequence[Run]],
    *,
    beside: int,
    server: str | None = None,
    seconds: float = math.inf,
) -> Iterator[tuple[str, int, Verdict]]:
    """Make the runs of sweeps in several worker processes at a time: sweep, number and verdict of each. The sweeps
    take turns, and no run is begun after so many seconds."""
    # In the order of their places, all sweeps as if they were equally long.
    jobs = sorted(
        ((name, index) for name in runs for index in range(len(runs[name]))), key=lambda job: job[1] / len(runs[job[0]])
    )
    end = time.monotonic() + seconds
    # Forks have the runs, and all that is imported. To list the runs takes seconds.
    _WORKER["runs"] = runs
    with ProcessPoolExecutor(beside, get_context("fork"), _begin, (server,)) as pool:
        begun = [pool.submit(_make, job) for job in jobs]
        for done in as_completed(begun):
            if time.monotonic() > end:
                for waiting in begun:
                    waiting.cancel()
            if not done.cancelled():
                yield done.result()
