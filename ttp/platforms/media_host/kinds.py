"""What every kind of media host has: a file goes in, a URL comes out, or the reason why not."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from ttp.domain.account import is_loopback

SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        "image/jpeg": ".jpg",
        "image/png": ".png",
        "image/gif": ".gif",
        "image/webp": ".webp",
        "video/mp4": ".mp4",
        "video/quicktime": ".mov",
        "video/webm": ".webm",
    }
)
LONGEST_URL = 2_048


class NoPublicUrl(Exception):
    """Why a file has no public URL. `passing`: it may have one later. `hint`: what to type."""

    def __init__(self, message: str, *, passing: bool = False, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.passing = passing
        self.hint = hint


def is_usable(url: str, *, loopback: bool) -> bool:
    """Whether a platform can be given a URL: https, or one of this machine while the platform is on it too."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not host or parts.username is not None:
        return False
    return parts.scheme == "https" or (loopback and parts.scheme == "http" and is_loopback(host))
