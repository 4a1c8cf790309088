"""Posting times in words: what they mean as cron expressions, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rows import each
from ttp.domain.action import other_options
from ttp.domain.errors import UsageError
from ttp.domain.time.cron import cron_of_rule, parse_cron, rule_of_cron
from ttp.domain.time.rules import CODES, parse_rrule
from ttp.domain.time.slot_parser import format_slot_times, parse_rule, parse_slot_times

SUFFIX = "BYHOUR=9;BYMINUTE=0"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@each(
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


@each(
    ("words", "meant"),
    [
        *((words, []) for words in ("", "mon", "9am", "monday 25:00", "mon-xyz 9am", "often 9am")),
        ("mon 9", ["mon 9am", "mon 9pm"]),
        ("sat,sun 18", ["sat,sun 18:00"]),
        ("sat 18.30", ["sat 18:30"]),
        *((f"{words} 18:30", ["sat,sun 18:30"]) for words in ("sat,sun,", "sat,sun and", "sat,sun , &")),
        *((words, []) for words in (", 9am", "often and 9am", "mon and 9 and 18", "mon and 9")),
        ("mon 99", []),
        ("mon 9:00:30", []),
        ("mon 9:00 from 2026-12-01", []),
    ],
)
def test_other_words_are_refused_with_what_they_can_mean(words: str, meant: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        parse_slot_times(words)

    assert [hint.way for hint in caught.value.hints if hint.label == "try"] == meant


@each(
    ("words", "meant"),
    [
        ("every weekday at 9am", "0 9 * * 1,2,3,4,5"),
        ("12 noon on fri", "0 12 * * 5"),
        ("every 3 fridays at 9:00", f"FREQ=WEEKLY;INTERVAL=3;BYDAY=FR;{SUFFIX}"),
        ("9am on tuesdays and thursdays", "0 9 * * 2,4"),
        ("monthly on the 1st and 15th at 9:00", "0 9 1,15 * *"),
        ("last day of every month 9:00", "0 9 l * *"),
        ("second tuesday of each month 9:00", "0 9 * * 2#2"),
        ("0 9 1 * mon", "0 9 1 * 1"),
        ("last friday of the month 9:00", f"FREQ=MONTHLY;BYDAY=-1FR;{SUFFIX}"),
        ("every 2 weeks on tue at 9:00", f"FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;{SUFFIX}"),
        ("every other week on Tuesday at 9:00 from 2026-12-08", f"FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;{SUFFIX} 2026-12-08"),
        ("fortnightly on tue 9:00", f"FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;{SUFFIX}"),
        ("every other tuesday 9am", f"FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;{SUFFIX}"),
        ("every three days 9:00", f"FREQ=DAILY;INTERVAL=3;{SUFFIX}"),
        ("every 2nd month on the first mon, third mon at 9:00", f"FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO,3MO;{SUFFIX}"),
        ("mon-sun 9:00 from 2027-01-04", f"FREQ=DAILY;{SUFFIX} 2027-01-04"),
        (f"FREQ=WEEKLY;BYDAY={','.join(CODES)};{SUFFIX} from 2027-01-04", f"FREQ=DAILY;{SUFFIX} 2027-01-04"),
        ("mon 9:00 from 2027-01-04", f"FREQ=WEEKLY;BYDAY=MO;{SUFFIX} 2027-01-04"),
        ("RRULE:freq=weekly;wkst=su;byday=tu,mo;byhour=9;byminute=0;bysecond=0", "0 9 * * 1,2"),
        ("FREQ=YEARLY;INTERVAL=1;BYMONTH=12;BYMONTHDAY=24;BYHOUR=9;BYMINUTE=0", "0 9 24 12 *"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;BYHOUR=9;BYMINUTE=0", f"FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR;{SUFFIX}"),
        ("FREQ=MONTHLY;BYMONTHDAY=-2,+1;BYHOUR=9;BYMINUTE=0", f"FREQ=MONTHLY;BYMONTHDAY=-2,1;{SUFFIX}"),
    ],
)
def test_times_of_a_repeat_are_an_expression_where_one_says_them_and_else_a_rule(words: str, meant: str) -> None:
    rule = parse_rule(words)

    assert " ".join(filter(None, (rule.cron, rule.rule, rule.anchor))) == meant
    assert parse_rule(format_slot_times(rule.cron, rule.rule, rule.anchor)) == rule


@each(
    ("words", "meant"),
    [
        ("mon 9", ["mon 9am", "mon 9pm"]),
        ("mon 9 from 2026-12-02", ["mon 9am from 2026-12-02", "mon 9pm from 2026-12-02"]),
        ("sat 18.30 from 2026-12-02", ["sat 18:30 from 2026-12-02"]),
        ("every 2 weeks on tue at 6", ["every 2 weeks on tue at 6am", "every 2 weeks on tue at 6pm"]),
        ("every 2 weeks on tue 18.30", ["every 2 weeks on tue 18:30"]),
        ("wekdays 9:00 from 2026-12-02", ["weekdays 9:00 from 2026-12-02"]),
        ("mon 9:00 until 2027-01-31", [other_options(times="mon 9:00", until="2027-01-31")]),
        ("mon 9:00 Europe/Berlin", [other_options(times="mon 9:00", tz="Europe/Berlin")]),
        (f"FREQ=DAILY;{SUFFIX} until 2027-01-31", [other_options(rule=f"FREQ=DAILY;{SUFFIX}", until="2027-01-31")]),
        *((words, []) for words in ("mon 9:00 until 2027-02-31", "mon until 2027-01-31", "mon 9:00 Europe/Berln")),
        ("monthly on the 1st and 3", []),
        ("3 fri 9:00", ["every 3 weeks on fri at 09:00", "monthly on the third fri at 09:00"]),
        *((f"{words} 9:00", []) for words in ("every 2 weekdays", "every second weekday", "12 fri")),
        ("mon 9:00 17:30", ["mon 09:00", "mon 17:30"]),
        ("mon 9:00 tue 10:00", ["mon 9:00", "tue 10:00"]),
        ("9am mon and 10am tue,wed from 2026-12-02", ["9am mon from 2026-12-02", "10am tue,wed from 2026-12-02"]),
        ("every 2 weeks on mon 9:00, tue 10:00", []),
        ("every second tuesday 9:00", ["every 2 weeks on tue at 09:00", "monthly on the second tue at 09:00"]),
        ("biweekly on tue,thu 9:00", ["every 2 weeks on tue,thu at 09:00", "tue,thu 09:00"]),
        ("biweekly on tue 9:00", ["every 2 weeks on tue at 09:00"]),
        ("monthly on the 31st at 9:00", ["monthly on the last day at 09:00", "0 9 31 * *"]),
        ("last friday 17:00", ["monthly on the last fri at 17:00"]),
        ("first and third mon of the month 9:00", ["monthly on the first mon,third mon at 09:00"]),
        ("0 9 */10 * 1", ["0 9 1,11,21,31 * 1"]),
        ("0 9 15 * 1 from 2026-12-01", []),
        ("0 9 */10 * 1 from 2026-12-01", []),
        ("0 9 5/15 * * from 2026-12-01", ["0 9 5-31/15 * * from 2026-12-01"]),
        *((words, []) for words in ("", "mon", "weekly 9:00", "every 2 weeks 9:00", "every 2 days on tue 9:00")),
        *((words, []) for words in ("hourly", "every 0 weeks on tue 9:00", "mon 9:00 from 2027-02-30")),
        *((words, []) for words in ("FREQ=HOURLY;BYMINUTE=0", "FREQ=DAILY;BYHOUR=9", f"FREQ=WEEKLY;{SUFFIX}")),
        *((f"FREQ=WEEKLY;BYDAY={days};{SUFFIX}", []) for days in ("2TU", "XX", "TU,,MO", "")),
        *((f"FREQ=MONTHLY;BYDAY={days};{SUFFIX}", []) for days in ("6TU", "TU,1MO")),
        *(
            (f"FREQ=DAILY;{part};{SUFFIX}", [])
            for part in ("BYSECOND=30", "RDATE=20270101", "BYEASTER=0", "FREQ=DAILY")
        ),
        *((f"FREQ=DAILY;{part};{SUFFIX}", []) for part in ("INTERVAL=0", "INTERVAL=1,2", "BYMONTH=13", "BYWEEKNO=1")),
        (f"DTSTART;TZID=Europe/Berlin:20261201T090000 RRULE:FREQ=DAILY;{SUFFIX}", []),
        (f"FREQ=DAILY;COUNT=3;{SUFFIX}", [other_options(rule=f"FREQ=DAILY;{SUFFIX}", count="3")]),
        *(
            (f"FREQ=DAILY;{SUFFIX};UNTIL={until}", [other_options(rule=f"FREQ=DAILY;{SUFFIX}", until=day)])
            for until, day in [
                *((f"20270630{clock}", "2027-06-30") for clock in ("", "T235959", "T235959Z")),
                ("20270630T045959Z", "DATE"),
            ]
        ),
        (
            f"FREQ=DAILY;COUNT=3;UNTIL=20270630;{SUFFIX} from 2027-01-01",
            [other_options(rule=f"FREQ=DAILY;{SUFFIX} from 2027-01-01", count="3", until="2027-06-30")],
        ),
        *((f"FREQ=DAILY;{SUFFIX};{end}", []) for end in ("UNTIL=20271341", "COUNT=abc", "COUNT=0", "COUNT=1;COUNT=2")),
        *((f"FREQ=DAILY;COUNT=3{part}", []) for part in ("", ";BYHOUR=9;BYMINUTE=77")),
    ],
)
def test_times_of_a_repeat_that_are_not_clear_are_refused_with_each_that_they_can_mean(
    words: str, meant: list[object]
) -> None:
    with pytest.raises(UsageError) as caught:
        parse_rule(words)

    assert [hint.way for hint in caught.value.hints if hint.label == "try"] == meant


@each("words", ["1" * 2000, "mon " + "9:00," * 400, f"FREQ=DAILY;BYHOUR={'9,' * 600}9;BYMINUTE=0", "* " * 900])
def test_a_text_that_is_too_long_is_refused_in_one_short_line(words: str) -> None:
    for parse in (parse_rule, parse_cron, parse_rrule, parse_slot_times):
        with pytest.raises(UsageError) as caught:
            parse(words)
        assert len(caught.value.message) < 200
        assert caught.value.hints == ()


def some(*values: object, most: int = 3) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True).map(
        lambda v: ",".join(map(str, v))
    )


PLACES = [f"{place}{code}" for place in (-2, -1, 1, 2, 5) for code in CODES]
DAYS_OF = st.one_of(
    st.just("FREQ=DAILY"),
    some(*CODES, most=7).map("FREQ=WEEKLY;BYDAY={}".format),
    some(*PLACES).map("FREQ=MONTHLY;BYDAY={}".format),
    some(*CODES).map("FREQ=MONTHLY;BYDAY={};BYSETPOS=-1".format),
    some(*range(-2, 0), *range(1, 32)).map("FREQ=MONTHLY;BYMONTHDAY={}".format),
    some(*range(1, 13)).map("FREQ=YEARLY;BYMONTHDAY=28;BYMONTH={}".format),
)


@given(
    days=DAYS_OF,
    interval=st.sampled_from((1, 2, 12)),
    hours=some(*range(24)),
    minutes=st.just("0") | some(0, 7, 30),
    anchor=st.sampled_from(("", " from 2026-12-01")),
)
def test_what_is_shown_of_a_repeat_is_read_as_the_same(
    days: str, interval: int, hours: str, minutes: str, anchor: str
) -> None:
    rule = parse_rule(f"{days};INTERVAL={interval};BYHOUR={hours};BYMINUTE={minutes}{anchor}")
    shown = format_slot_times(rule.cron, rule.rule, rule.anchor)

    assert parse_rule(shown) == parse_rule(shown.upper()) == rule
    assert not rule.cron or cron_of_rule(rule_of_cron(rule.cron)) == rule.cron


@given(
    days=st.sets(st.sampled_from(DAYS), min_size=1),
    hours=st.sets(st.integers(0, 23), min_size=1),
    minute=st.integers(0, 59),
)
def test_what_is_written_of_an_expression_is_read_as_the_same(days: set[str], hours: set[int], minute: int) -> None:
    (cron,) = parse_slot_times(f"{','.join(days)} {','.join(f'{hour}:{minute:02}' for hour in hours)}")

    assert parse_slot_times(format_slot_times(cron)) == [cron]


@each("cron", ["0,30 9 * * 1", "*/5 9 * * 1", "0 9 * 2 1", "0 9 31 * *", "0 * * * *"])
def test_an_expression_that_is_more_than_days_and_times_is_shown_as_it_is(cron: str) -> None:
    assert format_slot_times(cron) == cron


def test_ranges_of_days_are_shown_as_days() -> None:
    assert format_slot_times("0 9 * * 1-5") == "weekdays 09:00"
    assert format_slot_times("0 9 * * 6,7") == "weekends 09:00"
    assert format_slot_times("0 9 * * 0-6") == "daily 09:00"
