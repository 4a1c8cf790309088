"""Periodic reading of metrics: on time, without delaying or ending the publisher."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.publisher.bench import Bench
from tests.publisher.test_process import runner
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import Busy
from ttp.domain.publishing.outcome import Done
from ttp.publisher import periodic
from ttp.publisher.loop import Mode, Scope
from ttp.publisher.periodic import metrics_pull, pull_once
from ttp.store.home import locks

Stopping = Callable[[], bool]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("METRICS_FIRST_S", 0.0), ("METRICS_EVERY_S", 0.0), ("LEAVE_S", 0.05)):
        monkeypatch.setattr(periodic, name, seconds)


def test_a_loop_runs_its_periodic_work_repeatedly_and_stops_it_at_the_end() -> None:
    third, ended = threading.Event(), threading.Event()
    turns: list[bool] = []

    def turn(stopping: Stopping) -> None:
        turns.append(stopping())
        if len(turns) == 3:
            third.set()
            while not stopping():
                pass
            ended.set()

    with metrics_pull(turn) as faults:
        assert third.wait(60)
    assert ended.wait(60)
    assert (turns, faults) == ([False] * 3, [])


def test_the_end_of_a_loop_does_not_wait_for_hanging_periodic_work() -> None:
    begun, release = threading.Event(), threading.Event()

    def turn(stopping: Stopping) -> None:
        begun.set()
        release.wait(60)

    with metrics_pull(turn):
        assert begun.wait(60)
    assert not release.is_set()
    release.set()


def test_without_periodic_work_nothing_is_done() -> None:
    with metrics_pull(None) as faults:
        pass
    assert faults == []


def test_store_errors_are_not_reported_here_and_other_errors_once() -> None:
    done = threading.Event()
    raised: list[Exception] = [Busy("locked"), ZeroDivisionError(), ZeroDivisionError()]

    def turn(stopping: Stopping) -> None:
        if not raised:
            done.set()
            return
        raise raised.pop(0)

    with metrics_pull(turn) as faults:
        assert done.wait(60)
    (fault,) = faults
    place = f"ZeroDivisionError in {Path(__file__).name}, line "
    assert fault.startswith(f"numbers were not read, by a fault of ttp: {place}")


def test_a_short_run_does_its_periodic_work_once() -> None:
    turns: list[bool] = []
    assert pull_once(lambda stopping: turns.append(stopping()), threading.Event()) == []
    assert turns == [False]


def test_a_short_run_abandons_periodic_work_that_takes_too_long() -> None:
    stopped, release = threading.Event(), threading.Event()

    def turn(stopping: Stopping) -> None:
        release.wait(60)
        if stopping():
            stopped.set()

    assert pull_once(turn, threading.Event(), budget_s=0.01) == []
    assert not stopped.is_set()
    release.set()
    assert stopped.wait(60)


def test_a_signal_ends_the_periodic_work_of_a_short_run() -> None:
    over = threading.Event()

    def turn(stopping: Stopping) -> None:
        over.set()
        assert stopping()

    assert pull_once(turn, over, budget_s=60) == []


def test_an_error_in_a_short_run_is_reported() -> None:
    def turn(stopping: Stopping) -> None:
        raise ZeroDivisionError

    (fault,) = pull_once(turn, threading.Event())
    assert "ZeroDivisionError" in fault


# As a part of a run.


@pytest.mark.parametrize("mode", [Mode.ONCE, Mode.UNTIL_IDLE], ids=str)
def test_a_short_run_reads_metrics_after_releasing_the_lock(bench: Bench, mode: Mode) -> None:
    seen: list[object] = []

    def turn(stopping: Stopping) -> None:
        seen.extend([locks.is_publisher_running(bench.database.home), bench.delivery().state])

    bench.post()
    bench.x.publishes.append(Done("1"))
    assert runner(bench, numbers=turn).run(Scope(mode), bench.events.append).clean
    assert seen == [False, DeliveryState.PUBLISHED]


def test_a_loop_reads_metrics_while_it_runs(bench: Bench) -> None:
    read = threading.Event()

    def wait_for_report(reports: object, seconds: float) -> None:
        assert read.wait(60)
        bench.clock.advance(seconds)

    made = runner(bench, numbers=lambda stopping: read.set(), wait=wait_for_report)
    assert made.run(Scope(Mode.LOOP, max_time=1.0), bench.events.append).clean


def test_following_a_post_does_not_wait_for_metrics(bench: Bench) -> None:
    def turn(stopping: Stopping) -> None:
        raise AssertionError("nothing is read")

    post = bench.post()
    bench.x.publishes.append(Done("1"))
    ended = runner(bench, numbers=turn).publish(frozenset({post}), bench.events.append)
    assert (ended.clean, ended.notes) == (True, ())


def test_an_error_in_reading_metrics_is_a_note_of_the_run(bench: Bench) -> None:
    def turn(stopping: Stopping) -> None:
        raise ZeroDivisionError

    ended = runner(bench, numbers=turn).run(Scope(Mode.ONCE), bench.events.append)
    assert ended.clean
    assert "numbers were not read" in ended.notes[0]
