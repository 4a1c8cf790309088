"""`ttp calendar`: rows, objects and files of a month or a week, what a repeat will make, gaps and free best slots."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from icalendar import Calendar

from tests.cli.commands.test_optimal import history
from tests.clock import START, FakeClock
from tests.conftest import Fill, Program, program
from tests.store.stores import duplicate

KEYS = {*("date", "time", "id", "status", "accounts", "content", "scheduledAt", "publishedAt", "tags", "repeat")}
BERLIN = ("--tz", "Europe/Berlin")


@pytest.fixture
def planned(fill: Fill) -> Program:
    return fill(a_week)


def a_week(ttp: Program) -> None:
    """A week from Tuesday 24 November: two posts and a draft; one in December."""
    ttp.account()
    ttp.account("x/other")
    ttp.post("First\nand more", "--to", "x/me,x/other", "--at", "2026-11-24T23:30Z", "--tag", "a")
    ttp.post("Friday", "--to", "x/other", "--at", "2026-11-27T09:00Z")
    ttp.post("Advent", "--to", "x/me", "--at", "2026-12-01T09:00Z")
    ttp.post("No time", "--to", "x/me")


def ids(ttp: Program, *argv: str) -> list[int]:
    return [row["id"] for row in ttp.ok("calendar", *argv, "--json").json["posts"]]


def test_a_pipe_gets_a_row_for_each_post_of_the_month(planned: Program) -> None:
    assert planned.ok("calendar").rows == [
        ["2026-11-24", "23:30", "1", "x/me,x/other", "First\\nand more"],
        ["2026-11-27", "09:00", "2", "x/other", "Friday"],
    ]
    assert planned.ok("calendar", "next", "--header", "--fields", "id,status,scheduledAt").rows == [
        ["id", "status", "scheduledAt"],
        ["3", "scheduled", "2026-12-01T09:00:00Z"],
    ]


@pytest.mark.parametrize(("days", "is_named"), [(2, False), (6, True), (12, False)])
def test_a_month_without_posts_to_come_names_those_of_the_next(planned: Program, days: int, is_named: bool) -> None:
    planned.clock.advance(days * 86400)
    table = planned.ok("calendar", "--account", "x/me,x/other", "--format", "table").out
    assert ("ttp calendar --account x/me,x/other --format table next" in table) is is_named


def test_days_and_times_are_those_of_the_zone_and_instants_are_utc(planned: Program) -> None:
    assert planned.ok("calendar", *BERLIN).rows[0][:3] == ["2026-11-25", "00:30", "1"]
    assert planned.ok("calendar", *BERLIN, "--fields", "date,scheduledAt").rows[0] == [
        *("2026-11-25", "2026-11-24T23:30:00Z"),
    ]
    assert ids(planned, "2026-11-30", "--week", "--tz", "Pacific/Kiritimati") == [3]


def test_json_says_of_which_days_it_is_and_where_the_gaps_are(planned: Program) -> None:
    told = planned.ok("calendar", "--week", "--json").json
    assert set(told["posts"][0]) == KEYS
    assert [post["id"] for post in told.pop("posts")] == [1, 2]
    assert told == {
        "span": "2026-W48",
        "firstDay": "2026-11-23",
        "lastDay": "2026-11-29",
        "timezone": "UTC",
        "gaps": ["2026-11-25", "2026-11-26"],
        "freeSlots": [],
    }
    month = planned.ok("calendar", "2026-12", "--json").json
    assert (month["span"], month["freeSlots"], month["gaps"]) == ("2026-12", None, [])


def test_json_lines_and_fields_are_of_the_posts_alone(planned: Program) -> None:
    lines = planned.ok("calendar", "--week", "--jsonl").out.splitlines()
    assert len(lines) == 2
    assert planned.ok("calendar", "--json", "--fields", "id").json["posts"] == [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        *((["--account", "x/me"], [1]), (["--account", "x/other"], [1, 2]), (["--platform", "ig"], [])),
        *((["--tag", "a"], [1]), (["--status", "scheduled"], [1, 2]), (["--status", "failed,partial"], [])),
    ],
)
def test_the_filters_of_list(planned: Program, filters: list[str], found: list[int]) -> None:
    assert ids(planned, *filters) == found


def test_the_gaps_are_those_of_the_posts_that_are_shown_and_none_where_statuses_are(planned: Program) -> None:
    assert planned.ok("calendar", "--week", "--account", "x/me", "--json").json["gaps"] == []
    assert planned.ok("calendar", "--week", "--status", "scheduled", "--json").json["gaps"] == []


def test_what_ended_is_there_and_what_went_out_without_a_time(planned: Program) -> None:
    planned.bring(1, "failed", error=("auth", "no"))
    planned.bring(2, "published", published_at=START)
    at = round(datetime(2026, 11, 20, 8, tzinfo=UTC).timestamp() * 1000)
    planned.sql("UPDATE post SET scheduled_at = NULL, published_at = ? WHERE id = 2", at)
    rows = planned.ok("calendar", "--fields", "date,time,id,status,scheduledAt,publishedAt").rows
    assert rows == [
        ["2026-11-20", "08:00", "2", "published", "", "2026-11-20T08:00:00Z"],
        ["2026-11-24", "23:30", "1", "failed", "2026-11-24T23:30:00Z", ""],
    ]
    assert ids(planned, "--status", "failed") == [1]
    assert ids(planned, "--status", "published") == [2]
    planned.ok("delete", "2")
    assert ids(planned) == [1]


def test_pictures_are_plain_in_pipes_and_in_other_locales(planned: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    for argv in ([], ["--week"]):
        shown = planned.ok("calendar", *argv, "--format", "table")
        assert "\x1b" not in shown.out
        assert "●" in shown.out
        assert "\x1b[1m" in planned.ok("calendar", *argv, "--format", "table", "--color", "always").out
    monkeypatch.setenv("LANG", "C")
    for argv in ([], ["--week"]):
        assert planned.ok("calendar", *argv, "--format", "table").out.isascii()


def test_a_pause_is_told(planned: Program) -> None:
    planned.ok("pause")
    assert planned.ok("calendar").err.endswith(":  ttp resume\n")
    shown = planned.ok("calendar", "--format", "table")
    assert (shown.err, shown.out.endswith(":  ttp resume\n")) == ("", True)


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["december"], "usage", "ttp calendar 2026-12 --json"),
        (["2026-12", "--week", "--tag", "it's"], "usage", "ttp calendar 2026-12 --tag 'it'\"'\"'s' --json"),
        (["--status", "draft"], "usage", "ttp list --status draft"),
        (["--status", "nonsense"], "usage", None),
        (["--account", "x/nobody"], "not_found", None),
        (["--tz", "Berlin", "next", "--week"], "time", "ttp calendar --tz Europe/Berlin next --week --json"),
        (["--ics", "next"], "usage", "ttp calendar --ics next"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_type(
    planned: Program, argv: list[str], code: str, said: str | None
) -> None:
    ran = planned("calendar", *argv, "--json")
    assert (ran.code, ran.out) == (3 if code == "not_found" else 2, "")
    assert ran.error["code"] == code
    assert said is None or ran.error["hints"][0] == said


def test_ics_has_no_fields(planned: Program) -> None:
    ran = planned("calendar", "--ics", "--fields", "id")
    assert (ran.code, ran.out) == (2, "")
    assert "ttp calendar --ics\n" in ran.err


# --ics


def test_the_file_is_read_by_an_icalendar_parser_and_has_the_posts_of_the_span(planned: Program) -> None:
    text = planned.ok("calendar", "--ics").out
    events = Calendar.from_ical(text).walk("VEVENT")
    assert [event.decoded("DTSTART") for event in events] == [
        *(datetime(2026, 11, 24, 23, 30, tzinfo=UTC), datetime(2026, 11, 27, 9, tzinfo=UTC)),
    ]
    assert [str(event["SUMMARY"]) for event in events] == ["First (x/me, x/other)", "Friday (x/other)"]
    assert len({str(event["UID"]) for event in events}) == 2
    assert text.endswith("END:VCALENDAR\r\n")
    assert "next" not in text
    (advent,) = Calendar.from_ical(planned.ok("calendar", "next", "--ics", "--account", "x/me").out).walk("VEVENT")
    assert str(advent["SUMMARY"]) == "Advent (x/me)"


def test_the_file_on_a_terminal_has_nothing_that_acts_on_it(ttp: Program) -> None:
    ttp.account()
    ttp.post("a\x1b[31mb\u202ec", "--to", "x", "--at", "tomorrow 9am")
    shown = ttp.ok("calendar", "--ics", "--format", "table").out
    assert "\x1b" not in shown
    assert "\u202e" not in shown


# What repeats will make


@pytest.fixture
def weekly(fill: Fill) -> Program:
    return fill(market_days)


def market_days(ttp: Program) -> None:
    """Post 1, a draft, on Mondays at 09:00 in Zurich; created in advance up to 21 December."""
    ttp.account()
    ttp.account("x/other")
    ttp.post("Market day!", "--to", "x/me", "--tag", "news")
    ttp.ok("repeat", "1", "--cron", "0 9 * * 1", "--tz", "Europe/Zurich")


def coming(ttp: Program, *argv: str) -> list[str]:
    rows = ttp.ok("calendar", *argv, "--json").json["posts"]
    return [row["date"] for row in rows if row["status"] == "coming"]


def test_what_is_made_is_a_post_and_what_is_not_yet_will_come(weekly: Program) -> None:
    made, *_, last = weekly.ok("calendar", "2026-12", "--json").json["posts"]
    assert (made["id"], made["status"], made["repeat"], made["date"]) == (3, "scheduled", 1, "2026-12-07")
    assert last == {
        "date": "2026-12-28",
        "time": "08:00",
        "id": None,
        "status": "coming",
        "accounts": ["x/me"],
        "content": "Market day!",
        "scheduledAt": "2026-12-28T08:00:00Z",
        "publishedAt": None,
        "tags": ["news"],
        "repeat": 1,
    }
    assert weekly.ok("calendar", "2026-W53").rows == [["2026-12-28", "08:00", "", "x/me", "Market day!"]]
    assert "○" in weekly.ok("calendar", "2026-W53", "--format", "table").out
    assert weekly.count("post") == 5


def test_summer_time_keeps_the_clock(weekly: Program) -> None:
    rows = weekly.ok("calendar", "2027-04", "--tz", "Europe/Zurich").rows
    assert [row[:2] for row in rows] == [[f"2027-04-{day:02}", "09:00"] for day in (5, 12, 19, 26)]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        *(
            (["--account", "x/me"], 4),
            (["--account", "x/other"], 0),
            (["--platform", "x"], 4),
            (["--platform", "tt"], 0),
        ),
        *((["--tag", "news"], 4), (["--tag", "other"], 0), (["--status", "scheduled"], 0)),
    ],
)
def test_the_filters_are_for_what_will_come_too(weekly: Program, filters: list[str], count: int) -> None:
    assert len(coming(weekly, "2027-02", *filters)) == count


def test_what_is_left_out_paused_stopped_or_over_does_not_come(weekly: Program) -> None:
    at = round(datetime(2027, 1, 4, 8, tzinfo=UTC).timestamp() * 1000)
    weekly.sql("INSERT INTO occurrence (recurrence_id, at, state) VALUES (1, ?, 'skipped')", at)
    assert coming(weekly, "2027-01") == ["2027-01-11", "2027-01-18", "2027-01-25"]
    weekly.sql("UPDATE recurrence SET until = ?", at + 14 * 86_400_000)
    assert coming(weekly, "2027-01") == ["2027-01-11"]
    assert coming(weekly, "2027-02") == []
    weekly.sql("UPDATE recurrence SET until = NULL, count = 7")
    assert coming(weekly, "2026-12") == ["2026-12-28"]
    assert coming(weekly, "2027-01") == ["2027-01-11"]
    assert coming(weekly, "2027-02") == []
    weekly.sql("UPDATE recurrence SET count = NULL")
    weekly.ok("repeat", "pause", "1")
    assert coming(weekly, "2027-01") == []


def test_without_its_post_or_its_accounts_nothing_will_come(weekly: Program) -> None:
    weekly.ok("account", "remove", "x/me", "--yes")
    assert coming(weekly, "2027-01") == []
    weekly.ok("delete", "1")
    assert coming(weekly, "2027-01") == []


def test_a_repeat_whose_post_cannot_be_read_keeps_none_of_the_others(weekly: Program) -> None:
    weekly.post("Other", "--to", "x/other")
    weekly.ok("repeat", "6", "--cron", "0 9 1 * *", "--tz", "UTC")
    weekly.sql("UPDATE post SET variants = 'broken' WHERE id = 1")
    assert coming(weekly, "2027-02") == ["2027-02-01"]


def test_texts_come_in_turn_also_in_later_months(ttp: Program, tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.write_text("one\n---\ntwo\n---\nthree\n")
    ttp.account()
    ttp.post("hi", "--to", "x")
    ttp.ok("repeat", "1", "--cron", "0 9 1 * *", "--tz", "UTC", "--vary", str(texts))
    found = [ttp.ok("calendar", f"{month}").rows[0][4] for month in ("2026-12", "2027-01", "2027-02", "2027-03")]
    assert found == ["one", "two", "three", "one"]


def test_of_a_pool_only_the_tag_is_known(ttp: Program) -> None:
    ttp.account()
    ttp.post("Tip", "--to", "x", "--tag", "tips")
    ttp.ok("repeat", "--pool", "tips", "--cron", "0 17 * * 2", "--tz", "UTC")
    row = ttp.ok("calendar", "2027-03", "--json").json["posts"][0]
    assert (row["content"], row["accounts"], row["tags"], row["repeat"]) == ("", [], ["tips"], 1)
    assert "17:00 2 Mar 2027   ○    tips" in ttp.ok("calendar", "2027-03", "--format", "table").out
    assert len(coming(ttp, "2027-03", "--tag", "tips")) == 5
    assert coming(ttp, "2027-03", "--account", "x/me") == []
    event = Calendar.from_ical(ttp.ok("calendar", "2027-03", "--ics").out).walk("VEVENT")[0]
    assert ("tips" in str(event["SUMMARY"]), str(event["STATUS"])) == (True, "TENTATIVE")
    assert str(event["UID"]).startswith("repeat-1-20270302T170000Z@")


def test_a_pattern_that_has_the_time_itself_comes_once(ttp: Program) -> None:
    ttp.account()
    ttp.post("hi", "--to", "x", "--at", "2027-03-01T09:00Z")
    ttp.ok("repeat", "1", "--cron", "0 9 1 * *", "--tz", "UTC")
    assert [row[2] for row in ttp.ok("calendar", "2027-03").rows] == ["1"]


# Free best slots


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """x/me does best at 18:00 UTC; nothing is known of x/new."""
    with program(tmp_path_factory.mktemp("calendar"), FakeClock()) as ttp:
        ttp.account()
        ttp.account("x/new")
        ttp.ok("metrics", "import", "-", stdin=history("x/me", 64))
        yield ttp.home


@pytest.fixture
def known(ttp: Program, measured: Path) -> Program:
    duplicate(measured, ttp.home)
    return ttp


def slots(ttp: Program, *argv: str) -> list[str]:
    return [slot["at"] for slot in ttp.ok("calendar", "--week", *argv, "--json").json["freeSlots"]]


def test_the_week_has_the_best_slots_that_are_free(known: Program) -> None:
    heatmap = known.ok("optimal", "heatmap", "--account", "x/me", "--tz", "UTC", "--json").json["heatmap"]
    best = {(slot["day"], slot["hour"]) for slot in heatmap["slots"] if slot["best"]}
    coming = [datetime.fromisoformat(at) for at in (*slots(known), *slots(known, "next"))]
    assert coming
    assert {(f"{at:%A}", at.hour) for at in coming} <= best
    assert all(at.date() < date(2026, 12, 7) for at in coming)
    assert slots(known, "prev") == []
    assert slots(known, "--account", "x/new") == []
    found = known.ok("calendar", "--week", *BERLIN, "--json").json["freeSlots"][0]
    assert set(found) == {"at", "date", "time", "score"}
    assert (found["at"][11:13], found["time"]) == (f"{int(found['time'][:2]) - 1:02}", found["time"])


def test_what_is_taken_is_not_free_also_by_what_a_repeat_will_make(known: Program) -> None:
    first, second, *_ = slots(known)
    known.post("There", "--to", "x/me", "--at", first)
    assert first not in slots(known)
    known.ok("delete", "1")
    assert first in slots(known)
    far = slots(known, "2027-W10")[0]
    at = datetime.fromisoformat(far)
    known.post("Again", "--to", "x/me")
    known.ok("repeat", "2", "--cron", f"0 {at.hour} * * {at.isoweekday() % 7}", "--tz", "UTC")
    assert far not in slots(known, "2027-W10")
    assert second in slots(known)


def test_the_command_at_the_bottom_takes_them(known: Program) -> None:
    first = slots(known)[0]
    text = known.ok("calendar", "--week", "--format", "table").out
    found = re.search(r"free best slots? this week:\s+ttp (create TEXT --to x/me --at \S+)\n", text)
    assert found
    assert known.ok(*found[1].split(), "--json").json["scheduledAt"] == first
    known.post("A draft", "--to", "x/me")
    known.post("Not for it alone", "--to", "x/me,x/new")
    text = known.ok("calendar", "--week", "--format", "table").out
    found = re.search(r"free best slots? this week:\s+ttp (plan 2 --days \d --dry-run)\n", text)
    assert found
    assert known.ok(*found[1].split(), "--json").json["assignments"][0]["at"] in slots(known)
    text = known.ok("calendar", "--week", "next", "--format", "table").out
    found = re.search(r"this week:\s+ttp (plan 2 --from 2026-11-30 --days \d --dry-run)\n", text)
    assert found
    assert known.ok(*found[1].split(), "--json").json["assignments"][0]["at"] in slots(known, "next")


def test_a_draft_that_a_repeat_copies_is_offered_no_slot(known: Program) -> None:
    known.post("Pattern", "--to", "x/me")
    known.ok("repeat", "1", "--cron", "0 3 * * 1", "--tz", "UTC")
    assert "ttp create TEXT --to x/me --at 2026-1" in known.ok("calendar", "--week", "--format", "table").out


def test_where_nothing_is_known_nothing_is_said_of_slots(planned: Program) -> None:
    text = planned.ok("calendar", "--week", "--format", "table").out
    assert "★" not in text
    assert "slot" not in text


def test_a_disabled_account_has_no_slots(known: Program) -> None:
    known.ok("account", "disable", "x/me")
    assert slots(known) == []


def test_slots_are_still_to_come(known: Program, clock: FakeClock) -> None:
    first = datetime.fromisoformat(slots(known)[0])
    clock.set(first + timedelta(minutes=1))
    assert min(map(datetime.fromisoformat, slots(known))) > first


def test_weeks_begin_on_sunday_if_set(ttp: Program) -> None:
    ttp.ok("config", "set", "calendar.week_start", "sunday")
    month = ttp.ok("calendar", "2026-11", "--format", "table").out
    head = next(line for line in month.splitlines() if "Mon" in line)
    assert head.index("Sun") < head.index("Mon") < head.index("Sat")
    first = next(line for line in month.splitlines() if re.match(r" +\d+ +1 ", line))
    assert head.index("Sun") == first.index(" 1 ")
    week = ttp.ok("calendar", "--week", "2026-W49", "--json").json
    assert (week["span"], week["firstDay"], week["lastDay"]) == ("2026-W49", "2026-11-29", "2026-12-05")


def test_a_setting_that_cannot_be_read_is_named(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_CALENDAR__WEEK_START", "saturday")
    for command in ("calendar", "report"):
        refused = ttp(command, "--json")
        assert (refused.code, refused.error["hints"]) == (2, ["unset TTP_CALENDAR__WEEK_START"])
