"""Cron expressions and rules: which expressions are accepted, and that the instants are those of an independent
library, or of a walk from day to day."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import dropwhile, islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from tests.rows import each
from ttp.domain.errors import UsageError
from ttp.domain.time.cron import parse_cron
from ttp.domain.time.rules import parse_rrule
from ttp.services.recurrence_rules import cron_instants, rule_instants

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",  # the clocks jump over midnight
    "Australia/Lord_Howe",  # by half an hour
    "Africa/Casablanca",  # back for Ramadan
    "Asia/Kolkata",  # never
)
FROM, TO = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
EXPRESSIONS = (
    "30 2 * * *",
    "0 9 * * 1,3,5",
    "0 0 * * *",
    "15,45 1,2,3 * * 0",
    "0 9 L * *",
    "30 1 * * 1#2",
    "0 2 29 2 *",
    "0 9 1,15 * mon",
    "5-50/15 1-3 * mar,oct *",
    "0 9 31 * 6-7",
)
BERLIN = ZoneInfo("Europe/Berlin")


def weeks(day: date) -> int:
    """Return the number of the week since that of 6 January 2020."""
    return (day - date(2020, 1, 6)).days // 7


def months(day: date) -> int:
    """Return the number of the month since November 2018."""
    return (day.year - 2018) * 12 + day.month - 11


def ours(expression: str, zone: ZoneInfo, after: datetime, until: datetime) -> list[datetime]:
    return list(takewhile(lambda at: at < until, cron_instants(parse_cron(expression), zone, after)))


def oracle(expression: str, zone: ZoneInfo, after: datetime, until: datetime) -> list[datetime]:
    """cronsim's, which fires once for each wall time that the clocks skip; together they are one instant."""
    start = (after - timedelta(days=2)).astimezone(zone)
    found = (at.astimezone(UTC) for at in CronSim(expression, start))
    return list(dict.fromkeys(dropwhile(lambda at: at <= after, takewhile(lambda at: at < until, found))))


@pytest.mark.parametrize("name", [ZONES[0], *(pytest.param(name, marks=pytest.mark.slow) for name in ZONES[1:])])
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_ten_years_are_those_of_an_independent_library(expression: str, name: str) -> None:
    zone = ZoneInfo(name)

    assert ours(expression, zone, FROM, TO) == oracle(expression, zone, FROM, TO)


@pytest.mark.parametrize(
    ("rule", "anchor", "is_day"),
    [
        ("FREQ=MONTHLY;BYDAY=-1FR", None, lambda day: day.weekday() == 4 and (day + timedelta(7)).month != day.month),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU",
            "2020-01-08",
            lambda day: day.weekday() in (0, 6) and weeks(day) % 2 == 0,
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU",
            "2020-01-08",
            lambda day: (day.weekday() == 6 and weeks(day) % 2) or (day.weekday() == 0 and weeks(day) % 2 == 0),
        ),
        ("FREQ=DAILY;INTERVAL=3", "2019-12-30", lambda day: (day - date(2019, 12, 30)).days % 3 == 0),
        (
            "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=-1,10",
            "2018-11-20",
            lambda day: months(day) % 5 == 0 and (day.day == 10 or (day + timedelta(1)).day == 1),
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            None,
            lambda day: (
                day.weekday() < 5
                and all(
                    (day + timedelta(n)).month != day.month or (day + timedelta(n)).weekday() > 4 for n in (1, 2, 3)
                )
            ),
        ),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", None, lambda day: day.day == 13 and day.weekday() == 4),
        (
            "FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=28",
            "2019-06-01",
            lambda day: day.year % 2 == 1 and (day.month, day.day) == (2, 28),
        ),
    ],
)
def test_days_of_rules_that_no_expression_says_are_those_of_a_calendar(
    rule: str, anchor: str | None, is_day: Callable[[date], bool]
) -> None:
    first = max(date(2020, 1, 1), date.fromisoformat(anchor or "2020-01-01"))
    days = [one for one in (first + timedelta(number) for number in range(1500)) if is_day(one)]
    for after in (FROM, FROM + timedelta(days=500)):
        found = rule_instants(parse_rrule(f"{rule};BYHOUR=9;BYMINUTE=0"), anchor, BERLIN, after)
        walls = list(takewhile(lambda wall: wall.date() <= days[-1], (at.astimezone(BERLIN) for at in found)))

        assert {wall.hour for wall in walls} == {9}
        assert [wall.date() for wall in walls] == [day for day in days if day >= after.date()]


def test_a_rule_without_times_ends() -> None:
    rule = parse_rrule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYDAY=MO;BYHOUR=9;BYMINUTE=0")

    assert list(rule_instants(rule, None, BERLIN, FROM)) == []


