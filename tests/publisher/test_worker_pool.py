"""The worker pool: counting jobs, waiting for them, releasing them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import cast

import pytest

from tests.clock import FakeClock
from tests.publisher.bench import Inline
from ttp.platforms.client import StepFailed, Wait
from ttp.publisher import worker_pool as crew_module
from ttp.publisher.delivery_context import DeliveryTask
from ttp.publisher.worker_pool import WorkerPool, WorkerThreads, wait_for_report


@dataclass(eq=False)
class Carried:
    """A job made of a plain generator."""

    steps: Callable[[], Generator[Wait, None, None]]
    task: DeliveryTask = field(default_factory=lambda: cast(DeliveryTask, None))
    gone: bool = False

    def run(self) -> Generator[Wait, None, None]:
        return self.steps()

    def release_claim(self) -> None:
        self.gone = True


def waits(*seconds: float, log: list[str] | None = None) -> Callable[[], Generator[Wait, None, None]]:
    said = [] if log is None else log

    def steps() -> Generator[Wait, None, None]:
        try:
            for second in seconds:
                said.append(f"wait {second}")
                yield Wait(second, "something")
            said.append("done")
        except GeneratorExit:
            said.append("let go")
            raise

    return steps


def test_a_waiting_job_is_counted_but_uses_no_worker(clock: FakeClock) -> None:
    workers, log = WorkerPool(Inline(), clock), list[str]()
    workers.start(Carried(waits(5.0, log=log)))
    assert len(workers.at_work) == 1
    assert workers.wait(0)
    assert (len(workers.jobs), len(workers.at_work)) == (1, 0)
    assert workers.resume_due_jobs() == 1005.0
    clock.advance(5.0)
    assert workers.resume_due_jobs() is None
    assert len(workers.at_work) == 1
    assert workers.wait(0)
    assert (len(workers.jobs), len(workers.at_work)) == (0, 0)
    assert log == ["wait 5.0", "done"]
    assert not workers.wait(0)


def test_waiting_jobs_continue_in_the_order_of_their_times(clock: FakeClock) -> None:
    workers, log = WorkerPool(Inline(), clock), list[str]()
    for seconds in (3.0, 1.0, 2.0):
        workers.start(Carried(waits(seconds, seconds, log=log)))
    workers.wait(0)
    log.clear()
    clock.advance(3.0)
    workers.resume_due_jobs()
    assert log == ["wait 1.0", "wait 2.0", "wait 3.0"]


def test_an_exception_of_a_job_is_raised_by_the_wait_and_removes_the_job(clock: FakeClock) -> None:
    def steps() -> Generator[Wait, None, None]:
        yield Wait(0.0, "nothing")
        raise ZeroDivisionError

    workers = WorkerPool(Inline(), clock)
    workers.start(Carried(steps))
    workers.wait(0)
    workers.resume_due_jobs()
    with pytest.raises(ZeroDivisionError):
        workers.wait(0)
    assert not workers.jobs


def test_the_end_of_a_job_does_not_end_the_next_one_of_the_same_delivery(clock: FakeClock) -> None:
    """A look-up stores that its delivery is to be sent again; the loop claims it before the look-up's report came."""
    task = cast(DeliveryTask, object())
    workers = WorkerPool(Inline(), clock)
    look, send = Carried(waits(), task), Carried(waits(60.0), task)
    workers.start(look)
    workers.start(send)
    workers.wait(0)
    assert workers.jobs == {send}
    assert workers.drain(1.0)


def test_a_poke_ends_a_wait(clock: FakeClock) -> None:
    workers = WorkerPool(Inline(), clock)
    workers.interrupt_wait()
    assert not workers.wait(60.0)


def test_a_nap_ends_with_its_time() -> None:
    assert wait_for_report(queue.SimpleQueue(), 0.01) is None


def test_a_drain_releases_waiting_jobs(clock: FakeClock) -> None:
    workers, log = WorkerPool(Inline(), clock), list[str]()
    jobs = [Carried(waits(60.0, log=log)), Carried(waits(90.0, log=log))]
    for job in jobs:
        workers.start(job)
    assert workers.drain(10.0)
    assert all(job.gone for job in jobs)
    assert log == ["wait 60.0", "wait 90.0", "let go", "let go"]
    assert not workers.jobs


def test_a_drain_waits_for_working_jobs_until_their_next_wait() -> None:
    clock, log, go = FakeClock(), list[str](), threading.Event()

    def steps() -> Generator[Wait, None, None]:
        assert go.wait(60)
        yield from waits(60.0, log=log)()

    workers = WorkerPool(WorkerThreads(1), clock)
    workers.start(Carried(steps))
    go.set()
    assert workers.drain(10.0)
    assert log == ["wait 60.0", "let go"]


