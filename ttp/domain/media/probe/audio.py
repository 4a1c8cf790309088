"""Tell audio files by their first bytes, and read how long they last where the header says so."""

from __future__ import annotations

from ttp.domain.media.probe import reader

_OGG_CODECS = (b"OpusHead", b"\x01vorbis", b"\x7fFLAC", b"Speex   ")


def audio(window: reader.FileWindow) -> reader.FileFacts | None:
    """Return the facts of MP3, Ogg, FLAC, WAV and M4A; None for anything else."""
    head = window.peek(0, 64)
    if head[:4] == b"fLaC":
        numbers = int.from_bytes(head[18:26])  # STREAMINFO (RFC 9639, 8.2): rate, channels, bits, samples
        return _facts("audio/flac", numbers & ((1 << 36) - 1), numbers >> 44)
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        rate = int.from_bytes(head[28:32], "little") if head[12:16] == b"fmt " else 0
        return _facts("audio/wav", max(0, window.size - 44), rate)
    if head[:4] == b"OggS" and any(codec in head for codec in _OGG_CODECS):
        return _facts("audio/ogg")
    if head[4:8] == b"ftyp" and head[8:12] in (b"M4A ", b"M4B "):
        return _facts("audio/mp4")
    if head[:3] == b"ID3" or (head[:1] == b"\xff" and head[1:2] in (b"\xfb", b"\xfa", b"\xf3", b"\xf2")):
        return _facts("audio/mpeg")
    return None


def _facts(mime: str, units: int = 0, rate: int = 0) -> reader.FileFacts:
    ms = reader.check_duration(units * 1000 // rate) if units and rate else None
    return reader.FileFacts(mime, None, None, ms)
