"""The forms of TIME, one by one, on the clock of the pictures: Tuesday 24 November 2026, 13:46 in Berlin."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.domain.time.test_repair import BERLIN, NOW, moment, refused, suggested
from tests.rows import each
from ttp.cli.commands.help import time_help
from ttp.domain.errors import Hint, SkippedTime
from ttp.domain.time.formatting import format_instant
from ttp.domain.time.grammar import EXAMPLES, ChosenTime
from ttp.domain.time.resolve import resolve_time
from ttp.domain.time.zones import ABBREVIATIONS

NEW_YORK = ZoneInfo("America/New_York")


def local(text: str, *, now: datetime = NOW, zone: ZoneInfo = BERLIN) -> str:
    return f"{moment(text, now=now, zone=zone).at.astimezone(zone):%a %Y-%m-%d %H:%M:%S}".removesuffix(":00")


@each(
    ("text", "expected"),
    [
        ("18:00", "Tue 2026-11-24 18:00"),
        ("9:30pm", "Tue 2026-11-24 21:30"),
        ("  6   PM ", "Tue 2026-11-24 18:00"),
        ("6:00:30pm", "Tue 2026-11-24 18:00:30"),
        ("18:00:30", "Tue 2026-11-24 18:00:30"),
        ("today 18:00", "Tue 2026-11-24 18:00"),
        ("TOMORROW 9AM", "Wed 2026-11-25 09:00"),
        ("tomorrow 12am", "Wed 2026-11-25 00:00"),
        ("tomorrow 12:05am", "Wed 2026-11-25 00:05"),
        ("tomorrow 12pm", "Wed 2026-11-25 12:00"),
        ("tomorrow 12:59pm", "Wed 2026-11-25 12:59"),
        ("tomorrow 0:00", "Wed 2026-11-25 00:00"),
        ("fri 18:00", "Fri 2026-11-27 18:00"),
        ("Friday 6 pm", "Fri 2026-11-27 18:00"),
        ("tue 18:00", "Tue 2026-11-24 18:00"),
        ("tues 12:00", "Tue 2026-12-01 12:00"),
        ("mon 9am", "Mon 2026-11-30 09:00"),
        ("next mon 9:00", "Mon 2026-11-30 09:00"),
        ("next tue 18:00", "Tue 2026-12-01 18:00"),
        ("next sunday 18:00", "Sun 2026-12-06 18:00"),
        ("in 2h30m", "Tue 2026-11-24 16:16"),
        ("in 2 hours 30 minutes", "Tue 2026-11-24 16:16"),
        ("in 90 s", "Tue 2026-11-24 13:47:30"),
        ("in 3 days", "Fri 2026-11-27 13:46"),
        ("in 3 days 9am", "Fri 2026-11-27 09:00"),
        ("in 3d 9am", "Fri 2026-11-27 09:00"),
        ("in 1 day 9am", "Wed 2026-11-25 09:00"),
        ("in 2 weeks 9am", "Tue 2026-12-08 09:00"),
        ("in 1w 2d 9 am", "Thu 2026-12-03 09:00"),
        ("2026-12-01 09:00", "Tue 2026-12-01 09:00"),
        ("2026-12-01T09:00", "Tue 2026-12-01 09:00"),
        ("2026-12-01  09:00:30", "Tue 2026-12-01 09:00:30"),
        ("2026-12-01T09:00Z", "Tue 2026-12-01 10:00"),
        ("2026-12-01t09:00:00.000z", "Tue 2026-12-01 10:00"),
        ("2026-12-01 09:00 Z", "Tue 2026-12-01 10:00"),
        ("2026-12-01T09:00+01:00", "Tue 2026-12-01 09:00"),
        ("2026-12-01T09:00+0530", "Tue 2026-12-01 04:30"),
        ("2026-12-01T09:00-08", "Tue 2026-12-01 18:00"),
        ("2028-02-29 12:00", "Tue 2028-02-29 12:00"),
        ("2100-12-31 23:59", "Fri 2100-12-31 23:59"),
        ("at 18:00", "Tue 2026-11-24 18:00"),
        ("noon tomorrow", "Wed 2026-11-25 12:00"),
        ("tomorrow noon", "Wed 2026-11-25 12:00"),
        ("midnight", "Wed 2026-11-25 00:00"),
        ("midnight tonight", "Wed 2026-11-25 00:00"),
        ("tonight 8pm", "Tue 2026-11-24 20:00"),
        ("tonight at 20:00", "Tue 2026-11-24 20:00"),
        ("8pm tonight", "Tue 2026-11-24 20:00"),
        ("9am tomorrow", "Wed 2026-11-25 09:00"),
        ("at 9am tomorrow", "Wed 2026-11-25 09:00"),
        ("9am on friday", "Fri 2026-11-27 09:00"),
        ("tomorrow at 9am", "Wed 2026-11-25 09:00"),
        ("day after tomorrow 9am", "Thu 2026-11-26 09:00"),
        ("the day after tomorrow at 9 am", "Thu 2026-11-26 09:00"),
        ("9am in 3 days", "Fri 2026-11-27 09:00"),
        ("in a week at noon", "Tue 2026-12-01 12:00"),
        ("next mon at 9:00", "Mon 2026-11-30 09:00"),
        ("2026-12-01 9:00", "Tue 2026-12-01 09:00"),
        ("2026-12-01 9am", "Tue 2026-12-01 09:00"),
        ("2026/12/01 09:00", "Tue 2026-12-01 09:00"),
        ("2026-12-1 at noon", "Tue 2026-12-01 12:00"),
        ("Dec 1 9am", "Tue 2026-12-01 09:00"),
        ("1 Dec 9am", "Tue 2026-12-01 09:00"),
        ("December 1st, 2027 9am", "Wed 2027-12-01 09:00"),
        ("1 Sept 2027, 9am", "Wed 2027-09-01 09:00"),
        ("24 nov 18:00", "Tue 2026-11-24 18:00"),
        ("Mon 30 Nov 9am", "Mon 2026-11-30 09:00"),
        ("on Mon, 30 Nov at 9am", "Mon 2026-11-30 09:00"),
        ("Tue 2026-12-01 09:00", "Tue 2026-12-01 09:00"),
        ("in an hour", "Tue 2026-11-24 14:46"),
        ("in half an hour", "Tue 2026-11-24 14:16"),
        ("in a week", "Tue 2026-12-01 13:46"),
        ("2026-12-01 09:00 Europe/London", "Tue 2026-12-01 10:00"),
        ("2026-12-01T09:00 Europe/London", "Tue 2026-12-01 10:00"),
        ("tomorrow 9am America/New_York", "Wed 2026-11-25 15:00"),
        ("tomorrow 9am utc", "Wed 2026-11-25 10:00"),
        ("fri 18:00 +01:00", "Fri 2026-11-27 18:00"),
        ("fri 18:00 -08", "Sat 2026-11-28 03:00"),
        ("2026-12-01 09:00 CET", "Tue 2026-12-01 09:00"),
        ("2027-07-01 09:00 CEST", "Thu 2027-07-01 09:00"),
        ("fri 9am PST", "Fri 2026-11-27 18:00"),
        ("fri 9am JST", "Fri 2026-11-27 01:00"),
        ("9 in the evening on dec 1", "Tue 2026-12-01 21:00"),
        ("1st of Dec, 18.30", "Tue 2026-12-01 18:30"),
        ("1 March 2027 18.30", "Mon 2027-03-01 18:30"),
        ("2026-12-01 3:30 p.m.", "Tue 2026-12-01 15:30"),
        ("tonight 8:00", "Tue 2026-11-24 20:00"),
        ("this tue 18:00", "Tue 2026-11-24 18:00"),
        ("this mon 9am", "Mon 2026-11-30 09:00"),
        ("the 24th 18:00", "Tue 2026-11-24 18:00"),
        ("the 23rd 9am", "Wed 2026-12-23 09:00"),
        ("Wed the 23rd 9am", "Wed 2026-12-23 09:00"),
        ("quarter to 1am tomorrow", "Wed 2026-11-25 00:45"),
        ("@1796115600000", "Tue 2026-12-01 10:00"),
    ],
)
def test_each_form_means_one_instant(text: str, expected: str) -> None:
    assert local(text) == expected


def test_now_is_the_instant_itself() -> None:
    odd = NOW + timedelta(microseconds=123_456)
    assert moment("now", now=odd).at == odd


def test_optimal_is_left_to_those_who_know_the_best_hours() -> None:
    assert resolve_time("Next-Slot", now=NOW, zone=BERLIN) == ChosenTime.NEXT_SLOT
    assert resolve_time(" Optimal ", now=NOW, zone=BERLIN) == ChosenTime.OPTIMAL


def test_a_weekday_on_its_own_day_counts_only_while_it_is_still_to_come() -> None:
    assert local("tue 13:47") == "Tue 2026-11-24 13:47"
    assert local("tue 13:46") == "Tue 2026-12-01 13:46"


def test_a_clock_of_this_very_instant_has_not_passed() -> None:
    assert moment("13:46").at == NOW
    assert refused("13:46", now=NOW + timedelta(milliseconds=1)).code == "past"


def test_next_monday_is_in_the_next_week_also_on_a_monday_and_on_a_sunday() -> None:
    monday = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    assert local("next mon 9:00", now=monday) == "Mon 2026-11-30 09:00"
    assert local("mon 9:00", now=monday) == "Mon 2026-11-23 09:00"
    sunday = datetime(2026, 11, 29, 22, 59, tzinfo=UTC)
    assert local("next mon 0:00", now=sunday) == "Mon 2026-11-30 00:00"


def test_the_day_is_that_of_the_zone_not_of_utc() -> None:
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert local("9am", now=late) == "Wed 2026-11-25 09:00"
    assert local("tomorrow 9am", now=late, zone=NEW_YORK) == "Wed 2026-11-25 09:00"


def test_elapsed_time_and_calendar_days_differ_when_the_clocks_change() -> None:
    eve = datetime(2027, 3, 27, 11, 0, tzinfo=UTC)  # 12:00 in Berlin, an hour is missing in the night
    assert moment("in 1d", now=eve).at - eve == timedelta(hours=24)
    assert moment("in 1d 12:00", now=eve).at - eve == timedelta(hours=23)


def test_a_time_that_the_clocks_jump_over_is_refused_with_the_reason() -> None:
    error = refused("2027-03-28 02:30")
    assert isinstance(error, SkippedTime)
    assert all(named in error.message for named in ("02:30", "Sun 28 Mar 2027", "Europe/Berlin"))
    assert [re.findall(r"\d\d:\d\d", one) for one in error.details] == [["02:00", "03:00"]]
    assert error.hints == (Hint("try", "2027-03-28 03:30"),)


@each("text", ["2:30", "today 2:30am", "sun 2:30", "in 0 days 2:30"])
def test_every_form_of_wall_clock_is_refused_in_the_gap(text: str) -> None:
    midnight = datetime(2027, 3, 27, 23, 0, tzinfo=UTC)
    assert refused(text, now=midnight).code == "dst"
    assert suggested(text, now=midnight) == ["2027-03-28 03:30"]


def test_a_gap_is_a_gap_until_the_clock_after_the_jump_has_passed() -> None:
    landing = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)  # 03:30 in Berlin
    assert refused("2:30", now=landing).code == "dst"
    assert suggested("2:30", now=landing) == ["2027-03-28 03:30"]
    assert refused("2:30", now=landing + timedelta(seconds=1)).code == "past"


def test_a_gap_that_has_passed_is_past_and_a_weekday_moves_on() -> None:
    noon = datetime(2027, 3, 28, 10, 0, tzinfo=UTC)
    assert refused("2:30", now=noon).code == "past"
    assert local("sun 2:30", now=noon) == "Sun 2027-04-04 02:30"


def test_a_doubled_hour_takes_the_first_and_tells_how_to_get_the_second() -> None:
    found = moment("2027-10-31 02:30")
    assert format_instant(found.at, found.zone) == "Sun 31 Oct 2027 02:30 Europe/Berlin (00:30 UTC)"
    assert found.note is not None
    assert re.findall(r"[\d:+]{5,}", found.note) == ["02:30", "+02:00"]
    assert found.note_hint == Hint("try", "2027-10-31T02:30+01:00")
    second = moment("2027-10-31T02:30+01:00")
    assert second.at - found.at == timedelta(hours=1)
    assert second.note is None


def test_a_doubled_hour_whose_first_has_passed_takes_the_second_and_says_so() -> None:
    between = datetime(2027, 10, 31, 0, 45, tzinfo=UTC)
    for text in ("2:30", "sun 2:30", "2027-10-31 02:30"):
        found = moment(text, now=between)
        assert found.at == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
        assert found.note is not None
        assert re.findall(r"[\d:+]{5,}", found.note) == ["02:30", "+01:00"]


def test_the_answer_shows_the_clock_that_was_typed_or_utc() -> None:
    for text, answer in {
        "2026-12-01T09:00+01:00": "Tue 1 Dec 2026 09:00 Europe/Berlin (08:00 UTC)",
        "2026-12-01T09:00Z": "Tue 1 Dec 2026 10:00 Europe/Berlin (09:00 UTC)",
        "2026-12-01T09:00+05:30": "Tue 1 Dec 2026 09:00 UTC+05:30 (03:30 UTC)",
        "tomorrow 0:15": "Wed 25 Nov 2026 00:15 Europe/Berlin (Tue 24 Nov 23:15 UTC)",
    }.items():
        found = moment(text)
        assert format_instant(found.at, found.zone) == answer


def test_midnight_is_the_next_one() -> None:
    start = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)  # 00:00 in Berlin
    assert local("midnight", now=start) == "Wed 2026-11-25 00:00"
    assert local("midnight", now=start - timedelta(seconds=1)) == "Tue 2026-11-24 00:00"
    cuba = ZoneInfo("America/Havana")  # 00:00 comes twice on 1 November 2026
    assert moment("midnight", now=datetime(2026, 11, 1, 4, 30, tzinfo=UTC), zone=cuba).at.hour == 5
    santiago = ZoneInfo("America/Santiago")  # 6 September 2026 has no 00:00
    assert refused("midnight", now=datetime(2026, 9, 5, 12, tzinfo=UTC), zone=santiago).code == "dst"
    monday = local("midnight", now=datetime(2026, 9, 6, 12, tzinfo=UTC), zone=santiago)
    assert monday == "Mon 2026-09-07 00:00"


def test_a_typed_zone_decides_and_is_shown() -> None:
    london = moment("2026-12-01 09:00 Europe/London")
    assert format_instant(london.at, london.zone) == "Tue 1 Dec 2026 09:00 Europe/London (09:00 UTC)"
    assert moment("2026-12-01 09:00 CET").zone == BERLIN


def test_a_day_word_counts_in_the_typed_zone() -> None:
    late = datetime(2026, 11, 24, 16, tzinfo=UTC)  # already the 25th in Tokyo
    assert moment("tomorrow 9am Asia/Tokyo", now=late).at == datetime(2026, 11, 26, 0, tzinfo=UTC)


def test_an_abbreviation_out_of_its_season_is_refused_with_both_readings() -> None:
    assert suggested("2027-07-01 09:00 CET") == ["2027-07-01T09:00+01:00", "2027-07-01T09:00+02:00"]
    assert suggested("2026-12-01 09:00 EDT") == ["2026-12-01T09:00-04:00", "2026-12-01T09:00-05:00"]
    summer = datetime(2027, 7, 1, 5, 0, tzinfo=UTC)
    assert suggested("9am CET", now=summer) == ["2027-07-01T09:00+01:00", "2027-07-01T09:00+02:00"]


def test_an_abbreviation_of_several_places_is_refused_with_each() -> None:
    assert suggested("2026-12-01 09:00 CST") == ["2026-12-01T09:00-06:00", "2026-12-01T09:00+08:00"]
    readings = ["2027-07-01T09:00-04:00", "2027-07-01T09:00-03:00", "2027-07-01T09:00+03:00"]
    assert suggested("2027-07-01 09:00 AST") == readings


def test_every_abbreviation_is_in_use_at_its_places() -> None:
    for abbreviation in ABBREVIATIONS.values():
        for fixed, name in abbreviation.places:
            zone = ZoneInfo(name)
            offsets = {datetime(2027, month, 15, tzinfo=UTC).astimezone(zone).utcoffset() for month in (1, 7)}
            assert fixed.utcoffset(None) in offsets, abbreviation.name


@each(
    ("text", "code", "expected"),
    [
        ("1 Nov 9am", "past", ["2027-11-01 09:00"]),
        ("Nov 24 9am", "past", []),
        ("Sun 1 Nov 9am", "past", []),
        ("Tue 24 Nov 9am", "past", []),
        ("Fri 1 Jan 9am", "past", ["2027-01-01 09:00"]),
        ("2026-11-20 9am", "past", []),
        ("Tue 30 Nov 9am", "time", []),
        ("Mon 2026-12-01 9am", "time", []),
        ("29 Feb 9am", "time", []),
        ("31 Nov 9am", "time", []),
        ("tonight 9am", "time", []),
        ("this tue 9am", "past", []),
        ("the 24th 9am", "past", []),
        ("quarter to 12am tomorrow", "time", []),
        ("fri 27 after 6pm", "time", []),
        ("the 31st 9am", "time", []),
        ("Mon the 24th 18:00", "time", []),
        ("tonight 13:00", "time", []),
    ],
)
def test_a_date_that_cannot_be_as_typed_is_refused(text: str, code: str, expected: list[str]) -> None:
    assert refused(text).code == code
    assert suggested(text) == expected


def test_every_example_of_the_help_is_read() -> None:
    for forms, _ in EXAMPLES:
        for form in forms:
            assert form in time_help()
            resolve_time(form, now=datetime(2026, 11, 24, 5, 0, tzinfo=UTC), zone=BERLIN)
    assert max(len(line) for line in time_help().splitlines()) <= 80
