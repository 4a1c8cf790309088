"""TikTok uploads: how a file is cut into chunks, and what the handle stores. Pure.

The handle: `publish_id`, `upload_url`, `issued_at` (ms), `offset` (bytes that TikTok has), `size`, `chunk`, `request`
(a fingerprint of the created post), `username`, and `tried`: calls that carried the last chunk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from ttp.domain.publishing.outcome import Handle
from ttp.domain.time.clock import from_ms
from ttp.platforms.addresses import is_safe, split_address

LONGEST_CALL_S = 600.0
"""Longer than a call's timeouts allow by default: the machine slept during it."""
CHUNK = 10_000_000
"""Bytes per chunk. TikTok wants 5 to 64 MB, decimal or binary: so at least 5,242,880 and at most 64,000,000. The last
chunk, which publishes, is at most twice this."""
URL_LIFE, URL_DEAD = timedelta(minutes=59), timedelta(minutes=65)
"""An upload URL is valid for one hour: no call starts after the first, and none can arrive after the second."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A created upload, as stored in the handle."""

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
        """Offset of the last chunk: it has the rest of the file, and its last byte publishes."""
        return (chunk_count(self.size, self.chunk) - 1) * self.chunk

    @property
    def next_end(self) -> int:
        """End of the next chunk before the last one."""
        return min((self.offset // self.chunk + 1) * self.chunk, self.last)

    def is_open(self, now: datetime) -> bool:
        """Whether its URL still accepts bytes."""
        return now - from_ms(self.issued_at) < URL_LIFE

    def may_still_end(self, now: datetime) -> bool:
        """Whether a call with the last chunk may still arrive and publish."""
        return self.tried > 0 and now - from_ms(self.issued_at) < URL_DEAD

    def given_up(self) -> Upload:
        """Return the upload, marked as matching no request, so it is never completed; sent bytes may still arrive."""
        return replace(self, request="")

    def at(self, offset: int) -> Upload:
        return replace(self, offset=offset)

    def to_handle(self) -> Handle:
        return asdict(self)


def upload_from_handle(handle: Handle) -> Upload | None:
    return Upload(**dict(handle)) if "upload_url" in handle else None  # type: ignore[arg-type]  # our own JSON


def chunk_size(size: int) -> int:
    """Return the bytes per chunk: one chunk for files up to twice CHUNK, so that no last chunk is larger."""
    return size if size < 2 * CHUNK else CHUNK


def chunk_count(size: int, chunk: int) -> int:
    """Return floor(size / chunk): the last chunk has the rest (docs/reference/platforms/tiktok.md, section 3.3)."""
    return max(size // chunk, 1)


def range_headers(mime: str, start: int, end: int, size: int) -> dict[str, str]:
    """Return the headers of a PUT of the bytes from `start` up to, but not including, `end`."""
    return {
        "Content-Type": mime,
        "Content-Length": str(end - start),
        "Content-Range": f"bytes {start}-{end - 1}/{size}",
    }


def may_upload_to(url: object, *, loopback: bool) -> bool:
    """Whether media may be sent to an address from TikTok: https, or this machine if TikTok is on it too."""
    parts = split_address(url)
    return parts is not None and is_safe(parts, loopback=loopback)


@dataclass(frozen=True, slots=True)
class Pull:
    """A call after which TikTok fetches the media: made (with a `publish_id`) or to be made."""

    init: str
    body: Mapping[str, object]
    request: str
    username: str | None = None
    publish_id: str | None = None

    def with_publish_id(self, publish_id: str) -> Pull:
        return replace(self, publish_id=publish_id)

    def to_handle(self) -> Handle:
        return asdict(self)


def pull_from_handle(handle: Handle) -> Pull | None:
    """Return the call stored in a handle; None without one."""
    return Pull(**dict(handle)) if "init" in handle else None  # type: ignore[arg-type]  # our own JSON, read back
