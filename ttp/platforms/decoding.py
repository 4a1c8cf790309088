"""Unpacking an answer's body, bounded: a few kilobytes on the wire can be gigabytes in memory. Knows no platform."""

from __future__ import annotations

import zlib


class Decode:
    """One body's decompression, never more bytes at once than asked for. None for what cannot be decoded."""

    def __init__(self, encoding: str) -> None:
        self._known = encoding in ("", "identity", "gzip", "x-gzip", "deflate")
        # wbits 47: zlib tells gzip and zlib headers apart itself.
        self._inflate = None if encoding in ("", "identity") else zlib.decompressobj(wbits=47)

    def __call__(self, chunk: bytes, most: int) -> bytes | None:
        if not self._known:
            return None
        if self._inflate is None:
            return chunk
        try:
            return self._inflate.decompress(chunk, max(most, 1))
        except zlib.error:
            return None
