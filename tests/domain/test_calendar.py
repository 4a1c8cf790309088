"""Months and weeks as whole days of a wall clock, and the gaps in them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttp.domain.post import Post, PostStatus, calendar_time
from ttp.domain.time.calendar_range import CalendarRange, days_without_posts, month_of, week_of
from ttp.domain.time.clock import EPOCH

BERLIN = ZoneInfo("Europe/Berlin")
DATES = st.dates(date(1970, 2, 1), date(2100, 12, 1))
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu"]).map(ZoneInfo)


@given(DATES, ZONES)
def test_a_week_is_the_iso_week_from_its_monday_on(day: date, zone: ZoneInfo) -> None:
    span = week_of(day, zone)
    year, number, _ = day.isocalendar()
    assert span.name == f"{year}-W{number:02}"
    assert (span.first.weekday(), span.last.weekday(), len(span.days)) == (0, 6, 7)
    assert day in span.days
    assert (span.moved(1).first, span.moved(-1).last) == (span.last + timedelta(1), span.first - timedelta(1))


@given(DATES, ZONES)
def test_a_month_has_its_days_and_no_other(day: date, zone: ZoneInfo) -> None:
    span = month_of(day, zone)
    assert span.name == f"{day:%Y-%m}"
    assert {(one.year, one.month) for one in span.days} == {(day.year, day.month)}
    assert (span.moved(1).first, span.moved(-1).last) == (span.last + timedelta(1), span.first - timedelta(1))
    assert span.moved(12).name == f"{day.year + 1}-{day:%m}"


@given(st.integers(0, 10**9).map(lambda tenth: EPOCH + timedelta(days=900, seconds=3 * tenth)), ZONES)
def test_an_instant_is_in_the_one_span_that_has_its_day(at: datetime, zone: ZoneInfo) -> None:
    for span in (week_of(at.astimezone(zone).date(), zone), month_of(at.astimezone(zone).date(), zone)):
        assert span.day(at) in span.days
        assert [other.holds(at) for other in (span.moved(-1), span, span.moved(1))] == [False, True, False]


def test_the_week_in_which_clocks_go_back_is_an_hour_longer() -> None:
    span = week_of(date(2026, 10, 25), BERLIN)
    assert span.end - span.start == timedelta(days=7, hours=1)
    assert (span.start, span.end) == (
        datetime(2026, 10, 18, 22, tzinfo=UTC),
        datetime(2026, 10, 25, 23, tzinfo=UTC),
    )


def test_a_day_whose_midnight_is_skipped_begins_at_the_end_of_the_gap() -> None:
    span = CalendarRange(date(2018, 11, 4), 7, ZoneInfo("America/Sao_Paulo"))
    assert span.start == datetime(2018, 11, 4, 3, tzinfo=UTC)


def test_a_post_stands_at_its_time_or_where_it_went_out_without_one() -> None:
    one, two = datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC)
    assert calendar_time(Post("", scheduled_at=one, published_at=two)) == one
    assert calendar_time(Post("", status=PostStatus.PUBLISHED, published_at=two)) == two


WEEK = week_of(date(2026, 11, 24), BERLIN)


@pytest.mark.parametrize(
    ("taken", "today", "expected"),
    [
        ((23, 24, 25, 27), 24, (26,)),
        ((23, 29), 24, (24, 25, 26, 27, 28)),
        ((23, 29), 27, (27, 28)),
        ((23, 29), 30, ()),
        ((24, 25), 20, ()),
        ((27,), 23, ()),
        ((), 23, ()),
    ],
)
def test_a_gap_is_between_days_with_posts_and_not_over(taken: tuple[int, ...], today: int, expected: object) -> None:
    found = days_without_posts(WEEK, {date(2026, 11, day) for day in taken}, date(2026, 11, today))
    assert tuple(day.day for day in found) == expected
