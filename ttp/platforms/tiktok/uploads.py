"""A TikTok upload: how a file is cut into chunks, and what its handle remembers. Pure.

The handle: `publish_id`, `upload_url`, `issued_at` (ms), `offset` (bytes that TikTok has), `size`, `chunk`, `request`
(a fingerprint of what was announced), `username`, and `tried`: calls that carried the last chunk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from ttp.domain.account import is_loopback
from ttp.domain.outcome import Handle
from ttp.domain.time.clock import from_ms

LONGEST_CALL_S = 600.0
"""More than the time-outs of a call allow by default: the machine slept during it."""


CHUNK = 10_000_000
"""Bytes per chunk. TikTok wants 5 to 64 MB, decimal or binary: so at least 5,242,880 and at most 64,000,000. The last
chunk, which publishes, is at most twice this."""


URL_LIFE, URL_DEAD = timedelta(minutes=59), timedelta(minutes=65)
"""An upload URL is valid for one hour: no call is begun after the first, and none can arrive after the second."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One announced upload, as the handle remembers it."""

    publish_id: str
    upload_url: str
    issued_at: int
    offset: int
    size: int
    chunk: int
    request: str
    username: str | None = None
    tried: int = 0

    @property
    def last(self) -> int:
        """Where the last chunk begins: it takes the rest, and its last byte publishes."""
        return (chunk_count(self.size, self.chunk) - 1) * self.chunk

    @property
    def next_end(self) -> int:
        """Where the next chunk before the last one ends."""
        return min((self.offset // self.chunk + 1) * self.chunk, self.last)

    def is_open(self, now: datetime) -> bool:
        """Whether its URL still takes bytes."""
        return now - from_ms(self.issued_at) < URL_LIFE

    def may_still_end(self, now: datetime) -> bool:
        """Whether a call with the last chunk that was made may yet arrive, and publish."""
        return self.tried > 0 and now - from_ms(self.issued_at) < URL_DEAD

    def given_up(self) -> Upload:
        """Not to be completed any more, since it fits no request; what was sent of it may still arrive."""
        return replace(self, request="")

    def at(self, offset: int) -> Upload:
        return replace(self, offset=offset)

    def remembered(self) -> Handle:
        return asdict(self)


def upload_from_handle(handle: Handle) -> Upload | None:
    """The upload that a handle remembers; None if there is no such value."""
    return Upload(**dict(handle)) if "upload_url" in handle else None  # type: ignore[arg-type]  # our own JSON, read back


def chunk_size(size: int) -> int:
    """Bytes per chunk of a file: one chunk up to twice CHUNK, so that no last chunk is larger than that."""
    return size if size < 2 * CHUNK else CHUNK


def chunk_count(size: int, chunk: int) -> int:
    """floor(size / chunk): the last chunk takes the rest (docs/reference/platforms/tiktok.md, section 3.3)."""
    return max(size // chunk, 1)


def range_headers(mime: str, start: int, end: int, size: int) -> dict[str, str]:
    """The headers of a PUT of the bytes from `start` up to, not including, `end`."""
    return {
        "Content-Type": mime,
        "Content-Length": str(end - start),
        "Content-Range": f"bytes {start}-{end - 1}/{size}",
    }


def may_upload_to(url: object, *, loopback: bool) -> bool:
    """Whether media may be sent to an address that TikTok named: https, or this machine while TikTok itself is it."""
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" or (loopback and parts.scheme == "http" and is_loopback(parts.hostname or ""))


@dataclass(frozen=True, slots=True)
class Pull:
    """One such call, made (with a `publish_id`) or to be made."""

    init: str
    body: Mapping[str, object]
    request: str
    username: str | None = None
    publish_id: str | None = None

    def answered(self, publish_id: str) -> Pull:
        return replace(self, publish_id=publish_id)

    def remembered(self) -> Handle:
        return asdict(self)


def pull_from_handle(handle: Handle) -> Pull | None:
    """The call that a handle remembers; None if there is no such value."""
    return Pull(**dict(handle)) if "init" in handle else None  # type: ignore[arg-type]  # our own JSON, read back
