"""Where a medium of a post goes: to which part of it, and to which network or account alone.

People write it in front of the file's name: `2=photo.jpg`, `last=photo.jpg`, `x/me=photo.jpg`, or both, in any order:
`2=x/me=photo.jpg`. A file that is really called so is written `./2=photo.jpg`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ttp.domain.errors import UsageError
from ttp.domain.media.item import LAST, MediaItem, is_web_address
from ttp.domain.platform import PlatformFacts

_LAST_WORD = "last"
_PLACE_LIKE = re.compile(r"[\w-]+(/[^=/]*)?=")


class PlacedName(NamedTuple):
    """The name of a medium without what is in front of it. `part` and `only` as of a MediaItem, `only` as written."""

    name: str
    part: int | None = None
    only: str | None = None

    def __str__(self) -> str:
        name = f"./{self.name}" if _PLACE_LIKE.match(self.name) else self.name
        places = [word for word in (part_word(self.part), self.only) if word]
        return "=".join((*places, name))

    @property
    def prefix(self) -> str:
        """What is written in front of the name."""
        return str(self._replace(name=""))


def split_name(text: str, platforms: PlatformFacts) -> PlacedName:
    """Return the name of a medium as written, and where it goes. Raises UsageError for part 0."""
    placed = PlacedName(text)
    while "=" in placed.name and not is_web_address(placed.name):
        word, _, name = placed.name.partition("=")
        part = parse_part(word)
        if part is not None and placed.part is None:
            placed = placed._replace(name=name, part=part)
        elif placed.only is None and _names_platform(word, platforms):
            placed = placed._replace(name=name, only=word)
        else:
            break
    if placed.part == 0:
        raise UsageError("parts are counted from 1: the text is part 1", flaw="part")
    return placed._replace(part=placed.part if placed.part != 1 else None)


def split_part(text: str) -> tuple[int | None, str]:
    """Return the part that a value such as `2=https://…` is for, and the value."""
    word, equals, value = text.partition("=")
    part = parse_part(word) if equals else None
    return (part if part != 1 else None, value) if part else (None, text)


def parse_part(text: str) -> int | None:
    """Return the number of a part, 0 for one that no post has, LAST for `last`; None for anything else."""
    if text.casefold() == _LAST_WORD:
        return LAST
    return int(text.lstrip("0")[:9] or 0) if text.isascii() and text.isdecimal() else None


def part_word(part: int | None) -> str:
    """Return how people write a part; empty for the first one."""
    return "" if part is None else _LAST_WORD if part == LAST else str(part)


def place_of(part: int | None, starts: Sequence[int], count: int) -> int:
    """Return the index of the piece that has what a part of the writer's has; `count` or more: that part is left out.

    `starts`: where each part begins among `count` pieces; empty where each is one piece.
    """
    if part is None or part == LAST:
        return 0 if part is None else count - 1
    return starts[part - 1] if part <= len(starts) else part - 1


def in_order(media: Iterable[MediaItem]) -> tuple[MediaItem, ...]:
    """Return media in the order of their parts."""
    return tuple(sorted(media, key=lambda item: part_order(item.part)))


def part_order(part: int | None) -> tuple[bool, int]:
    """Return what parts are sorted by."""
    return part == LAST, part or 1


def name_in_place(name: str, item: MediaItem) -> str:
    """Return the name of a medium with where it goes."""
    return str(PlacedName(name, item.part, item.only))


def _names_platform(word: str, platforms: PlatformFacts) -> bool:
    try:
        platforms.find(word.partition("/")[0])
    except UsageError:
        return False
    return True