def test_a_drain_abandons_jobs_that_take_too_long() -> None:
    clock, go = FakeClock(), threading.Event()

    def steps() -> Generator[Wait, None, None]:
        assert go.wait(60)
        yield from ()

    def doze(reports: object, seconds: float) -> None:
        clock.advance(seconds)

    workers = WorkerPool(WorkerThreads(1), clock, doze)
    workers.start(Carried(steps))
    assert not workers.drain(20.0)
    assert clock.boot() == 1020.0
    assert len(workers.jobs) == 1
    go.set()


def test_a_job_that_cannot_be_released_does_not_block_others(clock: FakeClock) -> None:
    def stubborn() -> Generator[Wait, None, None]:
        try:
            yield Wait(60.0, "something")
        finally:
            raise StepFailed("close", cast(object, None))  # type: ignore[arg-type]  # never looked at

    workers, log = WorkerPool(Inline(), clock), list[str]()
    workers.start(Carried(stubborn))
    workers.start(Carried(waits(60.0, log=log)))
    workers.start(Carried(stubborn))
    workers.wait(0)
    with pytest.raises(AttributeError):
        workers.drain(10.0)
    assert log[-1] == "let go"
    assert not workers.jobs


def test_workers_are_started_as_they_are_needed_and_no_more_than_allowed() -> None:
    pool, lock, go = WorkerThreads(2), threading.Lock(), threading.Event()
    begun, done = threading.Semaphore(0), threading.Semaphore(0)
    at_once, most, threads = 0, 0, set[int]()

    def piece() -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
            threads.add(threading.get_ident())
        begun.release()
        assert go.wait(60)
        with lock:
            at_once -= 1
        done.release()

    for _ in range(5):
        pool.submit(piece)
    assert begun.acquire(timeout=60)
    assert begun.acquire(timeout=60)
    go.set()
    for _ in range(5):
        assert done.acquire(timeout=60)
    pool.submit(piece)
    assert done.acquire(timeout=60)
    assert most <= 2
    assert len(threads) == 2


def test_workers_that_are_closed_end_when_they_have_nothing_left_to_do() -> None:
    pool, go, done, ended = WorkerThreads(1), threading.Event(), threading.Semaphore(0), list[threading.Thread]()

    def piece() -> None:
        ended.append(threading.current_thread())
        assert go.wait(60)

    pool.submit(piece)
    pool.submit(done.release)
    pool.submit(done.release)
    pool.close()
    go.set()
    assert done.acquire(timeout=60)
    assert done.acquire(timeout=60)
    for thread in ended:
        thread.join(60)
        assert not thread.is_alive()


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0])
def test_an_invalid_wait_ends_after_an_hour(clock: FakeClock, seconds: float) -> None:
    workers = WorkerPool(Inline(), clock)
    workers.start(Carried(waits(seconds)))
    workers.wait(0)
    assert workers.resume_due_jobs() == clock.boot() + 3600.0


def test_a_job_without_memory_is_reported_and_its_worker_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even for a new report is there memory: the loop must not wait for the job for ever."""

    def steps() -> Generator[Wait, None, None]:
        def refuse(*_: object) -> tuple[Wait, ...]:
            raise MemoryError

        monkeypatch.setattr(crew_module, "JobReport", refuse)
        yield from refuse()

    clock, log = FakeClock(), list[str]()
    workers = WorkerPool(WorkerThreads(1), clock)
    workers.start(Carried(steps))
    with pytest.raises(MemoryError):
        workers.wait(60.0)
    assert not workers.jobs
    monkeypatch.undo()
    workers.start(Carried(waits(log=log)))
    assert workers.wait(60.0)
    assert log == ["done"]


def test_a_job_without_a_thread_is_not_counted(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    workers = WorkerPool(WorkerThreads(2), clock)
    with pytest.raises(RuntimeError):
        workers.start(Carried(waits()))
    assert not workers.jobs


def test_without_more_threads_the_first_worker_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, log, go, begun = FakeClock(), list[str](), threading.Event(), threading.Event()

    def first() -> Generator[Wait, None, None]:
        begun.set()
        assert go.wait(60)
        yield from ()

    workers = WorkerPool(WorkerThreads(2), clock)
    workers.start(Carried(first))
    assert begun.wait(60)

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    workers.start(Carried(waits(log=log)))
    go.set()
    assert workers.drain(10.0)
    assert log == ["done"]
