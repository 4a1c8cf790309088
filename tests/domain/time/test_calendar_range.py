"""Months and weeks as whole days of a wall clock: what is read as one, what is said to everything else, and gaps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rows import each
from ttp.domain.action import OtherOptions, WayOut
from ttp.domain.errors import UsageError
from ttp.domain.post import Post, PostStatus, calendar_time
from ttp.domain.time.calendar_range import (
    WEEK_STARTS,
    CalendarRange,
    day_of,
    days_without_posts,
    month_of,
    parse_calendar_range,
    week_of,
)
from ttp.domain.time.clock import EPOCH

TODAY = date(2026, 11, 24)
BERLIN = ZoneInfo("Europe/Berlin")


def span(text: str | None, *flags: str) -> CalendarRange:
    return parse_calendar_range(text, month="--month" in flags, week="--week" in flags, today=TODAY, zone=BERLIN)


def refused(text: str, *flags: str) -> list[str]:
    """The text that the error offers to type instead."""
    with pytest.raises(UsageError) as caught:
        span(text, *flags)
    return [typed_range(hint.way) for hint in caught.value.hints]


def typed_range(way: WayOut) -> str:
    assert isinstance(way, OtherOptions)
    options = dict(way.options)
    assert "month" not in options or options["month"] is False
    return " ".join([*(["--week"] if options["week"] else []), *([str(options["when"])] if options["when"] else [])])


@each(
    ("typed", "name"),
    [
        *(([None], "2026-11"), ([None, "--month"], "2026-11"), ([None, "--week"], "2026-W48")),
        *((["next"], "2026-12"), (["prev"], "2026-10"), (["NEXT", "--week"], "2026-W49")),
        *((["prev", "--week"], "2026-W47"), (["prev", "--month"], "2026-10")),
        *((["2026-12"], "2026-12"), (["2024-02", "--month"], "2024-02"), ([" 2026-12 "], "2026-12")),
        *((["2026-W49"], "2026-W49"), (["2026-w01", "--week"], "2026-W01"), (["2020-W53"], "2020-W53")),
        *((["2026-12-31"], "2026-12"), (["2026-12-31", "--week"], "2026-W53"), (["2027-01-01", "--week"], "2026-W53")),
        *((["1970-01"], "1970-01"), (["2100-12"], "2100-12")),
    ],
)
def test_what_is_taken(typed: list[str], name: str) -> None:
    assert span(*typed).name == name


@given(st.dates(date(1970, 1, 5), date(2100, 12, 20)), st.sampled_from(sorted(WEEK_STARTS.values())))
def test_a_week_has_its_day_and_is_found_by_its_name(day: date, begins: int) -> None:
    week = week_of(day, BERLIN, begins)
    assert day in week.days
    assert week.first.weekday() == begins
    again = parse_calendar_range(week.name, month=False, week=True, today=TODAY, zone=BERLIN, week_begins=begins)
    assert again == week
    assert week.shift(1).first == week.last + timedelta(days=1)


def test_a_day_is_named_and_shifted_by_itself() -> None:
    day = day_of(date(2026, 11, 30), BERLIN)
    assert (day.name, day.shift(1).name, day.shift(-1).last) == ("2026-11-30", "2026-12-01", date(2026, 11, 29))


@each(
    ("typed", "ways"),
    [
        *((["2026-13"], ["2026-12"]), (["2026-00"], ["2026-01"]), (["2026-02-30"], ["2026-02-01"])),
        *(
            (["2025-W53"], ["2025-W52"]),
            (["2026-W00"], ["2026-W01"]),
            (["2026-02-30", "--week"], ["--week 2026-02-01"]),
        ),
        *((["1969-12"], [""]), (["2101-W01"], [""]), (["next", "--month", "--week"], ["", "--week"])),
        (["2026-12", "--week"], ["2026-12", "--week 2026-12-01"]),
        (["2026-W49", "--month"], ["2026-W49", "2026-11"]),
    ],
)
def test_a_range_that_cannot_be_is_refused_with_others(typed: list[str], ways: list[str]) -> None:
    assert refused(*typed) == ways


@each(
    ("typed", "meant"),
    [
        *((["last"], "prev"), (["previous", "--week"], "--week prev"), (["+1"], "next"), (["today"], "")),
        *((["2026-1"], "2026-01"), (["2026/12"], "2026-12"), (["12/2026"], "2026-12"), (["1.2027"], "2027-01")),
        *((["202612"], "2026-12"), (["Dec"], "2026-12"), (["december 2027"], "2027-12"), (["Sept."], "2026-09")),
        *((["w49"], "2026-W49"), (["week 5"], "2026-W05"), (["2026W49"], "2026-W49"), (["2027-W5"], "2027-W05")),
        *((["december", "--week"], "--week 2026-12-01"), (["KW 48"], "2026-W48")),
        *((["tomorrow"], "--week 2026-11-25"), (["dec 9"], "--week 2026-12-09")),
        *((["last week"], "--week prev"), (["this-month"], ""), (["nextmonth"], "next")),
    ],
)
def test_what_was_probably_meant_is_offered(typed: list[str], meant: str) -> None:
    assert refused(*typed) == [meant]


@each("text", ["", "tue 25 nov", "2026", "w99", "9999-1", "12/24/2026", "2026-W49-1", "٢٠٢٦-١٢"])
def test_else_the_forms_are_shown(text: str) -> None:
    assert refused(text) == ["2026-11", "2026-W48", "next"]
    assert refused(text, "--week") == ["2026-11", "2026-W48", "--week next"]


def offered(text: str, *flags: str) -> list[str]:
    """The text that the error offers instead; the text itself if it is accepted."""
    try:
        span(text, *flags)
    except UsageError as error:
        return [typed_range(hint.way) for hint in error.hints] or ["nothing"]
    return [" ".join([*flags, text])]


@given(
    st.text(max_size=12) | st.from_regex(r"[0-9w]{1,4}[-/. w]?[0-9]{1,4}([-/. ][0-9]{1,2})?", fullmatch=True),
    st.sets(st.sampled_from(["--week", "--month"]), max_size=1),
)
def test_whatever_is_offered_is_taken(text: str, flags: set[str]) -> None:
    for way in offered(text, *flags):
        words = way.split()
        typed = next((word for word in words if not word.startswith("--")), None)
        assert 1970 <= span(typed, *(word for word in words if word.startswith("--"))).last.year <= 2101


DATES = st.dates(date(1970, 2, 1), date(2100, 12, 1))
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu"]).map(ZoneInfo)


@given(DATES, ZONES)
def test_a_week_is_the_iso_week_from_its_monday_on(day: date, zone: ZoneInfo) -> None:
    span = week_of(day, zone)
    year, number, _ = day.isocalendar()
    assert span.name == f"{year}-W{number:02}"
    assert (span.first.weekday(), span.last.weekday(), len(span.days)) == (0, 6, 7)
    assert day in span.days
    assert (span.shift(1).first, span.shift(-1).last) == (span.last + timedelta(1), span.first - timedelta(1))


@given(DATES, ZONES)
def test_a_month_has_its_days_and_no_other(day: date, zone: ZoneInfo) -> None:
    span = month_of(day, zone)
    assert span.name == f"{day:%Y-%m}"
    assert {(one.year, one.month) for one in span.days} == {(day.year, day.month)}
    assert (span.shift(1).first, span.shift(-1).last) == (span.last + timedelta(1), span.first - timedelta(1))
    assert span.shift(12).name == f"{day.year + 1}-{day:%m}"


@given(st.integers(0, 10**9).map(lambda tenth: EPOCH + timedelta(days=900, seconds=3 * tenth)), ZONES)
def test_an_instant_is_in_the_one_span_that_has_its_day(at: datetime, zone: ZoneInfo) -> None:
    for span in (week_of(at.astimezone(zone).date(), zone), month_of(at.astimezone(zone).date(), zone)):
        assert span.day(at) in span.days
        assert [other.holds(at) for other in (span.shift(-1), span, span.shift(1))] == [False, True, False]


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


@each(
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
