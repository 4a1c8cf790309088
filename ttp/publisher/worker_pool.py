"""The jobs in progress: some run on workers, some wait for a platform. The loop's thread owns them."""

from __future__ import annotations

import heapq
import itertools
import queue
import threading
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from ttp.domain.errors import Busy
from ttp.domain.time.clock import Clock
from ttp.platforms.client import Wait
from ttp.publisher.delivery_context import DeliveryTask

LONGEST_WAIT_S = 3600.0
BUSY_OVER_S = 60.0
"""Seconds after which something that was busy counts as free again."""
Steps: TypeAlias = Generator[Wait, None, None]


class Job(Protocol):
    """Work on one delivery: `run` yields the waits that it needs."""

    @property
    def task(self) -> DeliveryTask: ...

    def run(self) -> Steps: ...

    def release_claim(self) -> None:
        """Release the delivery after a wait."""
        ...


class Pool(Protocol):
    def submit(self, piece: WorkItem) -> None: ...


@dataclass(slots=True)
class JobReport:
    """A worker's report: the job wants to wait, or is over (`wait` None), or met a bug (`error`)."""

    job: Job
    steps: Steps | None
    wait: Wait | None
    error: BaseException | None = None


@dataclass(order=True, slots=True)
class _Sleeper:
    until: float
    order: int
    job: Job = field(compare=False)
    steps: Steps = field(compare=False)


Reports: TypeAlias = "queue.SimpleQueue[JobReport | None]"
WaitForReport: TypeAlias = Callable[[Reports, float], JobReport | None]


def wait_for_report(reports: Reports, seconds: float) -> JobReport | None:
    """Wait for a report, at most `seconds`."""
    try:
        return reports.get(timeout=seconds) if seconds > 0 else reports.get_nowait()
    except queue.Empty:
        return None


class WorkerPool:
    """Starts jobs on a pool, keeps waiting ones, and knows how many workers are free."""

    def __init__(
        self,
        pool: Pool,
        clock: Clock,
        wait: WaitForReport = wait_for_report,
        lost: tuple[type[Exception], ...] = (),
    ) -> None:
        """`lost`: errors of a job that has lost its delivery to others; they end the job alone."""
        self._lost = lost
        self.report_busy: Callable[[Busy], None] = lambda busy: None
        """Called once if jobs end again and again because something stays busy."""
        self._busy: dict[str, tuple[float, int]] = {}
        self._pool = pool
        self._clock = clock
        self._wait = wait
        self._reports: Reports = queue.SimpleQueue()
        self._jobs: set[Job] = set()
        self._sleepers: list[_Sleeper] = []
        self._order = itertools.count()

    @property
    def jobs(self) -> frozenset[Job]:
        """The jobs in progress. A delivery may have two for a moment: one that stored its result, and the next."""
        return frozenset(self._jobs)

    @property
    def at_work(self) -> frozenset[Job]:
        """The jobs that occupy a worker: those not waiting for a platform."""
        return frozenset(self._jobs.difference(sleeper.job for sleeper in self._sleepers))

    def start(self, job: Job) -> None:
        self._jobs.add(job)
        self._advance(job, None)

    def interrupt_wait(self) -> None:
        """End a wait. Safe in a signal handler."""
        self._reports.put(None)

    def resume_due_jobs(self) -> float | None:
        """Resume jobs whose wait is over. Return when the next wait ends, in `boot` seconds."""
        while self._sleepers and self._sleepers[0].until <= self._clock.boot():
            sleeper = heapq.heappop(self._sleepers)
            self._advance(sleeper.job, sleeper.steps)
        return self._sleepers[0].until if self._sleepers else None

    def wait(self, seconds: float) -> bool:
        """Wait at most `seconds` for a report and handle all that came. Return whether there was one. Raises what a job
        raised: the store refused, or a bug."""
        report = self._wait(self._reports, max(0.0, seconds))
        came = False
        while report is not None:
            came = True
            self._take(report)
            report = wait_for_report(self._reports, 0)
        return came

    def drain(self, seconds: float) -> bool:
        """Release waiting jobs and give running ones `seconds` to end. Return True if none is left. An error of one job
        does not stop the others; the first error is raised at the end."""
        end = self._clock.boot() + seconds
        errors: list[BaseException] = []
        while True:
            try:
                self._release_sleepers()
                rest = end - self._clock.boot()
                if not self._jobs or rest <= 0:
                    break
                self.wait(rest)
            except Exception as error:  # noqa: BLE001 (raised below)
                errors.append(error)
        if errors:
            raise errors[0]
        return not self._jobs

    def _release_sleepers(self) -> None:
        while self._sleepers:
            sleeper = self._sleepers.pop()
            self._jobs.discard(sleeper.job)
            sleeper.steps.close()
            with suppress(*self._lost):
                sleeper.job.release_claim()

    def _take(self, report: JobReport) -> None:
        if report.wait is None or report.steps is None:
            self._jobs.discard(report.job)
            if report.error is not None and not isinstance(report.error, self._lost):
                raise report.error
            if isinstance(report.error, Busy):
                self._count_busy(report.error)
            return
        # NaN would never be over.
        seconds = report.wait.seconds if 0 <= report.wait.seconds <= LONGEST_WAIT_S else LONGEST_WAIT_S
        until = self._clock.boot() + seconds
        heapq.heappush(self._sleepers, _Sleeper(until, next(self._order), report.job, report.steps))

    def _count_busy(self, busy: Busy) -> None:
        now = self._clock.boot()
        self._busy = {message: last for message, last in self._busy.items() if now - last[0] < BUSY_OVER_S}
        _, times = self._busy.get(busy.message, (now, 0))
        self._busy[busy.message] = now, times + 1
        if times == 1:  # once is nothing: the job is soon tried again
            self.report_busy(busy)

    def _advance(self, job: Job, steps: Steps | None) -> None:
        # Made first: without memory there would be no report, and the loop would wait forever.
        report = JobReport(job, None, None)

        def piece() -> None:
            try:
                going = job.run() if steps is None else steps
                report.wait = next(going, None)
                report.steps = going
            except BaseException as error:  # noqa: BLE001 (carried to the loop's thread, which ends the publisher)
                report.error = error
            self._reports.put(report)

        try:
            self._pool.submit(piece)
        except BaseException:
            self._jobs.discard(job)  # it did not start: its delivery is claimed, and the next publisher recovers it
            raise


WorkItem = Callable[[], None]


class WorkerThreads:
    """At most `most` threads, started on demand."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pieces: queue.SimpleQueue[WorkItem | None] = queue.SimpleQueue()
        self._threads = 0
        self._idle = threading.Semaphore(0)

    def submit(self, piece: WorkItem) -> None:
        """Run `piece`, which never raises, on some thread."""
        if not self._idle.acquire(blocking=False) and self._threads < self._most:
            self._start_thread()
        self._pieces.put(piece)

    def _start_thread(self) -> None:
        """Start one more thread. If the system refuses, existing ones do the work; without any, raise RuntimeError."""
        thread = threading.Thread(target=self._serve, name=f"ttp-worker-{self._threads + 1}", daemon=True)
        try:
            thread.start()
        except (RuntimeError, MemoryError):
            if not self._threads:
                raise
        else:
            self._threads += 1

    def close(self) -> None:
        """Let each thread end when it has no work left. Accept no more work."""
        for _ in range(self._threads):
            self._pieces.put(None)

    def _serve(self) -> None:
        while (piece := self._pieces.get()) is not None:
            try:
                piece()
            finally:
                self._idle.release()
