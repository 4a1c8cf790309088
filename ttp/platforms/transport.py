"""One thread's connections: each request is sent unchanged, and comes back as one answer.

httpx's transports without its client, whose redirects, cookies, authentication and hooks are never wanted here, and
take as long as the request itself. Proxies are the environment's, as the standard library reads it.
"""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Callable
from functools import cache, lru_cache
from ssl import SSLContext
from typing import Any, TypeVar
from urllib.request import getproxies, proxy_bypass

import httpx


class Connections:
    """`trust`: the certificates for TLS; `clock`: seconds; `transport` takes the place of the network in tests."""

    def __init__(
        self,
        trust: ssl.SSLContext,
        clock: Callable[[], float],
        *,
        proxies: bool,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._trust = trust
        self._clock = clock
        self._proxies = getproxies() if proxies and transport is None else {}
        self._made: dict[str, httpx.BaseTransport] = {} if transport is None else {"": transport}

    def send(self, request: httpx.Request) -> httpx.Response:
        """The answer, whose stream is still to be read. Raises httpx's errors."""
        proxy = self._proxy(request.url)
        if proxy not in self._made:
            made = httpx.HTTPTransport(verify=self._trust, proxy=proxy or None)
            self._made[proxy] = with_deadline(made, self._clock)
        transport = self._made[proxy]
        close_stale_connections(transport)
        return transport.handle_request(request)

    def close(self) -> None:
        """Close the connections."""
        while self._made:
            self._made.popitem()[1].close()

    def _proxy(self, url: httpx.URL) -> str:
        """The address of the proxy through which the environment wants a request to go; empty for none."""
        address = self._proxies.get(url.scheme) or self._proxies.get("all", "")
        if not address or proxy_bypass(url.host):
            return ""
        return address if "://" in address else f"http://{address}"


@lru_cache(maxsize=64)
def parse_url(url: str) -> httpx.URL:
    """A URL, parsed: what httpx needs for that is a good part of its request, and the calls are the same few."""
    return httpx.URL(url)


@cache
def tls_context() -> ssl.SSLContext:
    """The certificates of this machine, read once for all threads."""
    return httpx.create_ssl_context()


@cache
def loopback_tls_context() -> ssl.SSLContext:
    """For plain loopback: reading the certificates would take a newcomer's first tenth of a second for nothing."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


SHORTEST_SECRET = 8
"""A shorter text is not a secret, and could be a word of the answer."""


class Decompressor:
    """One body's decompression, never more bytes at once than asked for. None for what cannot be decoded."""

    def __init__(self, encoding: str) -> None:
        self._known = encoding in ("", "identity", "gzip", "x-gzip", "deflate")
        # wbits 47: zlib tells gzip and zlib headers apart itself.
        self._inflate = None if encoding in ("", "identity") else zlib.decompressobj(wbits=47)

    def __call__(self, chunk: bytes, most: int) -> bytes | None:
        if not self._known:
            return None
        if self._inflate is None:
            return chunk
        try:
            return self._inflate.decompress(chunk, max(most, 1))
        except zlib.error:
            return None


def redact(body: bytes | None, secrets: tuple[str, ...]) -> bytes | None:
    """A body that does not repeat our secrets: what follows may show, store or log any part of it."""
    for secret in secrets:
        if body is not None and len(secret) >= SHORTEST_SECRET:
            body = body.replace(secret.encode(), b"[secret]")
    return body


T = TypeVar("T")


_LEAST_S = 0.001
"""Nothing would mean not to wait at all, which is an error of another kind."""


class DeadlineStream:
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
    ) -> DeadlineStream:
        return DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class DeadlineNetwork:
    """A network whose connections are bounded so."""

    def __init__(self, network: Any, clock: Callable[[], float]) -> None:
        self._network = network
        self._clock = clock

    def connect_tcp(self, *args: Any, **more: Any) -> DeadlineStream:
        return DeadlineStream(self._network.connect_tcp(*args, **more), self._clock)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)


def with_deadline(transport: T, clock: Callable[[], float]) -> T:
    """The same httpx transport, with the bound on all its connections, also those through a proxy. `clock`: seconds."""
    # httpx hands no network on to httpcore, which has a place for one.
    pool: Any = transport._pool  # type: ignore[attr-defined]
    pool._network_backend = DeadlineNetwork(pool._network_backend, clock)
    return transport


def close_stale_connections(transport: Any) -> None:
    """Close the connections of an httpx transport, of which no request is under way, that have such bytes in hand. What
    has not been read from the network yet httpcore itself looks for, before it uses a connection again."""
    # httpx and httpcore have no place for this: h11 knows what it was given, and has not read.
    pool = getattr(transport, "_pool", None)
    for connection in pool.connections if pool is not None else ():
        spoken = _h11(connection)
        if spoken is not None and spoken.trailing_data[0]:
            connection.close()


def _h11(connection: Any) -> Any:
    """What reads a connection's answers; one through a proxy is inside of others. None before it is open."""
    while connection is not None:
        if (found := getattr(connection, "_h11_state", None)) is not None:
            return found
        connection = getattr(connection, "_connection", None)
    return None
