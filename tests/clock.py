"""A clock that tests hold in their hands: it stands still until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

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
