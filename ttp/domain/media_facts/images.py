"""Width and height out of the headers of JPEG, PNG, GIF and WebP, and that they are whole. Decodes no pixel."""

from __future__ import annotations

from ttp.domain.media_facts.jpegs import frame
from ttp.domain.media_facts.window import CUT_OFF, DAMAGED, Facts, Unreadable, Window, sized

_PNG_END = b"IEND\xaeB`\x82"
_JPEG_END = b"\xff\xd9"
_GIF_END = b"\0;"  # the end of the last block, and the trailer
_TAILS = (64, 1 << 16, 3 << 18)
"""How far from its end an image's last mark is looked for: some programs and phones write more behind it."""


def jpeg(window: Window) -> Facts:
    """The facts of a JPEG, from its first start-of-frame segment."""
    found = frame(window)
    width, height = sized(found.width, found.height)
    if not _ends_with(window, _JPEG_END, found.at):
        raise Unreadable(CUT_OFF)
    return Facts("image/jpeg", width, height)


def png(window: Window) -> Facts:
    """The facts of a PNG, from its IHDR chunk (PNG 1.2, 11.2.2)."""
    header = window.take(8, 16)
    if header[:8] != b"\0\0\0\rIHDR":
        raise Unreadable(DAMAGED)
    width, height = sized(int.from_bytes(header[8:12]), int.from_bytes(header[12:16]))
    if not _ends_with(window, _PNG_END, 33):
        raise Unreadable(CUT_OFF)
    return Facts("image/png", width, height)


def gif(window: Window) -> Facts:
    """The facts of a GIF, from its logical screen descriptor (GIF89a, 18), and that it has its trailer (27)."""
    header = window.take(6, 4)
    width, height = sized(int.from_bytes(header[:2], "little"), int.from_bytes(header[2:], "little"))
    if _GIF_END not in window.peek(max(10, window.size - 1_024), 1_024):
        raise Unreadable(CUT_OFF)
    return Facts("image/gif", width, height)


def webp(window: Window) -> Facts:
    """The facts of a WebP, from its first chunk (RFC 9649, 2.4 to 2.7)."""
    head = window.take(0, 30)
    if int.from_bytes(head[4:8], "little") + 8 > window.size:
        raise Unreadable(CUT_OFF)
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
            raise Unreadable(DAMAGED)
    return Facts("image/webp", *sized(width, height))


def _ends_with(window: Window, mark: bytes, start: int) -> bool:
    """Whether the mark that ends an image is there, behind `start`."""
    for length in _TAILS:
        at = max(start, window.size - length)
        if mark in window.peek(at, length):
            return True
        if at == start:
            break
    return False
