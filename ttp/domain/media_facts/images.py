"""Width and height out of the headers of JPEG, PNG, GIF and WebP. Decodes no pixel."""

from __future__ import annotations

from ttp.domain.media_facts.window import CUT_OFF, DAMAGED, Facts, Unreadable, Window, sized


def jpeg(window: Window) -> Facts:
    """The facts of a JPEG, from its first start-of-frame segment (ITU-T T.81, B.1.1.3 and B.2.2)."""
    at = 2
    while True:
        fill, marker = window.take(at, 2)
        if fill != 0xFF or marker in (0xD9, 0xDA):  # end of image, start of scan: no frame header came before it
            raise Unreadable(DAMAGED)
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD7:  # markers that stand alone
            at += 2
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = window.number(at + 5, 2), window.number(at + 7, 2)
            return Facts("image/jpeg", *sized(width, height))
        else:
            at += 2 + max(2, window.number(at + 2, 2))


def png(window: Window) -> Facts:
    """The facts of a PNG, from its IHDR chunk (PNG 1.2, 11.2.2)."""
    header = window.take(8, 16)
    if header[4:8] != b"IHDR":
        raise Unreadable(DAMAGED)
    return Facts("image/png", *sized(int.from_bytes(header[8:12]), int.from_bytes(header[12:16])))


def gif(window: Window) -> Facts:
    """The facts of a GIF, from its logical screen descriptor (GIF89a, 18)."""
    header = window.take(6, 4)
    return Facts("image/gif", *sized(int.from_bytes(header[:2], "little"), int.from_bytes(header[2:], "little")))


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
