"""The CSV reader: a bad row costs itself and nothing else, a bad header costs the file."""

import tracemalloc
from collections.abc import Iterator
from io import BytesIO, StringIO, TextIOBase, TextIOWrapper
from itertools import count
from typing import TextIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rows import each
from ttp.domain.errors import UsageError
from ttp.domain.metrics.sample import REQUIRED_COLUMNS
from ttp.services.files.csv_file import LONGEST_CELL, LONGEST_ROW
from ttp.services.files.metrics_rows import BLOCK, Buffer, CsvRecords, as_text

HEADER = ",".join((*REQUIRED_COLUMNS, "text"))


Row = tuple[int, list[str] | str]


def rows_of(file: CsvRecords) -> Iterator[Row]:
    for first, block in file.blocks():
        yield from [(first, block)] if isinstance(block, str) else zip(count(first), block, strict=False)


def open_file(stream: TextIO) -> CsvRecords:
    return CsvRecords(Buffer(stream))


def read_rows(stream: TextIO) -> Iterator[Row]:
    return rows_of(open_file(stream))


def line(remote_id: str, text: str = "hello") -> str:
    return f"x/me,{remote_id},2026-11-01T09:00:00Z,1,2,3,4,{text}"


def read(*lines: str) -> list[Row]:
    return list(read_rows(StringIO("\n".join(lines), newline="")))


def texts(stream: TextIO) -> list[str]:
    """The captions of the rows that have any, and "" for a row that cannot be read."""
    return ["" if isinstance(row, str) else row[-1] for _, row in read_rows(stream) if any(row)]


def told(*lines: str) -> list[tuple[int, str]]:
    """Number and remote id of the rows after the header that are not blank; no id where a row cannot be read."""
    rows = read(HEADER, *lines)
    return [(number, "" if isinstance(row, str) else row[1]) for number, row in rows if any(row)]


def test_rows_are_numbered_as_a_spreadsheet_does() -> None:
    assert told(line("a"), "", line("b"), ",,,,,,,", line("c")) == [(2, "a"), (4, "b"), (6, "c")]


def test_a_byte_order_mark_and_blanks_around_names_are_no_part_of_them() -> None:
    spaced = HEADER.replace(",", " , ")
    for stream in (StringIO(f"\ufeff{spaced}\n{line('a')}"), as_text(BytesIO(f"\ufeff{spaced}\n{line('a')}".encode()))):
        file = open_file(stream)
        assert file.header == HEADER.split(",")
        assert [number for number, _ in rows_of(file)] == [2]


def test_a_caption_may_have_commas_quotes_and_line_breaks() -> None:
    rows = read(HEADER, line("a", '"one, ""two""\nthree"'), line("b"))
    assert [(number, row[-1]) for number, row in rows] == [(2, 'one, "two"\nthree'), (3, "hello")]


@each("text", ["", "\n\n", "\ufeff", 'account,"remoteId', "account\0"])
def test_a_file_without_a_header_that_can_be_read_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        CsvRecords(Buffer(StringIO(text, newline="")))


def test_a_header_alone_is_a_file_without_rows() -> None:
    assert read(HEADER) == []


@pytest.mark.parametrize(
    "bad",
    [
        line("z", "a\0b"),
        line("z", '"two\nlines\0"'),
        line("z", "bad \udcff"),
        line("z", '"stray" quote'),
        line("z", "y" * (LONGEST_CELL + 1)),
        line("z", "y" * (LONGEST_ROW * 3)),
    ],
    ids=["NUL", "NUL in lines", "not UTF-8", "quote", "long cell", "long row"],
)
def test_a_bad_row_is_refused_by_number_and_its_neighbours_are_read(bad: str) -> None:
    assert told(line("a"), bad, line("b")) == [(2, "a"), (3, ""), (4, "b")]


def test_a_quote_that_is_never_closed_costs_its_own_row_only() -> None:
    rows = told(line("a"), line("bad", '"open'), line("b"), line("c", '"fine, here"'), line("d"))
    assert rows == [(2, "a"), (3, ""), (4, "b"), (5, "c"), (6, "d")]
    assert told(line("bad", '"open'), line("b")) == [(2, ""), (3, "b")]


def test_a_quote_before_a_row_that_is_too_long_costs_these_two_rows_only() -> None:
    rows = told(line("bad", '"open'), line("long", "y" * (LONGEST_ROW + 5)), line("b"))
    assert [number for number, _ in rows] == [2, 3, 4]
    assert rows[-1] == (4, "b")


