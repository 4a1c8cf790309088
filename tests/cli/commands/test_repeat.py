"""`ttp repeat`: which posts repeat, which are created in advance, and how one time, or all, are removed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.conftest import Fill, Program
from ttp.cli.errors import BY_CODE

DAILY = ("--cron", "0 9 * * *", "--tz", "Europe/Berlin")
FIRST = "2026-11-25T08:00:00Z"


@pytest.fixture
def weekly(fill: Fill) -> Program:
    return fill(repeated_draft)


def repeated_draft(ttp: Program) -> None:
    """A draft, repeated on Mondays at 09:00 in Zurich: created in advance for 30 November, 7, 14 and 21 December."""
    ttp.account()
    ttp.post("Monday again", "--to", "x", "--tag", "news")
    ttp.ok("repeat", "1", "--cron", "0 9 * * 1", "--tz", "Europe/Zurich")


def planned(ttp: Program) -> dict[int, str]:
    return {post["id"]: post["scheduledAt"][:10] for post in ttp.ok("list", "--status", "scheduled", "--json").json}


def told(ttp: Program, repeat: int = 1) -> dict[str, object]:
    return next(one for one in ttp.ok("repeat", "list", "--json").json if one["id"] == repeat)


def test_each_time_is_a_post_of_its_own_made_ahead(weekly: Program) -> None:
    assert planned(weekly) == {2: "2026-11-30", 3: "2026-12-07", 4: "2026-12-14", 5: "2026-12-21"}
    copy = weekly.shown(2)
    assert (copy["content"], copy["accounts"], copy["tags"]) == ("Monday again", ["x/me"], ["news"])
    assert weekly.shown(1)["status"] == "draft"
    assert told(weekly) == {
        "id": 1,
        "post": 1,
        "pool": None,
        "cron": "0 9 * * 1",
        "rule": "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0",
        "anchor": None,
        "times": "mon 09:00",
        "timezone": "Europe/Zurich",
        "until": None,
        "count": None,
        "texts": 0,
        "coolDownS": None,
        "state": "active",
        "nextAt": "2026-11-30T08:00:00Z",
        "nextTimes": ["2026-11-30T08:00:00Z", "2026-12-07T08:00:00Z", "2026-12-14T08:00:00Z"],
        "made": 4,
        "skipped": 0,
        "missed": 0,
    }


def test_the_answer_says_when_next_and_what_was_made(ttp: Program) -> None:
    ttp.account()
    ttp.post("hi", "--to", "x")
    said = ttp.ok("repeat", "add", "1", *DAILY, "--count", "2", "--format", "table").out

    assert "Wed 25 Nov 2026 08:00 UTC (09:00 Berlin for repeat 1), then Thu 26 Nov 2026 09:00 Berlin;" in said
    assert said.endswith(": 2 3.\n")


@pytest.mark.parametrize(
    ("times", "first"),
    [
        (("mon,thu", "9:00"), ["11-26", "11-30", "12-03"]),
        (("every 2 weeks on tue at 18:00",), ["11-24", "12-08", "12-22"]),
        (("last friday of the month 17:00",), ["11-27"]),
        (("0 9 1,15 * 1",), ["11-30", "12-01", "12-07"]),
        (("mon 9:00 from 2026-12-07",), ["12-07", "12-14", "12-21"]),
        (("--rule", "FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=1;BYHOUR=9;BYMINUTE=0"), ["12-05"]),
    ],
)
def test_times_in_words_are_listed_as_what_means_the_same(
    ttp: Program, times: tuple[str, ...], first: list[str]
) -> None:
    ttp.account()
    for _ in range(2):
        ttp.post("hi", "--to", "x", "--tag", "tips")
    ttp.ok("repeat", "1", *times, "--tz", "Europe/Berlin", "--count", "3")
    made = [at[5:] for at in planned(ttp).values()]
    assert made[: len(first)] == first

    one, *_ = ttp.ok("repeat", "list", "--json").json
    assert (one["cron"] == "") is bool(ttp.sql("SELECT 1 FROM recurrence WHERE rule IS NOT NULL"))
    words = ttp.ok("repeat", "list", "--format", "table").out.splitlines()
    shown = next((line.partition(": ")[2] for line in words if line.startswith("  1: ")), words[1][14:].split("  ")[0])
    assert ttp.ok("repeat", "list").rows[0][-1] == one["times"] == shown
    ttp.ok("repeat", "2", shown, "--tz", "Europe/Berlin", "--count", "3")
    again = ttp.ok("repeat", "list", "--json").json[1]
    assert {**again, "id": 1, "post": 1} == one
    assert ttp("repeat", "2", shown, "--tz", "Europe/Berlin").code == 2  # the same posts twice


def test_a_pool_takes_its_times_without_an_id(ttp: Program) -> None:
    ttp.account()
    ttp.post("hi", "--to", "x", "--tag", "tips")
    ttp.ok("repeat", "--pool", "tips", "tue", "17:00", "--tz", "UTC")
    assert told(ttp)["cron"] == "0 17 * * 2"


def test_every_second_week_is_the_same_repeat_only_in_the_same_weeks(ttp: Program, clock: FakeClock) -> None:
    ttp.account()
    ttp.post("hi", "--to", "x")
    weekly = ("repeat", "1", "every 2 weeks on tue at 18:00", "--tz", "UTC")
    ttp.ok(*weekly)
    clock.advance(days=14)
    assert ttp(*weekly).code == 2
    clock.advance(days=7)
    ttp.ok(*weekly)
    assert [one["anchor"] for one in ttp.ok("repeat", "list", "--json").json] == ["2026-11-24", "2026-12-15"]


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("thu 7:00 from 2026-12-10 --count 2", "thu 7:00 from 2027-06-10", 0),
        ("thu 7:00 from 2026-12-10 --count 2", "thu 7:00 from 2026-12-17", 2),
        ("thu 7:00 --count 2", "thu 7:00 --count 2", 2),
        ("thu 7:00 from 2026-12-10 --until 2026-12-16", "thu 7:00 from 2026-12-17", 0),
        ("thu 7:00 from 2026-12-10", "thu 7:00 from 2027-06-10", 2),
    ],
)
def test_a_repeat_that_ends_before_another_begins_is_another(ttp: Program, first: str, second: str, code: int) -> None:
    ttp.account()
    ttp.post("hi", "--to", "x")
    ttp.ok("repeat", "1", *first.split())
    assert ttp("repeat", "1", *second.split()).code == code


@pytest.mark.parametrize(
    ("words", "tries"),
    [
        ((), ["'mon,wed,fri 09:00'"]),
        (("mon", "9"), ["'mon 9am'", "'mon 9pm'"]),
        (("second tue", "9:00"), ["'every 2 weeks on tue at 09:00'", "'monthly on the second tue at 09:00'"]),
        (("mon 9:00", "--cron", "0 9 * * 2"), ["'mon 9:00'"]),
        (("--cron", "mon 9:00"), ["'mon 09:00'"]),
        (("--rule", "FREQ=DAILY;COUNT=5;BYHOUR=9;BYMINUTE=0"), ["--rule 'FREQ=DAILY;BYHOUR=9;BYMINUTE=0' --count 5"]),
        (
            ("FREQ=DAILY;UNTIL=20270630;BYHOUR=9;BYMINUTE=0",),
            ["--rule 'FREQ=DAILY;BYHOUR=9;BYMINUTE=0' --until 2027-06-30"],
        ),
        (("--rule", "FREQ=DAILY;COUNT=5;BYHOUR=9;BYMINUTE=0", "--count", "3"), []),
        (("FREQ=DAILY;COUNT=5;BYHOUR=9;BYMINUTE=0", "--count", "3"), []),
        (("--rule", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=9;BYMINUTE=0"), []),
        (("mon 9:00", "--until", "2026-01-01"), ["'mon 9:00' --until DATE"]),
        (("mon 9:00 until 2027-01-31",), ["'mon 9:00' --until 2027-01-31"]),
        (("mon", "9:00", "Europe/Berlin", "--tz", "UTC"), []),
        (("--rule", "mon 9:00"), []),
    ],
)
def test_times_that_are_not_clear_get_the_whole_commands(
    ttp: Program, words: tuple[str, ...], tries: list[str]
) -> None:
    ttp.account()
    ttp.post("hi", "--to", "x")
    ran = ttp("repeat", "1", *words)
    assert (ran.code, ttp.count("recurrence")) == (2, 0)
    assert re.findall("try: (.*)", ran.err) == [f"ttp repeat 1 {one}" for one in tries]


def create_due(clock: FakeClock) -> list[str]:
    """Create the posts of repeats that are due, as a publisher does; what it reports."""
    from ttp.cli.context import Context

    return Context(clock).occurrences.make_due()


@pytest.mark.parametrize(
    "reading",
    [("list",), ("calendar", "--month"), ("slots", "preview"), ("repeat", "list"), ("status",), ("show", "2")],
)
def test_reading_creates_nothing(weekly: Program, clock: FakeClock, reading: tuple[str, ...]) -> None:
    weekly.ok("slots", "add", "mon 09:00", "--account", "x/me", "--tz", "Europe/Zurich")
    clock.advance(days=7)
    before = [tuple(row) for row in weekly.sql("SELECT * FROM recurrence, occurrence, post")]
    weekly(*reading)
    assert [tuple(row) for row in weekly.sql("SELECT * FROM recurrence, occurrence, post")] == before


def test_the_publisher_creates_what_has_come_into_the_horizon(weekly: Program, clock: FakeClock) -> None:
    clock.advance(days=7)
    assert 6 not in planned(weekly)
    create_due(clock)
    assert planned(weekly)[6] == "2026-12-28"


def test_a_preview_of_slots_has_what_a_repeat_will_create_without_an_id(weekly: Program, clock: FakeClock) -> None:
    weekly.ok("slots", "add", "mon 09:00", "--account", "x/me", "--tz", "Europe/Zurich")
    places = weekly.ok("slots", "preview", "--count", "6", "--json").json
    assert [place["posts"] for place in places] == [[2], [3], [4], [5], [None], [None]]
    assert {place["content"] for place in places} == {"Monday again"}


def test_the_next_one_is_always_made_however_far_it_is(ttp: Program) -> None:
    ttp.account()
    ttp.post("new year", "--to", "x")
    ttp.ok("repeat", "1", "--cron", "0 9 1 6 *", "--tz", "UTC")

    assert planned(ttp) == {2: "2027-06-01"}


def test_a_change_of_the_pattern_is_for_what_is_made_later(weekly: Program, clock: FakeClock) -> None:
    weekly.ok("edit", "1", "Another text")
    clock.advance(days=7)
    create_due(clock)

    assert [weekly.shown(post)["content"] for post in (5, 6)] == ["Monday again", "Another text"]


def test_a_post_that_has_the_time_already_is_that_occurrence_itself(ttp: Program) -> None:
    ttp.account()
    ttp.post("hi", "--to", "x", "--at", FIRST)
    ttp.ok("repeat", "1", *DAILY, "--count", "2")

    assert planned(ttp) == {1: "2026-11-25", 2: "2026-11-26"}
    ttp.ok("repeat", "stop", "1")
    assert planned(ttp) == {1: "2026-11-25"}


@pytest.mark.parametrize(("end", "days"), [(("--count", "3"), 3), (("--until", "2026-11-26"), 2)])
def test_it_ends_after_so_many_or_with_a_day(ttp: Program, clock: FakeClock, end: tuple[str, str], days: int) -> None:
    ttp.account()
    ttp.post("hi", "--to", "x")
    ttp.ok("repeat", "1", *DAILY, *end)

    assert len(planned(ttp)) == days
    clock.advance(days=10)
    assert (told(ttp)["state"], told(ttp)["nextAt"]) == ("ended", None)
    assert len(planned(ttp)) == days


def test_texts_come_in_turn(ttp: Program, tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.write_text("one\n---\ntwo\nof two lines\n---\n\nthree\n")
    ttp.account()
    ttp.post("hi", "--to", "x")
    ttp.ok("repeat", "1", *DAILY, "--count", "4", "--vary", str(texts))

    assert [ttp.shown(post)["content"] for post in (2, 3, 4, 5)] == ["one", "two\nof two lines", "three", "one"]


def test_a_text_that_a_platform_would_refuse_is_named_and_nothing_is_stored(ttp: Program, tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.write_text("one\n---\n" + "two " * 100)
    ttp.account()
    ttp.post("hi", "--to", "x")
    ran = ttp("repeat", "1", *DAILY, "--vary", str(texts))

    assert ran.code == 2
    assert "text 2: " in ran.err
    assert (ttp.count("recurrence"), ttp.count("post")) == (0, 1)


def test_the_same_text_to_x_within_its_window_is_warned_of(ttp: Program, tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.write_text("\n---\n".join(str(number) for number in range(4)))
    ttp.account()
    ttp.post("hi", "--to", "x")
    warned = ttp.ok("repeat", "1", "--cron", "0 */6 * * *", "--tz", "UTC", "--count", "2", "--json").json["warnings"]
    ttp.ok("repeat", "stop", "1")
    varied = ttp.ok("repeat", "1", "--cron", "0 */6 * * *", "--tz", "UTC", "--count", "2", "--vary", str(texts)).err
    daily = ttp.ok("repeat", "1", *DAILY, "--count", "2").err

    assert any("6h" in warning for warning in warned)
    assert "6h" not in varied + daily


def test_one_time_is_left_out_and_stays_out(weekly: Program) -> None:
    said = weekly.ok("repeat", "skip", "1", "--format", "table").out

    assert said == (
        "Skipped Mon 30 Nov 2026 08:00 UTC (09:00 Zurich for repeat 1);"
        " next Mon 7 Dec 2026 08:00 UTC (09:00 Zurich for repeat 1), then Mon 14 Dec 2026 09:00 Zurich and"
        " Mon 21 Dec 2026 09:00 Zurich. Deleted post 2.\n"
    )
    assert list(planned(weekly)) == [3, 4, 5]
    assert (told(weekly)["made"], told(weekly)["skipped"]) == (3, 1)


def test_the_post_that_is_repeated_is_not_deleted_where_its_own_time_is_left_out(ttp: Program) -> None:
    ttp.account()
    ttp.post("hi", "--to", "x", "--at", FIRST)
    ttp.ok("repeat", "1", *DAILY, "--count", "3")
    ttp.ok("repeat", "skip", "1")

    assert ttp.shown(1)["status"] == "draft"
    assert planned(ttp) == {2: "2026-11-26", 3: "2026-11-27"}
    ttp.ok("repeat", "pause", "1")
    ttp.ok("repeat", "resume", "1")
    assert list(planned(ttp).values()) == ["2026-11-26", "2026-11-27"]


def test_the_same_repeat_again_is_refused_and_nothing_is_made_twice(weekly: Program) -> None:
    again = weekly("repeat", "1", "--cron", "0 9 * * 1", "--tz", "Europe/Zurich", "--count", "3")

    assert again.code == 2
    assert "ttp repeat stop 1" in again.err
    assert list(planned(weekly)) == [2, 3, 4, 5]
    weekly.ok("repeat", "stop", "1")
    weekly.ok("repeat", "1", "--cron", "0 9 * * 1", "--tz", "Europe/Zurich", "--count", "3")


def test_the_guard_looks_at_each_post_that_is_made(ttp: Program) -> None:
    ttp.account()
    ttp.post("there", "--to", "x", "--at", "2026-12-07T08:01:00Z")
    ttp.post("hi", "--to", "x")
    weekly = ("repeat", "2", "--cron", "0 9 * * 1", "--tz", "Europe/Zurich")
    refused = ttp(*weekly, "--strict")

    assert (refused.code, ttp.count("recurrence")) == (2, 0)
    assert "post 1" in refused.err
    assert "post 1" in ttp.ok(*weekly, "--json").json["warnings"][0]


def test_a_deleted_occurrence_is_not_made_again(weekly: Program) -> None:
    weekly.ok("delete", "3")

    assert list(planned(weekly)) == [2, 4, 5]
    assert told(weekly)["skipped"] == 1


def test_what_is_left_out_before_it_is_made_is_never_made(
    ttp: Program, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_REPEAT__AHEAD_S", "0")
    ttp.account()
    ttp.post("hi", "--to", "x")
    ttp.ok("repeat", "1", *DAILY)
    for _ in range(2):
        ttp.ok("repeat", "skip", "1")
    clock.advance(days=1)
    create_due(clock)

    assert planned(ttp) == {3: "2026-11-27"}


def test_what_is_being_published_is_not_left_out(weekly: Program) -> None:
    weekly.bring(2, "claimed")

    assert weekly("repeat", "skip", "1").code == 2
    assert weekly.count("occurrence") == 4


def test_what_was_published_already_is_not_left_out_and_stays(weekly: Program) -> None:
    weekly.bring(2, "published")
    refused = weekly("repeat", "skip", "1", "--json")

    assert (refused.code, refused.error["hint"]) == (2, "ttp show 2")
    assert weekly.shown(2)["status"] == "published"
    assert told(weekly)["skipped"] == 0


def test_a_pause_takes_back_what_was_made_but_not_what_was_changed(weekly: Program, clock: FakeClock) -> None:
    clock.advance(1)
    weekly.ok("edit", "3", "By hand")
    ran = weekly.ok("repeat", "pause", "1", "--format", "table")

    assert " 2 4 5." in ran.out
    assert "post 3" in ran.err
    assert list(planned(weekly)) == [3]
    clock.advance(days=14)  # 8 December
    assert list(planned(weekly)) == [3]
    assert told(weekly)["state"] == "paused"


def test_it_goes_on_from_now_and_makes_nothing_twice(weekly: Program, clock: FakeClock) -> None:
    clock.advance(1)
    weekly.ok("edit", "4", "By hand")
    weekly.ok("repeat", "pause", "1")
    clock.advance(days=8)  # 2 December: the first one has passed
    weekly.ok("repeat", "resume", "1")

    assert planned(weekly) == {6: "2026-12-07", 4: "2026-12-14", 7: "2026-12-21", 8: "2026-12-28"}
    assert told(weekly)["missed"] == 0


def test_a_stop_is_for_good(weekly: Program) -> None:
    weekly.ok("repeat", "stop", "1")

    assert planned(weekly) == {}
    assert told(weekly)["state"] == "ended"
    assert weekly("repeat", "skip", "1").code == 2
    assert weekly("repeat", "resume", "1").code == 2


def test_it_ends_with_its_post(weekly: Program, clock: FakeClock) -> None:
    assert "repeat 1" in weekly.ok("delete", "1").err
    assert "repeat" not in weekly.ok("undo").err + weekly.ok("delete", "2").err
    weekly.ok("undo")
    weekly.ok("delete", "1")
    clock.advance(days=7)

    assert list(planned(weekly)) == [2, 3, 4, 5]
    assert told(weekly)["state"] == "ended"


def test_a_publisher_says_what_was_missed(ttp: Program, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_REPEAT__AHEAD_S", "0")
    ttp.account()
    ttp.post("hi", "--to", "x")
    ttp.ok("repeat", "1", *DAILY)
    clock.advance(days=10)

    assert any("8 missed" in line for line in create_due(clock))
    assert told(ttp)["missed"] == 8


def test_a_pool_takes_the_least_recently_used_post_of_its_tag(ttp: Program) -> None:
    ttp.account()
    for text in ("one", "two", "three"):
        ttp.post(text, "--to", "x", "--tag", "tips")
    ttp.post("other", "--to", "x")
    ttp.ok("repeat", "--pool", "tips", *DAILY, "--cool-down", "2d", "--count", "5")

    assert [ttp.shown(post)["content"] for post in range(5, 10)] == ["one", "two", "three", "one", "two"]


def test_a_pool_leaves_a_time_out_rather_than_break_the_rest_of_its_posts(ttp: Program) -> None:
    ttp.account()
    ttp.post("one", "--to", "x", "--tag", "tips")
    err = ttp.ok("repeat", "--pool", "tips", *DAILY, "--cool-down", "3d", "--count", "5").err

    assert 'note: repeat 1: 3 skipped, every post tagged "tips" was used too recently' in err
    assert planned(ttp) == {2: "2026-11-25", 3: "2026-11-28"}
    assert told(ttp)["missed"] == 3


def test_an_account_that_is_gone_gets_nothing_more(weekly: Program, clock: FakeClock) -> None:
    weekly.ok("account", "remove", "x/me", "--yes")
    clock.advance(days=7)

    assert any("1 skipped" in line for line in create_due(clock))


def test_the_list_says_when_each_ends(ttp: Program) -> None:
    ttp.account()
    for text in ("one", "two", "three"):
        ttp.post(text, "--to", "x/me")
    ttp.ok("repeat", "add", "1", *DAILY, "--count", "2")
    ttp.ok("repeat", "add", "2", *DAILY, "--until", "2027-06-30")
    ttp.ok("repeat", "add", "3", *DAILY)
    assert [row[10:12] for row in ttp.ok("repeat", "list").rows] == [["", "2"], ["2027-06-30T22:00:00Z", ""], ["", ""]]
    lines = ttp.ok("repeat", "list", "--format", "table").out.splitlines()
    ends = [line[lines[0].index("ENDS") :].split("  ")[0] for line in lines[:4]]
    assert ends == ["ENDS", "after 2", "30 Jun 2027", "-"]
    assert "ZONE" in lines[0]


def test_the_list_names_the_zone_of_each_next_time_at_80_columns(ttp: Program) -> None:
    ttp.account()
    ttp.post("one", "--to", "x/me")
    ttp.ok("repeat", "add", "1", "--cron", "*/7 3,9 1-5 * *", "--tz", "America/Argentina/Buenos_Aires")
    columns, row = ttp.ok("repeat", "list", "--format", "table").out.splitlines()[:2]
    assert row[columns.index("ZONE") :].startswith("Buenos Aires ")
    assert row.endswith(")")


def test_the_picture_shows_words_and_the_next_time(weekly: Program) -> None:
    weekly.ok("repeat", "--pool", "news", *DAILY)
    shown = weekly.ok("repeat", "list", "--format", "table").out

    assert "1  post 1" in shown
    assert "mon 09:00" in shown
    assert "tag news" in shown
    assert "Mon 30 09:00 (in 5 d)" in shown


def test_bad_input_is_refused_and_changes_nothing(weekly: Program) -> None:
    before = weekly.sql("SELECT * FROM recurrence")
    for words, code in [
        *((("1",), "usage"), (DAILY, "usage"), (("1", "--pool", "a", *DAILY), "usage"), (("lst",), "usage")),
        *((("1", "--cool-down", "3d", *DAILY), "usage"), (("--pool", "news", "--vary", "f", *DAILY), "usage")),
        *((("--pool", "nothing", *DAILY), "not_found"), (("9", *DAILY), "not_found")),
        *((("1", "--cron", "0 0 9 * * *"), "usage"), (("1", "--cron", "0 9 * * *", "--tz", "Nowhere"), "time")),
        *((("1", *DAILY, "--until", text), "usage") for text in ("tomorrow", "2026-02-30", "2026-11-01")),
        *((("1", *DAILY, "--vary", "nofile"), "not_found"), (("1", *DAILY, "--vary", "-"), "usage")),
        *((("skip", "7"), "not_found"), (("resume", "1"), "state")),
    ]:
        ran = weekly("repeat", *words, "--json")
        assert (ran.code, ran.error["code"]) == (BY_CODE[code], code), words
    assert weekly.sql("SELECT * FROM recurrence") == before


def test_more_posts_in_advance_than_can_be_made_are_refused_with_the_setting(weekly: Program) -> None:
    ran = weekly("repeat", "1", "--cron", "*/5 * * * *", "--json")

    assert ran.error["hint"].startswith("ttp config set repeat.ahead_s 300")


def test_a_post_without_accounts_or_with_texts_of_its_own_is_refused(ttp: Program, tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.write_text("one\n---\ntwo\n")
    ttp.account()
    ttp.post("nowhere")
    ttp.post("own", "--to", "x", "--text", "x=Own")

    assert ttp("repeat", "1", *DAILY).code == 2
    assert ttp("repeat", "2", *DAILY, "--vary", str(texts)).code == 2
    assert ttp.count("recurrence") == 0


def test_accounts_in_different_zones_need_one(ttp: Program) -> None:
    ttp.account("x/a")
    ttp.account("x/b")
    ttp.ok("account", "set", "x/a", "--tz", "Asia/Tokyo")
    ttp.post("hi", "--to", "x/a,x/b")
    ran = ttp("repeat", "1", "--cron", "0 9 * * *")

    assert ran.code == 2
    assert "ttp repeat 1 --cron '0 9 * * *' --tz Asia/Tokyo" in ran.err


def test_a_post_that_a_repeat_made_names_it(weekly: Program) -> None:
    weekly.ok("repeat", "1", "--cron", "0 8 * * 2", "--tz", "UTC", "--count", "1")
    rule = "FREQ=WEEKLY;BYDAY={};BYHOUR={};BYMINUTE=0"
    made = {"id": 1, "cron": "0 9 * * 1", "rule": rule.format("MO", 9), "timezone": "Europe/Zurich"}

    assert weekly.shown(2)["repeat"] == made
    assert weekly.shown(6)["repeat"] == {"id": 2, "cron": "0 8 * * 2", "rule": rule.format("TU", 8), "timezone": "UTC"}
    assert weekly.shown(1)["repeat"] is None
    assert "  Repeat      1   mon 09:00   Europe/Zurich\n" in weekly.ok("show", "2", "--format", "table").out
    assert {post["id"]: post["repeat"] and post["repeat"]["id"] for post in weekly.ok("list", "--json").json} == {
        **dict.fromkeys((2, 3, 4, 5), 1),
        6: 2,
        1: None,
    }
    assert weekly.ok("edit", "3", "Other", "--json").json["repeat"] == made
