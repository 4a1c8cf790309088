"""CSV files of metrics: the streaming reader.

Owns how a text becomes rows, and which rows cannot be rows at all. What the cells mean is `domain.ingest`'s. It never
holds more than one row (at most `LONGEST_ROW` characters), or a block of short ones, and never lets a bad row spoil the
next one.

Well-formed blocks are read at once. Where one is not, its rows are read line by line, which finds the row at fault: the
csv module reads both, so that they are read the same.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from io import BufferedReader, TextIOWrapper
from itertools import count
from typing import BinaryIO, TextIO, TypeAlias, cast

from ttp.domain.errors import UsageError

Record: TypeAlias = tuple[int, list[str] | str]
"""The row's number as a spreadsheet counts (the header is 1), and its cells, or why it cannot be read."""


LONGEST_ROW = 1 << 20
"""Characters. Metrics of a post take a few hundred, X's longest text 25,000."""


LONGEST_CELL = csv.field_size_limit()
"""131,072: beyond it the csv module refuses a cell."""


DELIMITERS = ",;\t|"


_NOT_UTF8 = re.compile("[\ud800-\udfff]")


_SEPARATOR = re.compile(r"\s*\"?sep=(.)\"?[ \t]*(?:\r\n|\n|\r|$)")
"""The line with which Excel is told the delimiter."""


_QUOTED = re.compile('"[^"]*"?')


Block: TypeAlias = tuple[int, list[list[str]] | str]
"""The number of a first row and the cells of it and those that follow, or a row's number and why it cannot be read."""


class Records(Iterator[Record]):
    """The rows of a CSV, one at a time, after its header. UsageError where there is no header that could be one."""

    def __init__(self, text: Buffer) -> None:
        self._text = text
        self._number = 0
        self.delimiter = self._find_delimiter()
        self._lines = _Lines(text)
        # strict: a cell with stray quotes is refused; the lenient reading glues such cells to their neighbours.
        self._cells = csv.reader(self._lines, delimiter=self.delimiter, strict=True)
        self.header = self._read_header()
        self._blocks = self._read()
        self._records = _records(self._blocks)

    def __next__(self) -> Record:
        return next(self._records)

    def blocks(self) -> Iterator[Block]:
        """What is left, as it was read."""
        return self._blocks

    def _read(self) -> Iterator[Block]:
        while True:
            block = self._block()
            if block is not None:
                yield self._number + 1, block
                self._number += len(block)
                continue
            left = max(len(self._text.rest), 1)
            while left > 0:
                cells, reason = self._record()
                if not cells and reason is None and not self._lines.record:
                    return
                left -= sum(map(len, self._lines.record[:1] if self._lines.gave_back else self._lines.record))
                yield self._number, reason or [cells]

    def _block(self) -> list[list[str]] | None:
        """The rows of the text up to the last line that ends here; None where they must be read one by one."""
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
        else:  # there is nothing to unquote
            delimiter = self.delimiter
            rows = [line.split(delimiter) for line in block.removesuffix("\n").split("\n")]
        text.take(len(block))
        return rows

    def _record(self) -> tuple[list[str], str | None]:
        """The cells of the next record, and why they cannot be used; nothing at all at the end."""
        self._lines.start_record()
        self._number += 1
        try:
            cells = next(self._cells, [])
        except csv.Error as error:
            # An opening quote that is never closed takes in the rows that follow: give them back.
            self._lines.give_back()
            return [], _plain(str(error))
        return cells, self._lines.fault

    def _find_delimiter(self) -> str:
        self._text.fill_line(LONGEST_ROW)
        told = _SEPARATOR.match(self._text.rest)
        if told is not None:
            self._text.take(told.end())
            return told[1]
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
    """The physical lines of a text, which can be given back, with the lines of the record that is being read."""

    def __init__(self, text: Buffer) -> None:
        self._text = text
        self.start_record()

    def start_record(self) -> None:
        self.record: list[str] = []
        self._size = 0
        self.fault: str | None = None
        self.gave_back = False

    def give_back(self) -> None:
        """Makes all lines of this record but its first the next ones to be read."""
        # What was cut had an end too.
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