def test_bytes_that_are_not_utf8_cost_their_own_row_only() -> None:
    data = f"{HEADER}\n{line('a')}\n{line('z', 'CAF')}".encode() + b"\xc9\n" + line("b", "Café").encode()
    assert texts(as_text(BytesIO(data))) == ["hello", "", "Café"]


@each("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@each("delimiter", [",", ";", "\t", "|"])
@each("end", ["\n", "\r\n", "\r"])
def test_encodings_delimiters_and_line_ends_are_found_out(encoding: str, delimiter: str, end: str) -> None:
    rows = [HEADER.split(","), *(line(str(n), "Grüße").split(",") for n in range(3))]
    file = open_file(as_text(BytesIO(end.join(map(delimiter.join, rows)).encode(encoding))))
    assert [file.header, *(row for _, row in rows_of(file))] == rows


def test_a_byte_order_mark_of_big_endian_counts() -> None:
    assert open_file(as_text(BytesIO(b"\xfe\xff" + HEADER.encode("utf-16-be")))).header == HEADER.split(",")


def test_the_line_that_tells_excel_the_delimiter_is_no_header() -> None:
    file = CsvRecords(Buffer(StringIO("sep=;\r\na,a;b\r\n1,5;2\r\n", newline="")))
    assert (file.delimiter, file.header, list(rows_of(file))) == (";", ["a,a", "b"], [(2, ["1,5", "2"])])


def test_a_delimiter_inside_quotes_is_none() -> None:
    assert open_file(StringIO('"a;b;c;d",e,f\n')).header == ["a;b;c;d", "e", "f"]


def test_a_file_in_another_encoding_is_refused() -> None:
    with pytest.raises(UsageError, match="UTF-8"):
        open_file(TextIOWrapper(BytesIO(HEADER.encode("utf-16")), encoding="utf-8"))
    with pytest.raises(UsageError, match="UTF-8"):
        open_file(as_text(BytesIO(HEADER.encode("utf-16")[:-1])))


def test_200_000_columns_are_a_header() -> None:
    many = ",".join("c" * 200_000)
    file = CsvRecords(Buffer(StringIO(f"{many}\n{many}\n", newline="")))
    assert len(file.header) == 200_000
    assert [(number, len(row)) for number, row in rows_of(file)] == [(2, 200_000)]


class _Endless(TextIOBase):
    """A stream that creates its text while it is read."""

    def __init__(self, parts: Iterator[str]) -> None:
        self._parts = parts

    def read(self, size: int | None = -1, /) -> str:
        return next(self._parts, "")


def test_memory_does_not_grow_with_the_file() -> None:
    rows = (f"{line(str(i))}\n" for i in range(20_000))
    stream = _Endless(text for part in ([HEADER + "\n"], rows) for text in part)
    tracemalloc.start()
    number = sum(1 for _ in read_rows(cast("TextIO", stream)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert number == 20_000
    assert peak < 40 * BLOCK, "a block and its cells, whatever follows"


_CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@given(st.lists(_CELLS, max_size=8))
def test_every_text_comes_back_as_it_was_written(captions: list[str]) -> None:
    quoted = [line("a", '"' + text.replace('"', '""') + '"') for text in captions]
    rows = read(HEADER, *quoted)
    assert [row[-1] for _, row in rows] == captions


@given(st.lists(st.text('x,"\n\r\0\ufeff\udc80', max_size=40), max_size=6))
def test_no_text_keeps_the_row_after_it_from_being_read(junk: list[str]) -> None:
    rows = read(HEADER, *junk, line("last"))
    numbers = [number for number, _ in rows]
    assert numbers == sorted(set(numbers))
    assert rows[-1][1][1] == "last"


_LINES = st.text('x,;"\n\r\0\ufeff\udc80', max_size=60)


@given(_LINES)
def test_blocks_read_what_reading_line_by_line_does(text: str) -> None:
    whole = list(read_rows(StringIO(f"{HEADER}\n{text}", newline="")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ttp.services.files.metrics_rows.CsvRecords._block", lambda self: None)
        slow = list(read_rows(StringIO(f"{HEADER}\n{text}", newline="")))
    assert [(n, row) for n, row in whole if any(row)] == [(n, row) for n, row in slow if any(row)]
