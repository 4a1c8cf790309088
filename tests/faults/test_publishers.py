"""A small sample of the sweeps of several publishers: `python -m tests.faults --store postgresql` runs them all."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.faults import sweep_publishers, sweep_servers
from tests.faults.sweep_publishers import Runner, open_runner
from tests.faults.team import Case, find_binaries, judge_posts
from tests.faults.team_process import MUTANTS, STEPS
from tests.rows import each


def sample() -> Iterator[Case]:
    """Few runs of each sort, the shortest first: a stop before and after the intent, a kill, a crash of the server, a
    person's change, a failover."""
    yield from itertools.islice(sweep_publishers.stopped(len(STEPS)), 1, 3)
    yield from sweep_publishers.killed(1)
    yield from itertools.islice(sweep_publishers.restarted(2), 1, 2)
    yield from sweep_publishers.edited(1)
    yield from sweep_servers.failed_over(1)


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    if find_binaries() is None:
        pytest.skip("there are no programs of PostgreSQL here")
    with open_runner() as runner:
        yield runner


@pytest.mark.slow  # the first alone takes 15 s; CI runs the sweep itself
@pytest.mark.parametrize("number", range(6))
def test_several_publishers_publish_each_post_once(runner: Runner, number: int) -> None:
    case = next(itertools.islice(sample(), number, None))
    result, _ = runner.run(case)
    assert result.is_good_for(case), "\n".join((case.what, result.summary, *result.story))


def test_every_mutant_has_a_sweep() -> None:
    assert set(sweep_publishers.CATCH) == set(MUTANTS)


@each("state", ["failed", "cancelled"])
@each(("is_unprotected", "count", "lost"), [(False, 0, 1), (False, 1, 1), (True, 0, 1), (True, 1, 0), (True, 2, 0)])
def test_an_unprotected_case_loses_only_what_the_platform_lacks(
    state: str, is_unprotected: bool, count: int, lost: int
) -> None:
    result = judge_posts(["a"], {"a": count}, {"a": state}, is_unprotected=is_unprotected)
    assert (result.lost, result.duplicates, result.stuck, result.notes) == (lost, max(0, count - 1), 0, [])
