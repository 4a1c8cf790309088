"""Fetch a feed: one conditional request, of at most 5 MB and 30 seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Fetched:
    """A new body. `url`: where it was in the end. `etag`, `last_modified`: to be sent back unchanged. `moved_to`: the
    address that permanent redirects named; store it once it was the same three times within at least 24 hours."""

    body: bytes
    content_type: str
    url: str
    sha256: str
    etag: str | None = None
    last_modified: str | None = None
    check_after_s: int | None = None
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """The body is the stored one, by the server's answer or by its hash."""

    etag: str | None = None
    last_modified: str | None = None
    check_after_s: int | None = None
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """`reason`: a clause that follows the address. `flaw`: a word for it; `gone` stops the source for good.
    `retry_after_s`: seconds that the server asks to wait, at most a day."""

    reason: str
    flaw: str
    status: int | None = None
    retry_after_s: int | None = None

    @property
    def is_gone(self) -> bool:
        return self.flaw == "gone"


def fetch(
    address: str,
    *,
    now: datetime,
    etag: str | None = None,
    last_modified: str | None = None,
    sha256: str | None = None,
    allow_private: bool = False,
    authorization: str | None = None,
) -> Fetched | NotModified | Failed:
    """Fetch a feed. `etag`, `last_modified`, `sha256`: of the stored body. `authorization`: a header for this host
    alone."""
    return Failed("cannot be read yet", "unreachable")
