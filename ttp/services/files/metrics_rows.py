"""Read CSV and JSON files of metrics as a stream.

Splits text into rows and rejects unreadable ones; `domain.metrics.ingest` interprets the cells. Holds at most one row
(`LONGEST_ROW` characters) or one block of short rows, and a bad row never affects the next.

A well-formed block is parsed at once. In a bad block the rows are parsed line by line with the same csv module, which
finds the bad row.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from io import BufferedReader, TextIOWrapper
from typing import BinaryIO, TextIO, TypeAlias, cast

from ttp.domain.errors import UsageError
from ttp.services.files.csv_file import LONGEST_CELL, LONGEST_ROW, explain_csv_error, find_encoding

DELIMITERS = ",;\t|"
_NOT_UTF8 = re.compile("[\ud800-\udfff]")
_SEPARATOR = re.compile(r"\s*\"?sep=(.)\"?[ \t]*(?:\r\n|\n|\r|$)")
"""Line that tells Excel the delimiter."""
_QUOTED = re.compile('"[^"]*"?')
Block: TypeAlias = tuple[int, list[list[str]] | str]
"""Number (as in a spreadsheet: the header is 1) and cells of consecutive rows, or the number of a row and why it cannot
be read."""


class CsvRecords:
    """A CSV file: its header, and the rows after it in `blocks`. Raise UsageError without a usable header."""

    def __init__(self, text: Buffer) -> None:
        self._text = text
        self._number = 0
        self.delimiter = self._find_delimiter()
        self._lines = _Lines(text)
        # strict: refuses a cell with stray quotes, which the lenient mode joins with its neighbours.
        self._cells = csv.reader(self._lines, delimiter=self.delimiter, strict=True)
        self.header = self._read_header()

    def blocks(self) -> Iterator[Block]:
        while True:
            block = self._block()
            if block is not None:
                yield self._number + 1, block
                self._number += len(block)
                continue
            rest = max(len(self._text.rest), 1)
            while rest > 0:
                cells, reason = self._record()
                if not cells and reason is None and not self._lines.record:
                    return
                rest -= sum(map(len, self._lines.record[:1] if self._lines.gave_back else self._lines.record))
                yield self._number, reason or [cells]

    def _block(self) -> list[list[str]] | None:
        """Return the rows up to the last complete line; None if they must be read one by one."""
        text = self._text
        ended = text.fill(BLOCK)
        size = len(text.rest) if ended else text.rest.rfind("\n") + 1
        if not 0 < size <= LONGEST_ROW:
            return None
        block = text.rest[:size]
        while block.count('"') % 2:
            block = block[: block.rfind("\n", 0, len(block) - 1) + 1]
        if not block or "\0" in block or block.count("\r") != block.count("\r\n") or not_utf8(block):
            return None
        if '"' in block or "\r" in block or len(block) > LONGEST_CELL:
            lines = [f"{line}\n" for line in block.removesuffix("\n").split("\n")]
            try:
                rows = list(csv.reader(lines, delimiter=self.delimiter, strict=True))
            except csv.Error:
                return None
        else:  # nothing to unquote
            delimiter = self.delimiter
            rows = [line.split(delimiter) for line in block.removesuffix("\n").split("\n")]
        text.take(len(block))
        return rows

    def _record(self) -> tuple[list[str], str | None]:
        """Return the cells of the next record, and why they cannot be used. Both empty at the end."""
        self._lines.start_record()
        self._number += 1
        try:
            cells = next(self._cells, [])
        except csv.Error as error:
            # An unclosed quote swallowed the following rows: give them back.
            self._lines.give_back()
            return [], explain_csv_error(error)
        return cells, self._lines.fault

    def _find_delimiter(self) -> str:
        self._text.fill_line(LONGEST_ROW)
        separator = _SEPARATOR.match(self._text.rest)
        if separator is not None:
            self._text.take(separator.end())
            return separator[1]
        first = _QUOTED.sub("", self._text.rest.lstrip("\r\n").partition("\n")[0])
        return max(DELIMITERS, key=first.count)

    def _read_header(self) -> list[str]:
        cells: list[str] = []
        while not any(cells):
            cells, reason = self._record()
            if reason is not None:
                raise UsageError(f"the header cannot be read: it {reason}")
            if not cells and not self._lines.record:
                raise UsageError("the file is empty")
        return [cell.strip() for cell in cells]


class _Lines(Iterator[str]):
    """Physical lines of a text, with the lines of the present record, which can be given back."""

    def __init__(self, text: Buffer) -> None:
        self._text = text
        self.start_record()

    def start_record(self) -> None:
        self.record: list[str] = []
        self._size = 0
        self.fault: str | None = None
        self.gave_back = False

    def give_back(self) -> None:
        """Read all lines of this record but the first again."""
        # Restore the line end of cut lines.
        self._text.give_back("".join(f"{line}\n" if len(line) > LONGEST_ROW else line for line in self.record[1:]))
        self.gave_back = True

    def __next__(self) -> str:
        line = self._text.line(LONGEST_ROW)
        if not line:
            raise StopIteration
        self.record.append(line)
        self._size += len(line)
        if self._size > LONGEST_ROW:
            raise csv.Error("row too long")
        if not_utf8(line):
            self.fault = "is not UTF-8 text"
        elif "\0" in line:
            self.fault = "has a NUL character"
        return line


def not_utf8(text: str) -> bool:
    """Return whether a text holds undecodable bytes or half a character."""
    return not text.isascii() and _NOT_UTF8.search(text) is not None


Object: TypeAlias = tuple[int, Mapping[str, str] | str]
"""Number (from 1; of JSON lines the line), and values by key or why it cannot be read."""
_BLANK = re.compile(r"[ \t\r\n]*")
_NESTED = "\0"
"""Stands for a value that is not a text or number; no valid cell contains it."""


def is_json(text: Buffer) -> bool:
    """Return whether the text begins like JSON and not like a CSV header."""
    _skip(text)
    return text.rest[:1] in ("{", "[")


def read_objects(text: Buffer, decoder: json.JSONDecoder | None = None) -> Iterator[Object]:
    """Yield the objects of a list, of lines, or one after the other. `decoder`: another one of the values of a list."""
    if text.rest.startswith("["):
        text.take(1)
        return _values(text, decoder or _DECODER, between=",", end="]")
    first = text.rest[: text.fill_line(LONGEST_ROW)]
    return _lines(text) if first.rstrip().endswith("}") else _values(text, _DECODER, between="", end="")


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


def _values(text: Buffer, decoder: json.JSONDecoder, *, between: str, end: str) -> Iterator[Object]:
    """Yield values separated by `between`, up to `end`. Stops after invalid JSON."""
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
        value = _value(text, decoder)
        yield number, value
        if isinstance(value, str) and value.endswith("not read"):
            return


def _value(text: Buffer, decoder: json.JSONDecoder) -> Mapping[str, str] | str:
    size = BLOCK
    while True:
        ended = text.fill(size)
        try:
            value, end = decoder.raw_decode(text.rest)
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
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise ValueError(f'"{name[:40]}" occurs twice')
        match value:
            case None:
                fields[name] = ""
            case bool():
                fields[name] = str(value).lower()
            case str():
                fields[name] = value
            case _:
                fields[name] = _NESTED
    return fields


# Numbers as text: a huge integer costs nothing, and NaN is not a count.
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=str)


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return error.msg.lower() if isinstance(error, json.JSONDecodeError) else str(error)


def _skip(text: Buffer) -> None:
    while True:
        ended = text.fill(BLOCK)
        match = _BLANK.match(text.rest)
        assert match is not None
        text.take(match.end())
        if text.rest or ended:
            return


def cells_of(item: Mapping[str, str], keys: Sequence[str | None]) -> list[str] | str:
    """Return the cells of these keys, empty if missing; or why they cannot be read."""
    cells = [item.get(key, "") if key is not None else "" for key in keys]
    for key, cell in zip(keys, cells, strict=True):
        if cell == _NESTED:
            return f"{key} is neither a text nor a number"
        if "\0" in cell:
            return "has a NUL character"
        if not_utf8(cell):
            return "is not UTF-8 text"
    return cells


BLOCK = 1 << 15
"""Characters to read at once."""
_SNIFFED = 64
_LINE_END = re.compile("\r\n|\n|\r")


def as_text(binary: BinaryIO) -> TextIO:
    """Decode a binary file: UTF-8 or UTF-16. Bytes that are not UTF-8 reject only their row."""
    peeked = BufferedReader(binary)  # type: ignore[type-var]  # it has the methods of a raw stream
    encoding = find_encoding(peeked.peek(_SNIFFED)[:_SNIFFED])
    errors = "surrogateescape" if encoding == "utf-8-sig" else "strict"
    return TextIOWrapper(cast(BinaryIO, peeked), encoding=encoding, errors=errors, newline="")


class Buffer:
    """The unread text of a stream, read as needed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._ended = False
        self.rest = ""
        self.fill(BLOCK)
        self.rest = self.rest.removeprefix("\ufeff")

    def fill(self, size: int) -> bool:
        """Read until `rest` has `size` characters, if possible. Return whether the stream ended. Raise UsageError."""
        while len(self.rest) < size and not self._ended:
            try:
                more = self._stream.read(max(BLOCK, size - len(self.rest)))
                while more.endswith("\r") and (last := self._stream.read(1)):
                    more += last  # never split a two-character line end
            except UnicodeError:
                raise UsageError("the file is neither UTF-8 nor UTF-16 text") from None
            self._ended = not more
            self.rest += more
        return self._ended

    def take(self, size: int) -> str:
        """Remove and return the next `size` characters of `rest`."""
        text, self.rest = self.rest[:size], self.rest[size:]
        return text

    def give_back(self, text: str) -> None:
        """Put `text` back in front."""
        self.rest = text + self.rest

    def fill_line(self, longest: int) -> int:
        """Read until `rest` has a whole line, or `longest` + 1 characters of it. Return its full length."""
        length = 0
        while True:
            self.fill(length + BLOCK)
            match = _LINE_END.search(self.rest, length)
            if match is not None:
                return match.end()
            length = len(self.rest)
            if self._ended or length > longest:
                return length

    def line(self, longest: int) -> str:
        """Return the next line with its end; empty at the end. A longer one is cut to `longest` + 1 characters."""
        end = self.fill_line(longest)
        if end <= longest:
            return self.take(end)
        line = self.take(longest + 1)
        self._pass_over()
        return line

    def _pass_over(self) -> None:
        while self.rest:
            match = _LINE_END.search(self.rest)
            if match is not None:
                self.take(match.end())
                return
            self.rest = ""
            self.fill(BLOCK)
