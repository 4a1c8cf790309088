"""A TikTok upload: how a file is cut into chunks, what a post says beside its bytes, and what the handle remembers.

The handle: `publish_id`, `upload_url`, `issued_at` (ms), `offset` (bytes that TikTok has), `size`, `chunk`, `request`
(a fingerprint of what was announced), `username`, and `tried`: calls that carried the last chunk. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from ttp.domain.account import Platform, is_loopback
from ttp.domain.attempt import Handle
from ttp.domain.clock import from_ms
from ttp.domain.options import OPTIONS, PRIVACY

CHUNK = 10_000_000
"""Bytes per chunk. TikTok wants 5 to 64 MB, decimal or binary: so at least 5,242,880 and at most 64,000,000. The last
chunk, which publishes, is at most twice this."""
URL_LIFE = timedelta(minutes=59)
"""An upload URL is valid for one hour."""
MOST_TRIES = 3
"""Calls with the last chunk to one upload URL; after that the URL is taken for dead."""
_PIECE = 1 << 20

SWITCHES = tuple(
    option.name.partition(".")[2]
    for option in OPTIONS.values()
    if option.platform is Platform.TIKTOK and option is not PRIVACY
)
"""Platform options that go into `post_info` as booleans."""
_BOOLEAN: Mapping[str, bool] = MappingProxyType({"true": True, "false": False})


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
        return now - from_ms(self.issued_at) < URL_LIFE and self.tried < MOST_TRIES

    def at(self, offset: int) -> Upload:
        return replace(self, offset=offset)

    def remembered(self) -> Handle:
        return asdict(self)


def recalled(handle: Handle) -> Upload | None:
    """The upload that a handle remembers; None where there is none."""
    return Upload(**dict(handle)) if "publish_id" in handle else None  # type: ignore[arg-type]  # our own JSON, read back


def chunk_size(size: int) -> int:
    """Bytes per chunk of a file: one chunk up to twice CHUNK, so that no last chunk is larger than that."""
    return size if size < 2 * CHUNK else CHUNK


def chunk_count(size: int, chunk: int) -> int:
    """floor(size / chunk): the last chunk takes the rest (section 3.3)."""
    return max(size // chunk, 1)


def range_headers(mime: str, start: int, end: int, size: int) -> dict[str, str]:
    """The headers of a PUT of the bytes from `start` up to, not including, `end`."""
    return {
        "Content-Type": mime,
        "Content-Length": str(end - start),
        "Content-Range": f"bytes {start}-{end - 1}/{size}",
    }


def pieces(path: Path, start: int, end: int) -> Iterator[bytes]:
    """The bytes from `start` up to `end` of a file. Raises OSError, also where the file is shorter than it was."""
    with path.open("rb") as source:
        source.seek(start)
        left = end - start
        while left > 0:
            piece = source.read(min(_PIECE, left))
            if not piece:
                raise OSError("the file is shorter than it was")
            left -= len(piece)
            yield piece


def post_info(text: str, options: Mapping[str, str]) -> dict[str, object]:
    """What a post says beside its bytes. ValueError with the reason where an option is missing or not true or false."""
    privacy = options.get("privacy_level", "")
    if not privacy:
        raise ValueError("TikTok needs to know who may see the post: set tiktok.privacy_level")
    info: dict[str, object] = {"privacy_level": privacy, **({"title": text} if text else {})}
    for name in SWITCHES:
        if name in options:
            if options[name] not in _BOOLEAN:
                raise ValueError(f"tiktok.{name} is true or false")
            info[name] = _BOOLEAN[options[name]]
    return info


def may_upload_to(url: object, *, loopback: bool) -> bool:
    """Whether media may be sent to an address that TikTok named: https, or this machine while TikTok itself is it."""
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" or (loopback and parts.scheme == "http" and is_loopback(parts.hostname or ""))
