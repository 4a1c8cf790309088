"""Read width and height from the headers of JPEG, PNG, GIF and WebP, and check that the files are complete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ttp.domain.media.probe.reader import (
    FileFacts,
    FileWindow,
    ReadAt,
    UnusableMedia,
    check_size,
    cut_off,
    damage_error,
)

_PNG_END = b"IEND\xaeB`\x82"
_JPEG_END = b"\xff\xd9"
_GIF_END = b"\0;"  # the end of the last block, and the trailer
_TAILS = (64, 1 << 16, 3 << 18)
"""Distances from the end in which an image's last marker is searched: some programs and phones append data."""


def jpeg(window: FileWindow) -> FileFacts:
    """Return the facts of a JPEG, from its first start-of-frame segment."""
    frame = first_frame(window)
    width, height = check_size(frame.width, frame.height)
    if not _ends_with(window, _JPEG_END, frame.at):
        raise cut_off()
    return FileFacts("image/jpeg", width, height)


def png(window: FileWindow) -> FileFacts:
    """Return the facts of a PNG, from its IHDR chunk (PNG 1.2, 11.2.2)."""
    header = window.take(8, 16)
    if header[:8] != b"\0\0\0\rIHDR":
        raise damage_error()
    width, height = check_size(int.from_bytes(header[8:12]), int.from_bytes(header[12:16]))
    if not _ends_with(window, _PNG_END, 33):
        raise cut_off()
    return FileFacts("image/png", width, height)


def gif(window: FileWindow) -> FileFacts:
    """Return the facts of a GIF, from its logical screen descriptor (GIF89a, 18), and that it has its trailer (27)."""
    header = window.take(6, 4)
    width, height = check_size(int.from_bytes(header[:2], "little"), int.from_bytes(header[2:], "little"))
    if _GIF_END not in window.peek(max(10, window.size - 1_024), 1_024):
        raise cut_off()
    return FileFacts("image/gif", width, height)


def webp(window: FileWindow) -> FileFacts:
    """Return the facts of a WebP, from its first chunk (RFC 9649, 2.4 to 2.7)."""
    head = window.take(0, 30)
    if int.from_bytes(head[4:8], "little") + 8 > window.size:
        raise cut_off()
    match head[12:16]:
        case b"VP8X":
            width, height = 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
        case b"VP8L":
            bits = int.from_bytes(head[21:25], "little")
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            bits = int.from_bytes(head[26:30], "little")
            width, height = bits & 0x3FFF, bits >> 16 & 0x3FFF
        case _:
            raise damage_error()
    return FileFacts("image/webp", *check_size(width, height))


def _ends_with(window: FileWindow, mark: bytes, start: int) -> bool:
    """Return whether the mark that ends an image is there, behind `start`."""
    for length in _TAILS:
        at = max(start, window.size - length)
        if mark in window.peek(at, length):
            return True
        if at == start:
            break
    return False


_APP1, _APP2 = 0xE1, 0xE2
_NO_FRAMES = (0xC4, 0xC8, 0xCC)
_ORIENTATION, _SHORT, _PLACE = 0x0112, 3, 0x8825
_MOST_ENTRIES = 512


@dataclass(frozen=True, slots=True)
class Frame:
    """The first frame: pixels as stored, channels, and where its segment begins."""

    width: int
    height: int
    channels: int
    at: int


@dataclass(frozen=True, slots=True)
class ImageAppearance:
    """How an image is shown. `width` and `height` as seen; `turned`: by its EXIF orientation; `cmyk`: print colours;
    `srgb`: sRGB profile or none; `several`: more than one picture (MPO); `located`: its EXIF data say where it was
    taken. Of a PNG or WebP only `located` is looked for."""

    width: int
    height: int
    turned: bool = False
    cmyk: bool = False
    srgb: bool = True
    several: bool = False
    located: bool = False


def read_appearance(read_at: ReadAt, size: int) -> ImageAppearance:
    """Return how a JPEG of `size` bytes is shown. Raises UnusableMedia. Reads little more than its header."""
    window = FileWindow(read_at, size)
    orientation, profile, several, located, frame = 1, True, False, False, None
    for marker, start, end in _segments(window):
        if _is_frame(marker):
            frame = frame or _frame(window, start)
        elif marker == _APP1 and window.peek(start, 6) == b"Exif\0\0":
            orientation, located = _read_exif(window, start + 6, end)
        elif marker == _APP2 and window.peek(start, 4) == b"MPF\0":
            several = True
        elif marker == _APP2 and window.peek(start, 13) == b"ICC_PROFILE\0\x01":
            profile = _is_srgb(window, start + 14, end)
    if frame is None:
        raise damage_error()
    width, height = (frame.height, frame.width) if orientation >= 5 else (frame.width, frame.height)
    return ImageAppearance(width, height, orientation != 1, frame.channels == 4, profile, several, located)


