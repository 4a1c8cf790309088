"""Keep the answers to tool calls with a key, so that a call that is sent again does nothing twice."""

from __future__ import annotations

import hashlib
import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from ttp.domain.action import other_options
from ttp.domain.errors import Busy, Conflict, Hint

MOST_KEPT = 1000
"""Answers in memory; the oldest are forgotten first."""


class Replays(ABC):
    """The answers to the calls of one client, as JSON by key."""

    def run(self, key: str, tool: str, arguments: Mapping[str, Any], work: Callable[[], Any]) -> Any:
        """Return what this call answered before; else do the work, which answers plain JSON. A call that was refused
        can be sent again.

        Raise Conflict if the key belongs to another call, Busy while the first one runs.
        """
        digest = hashlib.sha256(json.dumps([tool, arguments], sort_keys=True).encode()).hexdigest()
        kept = self.begin(key, digest)
        if kept is not None:
            return json.loads(kept)
        try:
            answer = work()
        except BaseException:
            with suppress(Busy):
                self.forget(key)
            raise
        self.keep(key, json.dumps(answer))
        return answer

    @abstractmethod
    def begin(self, key: str, digest: str) -> str | None:
        """Reserve a key. Return the answer to the same call before. Raise Conflict, Busy."""

    @abstractmethod
    def keep(self, key: str, answer: str) -> None: ...

    @abstractmethod
    def forget(self, key: str) -> None: ...


class MemoryReplays(Replays):
    """Answers for as long as the server of one client runs."""

    def __init__(self) -> None:
        self._calls: dict[str, tuple[str, str | None]] = {}
        self._lock = threading.Lock()

    def begin(self, key: str, digest: str) -> str | None:
        with self._lock:
            if key not in self._calls:
                self._calls[key] = digest, None
                return None
            first, answer = self._calls[key]
        if first != digest:
            raise key_conflict(key)
        if answer is None:
            raise Busy(f'the first request with the key "{key}" still runs')
        return answer

    def keep(self, key: str, answer: str) -> None:
        with self._lock:
            self._calls[key] = self._calls[key][0], answer
            for old in list(self._calls)[:-MOST_KEPT]:
                if self._calls[old][1] is not None:
                    del self._calls[old]

    def forget(self, key: str) -> None:
        with self._lock:
            del self._calls[key]


def key_conflict(key: str) -> Conflict:
    return Conflict(f'the key "{key}" belongs to another request', Hint("try", other_options(key="KEY")))
