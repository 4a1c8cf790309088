"""Small media files made by hand, box by box, for tests: what is in them is exactly what is passed in."""

from __future__ import annotations

import struct
import zlib


def jpeg(
    width: int = 1080, height: int = 1350, before: bytes = b"", tail: bytes = b"\xff\xd9", channels: int = 1
) -> bytes:
    """A JPEG's header. `before`: segments between its start and the frame that tells its size."""
    first = before or segment(0xE0, b"JFIF\0")
    return b"\xff\xd8" + first + frame(width, height, channels) + b"\xff\xda\x00\x02" + tail


def frame(width: int, height: int, channels: int = 1) -> bytes:
    return segment(0xC0, struct.pack(">BHHB", 8, height, width, channels) + b"\x01\x11\x00" * channels)


def exif(orientation: int | None = None, order: str = "little", kind: int = 3, *, place: bool = False) -> bytes:
    """EXIF data with an orientation of a TIFF type (3: short) behind another entry; None: with the other alone.

    `place`: the other entry is the place of the photo.
    """
    end = "<" if order == "little" else ">"
    other = struct.pack(f"{end}HHII", 0x8825 if place else 0x010F, 4 if place else 2, 1, 0)
    told = b"" if orientation is None else struct.pack(f"{end}HHIHH", 0x0112, kind, 1, orientation, 0)
    table = struct.pack(f"{end}H", 1 + bool(told)) + other + told
    start = (b"II*\0" if order == "little" else b"MM\0*") + struct.pack(f"{end}I", 8)
    return segment(0xE1, b"Exif\0\0" + start + table)


def profile(name: bytes | None, offset: int = 156) -> bytes:
    """A colour profile of one tag; its name, if it has any."""
    tag = struct.pack(">4sII", b"cprt" if name is None else b"desc", offset, len(name or b""))
    return segment(0xE2, b"ICC_PROFILE\0\x01\x01" + bytes(128) + struct.pack(">I", 1) + tag + bytes(12) + (name or b""))


def segment(marker: int, data: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int = 800, height: int = 600, *between: bytes) -> bytes:
    """A PNG without pixels. `between`: chunks before its end."""
    header = chunk(b"IHDR", struct.pack(">II", width, height) + b"\x08\x02\0\0\0")
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(between) + chunk(b"IEND")


def gif(width: int = 320, height: int = 200) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\0\0\0;"


def webp(chunk: bytes) -> bytes:
    body = b"WEBP" + chunk
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_simple(width: int = 640, height: int = 480) -> bytes:
    return webp(b"VP8 " + struct.pack("<I", 10) + b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height))


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def clock(seconds: float | None, scale: int = 1000, version: int = 0) -> bytes:
    """The contents of `mvhd` and `mdhd` up to the duration; None: not known."""
    if version:
        units = (1 << 64) - 1 if seconds is None else round(seconds * scale)
        return struct.pack(">B3xQQIQ", 1, 0, 0, scale, units)
    units = (1 << 32) - 1 if seconds is None else round(seconds * scale)
    return struct.pack(">B3xIIII", 0, 0, 0, scale, units)


def track_header(width: int, height: int, *, turned: bool = False, version: int = 0) -> bytes:
    start = struct.pack(">B3x", version) + bytes(48 if version else 36)
    one = 0x10000
    matrix = (0, one, 0, -one, 0, 0, 0, 0, 0x40000000) if turned else (one, 0, 0, 0, one, 0, 0, 0, 0x40000000)
    return box(b"tkhd", start, struct.pack(">9i", *matrix), struct.pack(">II", width << 16, height << 16))


def video_track(
    width: int = 720,
    height: int = 1280,
    *,
    shown: bytes | None = None,
    codec: bytes = b"avc1",
    seconds: float | None = 4.0,
    samples: bytes | None = None,
    chunks: bytes = b"",
) -> bytes:
    """A `trak` of 30 frames a second unless `samples` (an `stsz` or nothing) says otherwise. `chunks`: an `stco`."""
    entry = box(codec, bytes(24), struct.pack(">HH", width, height), bytes(50))
    sizes = box(b"stsz", struct.pack(">4xII", 0, round((seconds or 0) * 30))) if samples is None else samples
    table = box(b"stbl", box(b"stsd", struct.pack(">4xI", 1), entry), sizes, chunks)
    handler = box(b"hdlr", bytes(8), b"vide", bytes(12))
    media = box(b"mdia", box(b"mdhd", clock(seconds)), handler, box(b"minf", table))
    return box(b"trak", track_header(width, height) if shown is None else shown, media)


def sound_track() -> bytes:
    return box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), b"soun", bytes(12))))


def movie(
    *tracks: bytes,
    seconds: float | None = 4.0,
    brand: bytes = b"isom",
    header: bytes | None = None,
    moov_first: bool = True,
    data: bytes = b"data",
) -> bytes:
    """A whole MP4 (or MOV: brand `qt  `) with one video track unless others are given."""
    begin = box(b"ftyp", brand, bytes(4), brand)
    index = box(b"moov", box(b"mvhd", clock(seconds) if header is None else header), *(tracks or (video_track(),)))
    media = box(b"mdat", data)
    return begin + (index + media if moov_first else media + index)


def element(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return kind + struct.pack(">Q", len(body) | 1 << 56) + body


def webm_track(width: int = 640, height: int = 360, *extra: bytes, codec: bytes = b"V_VP9", kind: int = 1) -> bytes:
    pixels = element(b"\xb0", struct.pack(">H", width)), element(b"\xba", struct.pack(">H", height))
    video = element(b"\xe0", *pixels)
    return element(b"\xae", element(b"\x83", bytes((kind,))), element(b"\x86", codec), video, *extra)


FRAME_25 = element(b"\x23\xe3\x83", (40_000_000).to_bytes(4))
CLUSTER = b"\x1f\x43\xb6\x75\xff"


def webm(*tracks: bytes, info: bytes | None = None, doc_type: bytes = b"webm", after: bytes = CLUSTER) -> bytes:
    """A WebM of 2.5 s and 25 frames a second unless told otherwise."""
    head = element(b"\x1a\x45\xdf\xa3", element(b"\x42\x82", doc_type))
    told = element(b"\x44\x89", struct.pack(">d", 2500.0)) if info is None else info
    inside = (
        element(b"\x15\x49\xa9\x66", told),
        element(b"\x16\x54\xae\x6b", *(tracks or (webm_track(640, 360, FRAME_25),))),
    )
    return head + element(b"\x18\x53\x80\x67", *inside, after)
