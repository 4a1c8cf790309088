"""Hosts of URLs, and the pages and endpoints that go with an API.

If the API is on this machine (a sandbox), pages and endpoints without their own setting are on this machine too. So a
rehearsal never sends a person, a code or a secret to the real platform.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from ttp.domain.account import is_loopback
from ttp.domain.config import Config
from ttp.domain.errors import Hint, UsageError


def host_of(url: str) -> str:
    """Return the host of a URL in lower case; empty if the URL has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_plain(text: str) -> bool:
    """Whether a text is printable ASCII without spaces, as addresses and tokens are."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def split_address(text: object) -> SplitResult | None:
    """Return the parts of a web address; None for other texts, and with a user name or password."""
    if not isinstance(text, str) or not is_plain(text):
        return None
    try:
        parts = urlsplit(text)
        is_web = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if is_web and parts.username is None and parts.password is None else None


def is_safe(parts: SplitResult, *, loopback: bool) -> bool:
    """Whether something may be sent to an address: by https, or in plain text if it is on this machine and `loopback`
    allows that."""
    return parts.scheme == "https" or (loopback and is_loopback(parts.hostname or ""))


def parse_server(text: str) -> str:
    """Return the root URL of a server; `example.org` becomes `https://example.org`. http is accepted on this machine
    only, because tokens are sent there. Raises UsageError."""
    try:
        split = urlsplit(text if "://" in text else f"https://{text}")
        host, port = split.hostname, split.port
    except ValueError:
        host = port = None
    if not host or not re.fullmatch(r"[a-z0-9.-]+|[0-9a-f:]+", host) or split.path not in ("", "/") or "@" in text:
        raise UsageError(f'"{text}" is not a server address', Hint("try", "https://example.org"))
    if split.query or split.fragment or not (split.scheme == "https" or (split.scheme == "http" and is_loopback(host))):
        raise UsageError(f'"{text}" is not an https address', Hint("try", f"https://{host}"))
    return f"{split.scheme}://{f'[{host}]' if ':' in host else host}{'' if port is None else f':{port}'}"


def configured_url(config: Config, name: str, api: str, usual: str | None = None) -> str:
    """Return the URL of a setting, or its default (or `usual`) moved to this machine if the API is here."""
    if config.is_set(name):
        return config.text(name)
    return beside(usual or config.text(name), api)


def beside(usual: str, api: str) -> str:
    """Return `usual`, or the same path on this machine if the API is here."""
    there = urlsplit(api)
    if not is_loopback(there.hostname or ""):
        return usual
    return urlsplit(usual)._replace(scheme=there.scheme, netloc=there.netloc).geturl()
