"""A sample of every sweep: nothing twice, nothing lost, nothing stuck, no token in any output.

`python -m tests.faults --full` makes all runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import COUNTS
from tests.faults.bench import Bench, open_bench
from tests.faults.mutants import MUTANTS, two_of_them
from tests.faults.mutation import try_mutant
from tests.faults.posts import KINDS
from tests.faults.sample import SEED, seed
from tests.faults.sweeps import Run
from tests.faults.table import SAMPLES, Row, lines
from tests.faults.workers import Choice, on_benches

BESIDE = 3
"""Runs beside each other: most of a run is waiting."""


@pytest.fixture(scope="module")
def benches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Bench]]:
    with ExitStack() as held:
        yield [held.enter_context(open_bench(tmp_path_factory.mktemp("bench"))) for _ in range(BESIDE)]


@pytest.mark.parametrize("name", list(SAMPLES))
def test_a_sample_of_a_sweep_leaves_every_post_once(
    name: str, benches: list[Bench], record_property: Callable[[str, object], None]
) -> None:
    asks = {kind.name: benches[0].requests(kind) for kind in KINDS.values()}
    runs = Choice().of(asks, name)
    if not runs:
        pytest.skip("this machine has no strace")
    rows: dict[str, Row] = {}
    wrong: list[str] = []
    for run, verdict in on_benches(runs, benches):
        rows.setdefault(run.row, Row()).add(run, verdict)
        if found := run.breaches(verdict):
            wrong += [*found, *verdict.story, f"to make it in every sample: {run.fixed_case(name)}"]
    title = f"{name}, {SEED}={seed()}"
    record_property(COUNTS, "\n".join([title, *lines(rows)]))
    assert wrong == [], "\n".join([title, *wrong])
    assert sum(row.runs for row in rows.values()) == len(runs)


@pytest.mark.parametrize("mutant", two_of_them(seed()))
def test_the_sweeps_catch_a_mistake(
    mutant: str, benches: list[Bench], record_property: Callable[[str, object], None]
) -> None:
    """Two mistakes for each commit; `python -m tests.faults --mutants` tries them all."""
    asks = {kind.name: benches[0].requests(kind) for kind in KINDS.values()}
    tried = []
    for sweep in MUTANTS[mutant].sweeps:
        tried.append(try_mutant(mutant, sweep, asks, benches))
        if tried[-1].by:
            break
    record_property(COUNTS, "\n".join(each.line() for each in tried))
    assert tried[-1].by, f"no sweep catches {mutant} with {SEED}={seed()}"


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
