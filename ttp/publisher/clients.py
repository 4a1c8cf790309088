"""The clients of a publisher: one per platform, of which none can raise what it must not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from datetime import datetime

from ttp.domain.errors import describe_fault
from ttp.domain.publishing.outcome import Handle, Kind, NotDone, Outcome, Unclear, Unknown
from ttp.platforms.client import Client, LookupResult, PublishRequest, Ready, Step, StepFailed


class Clients:
    """A client for each platform, from `make`."""

    def __init__(self, make: Callable[[str], Client]) -> None:
        self._make = make
        self._made: dict[str, SafeClient] = {}
        self._making = threading.Lock()

    def __call__(self, platform: str) -> Client:
        with self._making:
            if platform not in self._made:
                try:
                    client = self._make(platform)
                except Exception as fault:  # noqa: BLE001 (its module may be another package's; the others go on)
                    client = UnusableClient(f"the client of {platform} cannot be loaded: {_where(fault)}")
                self._made[platform] = SafeClient(client)
            return self._made[platform]

    def close(self) -> None:
        while self._made:
            self._made.popitem()[1].close()


class UnusableClient:
    """Replaces a client that could not be loaded. Sends nothing and finds nothing."""

    def __init__(self, why: str) -> None:
        self._why = why

    def prepare(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Ready]:
        yield from ()
        raise StepFailed("prepare", NotDone(Kind.ACCOUNT, self._why))

    def publish(self, request: PublishRequest, handle: Handle) -> Outcome:
        return NotDone(Kind.ACCOUNT, self._why)

    def look_up(self, request: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        return LookupResult(Unclear(Kind.ACCOUNT, self._why), None)

    def close(self) -> None: ...


class SafeClient:
    """A client whose bugs become outcomes."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def prepare(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Ready]:
        try:
            return (yield from self._client.prepare(request, handle))
        except StepFailed:
            raise
        except Exception as fault:
            raise StepFailed("prepare", NotDone(Kind.UNKNOWN, _where(fault), passing=True)) from fault

    def publish(self, request: PublishRequest, handle: Handle) -> Outcome:
        try:
            return self._client.publish(request, handle)
        except Exception as fault:  # noqa: BLE001 (whatever it is, the call may have been made)
            return Unknown(Kind.UNKNOWN, _where(fault))

    def look_up(self, request: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        try:
            return self._client.look_up(request, handle, since)
        except Exception as fault:  # noqa: BLE001 (whatever it is, nothing was found out)
            return LookupResult(Unclear(Kind.UNKNOWN, _where(fault)), None)

    def close(self) -> None:
        self._client.close()


def _where(fault: Exception) -> str:
    return "there is not enough memory" if isinstance(fault, MemoryError) else describe_fault(fault)
