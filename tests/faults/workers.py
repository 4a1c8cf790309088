"""Runs made in processes of their own, each with its own bench. Also what CI and the command share: which are made."""

from __future__ import annotations

import atexit
import random
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.faults.bench import Bench, open_bench
from tests.faults.judge import Verdict
from tests.faults.posts import KINDS
from tests.faults.sweeps import Asks, Run
from tests.faults.table import SAMPLES, sample, sweep

_WORKER: dict[str, Any] = {}


@contextmanager
def bench_somewhere() -> Iterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="ttp-faults-") as folder, open_bench(Path(folder)) as bench:
        yield bench


def requests_of_all() -> Asks:
    """What each kind of post asks for when nothing goes wrong."""
    with bench_somewhere() as bench:
        return {kind.name: bench.requests(kind) for kind in KINDS.values()}


def chosen(asks: Asks, name: str, *, full: bool, part: int, parts: int) -> list[Run]:
    """The runs of one sweep that are to be made: all or a part, else the sample of CI."""
    runs = list(sweep(name, asks))
    if not full:
        return sample(runs, SAMPLES[name])
    # Shuffled, always alike: sweeps are nested loops, and every n-th run would be of one kind of post.
    random.Random(name).shuffle(runs)
    return runs[part::parts]


def _begin(asks: Asks, full: bool, part: int, parts: int) -> None:
    held = ExitStack()
    _WORKER["bench"] = held.enter_context(bench_somewhere())
    atexit.register(held.close)
    _WORKER["runs"] = {name: chosen(asks, name, full=full, part=part, parts=parts) for name in SAMPLES}


def _make(job: tuple[str, int]) -> tuple[str, int, Verdict]:
    name, index = job
    run: Run = _WORKER["runs"][name][index]
    try:
        return name, index, run.go(_WORKER["bench"])
    except Exception as error:  # noqa: BLE001 (one run that cannot be made must not end the others)
        return name, index, Verdict("none", wrong=[f"it could not be made: {type(error).__name__}: {error}"])


def made(
    asks: Asks, jobs: Iterable[tuple[str, int]], *, full: bool, part: int, parts: int, beside: int
) -> Iterator[tuple[str, int, Verdict]]:
    """Make runs, so many beside each other: sweep, number and verdict of each as it ends."""
    with ProcessPoolExecutor(beside, get_context("spawn"), _begin, (asks, full, part, parts)) as pool:
        for done in as_completed([pool.submit(_make, job) for job in jobs]):
            yield done.result()
