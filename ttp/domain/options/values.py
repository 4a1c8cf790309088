"""The values of platform options: the sorts there are, and the one spelling in which each is kept. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from ttp.domain.account import is_loopback
from ttp.domain.text import utf16_length


class Sort(StrEnum):
    """What sort of value an option takes."""

    CHOICE = "choice"
    SWITCH = "switch"
    NUMBER = "whole number"
    ID = "id"
    TEXT = "text"
    ADDRESS = "address"
    HANDLES = "handles"
    TAGS = "tags"


LARGEST = 10**9
"""The largest whole number."""
_USERNAME = re.compile(r"[A-Za-z0-9._]{1,30}")
_TAG = re.compile(r"(?:([1-9]\d?)/)?@?([A-Za-z0-9._]{1,30})(?::([\d.]+):([\d.]+))?")


@dataclass(frozen=True, slots=True)
class Tag:
    """A person tagged in a media item: `item` from 1; `x` and `y` are shares of its width and height, or None."""

    handle: str
    item: int = 1
    x: float | None = None
    y: float | None = None


def spelled(sort: Sort, value: str, *, values: tuple[str, ...] = (), most: int | None = None) -> str:
    """The canonical spelling of a value; `values` and `most` as in `Option`.

    ValueError, with the reason where there is one to tell, if it is none.
    """
    match sort:
        case Sort.CHOICE | Sort.SWITCH:
            for allowed in values:
                if value.casefold() == allowed.casefold():
                    return allowed
        case Sort.NUMBER:
            if value.isascii() and value.isdecimal() and int(value[:12]) <= LARGEST and len(value) <= 12:
                return str(int(value))
        case Sort.ID:
            if value.isascii() and value.isdecimal() and len(value) <= 30:
                return value
        case Sort.TEXT if value:
            return _line(value, most)
        case Sort.ADDRESS:
            return _address(value)
        case Sort.HANDLES:
            return ",".join(handles(value, most))
        case Sort.TAGS:
            return ",".join(map(_as_text, tags(value, most)))
        case _:
            pass
    raise ValueError


def _line(value: str, most: int | None) -> str:
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in value):
        raise ValueError("it is one line of text")
    if most is not None and (length := utf16_length(value)) > most:
        raise ValueError(f"it is {length} of {most}")
    return value


def _address(value: str) -> str:
    parts = urlsplit(value)  # its own ValueError says why
    plain = value.isascii() and value.isprintable() and " " not in value and len(value) <= 2000
    local = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not plain or not parts.hostname or not (parts.scheme == "https" or local):
        raise ValueError("it is an https address")
    return value


def handles(value: str, most: int | None = None) -> tuple[str, ...]:
    """The handles of a list with commas between. ValueError."""
    found = tuple(dict.fromkeys(part.strip().removeprefix("@") for part in value.split(",") if part.strip()))
    if not found or not all(_USERNAME.fullmatch(handle) for handle in found):
        raise ValueError("it is a list of handles")
    if most is not None and len(found) > most:
        raise ValueError(f"{len(found)} of {most} handles")
    return found


def tags(value: str, most: int | None = None) -> tuple[Tag, ...]:
    """The tags of a list with commas between. ValueError."""
    found = []
    for part in value.split(","):
        match = _TAG.fullmatch(part.strip())
        if match is None:
            raise ValueError(f'"{part.strip()}" is not HANDLE, HANDLE:X:Y or ITEM/HANDLE:X:Y')
        item, handle, *place = match.groups()
        x, y = (None if share is None else _share(share) for share in place)
        found.append(Tag(handle, int(item or 1), x, y))
    if most is not None and len(found) > most:
        raise ValueError(f"{len(found)} of {most} tags")
    return tuple(found)


def _share(text: str) -> float:
    share = float(text) if text.count(".") <= 1 and text != "." else -1.0
    if not 0 <= share <= 1:
        raise ValueError(f"{text} is not from 0 to 1")
    return share


def _as_text(tag: Tag) -> str:
    item = "" if tag.item == 1 else f"{tag.item}/"
    place = "" if tag.x is None or tag.y is None else f":{tag.x:g}:{tag.y:g}"
    return f"{item}{tag.handle}{place}"
