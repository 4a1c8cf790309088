"""A JPEG's header, segment by segment: its frame, and how its pixels are meant to be shown. Decodes no pixel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ttp.domain.media_facts.window import DAMAGED, ReadAt, Unreadable, Window

_APP1, _APP2 = 0xE1, 0xE2
_NO_FRAMES = (0xC4, 0xC8, 0xCC)
_ORIENTATION, _SHORT = 0x0112, 3
_MOST_ENTRIES = 512


@dataclass(frozen=True, slots=True)
class Frame:
    """The first frame: pixels as stored, channels, and where its segment begins."""

    width: int
    height: int
    channels: int
    at: int


@dataclass(frozen=True, slots=True)
class Look:
    """How a JPEG is shown. `width` and `height` in pixels as seen; `turned`: by its EXIF orientation; `cmyk`: printers'
    colours; `srgb`: it has no colour profile, or that one; `several`: it holds more than one picture (MPO)."""

    width: int
    height: int
    turned: bool = False
    cmyk: bool = False
    srgb: bool = True
    several: bool = False


def read_look(read_at: ReadAt, size: int) -> Look:
    """How a JPEG of `size` bytes is shown. Unreadable as `read_facts`; reads little more than its header."""
    window = Window(read_at, size)
    orientation, profile, several, found = 1, True, False, None
    for marker, start, end in _segments(window):
        if _is_frame(marker):
            found = found or _frame(window, start)
        elif marker == _APP1 and window.peek(start, 6) == b"Exif\0\0":
            orientation = _orientation(window, start + 6, end)
        elif marker == _APP2 and window.peek(start, 4) == b"MPF\0":
            several = True
        elif marker == _APP2 and window.peek(start, 13) == b"ICC_PROFILE\0\x01":
            profile = _is_srgb(window, start + 14, end)
    if found is None:
        raise Unreadable(DAMAGED)
    width, height = (found.height, found.width) if orientation >= 5 else (found.width, found.height)
    return Look(width, height, orientation != 1, found.channels == 4, profile, several)


def frame(window: Window) -> Frame:
    """The first start-of-frame segment (ITU-T T.81, B.2.2). Unreadable where there is none."""
    for marker, start, _ in _segments(window):
        if _is_frame(marker):
            return _frame(window, start)
    raise Unreadable(DAMAGED)


def _segments(window: Window) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of the contents of each segment before the scan (ITU-T T.81, B.1.1.3)."""
    at = 2
    while True:
        fill, marker = window.take(at, 2)
        if fill != 0xFF:
            raise Unreadable(DAMAGED)
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


def _frame(window: Window, start: int) -> Frame:
    head = window.take(start, 6)
    return Frame(int.from_bytes(head[3:5]), int.from_bytes(head[1:3]), head[5], start)


def _orientation(window: Window, start: int, end: int) -> int:
    """The orientation in EXIF data, 1 to 8 (Exif 2.32, 4.6.4); 1 where it tells none that makes sense."""
    head = window.peek(start, 8)
    order = {b"II*\0": "little", b"MM\0*": "big"}.get(head[:4])
    if order is None:
        return 1

    def number(raw: bytes) -> int:
        return int.from_bytes(raw, "little" if order == "little" else "big")

    table = start + number(head[4:])
    count = min(number(window.peek(table, 2)), _MOST_ENTRIES)
    if table + 2 + count * 12 > end:
        return 1
    entries = window.peek(table + 2, count * 12)
    for at in range(0, len(entries), 12):
        if number(entries[at : at + 2]) == _ORIENTATION and number(entries[at + 2 : at + 4]) == _SHORT:
            told = number(entries[at + 8 : at + 10])
            return told if 1 <= told <= 8 else 1
    return 1


def _is_srgb(window: Window, start: int, end: int) -> bool:
    """Whether the first part of a colour profile names itself sRGB (ICC.1, 7.3 and 9.2.41, the tag `desc`)."""
    count = min(int.from_bytes(window.peek(start + 128, 4)), _MOST_ENTRIES)
    tags = window.peek(start + 132, count * 12)
    for at in range(0, len(tags) - 11, 12):
        if tags[at : at + 4] == b"desc":
            offset, length = int.from_bytes(tags[at + 4 : at + 8]), int.from_bytes(tags[at + 8 : at + 12])
            text = window.peek(start + offset, max(0, min(length, 512, end - start - offset)))
            return b"sRGB" in text or "sRGB".encode("utf-16-be") in text
    return False
