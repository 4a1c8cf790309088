"""The ends of a range: `--since`, `--until`."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.rows import each
from ttp.domain.action import other_options
from ttp.domain.errors import TimeRefused
from ttp.domain.time.resolve import resolve_bound

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 12, 46, tzinfo=UTC)


@each(
    ("text", "expected"),
    [
        ("7d", "2026-11-17T12:46Z"),
        ("2h30m", "2026-11-24T10:16Z"),
        ("3 days ago", "2026-11-21T12:46Z"),
        ("2026-12-01", "2026-11-30T23:00Z"),
        ("2020-01-01", "2019-12-31T23:00Z"),
        ("today", "2026-11-23T23:00Z"),
        ("Yesterday", "2026-11-22T23:00Z"),
        ("tomorrow", "2026-11-24T23:00Z"),
        ("yesterday 9am", "2026-11-23T08:00Z"),
        ("9am", "2026-11-24T08:00Z"),
        ("2025-12-01 09:00", "2025-12-01T08:00Z"),
        ("2025-12-01T09:00Z", "2025-12-01T09:00Z"),
        ("2026-03-29 02:30", "2026-03-29T01:30Z"),
        ("now", "2026-11-24T12:46Z"),
        ("in 2h", "2026-11-24T14:46Z"),
        ("next mon 9:00", "2026-11-30T08:00Z"),
        ("7 dec", "2026-12-06T23:00Z"),
        ("Dec 7, 2026", "2026-12-06T23:00Z"),
        ("nov 20", "2026-11-19T23:00Z"),
        ("5 jan", "2027-01-04T23:00Z"),
        ("29 feb", "2028-02-28T23:00Z"),
    ],
)
def test_an_end_of_a_range_may_be_past(text: str, expected: str) -> None:
    bound = resolve_bound(text, now=NOW, zone=BERLIN)
    assert bound == datetime.fromisoformat(expected)
    assert bound.tzinfo is UTC


@each(
    ("text", "days"),
    [
        ("monday", ["2026-11-23", "2026-11-30"]),
        ("tue", ["2026-11-17", "2026-11-24"]),
        ("may 25", ["2026-05-25", "2027-05-25"]),
    ],
)
def test_a_day_that_can_be_two_is_refused_with_both(text: str, days: list[str]) -> None:
    with pytest.raises(TimeRefused) as caught:
        resolve_bound(text, now=NOW, zone=BERLIN)
    assert [hint.way for hint in caught.value.hints] == days


def test_a_day_that_begins_with_a_jump_starts_where_the_clocks_land() -> None:
    start = resolve_bound("2026-09-06", now=NOW, zone=ZoneInfo("America/Santiago"))
    assert start.astimezone(ZoneInfo("America/Santiago")).isoformat() == "2026-09-06T01:00:00-03:00"


@each("text", ["", "7x", "12/11/2026", "2026-02-30", "yesterday 25:00", "0001-01-01", "optimal", "9", "last year"])
def test_an_unreadable_end_of_a_range_is_refused_with_the_form_of_others(text: str) -> None:
    with pytest.raises(TimeRefused) as caught:
        resolve_bound(text, now=NOW, zone=BERLIN)
    examples = caught.value.message.rpartition(". Examples: ")[2].split(", ")
    assert examples == ["7d", "2026-11-24"]
    for example in examples:
        resolve_bound(example, now=NOW, zone=BERLIN)


def test_a_bound_of_a_request_that_can_be_two_is_refused_with_other_options() -> None:
    with pytest.raises(TimeRefused) as caught:
        resolve_bound("tue", now=NOW, zone=BERLIN, option="since")
    days = ("2026-11-17", "2026-11-24")
    assert [hint.way for hint in caught.value.hints] == [other_options(since=day) for day in days]
