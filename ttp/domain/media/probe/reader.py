"""Read parts of an untrusted file within limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ttp.domain.errors import UsageError

ReadAt = Callable[[int, int], bytes]
"""`read_at(offset, length)`: that many bytes of the file, fewer at its end."""

MOST_READS = 5_000
MOST_BYTES = 1 << 20
MOST_PIXELS = 250_000_000
"""More than the largest phone camera makes (200 million), less than anything made to exhaust a reader."""
MOST_MS = 7 * 24 * 3_600_000
"""A week: no platform takes an hour more than 125 minutes, and larger numbers would not fit the store."""


class Flaw(StrEnum):
    """Why a file is not usable."""

    CUT_OFF = "cut_off"
    DAMAGED = "damaged"
    EMPTY = "empty"
    LASTS_TOO_LONG = "lasts_too_long"
    NO_DATA = "no_data"
    NO_SIZE = "no_size"
    NO_VIDEO = "no_video"
    NOT_ACCEPTED = "not_accepted"
    TOO_LARGE = "too_large"
    TOO_MANY_PARTS = "too_many_parts"
    UNKNOWN = "unknown"


class UnusableMedia(UsageError):
    """The bytes are not a usable image or video. The message continues the file's name: "is cut off"."""

    flaw: Flaw

    def __init__(self, message: str, flaw: Flaw) -> None:
        super().__init__(message, flaw=flaw)


def cut_off() -> UnusableMedia:
    return UnusableMedia("is cut off: it ends before the data that it announces", Flaw.CUT_OFF)


def damage_error() -> UnusableMedia:
    return UnusableMedia("is damaged: its header makes no sense", Flaw.DAMAGED)


def without_video() -> UnusableMedia:
    return UnusableMedia("has no video in it", Flaw.NO_VIDEO)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Facts from a file's bytes; None if unknown.

    `width` and `height` in pixels as shown (with a video's rotation, without an image's EXIF orientation). `codec`:
    h264, hevc, vp8, vp9, av1, or the container's four characters. `fps`: average frames per second. `moov_first`: the
    index of an MP4 or MOV precedes its data.
    """

    mime: str
    width: int | None
    height: int | None
    duration_ms: int | None = None
    codec: str | None = None
    fps: float | None = None
    moov_first: bool | None = None


class FileWindow:
    """Reads parts of one file: never beyond its end, never more than the budget of reads and bytes."""

    def __init__(self, read_at: ReadAt, size: int) -> None:
        self._read_at = read_at
        self.size = size
        self._reads = 0
        self._bytes = 0

    def peek(self, at: int, length: int) -> bytes:
        """Return up to `length` bytes from `at`; fewer at the end of the file."""
        length = max(0, min(length, self.size - at))
        self._reads += 1
        self._bytes += length
        if self._reads > MOST_READS or self._bytes > MOST_BYTES:
            raise UnusableMedia("is damaged: its header has too many parts", Flaw.TOO_MANY_PARTS)
        return self._read_at(at, length)

    def take(self, at: int, length: int) -> bytes:
        """Return exactly `length` bytes from `at`. Raises UnusableMedia if the file ends before."""
        data = self.peek(at, length)
        if len(data) < length:
            raise cut_off()
        return data

    def number(self, at: int, length: int) -> int:
        """Return the unsigned big-endian number of `length` bytes at `at`."""
        return int.from_bytes(self.take(at, length))


@dataclass(frozen=True, slots=True)
class Box:
    """A box or element: its kind, and where its contents begin and end in the file."""

    kind: bytes
    start: int
    end: int


def check_size(width: int, height: int) -> tuple[int, int]:
    """Return width and height. Raises UnusableMedia if they are 0 or larger than any platform accepts."""
    if not width or not height:
        raise UnusableMedia("is damaged: it has no width or no height", Flaw.NO_SIZE)
    if width * height > MOST_PIXELS:
        raise UnusableMedia(f"says that it is {width}x{height} pixels, which no platform takes", Flaw.TOO_LARGE)
    return width, height


def check_duration(ms: int) -> int:
    """Return a duration in ms. Raises UnusableMedia beyond a week."""
    if ms > MOST_MS:
        raise UnusableMedia("says that it lasts for more than a week, which no platform takes", Flaw.LASTS_TOO_LONG)
    return ms
