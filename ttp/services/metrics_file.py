"""CSV files of metrics: the streaming reader.

Owns how a text becomes rows, and which rows cannot be rows at all. What the cells mean is `domain.ingest`'s. It never
holds more than one row (at most `LONGEST_ROW` characters), or a block of short ones, and never lets a bad row spoil the
next one.

Well-formed blocks are read at once. Where one is not, its rows are read line by line, which finds the row at fault: the
csv module reads both, so that they are read the same.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import count
from typing import TextIO, TypeAlias

from ttp.domain.errors import UsageError
from ttp.services.metrics_text import BLOCK, Buffer

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