def has_location(read_at: ReadAt, size: int, mime: str) -> bool:
    """Return whether the EXIF data of a PNG or WebP have its place. A damaged file counts up to the damage."""
    window = FileWindow(read_at, size)
    chunks = _png_chunks(window) if mime == "image/png" else _webp_chunks(window)
    try:
        for name, start, end in chunks:
            if name in (b"eXIf", b"EXIF"):
                skip = 6 if window.peek(start, 6) == b"Exif\0\0" else 0
                return _read_exif(window, start + skip, end)[1]
    except UnusableMedia:
        return False
    return False


def _png_chunks(window: FileWindow) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of the contents of each chunk (PNG, 5.3)."""
    at = 8
    while at + 12 <= window.size:
        head = window.take(at, 8)
        end = at + 8 + int.from_bytes(head[:4])
        yield head[4:], at + 8, end
        at = end + 4


def _webp_chunks(window: FileWindow) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of the contents of each chunk (RFC 9649, 2.3)."""
    at = 12
    while at + 8 <= window.size:
        head = window.take(at, 8)
        end = at + 8 + int.from_bytes(head[4:], "little")
        yield head[:4], at + 8, end
        at = end + end % 2


def first_frame(window: FileWindow) -> Frame:
    """Return the first start-of-frame segment (ITU-T T.81, B.2.2). Raises UnusableMedia without one."""
    for marker, start, _ in _segments(window):
        if _is_frame(marker):
            return _frame(window, start)
    raise damage_error()


def _segments(window: FileWindow) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of the contents of each segment before the scan (ITU-T T.81, B.1.1.3)."""
    at = 2
    while True:
        fill, marker = window.take(at, 2)
        if fill != 0xFF:
            raise damage_error()
        if marker in (0xD9, 0xDA):  # end of image, start of scan
            return
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD7:  # markers that stand alone
            at += 2
        else:
            length = max(2, window.number(at + 2, 2))
            yield marker, at + 4, at + 2 + length
            at += 2 + length


def _is_frame(marker: int) -> bool:
    return 0xC0 <= marker <= 0xCF and marker not in _NO_FRAMES


def _frame(window: FileWindow, start: int) -> Frame:
    head = window.take(start, 6)
    return Frame(int.from_bytes(head[3:5]), int.from_bytes(head[1:3]), head[5], start)


def _read_exif(window: FileWindow, start: int, end: int) -> tuple[int, bool]:
    """Return the orientation in EXIF data, 1 to 8 (Exif 2.32, 4.6.4; 1 if missing), and whether there is a place."""
    head = window.peek(start, 8)
    order = {b"II*\0": "little", b"MM\0*": "big"}.get(head[:4])
    if order is None:
        return 1, False

    def number(raw: bytes) -> int:
        return int.from_bytes(raw, "little" if order == "little" else "big")

    table = start + number(head[4:])
    count = min(number(window.peek(table, 2)), _MOST_ENTRIES)
    if table + 2 + count * 12 > end:
        return 1, False
    entries = window.peek(table + 2, count * 12)
    orientation, located = 1, False
    for at in range(0, len(entries), 12):
        tag = number(entries[at : at + 2])
        located = located or tag == _PLACE
        if tag == _ORIENTATION and number(entries[at + 2 : at + 4]) == _SHORT:
            value = number(entries[at + 8 : at + 10])
            orientation = value if 1 <= value <= 8 else 1
    return orientation, located


def _is_srgb(window: FileWindow, start: int, end: int) -> bool:
    """Return whether the first part of a colour profile names itself sRGB (ICC.1, 7.3 and 9.2.41, the tag `desc`)."""
    count = min(int.from_bytes(window.peek(start + 128, 4)), _MOST_ENTRIES)
    tags = window.peek(start + 132, count * 12)
    for at in range(0, len(tags) - 11, 12):
        if tags[at : at + 4] == b"desc":
            offset, length = int.from_bytes(tags[at + 4 : at + 8]), int.from_bytes(tags[at + 8 : at + 12])
            text = window.peek(start + offset, max(0, min(length, 512, end - start - offset)))
            return b"sRGB" in text or "sRGB".encode("utf-16-be") in text
    return False
