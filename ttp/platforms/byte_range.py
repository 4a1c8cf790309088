"""The bytes of a file from one offset to another, as a request sends them. Never holds more than a piece of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_PIECE = 1 << 20


def pieces(path: Path, start: int, end: int) -> Iterator[bytes]:
    """The bytes from `start` up to `end` of a file. Raises OSError, also where the file is shorter than it was."""
    with path.open("rb") as source:
        source.seek(start)
        left = end - start
        while left > 0:
            piece = source.read(min(_PIECE, left))
            if not piece:
                raise OSError("the file is shorter than it was")
            left -= len(piece)
            yield piece
