"""Media: their type, size and duration from their headers; fetching them; the pictures of the page."""

from __future__ import annotations

import asyncio
import http.client
import ipaddress
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """Pixels of an image or video, seconds of a video. None where the headers do not say."""

    mime: str | None
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None

    @property
    def complete(self) -> bool:
        """Whether a platform can use the file. A video without its index cannot be played."""
        return self.duration_s is not None or self.mime not in ("video/mp4", "video/quicktime", None)


def mime_of(data: bytes) -> str | None:
    """Return the media type by magic bytes; None for an unknown one."""
    if data[:3] == b"\xff\xd8\xff":
        return "image/jpeg"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "image/png"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[:3] == b"ID3" or data[:2] in (b"\xff\xfb", b"\xff\xf3"):
        return "audio/mpeg"
    if data[:4] in (b"OggS", b"fLaC") or (data[:4] == b"RIFF" and data[8:12] == b"WAVE"):
        return {b"OggS": "audio/ogg", b"fLaC": "audio/flac"}.get(data[:4], "audio/wav")
    if data[4:12] == b"ftypM4A ":
        return "audio/mp4"
    if data[:4] == b"\x1aE\xdf\xa3":
        return "video/webm"
    if data[4:8] == b"ftyp":
        return "video/quicktime" if data[8:12] == b"qt  " else "video/mp4"
    return None


def read_facts(data: bytes) -> MediaFacts:
    """Read the headers of a file."""
    match mime_of(data):
        case "image/jpeg" as mime:
            width, height = _jpeg_size(data)
            return MediaFacts(mime, width, height)
        case "video/mp4" | "video/quicktime" as mime:
            return MediaFacts(mime, *_movie_size(data), duration_s=_movie_seconds(data))
        case "image/png" as mime if len(data) >= 24:
            return MediaFacts(mime, int.from_bytes(data[16:20]), int.from_bytes(data[20:24]))
        case "image/gif" as mime if len(data) >= 10:
            return MediaFacts(mime, int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little"))
        case mime:
            return MediaFacts(mime)


def _jpeg_size(data: bytes) -> tuple[int | None, int | None]:
    """Return width and height from the first start-of-frame segment (ITU T.81, B.2.2)."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += 2 + length
    return None, None


def _movie_seconds(data: bytes) -> float | None:
    """Return the duration from `moov/mvhd` (ISO 14496-12, 8.2.2)."""
    moov = _box(data, b"moov")
    header = _box(moov, b"mvhd") if moov is not None else None
    if header is None or len(header) < 20:
        return None
    if header[0] == 1 and len(header) >= 32:
        scale, units = struct.unpack(">IQ", header[20:32])
    else:
        scale, units = struct.unpack(">II", header[12:20])
    return units / scale if scale else None


def _movie_size(data: bytes) -> tuple[int | None, int | None]:
    """Return width and height of the first track that has pixels, from `moov/trak/tkhd` (ISO 14496-12, 8.3.2)."""
    for kind, track in _boxes(_box(data, b"moov") or b""):
        header = (_box(track, b"tkhd") or b"") if kind == b"trak" else b""
        width, height = int.from_bytes(header[-8:-6]), int.from_bytes(header[-4:-2])
        if width and height:
            return width, height
    return None, None


def _box(data: bytes, wanted: bytes) -> bytes | None:
    """Return the contents of the first box of this kind at the top level of `data`."""
    return next((contents for kind, contents in _boxes(data) if kind == wanted), None)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and contents of each box at the top level of `data` (ISO 14496-12, 4.2). Ends at an invalid size."""
    at = 0
    while at + 8 <= len(data):
        size, start = int.from_bytes(data[at : at + 4]), at + 8
        if size == 1:
            size, start = int.from_bytes(data[at + 8 : at + 16]), at + 16
        end = at + size if size else len(data)
        yield data[at + 4 : at + 8], data[start:end]
        if end <= at + 7:
            return
        at = end


TIMEOUT_S = 20.0


class CannotFetch(Exception):
    """The URL gave nothing: wrong address, no answer or an error status."""


async def fetch_url(url: str, most_bytes: int) -> bytes:
    """Return the body behind `url`. Reads at most one byte more than `most_bytes`, so that a caller sees the excess."""
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


MOST_BYTES = 32 * 1024 * 1024


@dataclass(slots=True)
class Pictures:
    """Images by their SHA-256. Other files are not kept."""

    kept: dict[str, bytes] = field(default_factory=dict)
    size: int = 0

    def keep(self, sha256: str, data: bytes) -> None:
        """Keep an image, and drop the oldest until all fit."""
        mime = mime_of(data)
        if sha256 in self.kept or mime is None or not mime.startswith("image/") or len(data) > MOST_BYTES:
            return
        self.kept[sha256] = data
        self.size += len(data)
        while self.size > MOST_BYTES:
            oldest = next(iter(self.kept))
            self.size -= len(self.kept.pop(oldest))

    def get(self, sha256: str) -> tuple[bytes, str] | None:
        """Return an image and its media type."""
        data = self.kept.get(sha256)
        return None if data is None else (data, mime_of(data) or "")
