"""Where a text can be cut: after paragraphs, sentences and words, and between graphemes in scripts without spaces.
These are known by their line breaking class: ideographs, kana and emoji (ID, CJ, NS, EB, EM, RI) and the scripts of
South-East Asia (SA). Tibetan separates syllables by punctuation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import takewhile
from typing import TypeAlias

import regex

Span: TypeAlias = tuple[int, int]
Spans: TypeAlias = Callable[[str], Iterable[Span]]
"""Finds where a text is never cut, as character offsets: the links, mentions and hashtags of a network."""


class Rank(IntEnum):
    """What a cut divides. A unit is cut only where it does not fit into a part by itself."""

    PARAGRAPH = 0
    SENTENCE = 1
    WORD = 2
    GRAPHEME = 3


@dataclass(frozen=True, slots=True)
class Cut:
    """A place to cut: a part may end at `end`, and the next one begins at `start`. White space is between them."""

    end: int
    start: int
    rank: Rank


_LOOSE = regex.compile(
    r"[\p{lb=ID}\p{lb=CJ}\p{lb=NS}\p{lb=SA}\p{lb=EB}\p{lb=EM}\p{lb=RI}\p{Script=Tibetan}\u20e3\ufe0f\u200b]"
)
_NOT_FIRST = regex.compile(
    r"[\p{lb=CL}\p{lb=CP}\p{lb=EX}\p{lb=IS}\p{lb=NS}\p{lb=CJ}\p{lb=QU}\p{lb=GL}\p{lb=WJ}\p{lb=BA}\p{lb=IN}\p{Pe}\p{Pf}"
    r"\p{Po}\p{M}\u200b\u0e2f\u0e30\u0e32\u0e33\u0e45\u0e46\u0eb0\u0eb2\u0eb3]|[\u1000-\u1021]\u1037?\u103a"
)
"""What no part begins with, other than after white space: what closes, small kana, and the ends of syllables."""
_NOT_LAST = regex.compile(r"[\p{lb=OP}\p{lb=GL}\p{lb=WJ}\p{Ps}\p{Pi}\u0e40-\u0e44\u0ec0-\u0ec4\u1039\u17d2]")
"""What no part ends with, other than before white space: what opens, and what belongs to the next letter."""
_CLOSING = r"[\p{Pe}\p{Pf}\p{Pi}\"']*"
_SENTENCE_END = regex.compile(
    rf"(?:[[\p{{STerm}}…‥]--[.]]|(?<!(?:\A|\s)(?:\d{{1,3}}|\p{{L}}|[DM]r|Mr?s|St|Prof))\.){_CLOSING}\Z", regex.VERSION1
)
"""A period behind a number, one letter or a title ends none: `3. Dezember`, `J. Doe`, `Dr. Doe`, an item of a list."""
_WIDE_SENTENCE_END = regex.compile(rf"[。！？．｡]{_CLOSING}\Z")
_WHITE = regex.compile(r"(?<!\s)[\u00a0\u2007\u202f]*+[^\S\u00a0\u2007\u202f]\s*")
"""White space that is more than spaces which hold words together."""
_LINE_END = regex.compile(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_MARKED = regex.compile(
    r"[a-z][a-z0-9+.-]{0,19}://[^\s\p{lb=CL}\p{lb=NS}\p{lb=EX}--[!-~]]+|\S?[@#$＠＃＄][\w\p{M}\u200c\u200d.@·・ー-]+",
    regex.IGNORECASE | regex.VERSION1,
)
"""What is a link, mention, hashtag or cashtag on some network."""
_LOOK_BACK = 16


def find_cuts(text: str, spans: Spans = lambda text: ()) -> Iterator[Cut]:
    """Yield the places inside a text where it can be cut, in order. White space at its ends is not among them."""
    marked = sorted({*(match.span() for match in _MARKED.finditer(text)), *spans(text)})
    done = len(text) - len(text.lstrip())
    for white in _WHITE.finditer(text, done, len(text.rstrip())):
        yield from _outside(_cuts_within(text, done, white.start()), marked)
        yield from _outside([Cut(white.start(), white.end(), _rank_of_white(text, *white.span()))], marked)
        done = white.end()
    yield from _outside(_cuts_within(text, done, len(text.rstrip())), marked)


def _outside(cuts: Iterable[Cut], marked: list[Span]) -> Iterator[Cut]:
    """Yield the cuts that are not inside a marked place. Drops the places that are behind them."""
    for cut in cuts:
        while marked and marked[0][1] <= cut.end:
            marked.pop(0)
        before = takewhile(lambda span, here=cut.start: span[0] < here, marked)  # type: ignore[misc]
        if not any(cut.end < end for _, end in before):
            yield cut


def _rank_of_white(text: str, start: int, end: int) -> Rank:
    lines = len(_LINE_END.findall(text, start, end))
    if lines > 1:
        return Rank.PARAGRAPH
    if lines or (_SENTENCE_END.search(text, max(0, start - _LOOK_BACK), start) and not text[end].islower()):
        return Rank.SENTENCE
    return Rank.WORD


def _cuts_within(text: str, start: int, end: int) -> Iterator[Cut]:
    """Yield the places between graphemes of a stretch without white space."""
    if text.isascii() or not _LOOSE.search(text, start, end):
        return
    before, before_is_loose = "", False
    for match in regex.finditer(r"\X", text, pos=start, endpos=end):
        is_loose = _LOOSE.search(match[0]) is not None
        if (
            before
            and (is_loose or before_is_loose)
            and not _NOT_FIRST.match(match[0])
            and not _NOT_LAST.match(before[-1])
        ):
            place = match.start()
            if _WIDE_SENTENCE_END.search(text, max(start, place - _LOOK_BACK), place):
                rank = Rank.SENTENCE
            else:
                is_sign = regex.match(r"[\p{P}\u200b]", before[-1])
                rank = Rank.WORD if is_sign else Rank.GRAPHEME
            yield Cut(place, place, rank)
        # After punctuation that follows a letter of such a script, as before it.
        before_is_loose = is_loose or (before_is_loose and regex.match(r"\p{P}", match[0]) is not None)
        before = match[0]