def _records(blocks: Iterator[Block]) -> Iterator[Record]:
    for first, rows in blocks:
        if isinstance(rows, str):
            yield first, rows
        else:
            yield from zip(count(first), rows)


def read_rows(stream: TextIO) -> Records:
    """The rows of a CSV, one at a time."""
    return Records(Buffer(stream))


def not_utf8(text: str) -> bool:
    """Whether it holds bytes that no encoding knew, or half a character."""
    return not text.isascii() and _NOT_UTF8.search(text) is not None


def _plain(error: str) -> str:
    """What the csv module's error means."""
    if "field limit" in error:
        return f"has a cell of more than {LONGEST_CELL} characters, or a quote that is not closed"
    if "end of data" in error:
        return "has a quote that is not closed"
    if "too long" in error:
        return f"has more than {LONGEST_ROW} characters, or a quote that is not closed"
    return "has a quote in the wrong place"


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


BLOCK = 1 << 15
"""Characters that are read at once."""


_LOOKED_AT = 64


_LINE_END = re.compile("\r\n|\n|\r")


def as_text(binary: BinaryIO) -> TextIO:
    """The text of a file opened as bytes: UTF-8, or UTF-16 as its mark or its zeros say. Bytes that are not UTF-8
    survive to refuse their own row only."""
    peeked = BufferedReader(binary)  # type: ignore[type-var]  # it has all that a raw stream has
    encoding = _encoding(peeked.peek(_LOOKED_AT)[:_LOOKED_AT])
    errors = "surrogateescape" if encoding == "utf-8-sig" else "strict"
    return TextIOWrapper(cast(BinaryIO, peeked), encoding=encoding, errors=errors, newline="")


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    pairs = len(head) // 2
    if pairs > 1:
        # Latin letters have a zero in each pair of bytes; other signs of a header are few.
        if head[1::2].count(0) > pairs * 0.7 and head[0::2].count(0) < pairs * 0.3:
            return "utf-16-le"
        if head[0::2].count(0) > pairs * 0.7 and head[1::2].count(0) < pairs * 0.3:
            return "utf-16-be"
    return "utf-8-sig"


class Buffer:
    """The text of a stream that is still to be read, of which never more is held than was asked for."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._ended = False
        self.rest = ""
        self.fill(BLOCK)
        self.rest = self.rest.removeprefix("\ufeff")

    def fill(self, size: int) -> bool:
        """Hold at least `size` characters, if there are so many; whether the end was reached. UsageError."""
        while len(self.rest) < size and not self._ended:
            try:
                more = self._stream.read(max(BLOCK, size - len(self.rest)))
                while more.endswith("\r") and (last := self._stream.read(1)):
                    more += last  # a line's end of two characters is not cut in two
            except UnicodeError:
                raise UsageError("the file is neither UTF-8 nor UTF-16 text") from None
            self._ended = not more
            self.rest += more
        return self._ended

    def take(self, size: int) -> str:
        """The next `size` characters, which are held."""
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def give_back(self, text: str) -> None:
        """Make `text` what is read next."""
        self.rest = text + self.rest

    def fill_line(self, longest: int) -> int:
        """Hold the next line, or `longest` + 1 characters of it; where it ends, its end included."""
        seen = 0
        while True:
            self.fill(seen + BLOCK)
            found = _LINE_END.search(self.rest, seen)
            if found is not None:
                return found.end()
            seen = len(self.rest)
            if self._ended or seen > longest:
                return seen

    def line(self, longest: int) -> str:
        """The next line with its end; empty at the end of the text. Of a line of more than `longest` characters the
        first `longest` + 1: what follows up to its end is passed over."""
        end = self.fill_line(longest)
        if end <= longest:
            return self.take(end)
        line = self.take(longest + 1)
        self._pass_over()
        return line

    def _pass_over(self) -> None:
        while self.rest:
            found = _LINE_END.search(self.rest)
            if found is not None:
                self.take(found.end())
                return
            self.rest = ""
            self.fill(BLOCK)
