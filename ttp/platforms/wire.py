"""One thread's connections: each request goes out as it stands, and comes back as one answer.

httpx's transports without its client, whose redirects, cookies, authentication and hooks are never wanted here, and
take as long as the request itself. Proxies are the environment's, as the standard library reads it.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import cache, lru_cache
from urllib.request import getproxies, proxy_bypass

import httpx

from ttp.platforms.drip import bounded
from ttp.platforms.in_step import keep_in_step


class Wire:
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
            self._made[proxy] = bounded(made, self._clock)
        transport = self._made[proxy]
        keep_in_step(transport)
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
def parsed(url: str) -> httpx.URL:
    """A URL, parsed: what httpx needs for that is a good part of its request, and the calls are the same few."""
    return httpx.URL(url)


@cache
def trust() -> ssl.SSLContext:
    """The certificates of this machine, read once for all threads."""
    return httpx.create_ssl_context()


@cache
def trust_none() -> ssl.SSLContext:
    """For plain loopback: reading the certificates would take a newcomer's first tenth of a second for nothing."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
