"""Invalid times, why, and the command that works: on the clock of the examples, 24 November 2026, 13:46 in Berlin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.rows import each
from ttp.domain.errors import Hint, PastTime, TimeRefused
from ttp.domain.time.resolve import ResolvedTime, resolve_time

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 12, 46, tzinfo=UTC)
FORMS = Hint("see", "all forms")


def moment(text: str, *, now: datetime = NOW, zone: ZoneInfo = BERLIN) -> ResolvedTime:
    found = resolve_time(text, now=now, zone=zone)
    assert isinstance(found, ResolvedTime)
    assert found.typed == text
    return found


def refused(text: str, *, now: datetime = NOW, zone: ZoneInfo = BERLIN) -> TimeRefused:
    with pytest.raises(TimeRefused) as caught:
        resolve_time(text, now=now, zone=zone, forms=FORMS)
    return caught.value


def suggested(text: str, *, now: datetime = NOW, zone: ZoneInfo = BERLIN) -> list[str]:
    """The times that the refusal suggests."""
    return [str(hint.way) for hint in refused(text, now=now, zone=zone).hints if hint.label == "try"]


def test_a_misspelt_word_is_refused_with_the_command_that_was_meant() -> None:
    error = refused("tomorow 9am")
    assert error.flaw == "unknown_word"
    assert error.message.count('"tomorow') == 2
    assert error.hints == (
        Hint("try", "tomorrow 9am"),
        FORMS,
    )


def test_a_past_time_is_refused_with_a_way_out() -> None:
    error = refused("9am")
    assert isinstance(error, PastTime)
    assert "9am today (Tue 24 Nov 09:00 Europe/Berlin)" in error.message
    assert "4 h 46 min" in error.message
    assert error.hints == (Hint("try", "tomorrow 9am"),)


def test_a_date_of_two_readings_is_refused_naming_both() -> None:
    error = refused("12/11/2026")
    assert error.flaw == "two_dates"
    assert all(day in error.message for day in ("12/11/2026", "12 November", "11 December"))
    assert error.hints == (Hint("try", "2026-12-11 18:00", sure=False),)
    assert error.way is None, "the other reading has passed, and may have been meant"


def test_where_both_readings_lie_ahead_both_are_offered() -> None:
    assert suggested("03.04.2027 9:30") == ["2027-04-03 09:30", "2027-03-04 09:30"]


@each(
    ("text", "flaw"),
    [
        ("", "empty"),
        (",", "no_clock"),
        ("at", "no_clock"),
        ("tomorrow", "no_clock"),
        ("2026-12-01", "no_clock"),
        ("20261201", "no_clock"),
        ("9", "half_of_day"),
        ("9 dec 1", "two_hours"),
        ("1796115600", "bare_number"),
        ("25:00", "clock"),
        ("24:00", "clock"),
        ("13pm", "clock"),
        ("0am", "clock"),
        ("2027-02-29 09:00", "no_such_date"),
        ("2027-13-01 09:00", "no_such_date"),
        ("0000-01-01 09:00", "no_such_date"),
        ("32/13/2026", "no_such_date"),
        ("2026-12-01T24:00", "after_date"),
        ("2026-12-01T09:00+15:00", "after_date"),
        ("2026-12-01T09:00+01:75", "after_date"),
        ("2101-01-01 09:00", "too_late"),
        ("in 4000w", "too_late"),
        ("in 4000w 9am", "too_late"),
        ("in 99999w", "length"),
        ("in -2h", "length"),
        ("in 30m2h", "length"),
        ("in", "length"),
        ("in 24h 9am", "length_with_clock"),
        ("in 2 months", "months"),
        ("soon", "unknown_word"),
        ("٩am", "unknown_word"),
        ("in 2h Europe/Berlin", "length_with_zone"),
        ("fri sat 9am", "day"),
        ("now 9am", "day"),
        ("next optimal", "no_clock"),
        ("next week", "no_clock"),
        ("9am fri 10am", "two_clocks"),
        ("tomorrow 18:30 in the morning", "half_of_day"),
        ("tomorrow midnight", "midnight"),
        ("end of day", "end_of_day"),
        ("every monday 9am", "several"),
        ("mon-fri 9am", "several"),
        ("tuesdays 9am", "several"),
        ("half past five", "half_of_day"),
    ],
)
def test_what_is_no_time_is_refused_with_its_reason(text: str, flaw: str) -> None:
    error = refused(text)
    assert (error.code, error.flaw) == ("time", flaw)
    assert "\n" not in error.message


@each(
    ("text", "expected"),
    [
        ("today", ["today 18:00"]),
        ("tomorrow", ["tomorrow 9am"]),
        ("next fri", ["next fri 9am"]),
        ("9 on dec 1", ["dec 1 9am", "dec 1 9pm"]),
        ("at 9 dec 1", ["dec 1 9am", "dec 1 9pm"]),
        ("9 dec at 1", ["9 dec 1am", "9 dec 1pm"]),
        ("9 dec 1", []),
        ("31 dec 9", ["31 dec 9am", "31 dec 9pm"]),
        ("2026-12-01", ["2026-12-01 18:00"]),
        ("2026.12.1 9:30pm", ["2026-12-01 21:30"]),
        ("2026.12.1 9 CET", ["2026-12-01 09:00 CET", "2026-12-01 21:00 CET"]),
        ("20261201T090015Z", ["2026-12-01T09:00:15Z"]),
        ("2027-02-30 09:00", []),
        ("2027-13-01 09:00", ["2027-01-13 09:00"]),
        ("2026-13-01 09:00", []),
        ("2101-01-01 09:00", []),
        ("13.01.2027", ["2027-01-13 18:00"]),
        ("12/11 9am", ["2027-11-12 09:00", "2026-12-11 09:00"]),
        ("20/11 9am", ["2027-11-20 09:00"]),
        ("1 Dec", ["1 dec 9am"]),
        ("1 January", ["2027-01-01 09:00"]),
        ("1796115600", ["2026-12-01T09:00:00Z"]),
        ("1796115600000", ["2026-12-01T09:00:00Z"]),
        ("9", ["tomorrow 9am", "9pm"]),
        ("fri 18", ["fri 18:00"]),
        ("in 3 days 9", ["in 3 days 9am", "in 3 days 9pm"]),
        ("13pm", ["tomorrow 13:00"]),
        ("tomorrow 18h", ["tomorrow 18:00"]),
        ("2h30m", ["in 2h30m"]),
        ("18h", ["in 18h", "18:00"]),
        ("1764579600", []),
        ("in 2", ["in 2m", "in 2h"]),
        ("in an huor", []),
        ("in 2 housr", ["in 2 hours"]),
        ("in 2h 9am", []),
        ("in 2 months", ["2027-01-24 13:46"]),
        ("in a year 9am", ["2027-11-24 09:00"]),
        ("9 tomorrow", ["tomorrow 9am", "tomorrow 9pm"]),
        ("18:00 thrusday", ["thursday 18:00"]),
        ("yesterday 9pm", []),
        ("2025-12-01 09:00", []),
        ("today 9am", []),
        ("2026-01-05T09:00Z", []),
        ("2026-11-24 09:00", []),
        ("0001-01-01T00:00+14:00", []),
        ("2025-12-01T18:00+01:00", []),
        ("fri 18:00 +99:00", []),
        ("9am Europe/Berlin", ["tomorrow 9am Europe/Berlin"]),
        ("whenever it suits", []),
    ],
)
def test_a_refusal_suggests_the_same_time_in_a_form_that_is_read(text: str, expected: list[str]) -> None:
    assert suggested(text) == expected


@each(
    ("text", "expected"),
    [
        ("the day after tomorrow at 9", ["day after tomorrow 9am", "day after tomorrow 9pm"]),
        ("2026-12-01 9", ["2026-12-01 9am", "2026-12-01 9pm"]),
        ("tomorrow 18:30 in the morning", []),
        ("tomorrow evening", ["tomorrow 6pm"]),
        ("christmas 9am", []),
        ("9am christmas", []),
        ("fri,sat 9am", []),
        ("fridays 9am", []),
        ("by fri 9am", []),
        ("fri 9am - 11am", []),
        ("mon 9am sharp", []),
        ("moon 9am", []),
        ("2026-12-31 24:00", ["2027-01-01 00:00"]),
        ("24:00", ["midnight"]),
        ("tomorrow 24:00", ["2026-11-26 00:00"]),
        ("fri 24:00", []),
        ("tomorrow midnight", ["tomorrow 00:00", "day after tomorrow 00:00"]),
        ("today midnight", ["tomorrow 00:00"]),
        ("2026-12-01 midnight", ["2026-12-01 00:00", "2026-12-02 00:00"]),
        ("fri midnight", []),
        ("today midnight midnight", []),
        ("tonight", ["tonight 8pm"]),
        ("13am", []),
        ("fri 99", []),
        ("30 Feb 2027 9am", []),
        ("in 31 months", ["2029-06-24 13:46"]),
        ("in 2 months Europe/Berlin", []),
        ("in 2 months CET 9am", []),
        ("christmas eod", []),
        ("2027-02-03 9 17:45", []),
        ("+05:30 in 3 days", []),
        ("9 dec 1 half past 9", []),
        ("the 31st of February 9am", []),
        ("26-11-30 9am", ["2026-11-30 09:00"]),
        ("40-11-41 9am", []),
    ],
)
def test_a_suggestion_keeps_every_word_that_carries_meaning_or_there_is_none(text: str, expected: list[str]) -> None:
    assert suggested(text) == expected
    assert expected or refused(text).hints[-1] == FORMS


def test_a_day_or_an_hour_that_has_passed_is_called_past() -> None:
    assert refused("yesterday 9am").code == "past"
    assert refused("2h ago").code == "past"
    assert "Mon 1 Dec 2025 09:00 Europe/Berlin is 358 d 4 h" in refused("2025-12-01 09:00").message
    assert "Tue 24 Nov 2026 12:45 UTC is 1 min" in refused("2026-11-24T12:45Z").message
    assert refused("1969-12-31 23:59").flaw == "past"
    just = refused("13:46", now=NOW + timedelta(milliseconds=200)).message
    assert just == "13:46 today (Tue 24 Nov 13:46 Europe/Berlin) is a moment ago"


def test_a_long_text_is_quoted_in_one_short_line() -> None:
    for text in ("x" * 5000 + "\n9am", "1" + " a" * 50_000):
        message = refused(text).message
        assert len(message) < 200
        assert "…" in message
