"""The clock interface, and conversions of instants. The only module that reads a clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_QUICK_S = 1.0
"""A clock whose answer took longer is not believed: it may be late by that."""


class Clock(Protocol):
    """The two clocks that all code gets passed in."""

    def now(self) -> datetime:
        """Return the wall clock, aware, UTC."""

    def boot(self) -> float:
        """Return seconds since the machine started, counting time asleep; never goes backward."""


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def boot(self) -> float:
        # CLOCK_BOOTTIME counts a suspended laptop's sleep; macOS's monotonic clock does so by itself.
        return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SharedClock:
    """The clock by which several hosts agree: another machine's, which `follow` reads, continued by this machine's
    clock since start-up. Until then this machine's own."""

    def __init__(self, own: Clock) -> None:
        self._own = own
        self._read: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        if self._read is None:
            return self._own.now()
        at, boot = self._read
        return at + timedelta(seconds=self._own.boot() - boot)

    def boot(self) -> float:
        return self._own.boot()

    def follow(self, read: Callable[[], datetime]) -> tuple[datetime, datetime]:
        """Read the other clock. Return what it says, and what this machine's own says."""
        began = self._own.boot()
        theirs, ended = read(), self._own.boot()
        if self._read is None or ended - began <= _QUICK_S:
            self._read = theirs, (began + ended) / 2
        return theirs, self._own.now()


def to_ms(instant: datetime) -> int:
    """Return milliseconds since 1970 of an aware instant. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("a naive datetime is not an instant")
    return (instant - EPOCH) // _MILLISECOND


def parse_instant(text: object, naive: tzinfo | None = None) -> datetime | None:
    """Return a time in ISO 8601 in UTC; None for anything else. `naive`: the zone of one without an offset, which is
    refused without it."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
        if at is not None and at.utcoffset() is None:
            at = at.replace(tzinfo=naive) if naive else None
        return None if at is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def from_ms(ms: int) -> datetime:
    """Return the aware UTC instant of milliseconds since 1970."""
    return EPOCH + _MILLISECOND * ms


def utc_text(instant: datetime) -> str:
    """`2026-11-23T17:00:00Z`, with milliseconds where there are any. Raises ValueError for a naive instant."""
    # Of UTC alone: in other zones the two instants of a repeated hour compare equal.
    return _utc_text(instant if instant.tzinfo is UTC else from_ms(to_ms(instant)))


@lru_cache(maxsize=1024)  # a post and its deliveries name the same instants
def _utc_text(utc: datetime) -> str:
    return utc.isoformat("T", "milliseconds" if utc.microsecond >= 1000 else "seconds")[:-6] + "Z"


def format_json_instant(at: datetime | None) -> str | None:
    """Format as `2026-11-23T17:00:00Z`, with milliseconds if any; None stays None. ValueError for a naive time."""
    return None if at is None else utc_text(at)
