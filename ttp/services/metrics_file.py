"""Files of metrics: the streaming reader of ttp's own CSV.

Owns how a text becomes rows, and which rows cannot be rows at all. What the cells mean is `domain.sample`'s. It never
holds more than one row (at most `LONGEST_ROW` characters) and never lets a bad row spoil the next one.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Mapping
from io import TextIOWrapper
from typing import BinaryIO, TextIO, TypeAlias

from ttp.domain.errors import UsageError
from ttp.domain.sample import COLUMNS, OPTIONAL_COLUMNS, REQUIRED_COLUMNS

Row: TypeAlias = tuple[int, Mapping[str, str] | str]
"""The row's number as a spreadsheet counts (the header is 1), and its cells by column, or why it cannot be read."""

LONGEST_ROW = 1 << 20
"""Characters. Metrics of a post take a few hundred, X's longest text 25,000."""
LONGEST_CELL = csv.field_size_limit()
"""131,072: beyond it the csv module refuses a cell."""
_NOT_UTF8 = re.compile("[\ud800-\udfff]")


def as_text(binary: BinaryIO) -> TextIO:
    """The text of a CSV file opened as bytes. Bytes that are not UTF-8 survive to refuse their own row only."""
    return TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape", newline="")


def read_rows(stream: TextIO) -> Rows:
    """The rows of a CSV in ttp's own format, one at a time. UsageError when there is no header that could be used."""
    return Rows(stream)


class Rows(Iterator[Row]):
    """An iterator of rows that knows its header: `unknown` are the columns that are ignored, in the file's order."""

    def __init__(self, stream: TextIO) -> None:
        self._lines = _Lines(stream)
        # strict: a cell with stray quotes is refused; the lenient reading glues such cells to their neighbours.
        self._cells = csv.reader(self._lines, strict=True)
        self._number = 0
        self._header = self._read_header()
        self.unknown = tuple(name for name in self._header if name and name not in COLUMNS)

    def __next__(self) -> Row:
        while True:
            cells, reason = self._record()
            if reason is None and not any(cells):
                continue  # a blank line, or the row of commas that spreadsheets leave behind
            if reason is None and len(cells) != len(self._header):
                reason = f"has {len(cells)} cells where the header has {len(self._header)}"
            if reason is not None:
                return self._number, reason
            return self._number, {name: cell for name, cell in zip(self._header, cells, strict=True) if name in COLUMNS}

    def _record(self) -> tuple[list[str], str | None]:
        """The cells of the next record, and why they cannot be used. StopIteration at the end."""
        self._lines.start_record()
        self._number += 1
        try:
            cells = next(self._cells)
        except csv.Error as error:
            # An opening quote that is never closed takes in the rows that follow: give them back.
            self._lines.give_back()
            return [], _plain(str(error))
        return cells, self._lines.fault

    def _read_header(self) -> list[str]:
        cells: list[str] = []
        try:
            while not any(cells):
                cells, reason = self._record()
                if reason is not None:
                    raise UsageError(f"the header cannot be read: it {reason}", details=_FORMAT)
        except StopIteration:
            raise UsageError("the file is empty", details=_FORMAT) from None
        header = [cell.strip() for cell in cells]
        if twice := [name for name in COLUMNS if header.count(name) > 1]:
            raise UsageError(f"the header has {', '.join(twice)} more than once")
        missing = [name for name in REQUIRED_COLUMNS if name not in header]
        if len(missing) == len(REQUIRED_COLUMNS):
            raise UsageError("the header is not that of ttp's own CSV, the only format read so far", details=_FORMAT)
        if missing:
            raise UsageError(f"the header lacks {', '.join(missing)}", details=_FORMAT)
        return header


_FORMAT = (f"columns needed: {','.join(REQUIRED_COLUMNS)}", f"may be added: {','.join(OPTIONAL_COLUMNS)}")


class _Lines(Iterator[str]):
    """The physical lines of a stream, which can be given back, with the lines of the record that is being read."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._first = True
        self._given_back: deque[str] = deque()
        self.start_record()

    def start_record(self) -> None:
        self._record: list[str] = []
        self._size = 0
        self.fault: str | None = None

    def give_back(self) -> None:
        """Makes all lines of this record but its first the next ones to be read."""
        self._given_back.extendleft(reversed(self._record[1:]))

    def __next__(self) -> str:
        line = self._given_back.popleft() if self._given_back else self._read()
        if not line:
            raise StopIteration
        self._record.append(line)
        self._size += len(line)
        if self._size > LONGEST_ROW:
            raise csv.Error("row too long")
        if not line.isascii() and _NOT_UTF8.search(line):
            self.fault = "is not UTF-8 text"
        elif "\0" in line:
            self.fault = "has a NUL character"
        return line

    def _read(self) -> str:
        """The next line, cut where it is too long to be a row: what follows up to its end is passed over."""
        try:
            line = piece = self._stream.readline(LONGEST_ROW + 1)
            while len(piece) > LONGEST_ROW and not piece.endswith("\n"):
                piece = self._stream.readline(LONGEST_ROW + 1)
        except UnicodeDecodeError:
            raise UsageError("the file is not UTF-8 text") from None
        if self._first:
            self._first = False
            line = line.removeprefix("\ufeff")
        return line


def _plain(error: str) -> str:
    """What the csv module's error means."""
    if "field limit" in error:
        return f"has a cell of more than {LONGEST_CELL} characters, or a quote that is not closed"
    if "end of data" in error:
        return "has a quote that is not closed"
    if "too long" in error:
        return f"has more than {LONGEST_ROW} characters, or a quote that is not closed"
    return "has a quote in the wrong place"
