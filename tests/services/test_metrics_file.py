"""The CSV reader: a bad row costs itself and nothing else, a bad header costs the file."""

import tracemalloc
from collections.abc import Iterator, Mapping
from io import BytesIO, StringIO, TextIOBase, TextIOWrapper
from typing import TextIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttp.domain.errors import UsageError
from ttp.domain.sample import COLUMNS, REQUIRED_COLUMNS
from ttp.services.metrics_file import LONGEST_CELL, LONGEST_ROW, as_text, read_rows

HEADER = ",".join((*REQUIRED_COLUMNS, "text"))


def line(remote_id: str, text: str = "hello") -> str:
    return f"x/me,{remote_id},2026-11-01T09:00:00Z,1,2,3,4,{text}"


def read(*lines: str) -> list[tuple[int, Mapping[str, str] | str]]:
    return list(read_rows(StringIO("\n".join(lines), newline="")))


def told(*lines: str) -> list[tuple[int, str]]:
    """Number and remote id of the rows after the header, or number and reason."""
    rows = read(HEADER, *lines)
    return [(number, row if isinstance(row, str) else row["remoteId"]) for number, row in rows]


def test_rows_are_numbered_as_a_spreadsheet_does() -> None:
    assert told(line("a"), "", line("b"), ",,,,,,,", line("c")) == [(2, "a"), (4, "b"), (6, "c")]


def test_cells_are_found_by_name_whatever_the_order_of_columns() -> None:
    names = sorted(COLUMNS)
    assert read(",".join(names), ",".join(name.upper() for name in names)) == [(2, {n: n.upper() for n in names})]


def test_a_byte_order_mark_and_blanks_around_names_are_no_part_of_them() -> None:
    spaced = HEADER.replace(",", " , ")
    for stream in (StringIO(f"\ufeff{spaced}\n{line('a')}"), as_text(BytesIO(f"\ufeff{spaced}\n{line('a')}".encode()))):
        assert [number for number, row in read_rows(stream) if isinstance(row, dict)] == [2]


def test_unknown_columns_are_ignored_and_told_once() -> None:
    rows = read_rows(StringIO(f"{HEADER},mood,,mood\n{line('a')},happy,,x\n"))
    assert rows.unknown == ("mood", "mood")
    assert [set(row) for _, row in rows] == [set(HEADER.split(","))]


def test_a_caption_may_have_commas_quotes_and_line_breaks() -> None:
    rows = read(HEADER, line("a", '"one, ""two""\nthree"'), line("b"))
    assert [(n, row["text"]) for n, row in rows if isinstance(row, dict)] == [(2, 'one, "two"\nthree'), (3, "hello")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("\ufeff", "the file is empty"),
        ("likes for the week,x\n1,2\n", "the header is not that of ttp's own CSV, the only format read so far"),
        (HEADER.replace(",", ";"), "the header is not that of ttp's own CSV, the only format read so far"),
        (HEADER.replace("likes,", ""), "the header lacks likes"),
        (HEADER.replace("account,remoteId,", ""), "the header lacks account, remoteId"),
        (HEADER + ",likes", "the header has likes more than once"),
        ('account,"remoteId', "the header cannot be read: it has a quote that is not closed"),
        ("account\0", "the header cannot be read: it has a NUL character"),
    ],
)
def test_a_file_without_a_usable_header_is_refused_with_the_columns_to_have(text: str, why: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_rows(StringIO(text, newline=""))
    assert refused.value.message == why
    if "more than once" not in why:
        assert refused.value.details[0] == "columns needed: account,remoteId,publishedAt,likes,comments,shares,views"


def test_a_header_alone_is_a_file_without_rows() -> None:
    assert read(HEADER) == []


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("x/me,1", "has 2 cells where the header has 8"),
        (line("z") + ",more", "has 9 cells where the header has 8"),
        (line("z", "a\0b"), "has a NUL character"),
        (line("z", '"two\nlines\0"'), "has a NUL character"),
        (line("z", "bad \udcff"), "is not UTF-8 text"),
        (line("z", '"stray" quote'), "has a quote in the wrong place"),
        (line("z", "y" * (LONGEST_CELL + 1)), f"has a cell of more than {LONGEST_CELL} characters"),
        (line("z", "y" * (LONGEST_ROW * 3)), f"has more than {LONGEST_ROW} characters"),
    ],
)
def test_a_bad_row_is_refused_by_number_and_its_neighbours_are_read(bad: str, why: str) -> None:
    before, refused, after = told(line("a"), bad, line("b"))
    assert (before, after) == ((2, "a"), (4, "b"))
    assert refused[0] == 3
    assert refused[1].startswith(why)


def test_a_quote_that_is_never_closed_costs_its_own_row_only() -> None:
    rows = told(line("a"), line("bad", '"open'), line("b"), line("c", '"fine, here"'), line("d"))
    assert rows == [(2, "a"), (3, "has a quote in the wrong place"), (4, "b"), (5, "c"), (6, "d")]
    assert told(line("bad", '"open'), line("b")) == [(2, "has a quote that is not closed"), (3, "b")]


def test_a_quote_before_a_row_that_is_too_long_costs_these_two_rows_only() -> None:
    rows = told(line("bad", '"open'), line("long", "y" * (LONGEST_ROW + 5)), line("b"))
    assert [number for number, _ in rows] == [2, 3, 4]
    assert rows[-1] == (4, "b")


def test_bytes_that_are_not_utf8_cost_their_own_row_only() -> None:
    data = f"{HEADER}\n{line('a')}\n{line('z', 'CAF')}".encode() + b"\xc9\n" + line("b", "Café").encode()
    rows = list(read_rows(as_text(BytesIO(data))))
    assert [row if isinstance(row, str) else row["text"] for _, row in rows] == ["hello", "is not UTF-8 text", "Café"]


def test_a_file_in_another_encoding_is_refused() -> None:
    with pytest.raises(UsageError, match="the header cannot be read: it is not UTF-8 text"):
        read_rows(as_text(BytesIO(HEADER.encode("utf-16"))))
    with pytest.raises(UsageError, match="the file is not UTF-8 text"):
        read_rows(TextIOWrapper(BytesIO(HEADER.encode("utf-16")), encoding="utf-8"))


class _Endless(TextIOBase):
    """A stream that makes its lines as they are read."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override] # typeshed types the base for bytes too
        return next(self._lines, "")


def test_memory_does_not_grow_with_the_file() -> None:
    rows = (f"{line(str(i))}\n" for i in range(5_000))
    stream = _Endless(text for part in ([HEADER + "\n"], rows) for text in part)
    tracemalloc.start()
    count = sum(1 for _ in read_rows(cast("TextIO", stream)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 5_000
    assert peak < 200_000


_CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@given(st.lists(_CELLS, max_size=8))
def test_every_text_comes_back_as_it_was_written(texts: list[str]) -> None:
    quoted = [line("a", '"' + text.replace('"', '""') + '"') for text in texts]
    rows = read(HEADER, *quoted)
    assert [row["text"] for _, row in rows if isinstance(row, dict)] == texts


@given(st.lists(st.text('x,"\n\r\0\ufeff\udc80', max_size=40), max_size=6))
def test_no_text_keeps_the_row_after_it_from_being_read(junk: list[str]) -> None:
    rows = read(HEADER, *junk, line("last"))
    numbers = [number for number, _ in rows]
    assert numbers == sorted(set(numbers))
    last = rows[-1][1]
    assert isinstance(last, dict)
    assert last["remoteId"] == "last"
