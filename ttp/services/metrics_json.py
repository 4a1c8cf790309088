"""JSON files of metrics: objects in an array, one after the other, or one a line.

Owns how a text becomes objects of cells, and which of them cannot be any. It never holds more than one of them. Numbers
stay the text that they are, so that what a count may be is decided in one place, for CSV and JSON alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from ttp.services.metrics_file import LONGEST_ROW, not_utf8
from ttp.services.metrics_text import BLOCK, Buffer

Object: TypeAlias = tuple[int, Mapping[str, str] | str]
"""Its number (from 1; of JSON lines that of the line), and its cells by key, or why it cannot be read."""

_BLANK = re.compile(r"[ \t\r\n]*")
_NESTED = "\0"
"""In place of what is neither text nor number: no cell that is read may hold it."""


def is_json(text: Buffer) -> bool:
    """Whether the text begins as JSON does, and no CSV with a header that could be used."""
    _skip(text)
    return text.rest[:1] in ("{", "[")


def read_objects(text: Buffer) -> Iterator[Object]:
    """The objects of a text that `is_json`, one at a time."""
    if text.rest.startswith("["):
        text.take(1)
        return _values(text, between=",", end="]")
    first = text.rest[: text.fill_line(LONGEST_ROW)]
    return _lines(text) if first.rstrip().endswith("}") else _values(text, between="", end="")


def _lines(text: Buffer) -> Iterator[Object]:
    number = 0
    while line := text.line(LONGEST_ROW):
        number += 1
        if len(line) > LONGEST_ROW:
            yield number, f"has more than {LONGEST_ROW} characters"
        elif line.strip():
            try:
                yield number, _cells(_DECODER.decode(line))
            except (ValueError, RecursionError) as error:
                yield number, f"is not JSON: {_reason(error)}"


def _values(text: Buffer, *, between: str, end: str) -> Iterator[Object]:
    """Values separated by `between`, up to `end`. After one that is not JSON nobody knows where the next begins."""
    number = 0
    while True:
        _skip(text)
        sign = text.rest[:1]
        if sign == end:
            text.take(1)
            _skip(text)
            if text.rest:
                yield number + 1, "is not JSON: text after the end; it was not read"
            return
        if number and between:
            if sign != between:
                yield number + 1, "is not JSON: no comma before it; it and what follows were not read"
                return
            text.take(1)
            _skip(text)
        number += 1
        value = _value(text)
        yield number, value
        if isinstance(value, str) and value.endswith("not read"):
            return


def _value(text: Buffer) -> Mapping[str, str] | str:
    size = BLOCK
    while True:
        ended = text.fill(size)
        try:
            value, end = _DECODER.raw_decode(text.rest)
        except (ValueError, RecursionError) as error:
            if ended or len(text.rest) > LONGEST_ROW:
                return f"is not JSON: {_reason(error)}; it and what follows were not read"
            size = len(text.rest) * 2
            continue
        text.take(end)
        return _cells(value)


def _cells(value: object) -> Mapping[str, str] | str:
    return value if isinstance(value, dict) else "is not an object"


def _object(pairs: Sequence[tuple[str, object]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f'"{name[:40]}" is there twice')
        match value:
            case None:
                found[name] = ""
            case bool():
                found[name] = str(value).lower()
            case str():
                found[name] = value
            case _:
                found[name] = _NESTED
    return found


# Numbers as text: an integer of a million digits costs nothing, and NaN is no count.
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=str)


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return error.msg.lower() if isinstance(error, json.JSONDecodeError) else str(error)


def _skip(text: Buffer) -> None:
    """Pass over blanks."""
    while True:
        ended = text.fill(BLOCK)
        found = _BLANK.match(text.rest)
        assert found is not None
        text.take(found.end())
        if text.rest or ended:
            return


def cells_of(item: Mapping[str, str], keys: Sequence[str | None]) -> list[str] | str:
    """The cells of these keys, empty where there is none; or why they cannot be read."""
    cells = [item.get(key, "") if key is not None else "" for key in keys]
    for key, cell in zip(keys, cells, strict=True):
        if cell == _NESTED:
            return f"{key} is neither a text nor a number"
        if "\0" in cell:
            return "has a NUL character"
        if not_utf8(cell):
            return "is not UTF-8 text"
    return cells
