"""An answer's body: unpacked within bounds, since a few kilobytes on the wire can be gigabytes in memory, and without
our secrets in it. Knows no platform."""

from __future__ import annotations

import zlib

SHORTEST_SECRET = 8
"""A shorter text is no token that guards anything, and could be a word of the answer."""


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


def hidden(body: bytes | None, secrets: tuple[str, ...]) -> bytes | None:
    """A body that does not repeat our secrets: what follows may show, store or log any part of it."""
    for secret in secrets:
        if body is not None and len(secret) >= SHORTEST_SECRET:
            body = body.replace(secret.encode(), b"[secret]")
    return body
