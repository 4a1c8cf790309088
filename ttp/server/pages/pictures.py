"""How pages show pictures and texts as networks do: real crops, marked links. Text of others is always escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

from ttp.domain.errors import UsageError
from ttp.domain.media.details import parse_focus
from ttp.domain.media.image_fit import crop_box
from ttp.domain.parts.links import find_links

_SIZE = re.compile(r"([1-9]\d{0,5})x([1-9]\d{0,5})")
_TAG = re.compile(r"(?<![\w&/])[#@]\w[\w.@-]*\w|(?<![\w&/])#\w")
_LONGEST_LINK = 40
FOCUS = {
    "0.5,0.5": "the middle",
    "0.5,0": "the top",
    "0.5,1": "the bottom",
    "0,0.5": "the left",
    "1,0.5": "the right",
    "0,0": "the top left",
    "1,0": "the top right",
    "0,1": "the bottom left",
    "1,1": "the bottom right",
}
"""Points to choose without a pointer, in words."""
Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of a picture of `width` by `height`: `view` is the `viewBox` of an SVG that shows it."""

    view: str
    width: int
    height: int


def crop(size: Size | str | None, across: int, down: int, focus: str | None = "") -> Crop:
    """Return the largest part of a shape, as near to the focus as there is room. `size`: pixels, also as `4000x3000`;
    if unknown, the whole picture counts as this shape."""
    if isinstance(size, str):
        match = _SIZE.fullmatch(size)
        size = (int(match[1]), int(match[2])) if match else None
    width, height = size or (across * 100, down * 100)
    try:
        focus = parse_focus(focus or "")
    except UsageError:  # as it is typed
        focus = ""
    wide, high, left, top = crop_box(width, height, ((across, down), (across, down)), focus)
    return Crop(f"{left} {top} {wide} {high}", width, height)


def shape(size: tuple[int | None, int | None], lowest: float, highest: float) -> Size:
    """Return the shape of a picture, width:height, within limits, as numbers for `crop`."""
    width, height = size[0] or 3, size[1] or 2
    return round(1000 * min(max(width / height, lowest), highest)), 1000


def fold_text(text: str, most: int) -> tuple[str, str]:
    """Return what people see of a text, and what they see after a click. `most`: characters; 0: all."""
    if not most or len(text) <= most:
        return text, ""
    end = text.rfind(" ", most // 2, most + 1)
    end = end if end > 0 else most
    return text[:end], text[end:]


def mark_links(text: str) -> Markup:
    """Return a text with its links, tags and names marked, links as networks shorten them."""
    return Markup("").join(_pieces(text))


def _pieces(text: str) -> Iterator[Markup]:
    done = 0
    for start, end in find_links(text):
        yield from _tagged(text[done:start])
        link = re.sub("^https?://(www[.])?", "", text[start:end])
        yield Markup("<em>{}</em>").format(link if len(link) <= _LONGEST_LINK else link[: _LONGEST_LINK - 1] + "…")
        done = end
    yield from _tagged(text[done:])


def _tagged(text: str) -> Iterator[Markup]:
    done = 0
    for match in _TAG.finditer(text):
        yield escape(text[done : match.start()])
        yield Markup("<em>{}</em>").format(match[0])
        done = match.end()
    yield escape(text[done:])
