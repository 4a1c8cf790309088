"""Read a media file's kind, size and duration from its bytes, never from its name. Nothing is decoded. Files are
untrusted: every offset is checked against the file's size, and the number of reads and bytes is limited."""

from __future__ import annotations

from ttp.domain.media.item import NAMES
from ttp.domain.media.probe.audio import audio
from ttp.domain.media.probe.images import gif, jpeg, png, webp
from ttp.domain.media.probe.mp4 import heic, movie
from ttp.domain.media.probe.reader import FileFacts, FileWindow, Flaw, ReadAt, UnusableMedia
from ttp.domain.media.probe.webm import webm

__all__ = ["FileFacts", "Flaw", "ReadAt", "UnusableMedia", "read_facts"]

_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1"}
_OTHER_BRANDS = {b"hevc", b"hevx", b"msf1", b"avif", b"avis"}
_OLD_MOVIE_STARTS = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
"""First boxes of QuickTime files without an `ftyp` box (QuickTime File Format, "Movie files")."""


def read_facts(read_at: ReadAt, size: int) -> FileFacts:
    """Return the facts of a file of `size` bytes, read by `read_at(offset, length)`. Raises UnusableMedia with a reason
    that continues the file's name ("photo.jpg is cut off"). Reads at most 1 MiB."""
    window = FileWindow(read_at, size)
    head = window.peek(0, 12)
    if head.startswith(b"\xff\xd8\xff"):
        return jpeg(window)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return png(window)
    if head.startswith((b"GIF87a", b"GIF89a")):
        return gif(window)
    if head.startswith(b"RIFF") and head[8:] == b"WEBP":
        return webp(window)
    if head.startswith(b"\x1aE\xdf\xa3"):
        return webm(window)
    if (facts := audio(window)) is not None:
        return facts
    kind, brand = head[4:8], head[8:12]
    if kind == b"ftyp" and brand in _HEIC_BRANDS:
        return heic(window)
    if kind == b"ftyp" and brand in _OTHER_BRANDS:
        raise UnusableMedia("is an AVIF image or a sequence of images; save it as JPEG", Flaw.NOT_ACCEPTED)
    if kind == b"ftyp":
        return movie(window, "video/quicktime" if brand == b"qt  " else "video/mp4")
    if kind in _OLD_MOVIE_STARTS:
        return movie(window, "video/quicktime")
    if not size:
        raise UnusableMedia("is empty", Flaw.EMPTY)
    raise UnusableMedia(f"is not an image, a video or audio that ttp knows ({', '.join(NAMES.values())})", Flaw.UNKNOWN)
