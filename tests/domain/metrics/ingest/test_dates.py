"""Times as exports write them, and the ones that may be two."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rows import each
from ttp.domain.errors import UsageError
from ttp.domain.metrics.ingest.dates import ORDERS, WrittenTime, find_date_order, parse_written_time, resolve_date

TODAY = date(2026, 11, 24)


def told(text: str) -> WrittenTime:
    found = parse_written_time(text)
    assert found is not None
    return found


def order(*texts: str, near: date | None = None) -> str | None:
    return find_date_order([(told(text), near) for text in texts], TODAY)


@each(
    ("text", "day", "clock", "offset"),
    [
        ("2026-09-16 14:05:07 +0000", (2026, 9, 16), "14:05:07", "+0000"),
        ("2026-09-16T14:05Z", (2026, 9, 16), "14:05:00", "Z"),
        ("2026-09-16 14:05 UTC", (2026, 9, 16), "14:05:00", "Z"),
        ("2026/9/6", (2026, 9, 6), "", ""),
        ("09/16/2026 14:05", (2026, 9, 16), "14:05:00", ""),
        ("16/09/2026, 14:05", (2026, 9, 16), "14:05:00", ""),
        ("16.09.2026 14:05", (2026, 9, 16), "14:05:00", ""),
        ("3.4.2026", (2026, 4, 3), "", ""),
        ("04/04/2026", (2026, 4, 4), "", ""),
        ("09/16/2026 2:05 PM", (2026, 9, 16), "14:05:00", ""),
        ("09/16/2026 12:05\u202fa.m.", (2026, 9, 16), "00:05:00", ""),
        ("09/16/2026 12:05 pm GMT+02:00", (2026, 9, 16), "12:05:00", "+02:00"),
        ("Wed, Sep 16, 2026", (2026, 9, 16), "", ""),
        ("Sep 16, 2026 2:05:06 PM", (2026, 9, 16), "14:05:06", ""),
        ("Wed, 16 Sept 2026 14:05:00 -0700", (2026, 9, 16), "14:05:00", "-0700"),
        ("September 16", (None, 9, 16), "", ""),
    ],
)
def test_the_ways_of_exports_are_read(text: str, day: tuple[int | None, int, int], clock: str, offset: str) -> None:
    time = told(text)
    assert (resolve_date("publishedAt", time, None), time.clock, time.offset) == (day, clock, offset)


@each(
    "text",
    [
        "",
        "soon",
        "16/09/26",
        "2026-09/16",
        "Foo 16, 2026",
        "09/16/2026 13:05 PM",
        "09/16/2026 0:05 am",
        "13/14/2026",
        "1793523600",
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert parse_written_time(text) is None


def test_a_date_that_may_be_two_is_refused_with_both_unless_the_order_is_known() -> None:
    time = told("03/04/2026 10:00")
    with pytest.raises(UsageError) as refused:
        resolve_date("publishedAt", time, None)
    assert refused.value.flaw == "two_dates"
    assert all(named in refused.value.message for named in ('publishedAt "03/04/2026 10:00"', "3 April", "4 March"))
    assert resolve_date("publishedAt", time, "mdy") == (2026, 3, 4)
    assert resolve_date("publishedAt", time, "dmy") == (2026, 4, 3)


def test_a_day_that_it_is_known_to_be_close_to_tells_the_order() -> None:
    time = told("03/04/2026")
    assert resolve_date("publishedAt", time, None, date(2026, 4, 4)) == (2026, 4, 3)
    assert resolve_date("publishedAt", time, None, date(2026, 3, 3)) == (2026, 3, 4)
    with pytest.raises(UsageError) as refused:
        resolve_date("publishedAt", time, None, date(2026, 8, 1))
    assert refused.value.flaw == "two_dates"


def test_a_date_that_is_not_of_the_order_of_the_rest_is_refused() -> None:
    with pytest.raises(UsageError):
        resolve_date("publishedAt", told("16/09/2026"), "mdy")
    assert resolve_date("publishedAt", told("09/16/2026"), "mdy") == (2026, 9, 16)
    assert resolve_date("publishedAt", told("16.09.2026"), "mdy") == (2026, 9, 16)


def test_a_file_shows_its_order() -> None:
    assert order("03/04/2026", "09/16/2026") == "mdy"
    assert order("03/04/2026", "16/09/2026") == "dmy"
    assert order("09/16/2026", "16/09/2026") is None
    assert order("03/04/2026", "04/04/2026", "16.09.2026") is None
    assert order("03/12/2026") == "mdy", "the third of December is still to come"
    assert order("03/04/2026", near=date(2026, 4, 3)) == "dmy"
    assert order("03/04/0000") is None
    assert order() is None


@given(st.dates(date(2006, 1, 2), TODAY), st.sampled_from(ORDERS), st.sampled_from("/-"))
def test_every_day_comes_back_in_the_order_in_which_it_was_written(day: date, which: str, sign: str) -> None:
    parts = (day.month, day.day) if which == "mdy" else (day.day, day.month)
    text = f"{parts[0]:02}{sign}{parts[1]:02}{sign}{day.year}"
    assert resolve_date("publishedAt", told(text), which) == (day.year, day.month, day.day)
    assert order(text) in (None, which)
