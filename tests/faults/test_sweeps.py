"""A few fixed runs of the sweeps: nothing twice, nothing lost, nothing stuck, no token in any output.

`python -m tests.faults` makes the sample of a commit, with `--full` all runs; with `--mutants` it tries mistakes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults.bench import Bench, open_bench
from tests.faults.posts import ASKS, KINDS
from tests.faults.record import is_same, requests_of
from tests.faults.sample import sample
from tests.faults.stores import open_server
from tests.faults.sweeps import Run
from tests.faults.table import SWEEPS
from tests.faults.team import find_binaries
from tests.faults.workers import bench_somewhere
from tests.platforms.case import Kind
from ttp.domain.time.clock import SystemClock

pytestmark = pytest.mark.slow
FEW = ("one trouble", "kills", "tokens", "copies", "hostile answers")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with open_bench(tmp_path_factory.mktemp("bench")) as opened:
        yield opened


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_post_asks_for_what_the_sweeps_spoil(kind: Kind, bench: Bench) -> None:
    requests = requests_of(kind, bench)
    assert is_same(requests, ASKS[kind.name]), f"{requests}: if so, python -m tests.faults --record"


@pytest.mark.parametrize("name", FEW)
def test_a_run_of_a_sweep_leaves_every_post_once(name: str, bench: Bench) -> None:
    run = sample(name, SWEEPS[name](), 1, "0")[0]
    verdict = run.go(bench)
    assert run.breaches(verdict) == [], "\n".join(verdict.story)


@pytest.fixture(scope="module")
def postgresql_bench() -> Iterator[Bench]:
    # Not in the folder of pytest, which every pytest that starts closes to the server's user again.
    with (
        tempfile.TemporaryDirectory(prefix="ttp-faults-") as folder,
        open_server(Path(folder)) as server,
        bench_somewhere(server) as bench,
    ):
        yield bench


@pytest.mark.skipif(find_binaries() is None, reason="there are no programs of PostgreSQL here")
@pytest.mark.parametrize("name", ["one trouble", "host clocks"])
def test_a_run_of_a_sweep_on_postgresql_leaves_every_post_once(name: str, postgresql_bench: Bench) -> None:
    run = sample(name, SWEEPS[name](), 1, "0")[0]
    verdict = run.go(postgresql_bench)
    assert run.breaches(verdict) == [], "\n".join(verdict.story)


@pytest.mark.skipif(find_binaries() is None, reason="there are no programs of PostgreSQL here")
def test_the_clock_of_a_server_is_moved_for_a_case(postgresql_bench: Bench) -> None:
    bench = postgresql_bench
    bench.prepare(KINDS["x text"])

    def ahead_s() -> float:
        server = bench.store.open().server_clock
        assert server is not None
        with bench.store.open().reading() as db:
            assert db is not None
            return (server(db) - datetime.now(UTC)).total_seconds()

    bench.pass_time(3600.0)
    assert 3500 < ahead_s() < 3700
    bench.server_keeps_time = True
    bench.shift(7200.0, 0.0)
    assert -60 < ahead_s() < 60


def test_a_refused_call_opens_soon_also_after_a_run_that_left_the_clock_ahead(bench: Bench) -> None:
    place = "bluesky images, call 1 POST /xrpc/com.atproto.repo.applyWrites"
    (run,) = (one for one in SWEEPS["one trouble"]() if (one.row, one.place) == ("429", place))
    bench.pass_time(86_400.0)
    verdict = run.go(bench)
    assert run.breaches(verdict) == [], "\n".join(verdict.story)


def test_a_wrong_run_is_reported(bench: Bench) -> None:
    """The sweeps must count something: a platform that publishes twice, and a post that is removed."""
    from tests.faults.judge import Verdict
    from tests.faults.proxy import Asked, Fault

    kind = KINDS["x text"]

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


def test_an_intent_is_as_old_as_its_process_could_know(bench: Bench) -> None:
    bench.prepare(KINDS["x text"])
    before = SystemClock().boot()
    bench.slip(3600.0)
    assert bench.age_s(before) < 3000.0
    assert bench.age_s(before + 3600.0) < 3000.0, "an intent of after it"
    bench.pass_time(3600.0)
    assert bench.age_s(before) > 3000.0


def test_time_passes_also_on_a_clock_that_is_ahead(bench: Bench) -> None:
    bench.prepare(KINDS["x text"])
    bench.shift(3600.0, 0.0)
    bench.pass_time(40.0)
    assert (bench.wall_shift_s, bench.boot_shift_s, bench.platform.ahead_s) == (3640.0, 40.0, 40.0)
    bench.shift(-3600.0, 0.0)
    bench.pass_time(40.0)
    assert (bench.wall_shift_s, bench.boot_shift_s) == (80.0, 80.0)
