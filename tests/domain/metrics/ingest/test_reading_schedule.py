"""When a post's numbers are read: the setting, the next time, and which readings are kept whatever they say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rows import each
from tests.settings import Config
from ttp.domain.errors import UsageError
from ttp.domain.metrics.ingest.reading_schedule import (
    configured_ages,
    is_of_age,
    lookback,
    next_reading,
    parse_ages,
    retry_at,
)

OUT = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
AGES = parse_ages(("1h", "24h", "48h", "7d", "14d"))


def test_ages_are_sorted_and_each_counts_once() -> None:
    assert parse_ages(("2d", "90m", " 1H 30m ", "1w")) == (1.5 * HOUR, 48 * HOUR, 7 * 24 * HOUR)
    assert parse_ages(("10s",)) == (timedelta(seconds=10),)


def test_the_default_setting_is_five_ages() -> None:
    assert configured_ages(Config()) == AGES == (HOUR, 24 * HOUR, 48 * HOUR, 168 * HOUR, 336 * HOUR)
    assert lookback(AGES) == timedelta(days=28)


@each("text", ["", "soon", "1", "h", "1 month", "-1h", "1.5h", "0h", "0s", "400d", "99999999w", "1h,2h"])
def test_what_is_no_age_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match=f'"{text}"'):
        parse_ages(("1h", text))
    with pytest.raises(UsageError):
        configured_ages(Config({"metrics.after": (text,)}))


def test_no_age_at_all_is_refused_with_the_way_to_switch_it_off() -> None:
    with pytest.raises(UsageError):
        parse_ages(())


def test_after_a_reading_the_next_age_follows_and_after_the_last_none() -> None:
    assert next_reading(AGES, OUT, OUT) == OUT + HOUR
    assert next_reading(AGES, OUT, OUT + HOUR) == OUT + 24 * HOUR
    assert next_reading(AGES, OUT, OUT + 30 * HOUR) == OUT + 48 * HOUR
    assert next_reading(AGES, OUT, OUT + 336 * HOUR) is None


def test_numbers_that_end_are_read_shortly_before() -> None:
    ends = OUT + 24 * HOUR
    assert next_reading(AGES, OUT, OUT, ends) == OUT + HOUR
    assert next_reading(AGES, OUT, OUT + HOUR, ends) == ends - 0.5 * HOUR
    assert next_reading((HOUR,), OUT, OUT + HOUR, ends) == ends - 0.5 * HOUR
    assert next_reading(AGES, OUT, ends - 0.5 * HOUR, ends) is None


def test_a_reading_is_of_age_when_an_age_came_since_the_one_before() -> None:
    assert not is_of_age(AGES, OUT, None, OUT + 0.5 * HOUR)
    assert is_of_age(AGES, OUT, None, OUT + HOUR)
    assert is_of_age(AGES, OUT, OUT + 0.5 * HOUR, OUT + 2 * HOUR)
    assert not is_of_age(AGES, OUT, OUT + 2 * HOUR, OUT + 3 * HOUR)
    assert not is_of_age(AGES, OUT, OUT + 336 * HOUR, OUT + 999 * HOUR)


@given(st.integers(0, 400 * 24 * 60), st.integers(0, 400 * 24 * 60))
def test_of_two_readings_only_the_first_at_an_age_is_of_age(minutes: int, later: int) -> None:
    first, second = OUT + timedelta(minutes=minutes), OUT + timedelta(minutes=minutes + later)
    due = next_reading(AGES, OUT, first)
    assert is_of_age(AGES, OUT, first, second) == (due is not None and due <= second)


def test_what_failed_is_tried_again_the_later_the_older_the_post_is() -> None:
    assert retry_at(OUT, OUT + timedelta(minutes=1)) == OUT + timedelta(minutes=6)
    assert retry_at(OUT, OUT + 8 * HOUR) == OUT + 9 * HOUR
    assert retry_at(OUT, OUT + 999 * HOUR) == OUT + 1005 * HOUR
