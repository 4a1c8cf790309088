"""The facts of MP4, MOV and HEIC files, from their boxes (ISO/IEC 14496-12). Reads no media data."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ttp.domain.media.probe import reader

_CODECS = {
    b"avc1": "h264",
    b"avc3": "h264",
    b"hvc1": "hevc",
    b"hev1": "hevc",
    b"dvh1": "hevc",
    b"dvhe": "hevc",
    b"vp08": "vp8",
    b"vp09": "vp9",
    b"av01": "av1",
}
_CHUNKS_LOOKED_AT = 1_000
_NAME = re.compile(rb"[A-Za-z0-9]{3,4}")


def movie(window: reader.FileWindow, mime: str) -> reader.FileFacts:
    """Return the facts of a whole MP4 or MOV: its index must be there, and its data within the file."""
    moov, data_at = None, None
    for box in _boxes(window, 0, window.size):
        if box.kind == b"moov":
            moov = moov or box
        elif box.kind == b"mdat" and data_at is None:
            data_at = box.start
        if moov is not None and data_at is not None:
            break
    if moov is None or data_at is None:
        raise reader.cut_off() if moov is None else reader.UnusableMedia("holds no video data", reader.Flaw.NO_DATA)
    for track in _boxes(window, moov.start, moov.end):
        if track.kind == b"trak" and (facts := _track(window, track)) is not None:
            width, height, codec, fps = facts
            return reader.FileFacts(mime, width, height, _duration_ms(window, moov), codec, fps, moov.start < data_at)
    raise reader.without_video()


def heic(window: reader.FileWindow) -> reader.FileFacts:
    """Return the facts of a HEIC: its largest picture (ISO/IEC 23008-12, 6.5.3), after its rotation (6.5.10). Its tiles
    and previews are smaller."""
    meta = next((box for box in _boxes(window, 0, window.size) if box.kind == b"meta"), None)
    properties = meta and _inside(window, reader.Box(b"meta", meta.start + 4, meta.end), b"iprp", b"ipco")
    sizes, turned = [(0, 0)], False
    for box in _boxes(window, properties.start, properties.end) if properties else ():
        if box.kind == b"ispe":
            sizes.append((window.number(box.start + 4, 4), window.number(box.start + 8, 4)))
        turned = turned or (box.kind == b"irot" and window.number(box.start, 1) % 2 == 1)
    width, height = reader.check_size(*max(sizes, key=lambda size: size[0] * size[1]))
    return reader.FileFacts("image/heic", *((height, width) if turned else (width, height)))


def _track(window: reader.FileWindow, track: reader.Box) -> tuple[int, int, str | None, float | None] | None:
    """Return width, height, codec and frames a second of a video track; None of any other."""
    media = _inside(window, track, b"mdia")
    handler = media and _inside(window, media, b"hdlr")
    if media is None or handler is None or window.take(handler.start + 8, 4) != b"vide":
        return None
    table = _inside(window, media, b"minf", b"stbl")
    entries = table and _inside(window, table, b"stsd")
    if table is None or entries is None:
        raise reader.damage_error()
    _check_chunks(window, table)
    name = window.take(entries.start + 12, 4)
    codec = _CODECS.get(name) or (name.decode().lower() if _NAME.match(name) else None)
    size = _shown_size(window, track) or (window.number(entries.start + 40, 2), window.number(entries.start + 42, 2))
    return *reader.check_size(*size), codec, _fps(window, media, table)


def _check_chunks(window: reader.FileWindow, table: reader.Box) -> None:
    """Raise UnusableMedia if the chunk offsets (8.7.5; the first and last few) lead beyond the file."""
    box, width = _inside(window, table, b"stco"), 4
    if box is None:
        box, width = _inside(window, table, b"co64"), 8
    if box is None:
        return  # a movie in fragments keeps them elsewhere
    count, first = window.number(box.start + 4, 4), box.start + 8
    if first + count * width > box.end:
        raise reader.damage_error()
    ends = min(count, _CHUNKS_LOOKED_AT) * width
    offsets = window.take(first, ends) + window.take(first + count * width - ends, ends)
    for at in range(0, len(offsets), width):
        if int.from_bytes(offsets[at : at + width]) >= window.size:
            raise reader.cut_off()


def _shown_size(window: reader.FileWindow, track: reader.Box) -> tuple[int, int] | None:
    """Return width and height as shown, out of `tkhd` (8.3.2), swapped where its matrix turns by 90 degrees."""
    header = _inside(window, track, b"tkhd")
    if header is None:
        return None
    matrix = header.start + (52 if window.number(header.start, 1) else 40)
    width, height = window.number(matrix + 36, 2), window.number(matrix + 40, 2)
    if not width or not height:
        return None
    turned = window.number(matrix, 4) == 0 and window.number(matrix + 16, 4) == 0
    return (height, width) if turned else (width, height)


def _fps(window: reader.FileWindow, media: reader.Box, table: reader.Box) -> float | None:
    """Return average samples per second: the count of `stsz` or `stz2` (8.7.3) over the duration of `mdhd` (8.4.2)."""
    header = _inside(window, media, b"mdhd")
    sizes = _inside(window, table, b"stsz") or _inside(window, table, b"stz2")
    seconds = header and _seconds(window, header)
    samples = window.number(sizes.start + 8, 4) if sizes else 0
    return round(samples / seconds, 3) if seconds and samples else None


def _duration_ms(window: reader.FileWindow, moov: reader.Box) -> int | None:
    header = _inside(window, moov, b"mvhd")
    seconds = header and _seconds(window, header)
    return reader.check_duration(round(seconds * 1000)) if seconds else None


def _seconds(window: reader.FileWindow, header: reader.Box) -> float | None:
    """Return the duration in `mvhd` or `mdhd` (8.2.2, 8.4.2); None for 0 or all ones, which mean "not known"."""
    length, at = (8, header.start + 20) if window.number(header.start, 1) else (4, header.start + 12)
    scale, units = window.number(at, 4), window.number(at + 4, length)
    if not scale:
        raise reader.damage_error()
    return units / scale if units and units != (1 << 8 * length) - 1 else None


def _inside(window: reader.FileWindow, part: reader.Box, *path: bytes) -> reader.Box | None:
    """Return the box that is reached by going from box to box by their kinds."""
    inner: reader.Box | None = part
    for kind in path:
        boxes = _boxes(window, inner.start, inner.end) if inner else ()
        inner = next((box for box in boxes if box.kind == kind), None)
    return inner


def _boxes(window: reader.FileWindow, at: int, end: int) -> Iterator[reader.Box]:
    """Yield the boxes between two offsets (4.2). Raises UnusableMedia if one reaches beyond."""
    while at + 8 <= end:
        header = window.peek(at, 16)
        length, kind, start = int.from_bytes(header[:4]), header[4:8], at + 8
        if length == 1 and len(header) == 16:
            length, start = int.from_bytes(header[8:]), at + 16
        after = at + length if length else end
        if after < start:
            raise reader.damage_error()
        if after > end:
            raise reader.cut_off()
        yield reader.Box(kind, start, after)
        at = after
