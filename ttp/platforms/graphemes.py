"""Count extended grapheme clusters of Unicode: what a reader sees as one character."""

from __future__ import annotations

from functools import lru_cache

import regex

_CLUSTER = regex.compile(r"\X")


def count_graphemes(text: str) -> int:
    """Return the number of grapheme clusters: 1 for a family emoji of seven code points."""
    return len(text) if text.isascii() and "\r" not in text else sum(1 for _ in _CLUSTER.finditer(text))


@lru_cache(maxsize=64)
def split_graphemes(text: str) -> tuple[str, ...]:
    """Return the grapheme clusters of a text, in order."""
    return tuple(_CLUSTER.findall(text))
