"""Hosts that credentials are made for. All loopback addresses count as one. Resolves no name."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

LOOPBACK = "loopback"


def host_of(url: str) -> str:
    """The host of a URL in lower case, `loopback` for any address of this machine; empty where there is none."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return LOOPBACK if _is_loopback(host) else host


def same_host(one: str, other: str) -> bool:
    """Whether two hosts, written as `host`, `host:port` or a whole URL, are the same for credentials."""
    return _plain(one) == _plain(other)


def _plain(host: str) -> str:
    return host_of(host if "://" in host else f"//{host}")


def _is_loopback(host: str) -> bool:
    if host in (LOOPBACK, "localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