minutes = st.lists(st.integers(0, 59), min_size=1, max_size=4).map(lambda some: ",".join(map(str, some)))
hours = st.lists(st.integers(0, 4), min_size=1, max_size=3).map(lambda some: ",".join(map(str, some)))
weekdays = st.lists(st.integers(0, 7), min_size=1, max_size=3).map(lambda some: ",".join(map(str, some)))


@examples(100)
@given(
    minutes=minutes,
    hours=hours,
    weekdays=st.just("*") | weekdays,
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    start=st.datetimes(
        datetime.fromisoformat("2026-01-01T00:00"), datetime.fromisoformat("2028-01-01T00:00"), timezones=st.just(UTC)
    ),
)
@pytest.mark.slow
def test_the_nights_of_the_clocks_are_those_of_an_independent_library(
    minutes: str, hours: str, weekdays: str, zone: ZoneInfo, start: datetime
) -> None:
    expression, end = f"{minutes} {hours} * * {weekdays}", start + timedelta(days=250)

    assert ours(expression, zone, start, end) == oracle(expression, zone, start, end)


@pytest.mark.parametrize(("month", "day"), [(2, 10), (9, 1)])  # before all of them change
@pytest.mark.parametrize("name", ZONES)
def test_a_time_of_every_hour_comes_once_on_the_clock(name: str, month: int, day: int) -> None:
    zone = ZoneInfo(name)
    start = datetime(2026, month, day, tzinfo=UTC)
    found = ours("0,30 * * * *", zone, start, start + timedelta(days=65))
    walls = [at.astimezone(zone).replace(tzinfo=None) for at in found]

    assert all(before < after for before, after in pairwise(found))
    assert len(walls) == len(set(walls))
    assert all(at.astimezone(zone).fold == 0 for at in found)


def test_an_hour_that_comes_twice_is_its_first_pass() -> None:
    found = islice(cron_instants("30 2 * * *", BERLIN, datetime(2027, 10, 30, 12, tzinfo=UTC)), 2)

    assert [at.isoformat() for at in found] == ["2027-10-31T00:30:00+00:00", "2027-11-01T01:30:00+00:00"]


def test_skipped_times_come_at_the_end_of_the_gap_and_once() -> None:
    found = islice(cron_instants("0,30 2 * * *", BERLIN, datetime(2027, 3, 27, 12, tzinfo=UTC)), 2)

    assert [at.isoformat() for at in found] == ["2027-03-28T01:00:00+00:00", "2027-03-29T00:00:00+00:00"]


def test_an_instant_itself_is_not_after_itself() -> None:
    at = next(cron_instants("0 9 * * *", BERLIN, FROM))

    assert next(cron_instants("0 9 * * *", BERLIN, at)) == at + timedelta(days=1)
    assert next(cron_instants("0 9 * * *", BERLIN, at - timedelta(milliseconds=1))) == at


def test_names_and_blanks_are_kept_as_numbers() -> None:
    assert parse_cron(" 00  09 *  JAN-mar Mon,wed ") == "0 9 * 1-3 1,3"


@each(
    ("text", "instead"),
    [
        *(("0 9 * * 1 *", None), ("0 0 9 * * 1 2027", None), ("@daily", None), ("", None)),
        *(("R 9 * * *", None), ("h 9 * * *", None), ("0 h(1-3) * * *", None), ("0 9 ? * *", None)),
        *(("0 9 * * 8", None), ("0 9 * 13 *", None), ("0 24 * * *", None), ("*/0 9 * * *", None)),
        *(("0,,5 9 * * *", None), ("0 9 * * mon#6", None), ("0 9 * * fri-mon", None)),
        *(("59/15 * * * *", "59-59/15 * * * *"), ("0,5/15 9 * * *", "0,5-59/15 9 * * *")),
        *(
            ("0 9 */10 * 1", "0 9 1,11,21,31 * 1"),
            ("0 9 31 2 *", None),
            ("0 9 31 4,6 *", None),
            ("0 9 0 * *", None),
            ("0 9 * 0 *", None),
            ("0 9 * * 1,2#1", None),
            ("0 9 15 * 1#2", None),
        ),
    ],
)
def test_what_other_crons_read_otherwise_is_refused_with_what_to_type(text: str, instead: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        parse_cron(text)

    (hint,) = caught.value.hints
    if instead is None:
        assert hint.label == "see"  # other days would be a guess
    else:
        assert hint.way == instead
        assert parse_cron(instead)


@given(st.text(alphabet="0123456789*/-,#LRH?@ monjan", max_size=24))
def test_any_text_is_taken_or_refused_and_what_is_taken_stays_as_it_is(text: str) -> None:
    with suppress(UsageError):
        found = parse_cron(text)
        assert parse_cron(found) == found
        assert next(cron_instants(found, BERLIN, FROM)) > FROM
