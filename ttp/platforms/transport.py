"""One thread's connections: each request is sent unchanged and returns one answer.

Uses httpx's transports without its client: ttp never wants its redirects, cookies, authentication and hooks, which take
as long as the request. Proxies come from the environment, read like the standard library does.

Uses private parts of httpx, httpcore and h11, and is the only file that does (decision 12): `with_deadline` for the
deadline of an answer, `close_stale_connections` for bytes that nobody asked for.
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
    """`trust`: certificates. `clock`: seconds. `reuse`: several requests on a connection. `transport`: of tests."""

    def __init__(
        self,
        trust: ssl.SSLContext,
        clock: Callable[[], float],
        *,
        proxies: bool,
        reuse: bool = True,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._trust = trust
        self._limits = httpx.Limits() if reuse else httpx.Limits(max_keepalive_connections=0)
        self._clock = clock
        self._proxies = getproxies() if proxies and transport is None else {}
        self._made: dict[str, httpx.BaseTransport] = {} if transport is None else {"": transport}

    def send(self, request: httpx.Request) -> httpx.Response:
        """Return the answer, whose body is still to be read. Raises httpx's errors."""
        proxy = self._proxy(request.url)
        if proxy not in self._made:
            made = httpx.HTTPTransport(verify=self._trust, proxy=proxy or None, limits=self._limits)
            self._made[proxy] = with_deadline(made, self._clock)
        transport = self._made[proxy]
        close_stale_connections(transport)
        return transport.handle_request(request)

    def close(self) -> None:
        while self._made:
            self._made.popitem()[1].close()

    def _proxy(self, url: httpx.URL) -> str:
        """Return the proxy for a request from the environment; empty for none."""
        address = self._proxies.get(url.scheme) or self._proxies.get("all", "")
        if not address or proxy_bypass(url.host):
            return ""
        return address if "://" in address else f"http://{address}"


@lru_cache(maxsize=64)
def parse_url(url: str) -> httpx.URL:
    """Return a parsed URL. Cached: parsing takes a good part of a request, and the same few URLs repeat."""
    return httpx.URL(url)


@cache
def tls_context() -> ssl.SSLContext:
    """Return this machine's certificates, read once for all threads."""
    return httpx.create_ssl_context()


@cache
def loopback_tls_context() -> ssl.SSLContext:
    """For plain http on loopback: reading certificates would take 0.1 s for nothing."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


SHORTEST_SECRET = 8
"""A shorter text is not a secret, and could be a normal word of an answer."""


class Decompressor:
    """Decompresses one body, at most as many bytes at once as requested. Returns None for damaged data."""

    def __init__(self, encoding: str) -> None:
        self._known = encoding in ("", "identity", "gzip", "x-gzip", "deflate")
        # wbits 47: zlib detects gzip and zlib headers itself.
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
    """Return a body without our secrets, so that any part of it may be shown, stored or logged."""
    for secret in secrets:
        if body is not None and len(secret) >= SHORTEST_SECRET:
            body = body.replace(secret.encode(), b"[secret]")
    return body


T = TypeVar("T")
_LEAST_S = 0.001
"""A timeout of 0 would mean not to wait at all, which raises another error."""
LONGEST_CONNECT_S = 60.0
"""A connection that took longer to open (name, TCP, TLS) sends nothing: if the process was stopped meanwhile, another
publisher may have taken the post over. Half of the shortest settle window, and enough for several addresses."""


class DeadlineStream:
    """A connection whose reads share one timeout, starting at the first read after a write. `asked_at`: when it was
    begun to open."""

    def __init__(self, stream: Any, clock: Callable[[], float], asked_at: float) -> None:
        self._stream = stream
        self._clock = clock
        self._asked_at = asked_at
        self._is_unused = True
        self._until: float | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read from the connection; raises httpcore's timeout after the answer's deadline."""
        if timeout is not None:
            self._until = self._clock() + timeout if self._until is None else self._until
            timeout = max(self._until - self._clock(), _LEAST_S)
        received: bytes = self._stream.read(max_bytes, timeout)
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write to the connection. Raises httpx.ConnectTimeout before the first byte if it took too long to open."""
        if self._is_unused and self._clock() - self._asked_at > LONGEST_CONNECT_S:
            raise httpx.ConnectTimeout("the connection took too long to open")
        self._is_unused = False
        self._until = None
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> DeadlineStream:
        secure = self._stream.start_tls(ssl_context, server_hostname, timeout)
        return DeadlineStream(secure, self._clock, self._asked_at)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class DeadlineNetwork:
    """A network whose connections are `DeadlineStream`s."""

    def __init__(self, network: Any, clock: Callable[[], float]) -> None:
        self._network = network
        self._clock = clock

    def connect_tcp(self, *args: Any, **more: Any) -> DeadlineStream:
        asked_at = self._clock()
        return DeadlineStream(self._network.connect_tcp(*args, **more), self._clock, asked_at)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)


def with_deadline(transport: T, clock: Callable[[], float]) -> T:
    """Return the transport with a deadline on all its connections, also through a proxy. `clock`: seconds."""
    # httpx does not pass a network backend to httpcore, which accepts one.
    pool: Any = transport._pool  # type: ignore[attr-defined]
    pool._network_backend = DeadlineNetwork(pool._network_backend, clock)
    return transport


def close_stale_connections(transport: Any) -> None:
    """Close idle connections of an httpx transport that have unread bytes: an unrequested answer. Bytes still in the
    network are checked by httpcore before it reuses a connection."""
    # Neither httpx nor httpcore offers this: only h11 knows what was received but not read.
    pool = getattr(transport, "_pool", None)
    for connection in pool.connections if pool is not None else ():
        spoken = _h11(connection)
        if spoken is not None and spoken.trailing_data[0]:
            connection.close()


def _h11(connection: Any) -> Any:
    """Return the h11 reader of a connection (nested for a proxy); None before it is open."""
    while connection is not None:
        if (found := getattr(connection, "_h11_state", None)) is not None:
            return found
        connection = getattr(connection, "_connection", None)
    return None
