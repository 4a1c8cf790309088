"""Posting times in words: what they mean as cron expressions, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttp.domain.errors import UsageError
from ttp.domain.time.cron import parse_cron
from ttp.domain.time.slot_parser import format_slot_times, parse_slot_times

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@pytest.mark.parametrize(
    ("words", "crons"),
    [
        ("mon,wed,fri 09:00", ["0 9 * * 1,3,5"]),
        ("Monday, Friday 9am", ["0 9 * * 1,5"]),
        ("daily 9 am", ["0 9 * * *"]),
        ("weekdays 18:30", ["30 18 * * 1,2,3,4,5"]),
        ("weekends 10am", ["0 10 * * 0,6"]),
        ("mon-fri 9am,5pm", ["0 9,17 * * 1,2,3,4,5"]),
        ("sat-mon 0:05", ["5 0 * * 0,1,6"]),
        ("sun 9:00 17:30", ["0 9 * * 0", "30 17 * * 0"]),
    ],
)
def test_words_are_expressions(words: str, crons: list[str]) -> None:
    assert parse_slot_times(words) == crons
    assert [parse_cron(cron) for cron in crons] == crons


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        *((words, []) for words in ("", "mon", "9am", "monday 25:00", "mon-xyz 9am", "often 9am")),
        ("mon 9", ["mon 9am", "mon 9pm"]),
        ("sat,sun 18", ["sat,sun 18:00"]),
        ("sat 18.30", ["sat 18:30"]),
        ("mon 99", []),
        ("mon 9:00:30", []),
    ],
)
def test_other_words_are_refused_with_what_they_can_mean(words: str, meant: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        parse_slot_times(words)

    assert [hint.way for hint in caught.value.hints if hint.label == "try"] == meant
    assert meant or caught.value.hints


@given(
    days=st.sets(st.sampled_from(DAYS), min_size=1),
    hours=st.sets(st.integers(0, 23), min_size=1),
    minute=st.integers(0, 59),
)
def test_what_is_written_of_an_expression_is_read_as_the_same(days: set[str], hours: set[int], minute: int) -> None:
    (cron,) = parse_slot_times(f"{','.join(days)} {','.join(f'{hour}:{minute:02}' for hour in hours)}")

    assert parse_slot_times(format_slot_times(cron)) == [cron]


@pytest.mark.parametrize("cron", ["0,30 9 * * 1", "*/5 9 * * 1", "0 9 * 2 1", "0 9 31 * *", "0 * * * *"])
def test_an_expression_that_is_more_than_days_and_times_is_shown_as_it_is(cron: str) -> None:
    assert format_slot_times(cron) == cron


def test_ranges_of_days_are_shown_as_days() -> None:
    assert format_slot_times("0 9 * * 1-5") == "weekdays 09:00"
    assert format_slot_times("0 9 * * 6,7") == "weekends 09:00"
    assert format_slot_times("0 9 * * 0-6") == "daily 09:00"
