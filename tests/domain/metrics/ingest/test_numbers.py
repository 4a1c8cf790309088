"""Numbers in the languages of the world."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rows import each
from ttp.domain.errors import UsageError
from ttp.domain.metrics.ingest.export_rows import NumberFormat, find_number_format

BLANKS = [" ", "\u00a0", "\u2009", "\u202f", "'", "\u2019"]


def grouped(number: int, sign: str) -> str:
    return f"{number:,}".replace(",", sign)


@given(st.integers(0, 10**15), st.sampled_from([*BLANKS, ",", "."]))
def test_every_number_comes_back_however_its_digits_are_grouped(number: int, sign: str) -> None:
    numbers = NumberFormat("." if sign == "." else ",")
    assert int(numbers.plain("likes", f" {grouped(number, sign)} ")) == number


@given(st.lists(st.integers(1_000_000, 10**12), min_size=1), st.sampled_from(",."))
def test_several_groups_tell_what_groups(values: list[int], sign: str) -> None:
    assert find_number_format((grouped(value, sign) for value in values), usual=None) == NumberFormat(sign)


@each(
    ("cells", "usual", "group"),
    [
        (["12", "999", "x", ""], ",", ","),
        (["12"], None, None),
        (["1,234"], ",", ","),
        (["1.234"], ".", "."),
        (["1.234"], ",", None),
        (["1,234"], None, None),
        (["1.234", "5.678"], ",", "."),
        (["1.234", "5,678"], ",", None),
        (["1.234", "0.31"], ".", ","),
        (["1.234", "12.5"], ".", ","),
        (["1.234", "38,5%"], ",", "."),
        (["1234.567"], None, ","),
        (["12,5", "12.5"], ",", None),
        (["1,234.50"], None, ","),
        (["1.234,00"], None, "."),
        (["1.234.567", "1.234"], ",", "."),
        (["1.234.567", "1,234,567"], ",", None),
    ],
)
def test_a_file_shows_what_groups_its_digits(cells: list[str], usual: str | None, group: str | None) -> None:
    assert find_number_format(cells, usual=usual) == NumberFormat(group)


def test_of_other_columns_only_certain_decimals_tell() -> None:
    assert find_number_format(["1,234"], ["12.345", "67.891"], usual=",") == NumberFormat(",")
    assert find_number_format(["1.234", "5.678"], ["0.5"], usual=",") == NumberFormat(",")


@each(
    ("text", "group", "plain"),
    [
        ("", None, ""),
        ("1234", None, "1234"),
        ("-", None, ""),
        ("n/a", None, ""),
        ("\u2014", None, ""),
        ("1.234", ",", "1.234"),
        ("1.234.567", None, "1234567"),
        ("1,234,567.00", None, "1234567.00"),
        ("1,234.5", ",", "1234.5"),
        ("1.234,0", ".", "1234.0"),
        ("12,0", None, "12."),
        ("12.", None, "12."),
        ("12.5", None, "12.5"),
        ("1.2K", None, "1.2K"),
        ("-1,234", ",", "-1234"),
        ("nan", None, "nan"),
        ("12 34", None, "12 34"),
        ("0.000", ",", "0."),
    ],
)
def test_what_groups_digits_is_taken_out_and_the_rest_is_left_for_the_strict_reading(
    text: str, group: str | None, plain: str
) -> None:
    assert NumberFormat(group).plain("likes", text) == plain


def test_a_number_that_may_be_two_is_refused_with_both() -> None:
    with pytest.raises(UsageError) as refused:
        NumberFormat(None).plain("likes", "1,234")
    assert refused.value.flaw == "two_numbers"
    assert all(named in refused.value.message for named in ('likes "1,234"', " 1234 ", " 1.234"))
