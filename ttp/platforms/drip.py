"""A bound on how long an answer may take in all, its headers too.

httpx has a time-out for each read alone: a server that sends one byte after another would hold a worker, and with it
its account, for ever. Here the time-out of the first read after the request holds for all reads of its answer. Sending
has no such bound: large media on a slow line take their time.
"""

from __future__ import annotations

from collections.abc import Callable
from ssl import SSLContext
from typing import Any, TypeVar

T = TypeVar("T")
_LEAST_S = 0.001
"""Nothing would mean not to wait at all, which is an error of another kind."""


class Stream:
    """A connection whose reads share one time-out, from the first read after a write on."""

    def __init__(self, stream: Any, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock
        self._until: float | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """As the connection's own; a time-out of httpcore once the answer has had its time."""
        if timeout is not None:
            self._until = self._clock() + timeout if self._until is None else self._until
            timeout = max(self._until - self._clock(), _LEAST_S)
        received: bytes = self._stream.read(max_bytes, timeout)
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._until = None
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> Stream:
        return Stream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class Network:
    """A network whose connections are bounded so."""

    def __init__(self, network: Any, clock: Callable[[], float]) -> None:
        self._network = network
        self._clock = clock

    def connect_tcp(self, *args: Any, **more: Any) -> Stream:
        return Stream(self._network.connect_tcp(*args, **more), self._clock)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)


def bounded(transport: T, clock: Callable[[], float]) -> T:
    """The same httpx transport, with the bound on all its connections, also those through a proxy. `clock`: seconds."""
    # httpx hands no network on to httpcore, which has a place for one.
    pool: Any = transport._pool  # type: ignore[attr-defined]
    pool._network_backend = Network(pool._network_backend, clock)
    return transport
