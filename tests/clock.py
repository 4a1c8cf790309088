"""The clocks of the tests: one is fixed until a test moves it, one runs on from a fixed instant."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile

from ttp.domain.time.clock import SystemClock

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
"""A Tuesday noon."""


class FakeClock:
    """`now` and `boot` move together by `advance`; `set` moves the wall clock alone, as time synchronisation does."""

    def __init__(self, start: datetime = START, *, boot: float = 1000.0) -> None:
        self._now = start
        self._boot = boot

    def now(self) -> datetime:
        return self._now

    def boot(self) -> float:
        return self._boot

    def advance(self, seconds: float = 0.0, **more: float) -> None:
        """Let time pass: seconds, and what `timedelta` takes by name (`hours=2`)."""
        passed = timedelta(seconds=seconds, **more)
        self._now += passed
        self._boot += passed.total_seconds()

    def set(self, now: datetime) -> None:
        """Put the wall clock on another time; the machine runs on as before."""
        self._now = now


class RunningClock(SystemClock):
    """Runs on from `START`, whatever the machine's date is. Processes that are given the same `began` agree."""

    def __init__(self, began: float | None = None) -> None:
        self.began = self.boot() if began is None else began
        """What `boot` said at `START`."""

    def now(self) -> datetime:
        return START + timedelta(seconds=self.boot() - self.began)


def files_now(folder: Path) -> datetime:
    """The time by which the file system under `folder` dates its files: the kernel's, whatever Python's clock says."""
    with TemporaryFile(dir=folder) as file:
        return datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
