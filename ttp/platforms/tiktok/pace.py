"""TikTok's limit of new posts per account and minute, kept by waiting before the call instead of being refused by it.

Counts what this process sends. What another one has sent is TikTok's to tell (429), which is a wait as well.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque

from ttp.domain.clock import Clock

MOST, WINDOW_S = 6, 60.0
"""Calls of all `init` paths together per user token and minute (section 5 of the contract)."""


class Pace:
    """The calls of the last minute, by account. Safe to use from several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._made: defaultdict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def wait_s(self, account: str) -> float:
        """Seconds until the account may make one more call; 0 for at once."""
        with self._lock:
            made, now = self._made[account], self._clock.boot()
            while made and now - made[0] >= WINDOW_S:
                made.popleft()
            return made[-MOST] + WINDOW_S - now if len(made) >= MOST else 0.0

    def count(self, account: str) -> None:
        """A call is being made."""
        with self._lock:
            self._made[account].append(self._clock.boot())
