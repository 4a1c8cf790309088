"""Hosts of URLs, and pages that follow the API onto this machine.

An API on this machine is a rehearsal: then a page or an endpoint whose address was not set is on this machine too, so
that a rehearsal never sends a person, a code or a secret to the real platform.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from ttp.domain.account import is_loopback
from ttp.domain.config import Config


def host_of(url: str) -> str:
    """Return the host of a URL in lower case; empty where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def configured(config: Config, name: str, api: str, usual: str | None = None) -> str:
    """Return the address that a setting names, else its default (or `usual`): on this machine where the API is."""
    if config.is_set(name):
        return config.text(name)
    return beside(usual or config.text(name), api)


def beside(usual: str, api: str) -> str:
    """Return `usual`, or the same path on this machine where the API is."""
    there = urlsplit(api)
    if not is_loopback(there.hostname or ""):
        return usual
    return urlsplit(usual)._replace(scheme=there.scheme, netloc=there.netloc).geturl()
