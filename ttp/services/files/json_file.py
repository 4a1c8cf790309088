"""JSON and JSON lines: one object per post, like `ttp list --json`. Read and written one at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TextIO

from ttp.domain.errors import UsageError
from ttp.domain.options import OptionTables
from ttp.domain.row_reader import FieldError, Value
from ttp.services.files.fields import EXPORT_ONLY, Entry, find_field, invalid_entry, parse_entry

LONGEST = 1 << 20
"""Most characters of one object."""
_CHUNK = 1 << 16
_BETWEEN = re.compile(r"[\s,]*")
_INVISIBLE = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that editors and terminals do not show; written as JSON escapes."""


def json_lines(
    objects: Iterable[Mapping[str, Value]], *, lines: bool, default: Callable[[object], object] | None = None
) -> Iterator[str]:
    """Yield the file: an object per line (`lines`), or one array. `default`: the JSON form of other types."""
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False, default=default).encode
    before = "" if lines else "["
    for one in objects:
        yield before + _line(encode(one)) + ("\n" if lines else "")
        before = "" if lines else ",\n "
    if not lines:
        yield "[]\n" if before == "[" else "]\n"


def _line(text: str) -> str:
    return (
        text if text.isascii() and "\x7f" not in text else _INVISIBLE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)
    )


def entries(stream: TextIO, tables: OptionTables) -> Iterator[Entry]:
    """Yield the posts of a JSON array or of JSON lines. Raise UsageError for anything else."""
    for number, value in enumerate(_values(stream), 1):
        where = str(number)
        if not isinstance(value, dict):
            yield invalid_entry(where, FieldError("", "not an object"))
            continue
        row: dict[str, Value] = {}
        strange = []
        for name, one in value.items():
            field = find_field(name)
            if field is not None:
                row[field] = one
            elif name not in EXPORT_ONLY:
                strange.append(FieldError(name, "unknown field"))
        entry = parse_entry(where, row, tables)
        yield invalid_entry(where, *entry.faults, *strange) if strange else entry


def _values(stream: TextIO) -> Iterator[Value]:
    """Yield the values of the array or the lines while reading."""
    decoder = json.JSONDecoder()
    text, at = stream.read(_CHUNK).removeprefix("\ufeff"), 0
    before = 1
    opening = re.match(r"\s*\[", text)
    if opening:
        at = opening.end()
    while True:
        skipped = _BETWEEN.match(text, at)
        at = skipped.end() if skipped else at
        if opening and text[at : at + 1] == "]":
            text, at, opening = text[at + 1 :], 0, None
            continue
        try:
            value, end = decoder.raw_decode(text, at)
            if end == len(text) and (more := stream.read(_CHUNK)):  # a number may continue
                before += text.count("\n", 0, at)
                text, at = text[at:] + more, 0
                continue
        except (ValueError, RecursionError):
            more = stream.read(_CHUNK)
            if not more and not text[at:].strip():
                if opening:
                    raise UsageError("the JSON array does not end") from None
                return
            if not more or len(text) - at > LONGEST:
                begins = repr(text[at : at + 20].partition("\n")[0])
                raise UsageError(f"line {before + text.count(chr(10), 0, at)} is not JSON: {begins}") from None
            before += text.count("\n", 0, at)
            text, at = text[at:] + more, 0
            continue
        yield value
        at = end
