"""Count extended grapheme clusters of Unicode: what a reader sees as one character."""

from __future__ import annotations

from functools import lru_cache

import regex

_CLUSTER = regex.compile(r"\X")
_STACKED = regex.compile(
    r"\p{InCB=Linker}(?<![\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d])[\p{InCB=Extend}\p{InCB=Linker}]*+\p{InCB=Consonant}"
)
"""Letters in one stack that count as one since Unicode 17, and as two for Unicode 16, by which the servers count."""


def count_graphemes(text: str) -> int:
    """Return the number of grapheme clusters: 1 for a family emoji of seven code points."""
    if text.isascii() and "\r" not in text:
        return len(text)
    return sum(1 for _ in _CLUSTER.finditer(text)) + sum(1 for _ in _STACKED.finditer(text))


@lru_cache(maxsize=64)
def split_graphemes(text: str) -> tuple[str, ...]:
    """Return the grapheme clusters of a text, in order."""
    return tuple(_CLUSTER.findall(text))
