"""Shorten the values of a template that are to fit, until the whole text is short enough for an account. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import regex

from ttp.domain.parts.split import last_fitting
from ttp.domain.parts.text_cuts import Cut, Rank, find_cuts
from ttp.domain.template_text import tidy

_MARK = re.compile("\ufdd0([0-9]{1,6})\ufdd1")
"""What stands for a value in a rendered text: of characters for inner use, which no value has. A template may."""
_LINK = re.compile(r"https?://\S+")


class FitValue(NamedTuple):
    """A value that is to fit, and the mark where it is cut."""

    text: str
    end: str = "…"


def mark(number: int) -> str:
    """Return what stands for a value in a rendered text."""
    return f"\ufdd0{number}\ufdd1"


def fit_text(text: str, values: Sequence[FitValue], fits: Callable[[str], bool]) -> str:
    """Return a rendered text with its values, the last of them shortened first. Where that is not enough all of them
    stay whole: what is too long is split or refused as any text."""
    chosen = [value.text for value in values]

    def whole(number: int = -1, shorter: str = "") -> str:
        texts = [shorter if place == number else one for place, one in enumerate(chosen)]
        return tidy(_MARK.sub(lambda match: "".join(texts[int(match[1]) :][:1]), text))

    for number in reversed(range(len(values))):
        if fits(whole()):
            break
        chosen[number] = shorten(values[number], lambda one, number=number: fits(whole(number, one)))  # type: ignore[misc]
    if not fits(whole()):
        chosen = [value.text for value in values]
    return whole()


def shorten(value: FitValue, fits: Callable[[str], bool]) -> str:
    """Return the longest beginning of a text that fits: whole words, else whole graphemes. All of its links are kept:
    those alone, where nothing fits."""
    text, end = value
    if fits(text):
        return text
    links = [match.span() for match in _LINK.finditer(text)]

    def cut(head: str) -> str:
        rest = [text[start:stop] for start, stop in links if stop > len(head)]
        return " ".join([f"{head.rstrip(',;: ')}{end}", *rest] if head else rest)

    words = list(find_cuts(text))
    first = words[0].end if words else len(text)
    signs = [] if links and links[0][0] < first else [one.end() for one in regex.finditer(r"\X", text, endpos=first)]
    for cuts in (words, [Cut(place, place, Rank.GRAPHEME) for place in signs[:-1]]):
        last = last_fitting(text, 0, cuts, 0, lambda head: fits(cut(head))) if cuts else None
        if last is not None:
            return cut(text[: cuts[last].end])
    return cut("")
