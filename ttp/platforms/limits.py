"""What the platforms still allow, kept to: a call that is known to be over a limit is not made.

Each platform brings one `Meter`: what a call counts against, and what its answer tells. The `Memory` is the store's,
so that a limit holds for the next process too; where there is none, it ends with this process. Nothing here ever
fails a call, and nothing is written between an intent and its call.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Protocol

from ttp.domain.account import Account
from ttp.domain.outcome import Kind, NotDone
from ttp.domain.rate_limit import LONGEST, Limit, LimitKey, owner
from ttp.domain.time.clock import Clock
from ttp.platforms.client import PublishRequest, StepFailed
from ttp.platforms.reply import Answer, NotSent

MOST = 10**9
"""The largest number that is believed as a limit."""


class LimitMemory(Protocol):
    """Where limits are remembered. Safe to use from several threads; never waits for a disk but in `keep`."""

    def note(self, account: Account, limits: Iterable[Limit]) -> None:
        """Remember an account's limits."""
        ...

    def known(self, account: Account, key: LimitKey) -> Limit | None:
        """What was last told of one limit; None where nothing was."""
        ...

    def keep(self) -> None:
        """Write down what is not written yet. Raises nothing: the next answer reports what is lost."""
        ...


class InMemoryLimits:
    """A memory that ends with the process."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, LimitKey], Limit] = {}

    def note(self, account: Account, limits: Iterable[Limit]) -> None:
        self._known.update({(owner(account.name, limit.key), limit.key): limit for limit in limits})

    def known(self, account: Account, key: LimitKey) -> Limit | None:
        return self._known.get((owner(account.name, key), key))

    def keep(self) -> None:
        """There is nowhere to write."""


class Meter(Protocol):
    """How one platform limits calls. Pure, but for counting where the platform tells nothing."""

    def keys(self, request: PublishRequest, method: str, path: str) -> tuple[LimitKey, ...]:
        """The limits that a call counts against."""
        ...

    def counted(self, request: PublishRequest, method: str, path: str, memory: LimitMemory) -> Iterable[Limit]:
        """What is left after a call that is about to be made; nothing where the answer will tell."""
        ...

    def told(self, request: PublishRequest, method: str, path: str, answer: Answer) -> Iterable[Limit]:
        """What an answer tells. Whatever is in it, nothing is raised."""
        ...


class NoMeter:
    """A platform that limits nothing."""

    def keys(self, request: PublishRequest, method: str, path: str) -> tuple[LimitKey, ...]:
        return ()

    def counted(self, request: PublishRequest, method: str, path: str, memory: LimitMemory) -> Iterable[Limit]:
        return ()

    def told(self, request: PublishRequest, method: str, path: str, answer: Answer) -> Iterable[Limit]:
        return ()


class RateLimiter:
    """What every call to one platform passes."""

    def __init__(self, clock: Clock, meter: Meter | None = None, memory: LimitMemory | None = None) -> None:
        self.memory = memory or InMemoryLimits()
        self._clock = clock
        self._meter = meter or NoMeter()
        self._turn = threading.Lock()

    def why_closed(self, request: PublishRequest, method: str, path: str) -> NotSent | None:
        """Why such a call is not made now; None where it may be."""
        now = self._clock.now()
        found = [self.memory.known(request.account, key) for key in self._meter.keys(request, method, path)]
        closed = [(until, limit) for limit in found if limit and (until := limit.closed_until(now)) is not None]
        if not closed:
            return None
        until, limit = max(closed, key=lambda one: one[0])
        of = "" if limit.limit is None else f" ({limit.limit})"
        message = f"a limit of {request.account.platform} is used up: {limit.label}{of}"
        return NotSent(message, Kind.RATE_LIMIT, retry_at=until)

    def why_reserved(self, request: PublishRequest, method: str, path: str, reserve: float) -> NotSent | None:
        """Why such a call is left to others: no more than `reserve` (a share) of a limit is left. None where it may be
        made."""
        now = self._clock.now()
        for key in self._meter.keys(request, method, path):
            limit = self.memory.known(request.account, key)
            if limit is None or limit.resets_at is None or limit.resets_at <= now:
                continue
            if limit.share_left <= reserve:
                message = f"what is left of {limit.label} is kept for publishing ({limit.left} of {limit.limit or '?'})"
                return NotSent(message, Kind.RATE_LIMIT, retry_at=limit.resets_at)
        return None

    def require_open(self, request: PublishRequest, step: str, method: str, path: str) -> None:
        """Ask before the work that leads to a publishing call. Raises StepFailed, with which the account waits."""
        shut = self.why_closed(request, method, path)
        if shut is not None:
            raise StepFailed(
                step, NotDone(shut.kind, shut.message, "limit", passing=True, retry_at=shut.retry_at, hold=True)
            )

    def acquire(self, request: PublishRequest, method: str, path: str) -> NotSent | None:
        """As `why_closed`; where the call may be made, it is counted."""
        with self._turn:  # two calls at once must not both take the last place
            if (shut := self.why_closed(request, method, path)) is None:
                self.memory.note(request.account, self._meter.counted(request, method, path, self.memory))
            return shut

    def record_answer(self, request: PublishRequest, method: str, path: str, answer: Answer) -> None:
        """Remember the limits that an answer reports."""
        self.note(request.account, *self._meter.told(request, method, path, answer))

    def note(self, account: Account, *limits: Limit) -> None:
        """Remember an account's limits; implausible ones are dropped."""
        last = self._clock.now() + LONGEST
        sane = (limit for limit in limits if 0 <= limit.left <= MOST and (limit.resets_at or last) <= last)
        self.memory.note(account, sane)


def parse_whole_number(text: str | None) -> int | None:
    """The number that a header's digits are; None for anything else, and for what no limit or time can be."""
    return int(text) if text and len(text) < 12 and text.isascii() and text.isdecimal() else None
