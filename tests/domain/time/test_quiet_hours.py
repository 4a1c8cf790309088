"""Quiet hours and blackout dates: read, and applied to a wall clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.rows import each
from ttp.domain.errors import UsageError
from ttp.domain.time.quiet_hours import QuietHours, parse_blackout, parse_quiet_hours


def quiet(text: str) -> set[int]:
    spans = QuietHours(parse_quiet_hours(text))
    return {hour for hour in range(24) if spans.covers(datetime(2026, 11, 24, hour, tzinfo=UTC))}


def test_a_span_of_hours_holds_its_start_and_not_its_end() -> None:
    assert quiet("22:00-07:00") == {22, 23, 0, 1, 2, 3, 4, 5, 6}
    assert quiet("9-11, 13:30-14:30") == {9, 10, 14}
    assert quiet("1-24") == set(range(1, 24))
    assert quiet("  ") == set()


@each("text", ["22", "22-22", "0-24", "25-7", "22:60-7", "22-7-9", "22-7,", "24:30-7", "night"])
def test_what_is_no_span_of_hours_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_quiet_hours(text)


def test_a_span_of_dates_holds_both_ends() -> None:
    spans = QuietHours(dates=parse_blackout(["2026-12-24..2026-12-26", "2026-12-31", ""]))

    held = [day for day in range(20, 32) if spans.covers(datetime(2026, 12, day, 9, tzinfo=UTC))]

    assert held == [24, 25, 26, 31]


@each("text", ["Christmas", "2026-12-32", "2026-12-26..2026-12-24", "2026-12-24..", "24.12.2026"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_blackout([text])
    assert text in refused.value.message
