"""Split a text that is too long for one post into parts. Pure: nothing is shortened or changed, and only the numbers
that were asked for are added."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from ttp.domain.parts.text_cuts import Cut, Spans

MOST_PARTS = 24
"""Of one post on one account."""

Length: TypeAlias = Callable[[str], tuple[int, int]]
"""Counts a text as its network does: how much it is, and how much is allowed."""


class SplitText(NamedTuple):
    """`gaps`: the white space that was cut, before each part and after the last. In turn they are the text again."""

    parts: tuple[str, ...]
    gaps: tuple[str, ...]


class Unsplittable(Exception):
    """`why`: `piece` (it cannot be cut and is too long: `length` of `limit`) or `count` (too many parts)."""

    def __init__(self, why: Literal["piece", "count"], piece: str = "", length: int = 0, limit: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.piece, self.length, self.limit = piece, length, limit


class SplitParts(NamedTuple):
    """`starts`: the index of the first part of each text."""

    parts: tuple[str, ...]
    starts: tuple[int, ...]


def split_texts(
    texts: Sequence[str],
    length: Length,
    *,
    spans: Spans = lambda text: (),
    most: int = MOST_PARTS,
    numbered: bool = False,
) -> SplitParts:
    """Return the parts of a thread's texts, each being split if it is too long. Raises Unsplittable.

    `numbered`: each part ends with its number (`1/3`) if one of the texts is split.
    """
    parts, starts = _split_all(texts, length, spans, most)
    if not numbered or len(parts) == len(texts):
        return SplitParts(parts, starts)
    parts, starts = _split_all(texts, length, spans, most, " 9/9")
    if len(parts) > 9:
        parts, starts = _split_all(texts, length, spans, most, " 99/99")
    return SplitParts(tuple(f"{part} {number}/{len(parts)}" for number, part in enumerate(parts, 1)), starts)


def _split_all(texts: Sequence[str], length: Length, spans: Spans, most: int, suffix: str = "") -> SplitParts:
    parts: tuple[str, ...] = ()
    starts: list[int] = []
    for text in texts:
        starts.append(len(parts))
        parts += split_text(text, length, spans, suffix, most=most - len(parts)).parts
    return SplitParts(parts, tuple(starts))


def split_text(
    text: str, length: Length, spans: Spans = lambda text: (), suffix: str = "", *, most: int = MOST_PARTS
) -> SplitText:
    """Return the parts of one text, each short enough with `suffix` behind it. A text that fits, or that is white space
    only, is one part, unchanged. Raises Unsplittable."""
    if most < 1:
        raise Unsplittable("count")
    if not text.strip() or _fits(text + suffix, length):
        return SplitText((text,), ("", ""))
    from ttp.domain.parts.text_cuts import Cut, Rank, find_cuts  # here: it takes a moment, and few texts are too long

    cuts = [*find_cuts(text, spans), Cut(len(text.rstrip()), len(text), Rank.PARAGRAPH)]
    begin = len(text) - len(text.lstrip())
    parts: list[str] = []
    gaps, first = [text[:begin]], 0
    while first < len(cuts):
        if len(parts) == most:
            raise Unsplittable("count")
        chosen = _choose(text, begin, cuts, first, lambda part: _fits(part + suffix, length))
        if chosen is None:
            piece = text[begin : cuts[first].end]
            raise Unsplittable("piece", piece, *length(piece + suffix))
        parts.append(text[begin : cuts[chosen].end])
        gaps.append(text[cuts[chosen].end : cuts[chosen].start])
        begin, first = cuts[chosen].start, chosen + 1
    return SplitText(tuple(parts), tuple(gaps))


def _fits(text: str, length: Length) -> bool:
    count, limit = length(text)
    return count <= limit


def _choose(text: str, begin: int, cuts: Sequence[Cut], first: int, fits: Callable[[str], bool]) -> int | None:
    """Return the cut that ends the part which starts at `begin`: the last one of a rank, if the unit that follows fits
    into a part by itself; else a finer one, to fill this part. None if not even the first piece fits."""
    last = last_fitting(text, begin, cuts, first, fits)
    if last is None or last == len(cuts) - 1:
        return last
    for rank in sorted({cut.rank for cut in cuts[first : last + 1]}):
        chosen = next(k for k in range(last, first - 1, -1) if cuts[k].rank <= rank)
        after = next(k for k in range(chosen + 1, len(cuts)) if cuts[k].rank <= rank)
        if fits(text[cuts[chosen].start : cuts[after].end]):
            return chosen
    return last


def last_fitting(text: str, begin: int, cuts: Sequence[Cut], first: int, fits: Callable[[str], bool]) -> int | None:
    """Return the last cut before which the text from `begin` on fits. Looks at few cuts: counting is slow."""
    if not fits(text[begin : cuts[first].end]):
        return None
    low, step = first, 1
    while low + step < len(cuts) and fits(text[begin : cuts[low + step].end]):
        low += step
        step *= 2
    high = min(low + step, len(cuts))  # the first that is known not to fit
    while high - low > 1:
        middle = (low + high) // 2
        if fits(text[begin : cuts[middle].end]):
            low = middle
        else:
            high = middle
    return low
