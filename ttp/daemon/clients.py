"""The clients of one publisher: made when they are first needed, one for all its threads, closed at its end.

They never raise: a fault of ours in one is the outcome of its delivery, and harms no other. It says where the fault is,
and never what was in hand there: that may be a secret.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Generator
from datetime import datetime
from pathlib import Path

from ttp.domain.account import Platform
from ttp.domain.attempt import Handle, Kind, NotDone, Outcome, Unclear, Unknown
from ttp.platforms.client import Client, Looked, Order, Ready, Step, StepFailed


class Clients:
    """A client for each platform, from `make`."""

    def __init__(self, make: Callable[[Platform], Client]) -> None:
        self._make = make
        self._made: dict[Platform, Guarded] = {}
        self._making = threading.Lock()

    def __call__(self, platform: Platform) -> Client:
        with self._making:
            if platform not in self._made:
                self._made[platform] = Guarded(self._make(platform))
            return self._made[platform]

    def close(self) -> None:
        """Close their connections."""
        while self._made:
            self._made.popitem()[1].close()


class Guarded:
    """A client whose faults are answers."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.platform = client.platform

    def prepare(self, order: Order, handle: Handle) -> Generator[Step, None, Ready]:
        try:
            return (yield from self._client.prepare(order, handle))
        except StepFailed:
            raise
        except Exception as fault:
            raise StepFailed("prepare", NotDone(Kind.UNKNOWN, _where(fault), passing=True)) from fault

    def publish(self, order: Order, handle: Handle) -> Outcome:
        try:
            return self._client.publish(order, handle)
        except Exception as fault:  # noqa: BLE001 (whatever it is, the call may have been made)
            return Unknown(Kind.UNKNOWN, _where(fault))

    def look_up(self, order: Order, handle: Handle, since: datetime) -> Looked:
        try:
            return self._client.look_up(order, handle, since)
        except Exception as fault:  # noqa: BLE001 (whatever it is, nothing was found out)
            return Looked(Unclear(Kind.UNKNOWN, _where(fault)), None)

    def close(self) -> None:
        self._client.close()


def _where(fault: Exception) -> str:
    if isinstance(fault, MemoryError):
        return "there is not enough memory"
    place = traceback.extract_tb(fault.__traceback__)[-1]
    return f"a fault of ttp: {type(fault).__name__} in {Path(place.filename).name}, line {place.lineno}"
