"""Rate limits: a call that would exceed a known limit is not made.

Each platform has a `Meter`: which limits a call counts against, and what an answer reports. `LimitMemory` stores limits
for the next process; without one they last as long as this process. Nothing here makes a call fail, and nothing is
written between an intent and its call.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from ttp.domain.account import Account
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.publishing.rate_limit import LONGEST, Limit, LimitKey, owner
from ttp.domain.time.clock import Clock
from ttp.platforms.client import PublishRequest, StepFailed
from ttp.platforms.reply import Answer, NotSent, Reply, add_seconds, parse_instant, retry_after_s

MOST = 10**9
"""Larger numbers in a limit header are ignored."""
_UNTOLD_S = 300.0
"""Seconds to wait after a refusal that does not tell its reset."""


class LimitMemory(Protocol):
    """Stores limits. Safe to use from several threads; only `keep` waits for the disk."""

    def note(self, account: Account, limits: Iterable[Limit]) -> None:
        """Store an account's limits."""

    def last_known(self, account: Account, key: LimitKey) -> Limit | None:
        """Return what was last reported for a limit; None if nothing was."""

    def keep(self) -> None:
        """Write pending limits to disk. Never raises: the next answer reports them again."""


class InMemoryLimits:
    """Limits that last as long as the process."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, LimitKey], Limit] = {}

    def note(self, account: Account, limits: Iterable[Limit]) -> None:
        self._known.update({(owner(account.name, limit.key), limit.key): limit for limit in limits})

    def last_known(self, account: Account, key: LimitKey) -> Limit | None:
        return self._known.get((owner(account.name, key), key))

    def keep(self) -> None: ...


class Meter(Protocol):
    """How one platform limits calls. Pure, except where it counts calls because the platform reports nothing."""

    def keys(self, request: PublishRequest, method: str, path: str) -> tuple[LimitKey, ...]:
        """Return the limits that a call counts against."""
        return ()

    def count_call(self, request: PublishRequest, method: str, path: str, memory: LimitMemory) -> Iterable[Limit]:
        """Return what is left after a call that is about to be made; empty if the answer will report it."""
        return ()

    def read_limits(self, request: PublishRequest, method: str, path: str, answer: Answer) -> Iterable[Limit]:
        """Return the limits that an answer reports. Never raises."""
        return ()


class ClockMeter(Meter):
    """The base of meters that go by a clock; by itself for a platform without limits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock


class RateLimiter:
    """Checks every call to one platform against its limits."""

    def __init__(self, clock: Clock, meter: Meter | None = None, memory: LimitMemory | None = None) -> None:
        self.memory = memory or InMemoryLimits()
        self._clock = clock
        self._meter = meter or ClockMeter(clock)
        self._turn = threading.Lock()

    def why_closed(self, request: PublishRequest, method: str, path: str) -> NotSent | None:
        """Return why a call is not made now; None if it may be."""
        now = self._clock.now()
        limits = [self.memory.last_known(request.account, key) for key in self._meter.keys(request, method, path)]
        closed = [(until, limit) for limit in limits if limit and (until := limit.closed_until(now)) is not None]
        if not closed:
            return None
        until, limit = max(closed, key=lambda one: one[0])
        of = "" if limit.limit is None else f" ({limit.limit})"
        message = f"limit reached: {limit.label}{of}"
        return NotSent(message, Kind.RATE_LIMIT, retry_at=until)

    def why_reserved(self, request: PublishRequest, method: str, path: str, reserve: float) -> NotSent | None:
        """Return why a call is left to publishing: at most the share `reserve` of a limit is left. None if allowed."""
        now = self._clock.now()
        for key in self._meter.keys(request, method, path):
            limit = self.memory.last_known(request.account, key)
            if limit is None or limit.resets_at is None or limit.resets_at <= now:
                continue
            if limit.share_left <= reserve:
                message = f"the rest of {limit.label} is reserved for publishing ({limit.left} of {limit.limit or '?'})"
                return NotSent(message, Kind.RATE_LIMIT, retry_at=limit.resets_at)
        return None

    def require_open(self, request: PublishRequest, step: str, method: str, path: str) -> None:
        """Check the limits before the steps that lead to a publishing call. Raises StepFailed."""
        shut = self.why_closed(request, method, path)
        if shut is not None:
            raise StepFailed(
                step, NotDone(shut.kind, shut.message, "limit", passing=True, retry_at=shut.retry_at, hold=True)
            )

    def acquire(self, request: PublishRequest, method: str, path: str) -> NotSent | None:
        """Return why a call is not made now; if it may be made, return None and count it."""
        with self._turn:  # two calls at once must not both take the last place
            if (shut := self.why_closed(request, method, path)) is None:
                self.memory.note(request.account, self._meter.count_call(request, method, path, self.memory))
            return shut

    def record_answer(self, request: PublishRequest, method: str, path: str, answer: Answer) -> None:
        """Store the limits that an answer reports."""
        self.note(request.account, *self._meter.read_limits(request, method, path, answer))

    def note(self, account: Account, *limits: Limit) -> None:
        """Store an account's limits; implausible ones are dropped."""
        last = self._clock.now() + LONGEST
        sane = (limit for limit in limits if 0 <= limit.left <= MOST and (limit.resets_at or last) <= last)
        self.memory.note(account, sane)


@dataclass(frozen=True, slots=True)
class HeaderLimit:
    """One limit in the headers of an answer."""

    left: int
    limit: int | None
    resets_at: datetime

    @property
    def opens_at(self) -> datetime | None:
        """When a call may be made again; None if it may now."""
        return self.resets_at if self.left == 0 else None

    def as_limit(self, account: Account, key: LimitKey) -> Limit:
        return Limit(account.name, key.name, self.left, self.limit, self.resets_at, key.scope, key.subject)


def read_header_limit(
    answer: Reply, now: datetime, prefix: str, *, refused: bool, wait_s: float | None
) -> HeaderLimit | None:
    """Return the limit in the headers `prefix-limit`, `-remaining` and `-reset` (seconds since 1970, or ISO 8601). None
    without one. `refused`: nothing of it is left; `wait_s`: until its reset, if the answer does not say."""
    limit, calls_left, at = (
        parse_whole_number(answer.headers.get(f"{prefix}-{part}")) for part in ("limit", "remaining", "reset")
    )
    reset = parse_instant(answer.headers.get(f"{prefix}-reset")) if at is None else datetime.fromtimestamp(at, UTC)
    seconds = (reset - (answer.date or now)).total_seconds() if reset else wait_s if refused else None
    calls_left = 0 if refused else calls_left
    if calls_left is None or seconds is None:
        return None
    return HeaderLimit(calls_left, limit if limit and limit <= MOST else None, add_seconds(now, seconds))


def read_server_limit(answer: Answer, now: datetime, prefix: str) -> HeaderLimit | None:
    """Return the limit of a server that tells one with each answer, and refuses calls beyond it with 429."""
    wait_s = retry_after_s(answer) or _UNTOLD_S
    return read_header_limit(answer, now, prefix, refused=answer.status == 429, wait_s=wait_s)


def parse_whole_number(text: str | None) -> int | None:
    """Return the number in a header; None if it is not a whole number or too large for a limit or time."""
    return int(text) if text and len(text) < 12 and text.isascii() and text.isdecimal() else None
