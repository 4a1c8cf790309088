"""A fixed sample of every sweep: nothing twice, nothing lost, nothing stuck, no token let out. `python -m tests.faults
--full` makes all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import COUNTS
from tests.faults.bench import Bench, open_bench
from tests.faults.posts import KINDS
from tests.faults.sweeps import Run
from tests.faults.table import SAMPLES, Row, lines, sample, sweep

BESIDE = 3
"""Runs beside each other: most of a run is waiting."""


@pytest.fixture(scope="module")
def benches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Bench]]:
    with ExitStack() as held:
        yield [held.enter_context(open_bench(tmp_path_factory.mktemp("bench"))) for _ in range(BESIDE)]


def made(runs: list[Run], benches: list[Bench]) -> tuple[dict[str, Row], list[str]]:
    """Make the runs, each on the next bench that is free."""
    rows: dict[str, Row] = {}
    wrong: list[str] = []
    left, turn = iter(runs), threading.Lock()

    def serve(bench: Bench) -> None:
        while True:
            with turn:
                run = next(left, None)
            if run is None:
                return
            verdict = run.go(bench)
            with turn:
                rows.setdefault(run.row, Row()).add(run, verdict)
                if found := run.breaches(verdict):
                    wrong.extend([*found, *verdict.story])

    with ThreadPoolExecutor(len(benches)) as pool:
        for done in [pool.submit(serve, bench) for bench in benches]:
            done.result()
    return rows, wrong


@pytest.mark.parametrize("name", list(SAMPLES))
def test_a_sample_of_a_sweep_leaves_every_post_once(
    name: str, benches: list[Bench], record_property: Callable[[str, object], None]
) -> None:
    asks = {kind.name: benches[0].requests(kind) for kind in KINDS.values()}
    runs = sample(sweep(name, asks), SAMPLES[name])
    if not runs:
        pytest.skip("this machine has no strace")
    rows, wrong = made(runs, benches)
    record_property(COUNTS, "\n".join([name, *lines(rows)]))
    assert wrong == [], "\n".join(wrong)
    assert sum(row.runs for row in rows.values()) == len(runs)


def test_a_run_that_goes_wrong_is_told(tmp_path: Path) -> None:
    """What the sweeps count must not be nothing: a platform that publishes twice, and a post that is taken away."""
    from tests.faults.judge import Verdict
    from tests.faults.proxy import Asked, Fault

    kind = KINDS["x text"]
    with open_bench(tmp_path) as bench:

        def twice(asked: Asked) -> Fault | None:
            if kind.publishes(asked):
                bench.control("POST", "posts", {"account": kind.account, "text": "x", "at": "2026-11-24T00:00:00Z"})
            return None

        def gone(asked: Asked) -> Fault | None:
            if not kind.publishes(asked):
                return None
            return Fault("gone", True, act=bench.sandbox.state.posts.clear)

        doubled = bench.case(kind, twice)
        lost = bench.case(kind, gone)
    run = Run("a row", "a place", lambda bench: Verdict("published"))
    assert (doubled.duplicates, lost.lost) == (1, 1)
    assert run.breaches(doubled)
    assert run.breaches(lost)
