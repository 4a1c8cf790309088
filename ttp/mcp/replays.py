"""The answers to requests with a key, so that a request that is sent again does nothing twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from ttp.domain.action import other_options
from ttp.domain.errors import Busy, Conflict, Hint

T = TypeVar("T")
KEPT = 1000
"""Answers that are kept; the oldest are forgotten first."""


class KeptCalls(Protocol):
    """Answers by key of one client's calls."""

    def run(self, key: str, tool: str, arguments: Mapping[str, Any], work: Callable[[], T]) -> T:
        """Return what this request answered before; else do the work. A refused request can be sent again.

        Raise Conflict if the key belongs to another request, Busy while the first one runs.
        """
        ...


class Replays:
    """Answers by key, for as long as the server of one client runs. `create_post` does not need it: the store keeps
    the key of a post."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, Any]] = {}
        self._turn = threading.Lock()

    def run(self, key: str, tool: str, arguments: Mapping[str, Any], work: Callable[[], T]) -> T:
        request = json.dumps([tool, arguments], sort_keys=True)
        with self._turn:
            known = self._held.get(key)
            if known is None:
                self._held[key] = request, _RUNS
        if known is not None:
            again: T = self._again(key, request, *known)
            return again
        try:
            answer = work()
        except BaseException:
            with self._turn:
                del self._held[key]
            raise
        with self._turn:
            self._held[key] = request, answer
            for old in list(self._held)[:-KEPT]:
                if self._held[old][1] is not _RUNS:
                    del self._held[old]
        return answer

    def _again(self, key: str, request: str, first: str, answer: Any) -> Any:
        if request != first:
            raise Conflict(f'the key "{key}" belongs to another request', Hint("try", other_options(key="KEY")))
        if answer is _RUNS:
            raise Busy(f'the first request with the key "{key}" still runs')
        return answer


_RUNS = object()
"""Stands for the answer of a request that runs."""
