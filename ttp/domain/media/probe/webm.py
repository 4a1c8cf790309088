"""The facts of WebM files, from the elements before their data (RFC 8794, RFC 9559). Reads no media data."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

from ttp.domain.media.probe import reader

_EBML, _DOC_TYPE = b"\x1a\x45\xdf\xa3", b"\x42\x82"
_SEGMENT, _INFO, _TRACKS, _CLUSTER = b"\x18\x53\x80\x67", b"\x15\x49\xa9\x66", b"\x16\x54\xae\x6b", b"\x1f\x43\xb6\x75"
_SCALE, _DURATION = b"\x2a\xd7\xb1", b"\x44\x89"
_TRACK, _TRACK_TYPE, _CODEC, _FRAME_NS = b"\xae", b"\x83", b"\x86", b"\x23\xe3\x83"
_VIDEO, _WIDTH, _HEIGHT = b"\xe0", b"\xb0", b"\xba"
_CODECS = {b"V_VP8": "vp8", b"V_VP9": "vp9", b"V_AV1": "av1"}


def webm(window: reader.FileWindow) -> reader.FileFacts:
    """Return the facts of a WebM: what its segment tells before the first cluster of data."""
    top = _inside(window, reader.Box(b"", 0, window.size))
    doc_type = _value(window, _inside(window, top[_EBML]).get(_DOC_TYPE))
    if doc_type.rstrip(b"\0") != b"webm":
        raise reader.UnusableMedia(
            "is a Matroska video, which no platform takes; save it as MP4", reader.Flaw.NOT_ACCEPTED
        )
    segment = _inside(window, top[_SEGMENT], until=_CLUSTER) if _SEGMENT in top else {}
    if _TRACKS not in segment:
        raise reader.cut_off()
    for track in _elements(window, segment[_TRACKS]):
        if track.kind == _TRACK and (facts := _track(window, track)) is not None:
            width, height, codec, fps = facts
            return reader.FileFacts("video/webm", width, height, _duration_ms(window, segment.get(_INFO)), codec, fps)
    raise reader.without_video()


def _track(window: reader.FileWindow, track: reader.Box) -> tuple[int, int, str | None, float | None] | None:
    """Return width, height, codec and frames a second of a video track; None of any other."""
    about = _inside(window, track)
    if _VIDEO not in about or _number(window, about.get(_TRACK_TYPE)) != 1:
        return None
    video = _inside(window, about[_VIDEO])
    size = reader.check_size(_number(window, video.get(_WIDTH)), _number(window, video.get(_HEIGHT)))
    frame_ns = _number(window, about.get(_FRAME_NS))
    codec = _CODECS.get(_value(window, about.get(_CODEC)))
    return *size, codec, round(1e9 / frame_ns, 3) if frame_ns else None


def _duration_ms(window: reader.FileWindow, info: reader.Box | None) -> int | None:
    """Duration times TimestampScale nanoseconds (RFC 9559, 5.1.2); None where the recorder did not write it."""
    inside = _inside(window, info) if info else {}
    value = _value(window, inside.get(_DURATION))
    if len(value) not in (4, 8):
        return None
    units: float = struct.unpack(">f" if len(value) == 4 else ">d", value)[0]
    ms = units * (_number(window, inside.get(_SCALE)) or 1_000_000) / 1e6
    if not math.isfinite(ms) or ms < 0:
        raise reader.damage_error()
    return reader.check_duration(round(ms)) or None


def _number(window: reader.FileWindow, part: reader.Box | None) -> int:
    return int.from_bytes(_value(window, part))


def _value(window: reader.FileWindow, part: reader.Box | None) -> bytes:
    """Return the bytes of an element, at most 64; empty without an element."""
    return window.take(part.start, min(64, part.end - part.start)) if part else b""


def _inside(window: reader.FileWindow, part: reader.Box, until: bytes | None = None) -> dict[bytes, reader.Box]:
    """Return what an element holds, by kind; the first of each. Looks no further than one of the kind `until`."""
    boxes: dict[bytes, reader.Box] = {}
    for each in _elements(window, part):
        boxes.setdefault(each.kind, each)
        if each.kind == until:
            break
    return boxes


def _elements(window: reader.FileWindow, part: reader.Box) -> Iterator[reader.Box]:
    """Yield an element's elements (RFC 8794, 4 to 6); all ones reach to the end. Raises UnusableMedia beyond it."""
    at, end = part.start, part.end
    while at < end:
        header = window.peek(at, 12)
        id_length = _length(header, 0)
        size_length = _length(header, id_length)
        start = at + id_length + size_length
        bits = 7 * size_length
        size = int.from_bytes(header[id_length : id_length + size_length]) & (1 << bits) - 1
        after = end if size == (1 << bits) - 1 else start + size
        if after > end:
            raise reader.cut_off()
        yield reader.Box(header[:id_length], start, after)
        at = after


def _length(header: bytes, at: int) -> int:
    """Return the length in bytes of the variable-size number at `at`, from the zeros it begins with."""
    if at >= len(header):
        raise reader.cut_off()
    length = 9 - header[at].bit_length()
    if length > 8 or at + length > len(header):
        raise reader.damage_error()
    return length
