"""Fetches media from a URL as Instagram does, but from loopback addresses only. Follows no redirect, uses no proxy."""

from __future__ import annotations

import asyncio
import http.client
import ipaddress
from urllib.parse import urlsplit

TIMEOUT_S = 20.0


class CannotFetch(Exception):
    """Nothing could be had from the URL: wrong address, no answer, an error status, too many bytes."""


async def fetched(url: str, most_bytes: int) -> bytes:
    """The body behind `url`. One byte over `most_bytes` is read at most, so that a caller sees it is too large."""
    return await asyncio.to_thread(_get, url, most_bytes)


def _get(url: str, most_bytes: int) -> bytes:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 80
        if parts.scheme != "http" or not (host == "localhost" or ipaddress.ip_address(host).is_loopback):
            raise CannotFetch("the sandbox fetches from http on loopback only")
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        try:
            connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
            answer = connection.getresponse()
            if answer.status != 200:
                raise CannotFetch(f"HTTP {answer.status}")
            return answer.read(most_bytes + 1)
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as failure:
        raise CannotFetch(str(failure)) from failure
