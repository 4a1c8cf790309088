"""`ttp plan`: what it shows, asks, schedules and refuses; and `--explore`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tests.cli.commands.test_metrics import history
from tests.conftest import Fill, Program

IN_BERLIN = ("--tz", "Europe/Berlin")


@pytest.fixture
def known(fill: Fill) -> Program:
    return fill(accounts_and_drafts)


def accounts_and_drafts(ttp: Program) -> None:
    """Two connected accounts, one of which has a history: at 18:00 UTC its posts do far better. Four drafts for it."""
    ttp.account("x/me")
    ttp.account("x/new")
    ttp.ok("metrics", "import", "-", stdin=history("x/me"))
    for n in range(1, 5):
        ttp.post(f"Draft {n}", "--to", "x/me", "--tag", "odd" if n % 2 else "even")


def test_a_plan_is_scheduled_with_yes_and_only_shown_with_dry_run(known: Program) -> None:
    shown = known.ok("plan", "--drafts", "--week", "--dry-run", "--json").json
    assert [one["id"] for one in shown["assignments"]] == [1, 2, 3, 4]
    assert {one["at"][11:] for one in shown["assignments"]} <= {"17:00:00Z", "18:00:00Z", "19:00:00Z"}
    assert shown["score"] == pytest.approx(sum(one["score"] for one in shown["assignments"]), abs=1e-3)
    assert shown["evenScore"] < shown["score"] == shown["bound"]
    assert (shown["timezones"], shown["withoutData"], shown["perDay"]) == ({"x/me": "UTC"}, [], 1)
    assert (shown["scheduled"], shown["leftOut"], shown["minGapS"]) == (False, [], 3600.0)
    assert known.shown(1)["status"] == "draft"

    done = known.ok("plan", "1-4", "--days", "7", "--yes", "--json").json

    assert done["assignments"] == shown["assignments"]
    assert done["scheduled"] is True
    posts = [known.shown(n) for n in range(1, 5)]
    assert [post["scheduledAt"] for post in posts] == [one["at"] for one in done["assignments"]]
    assert {
        (post["status"], post["chosenBy"], post["deliveries"][0]["dueAt"] == post["scheduledAt"]) for post in posts
    } == {("scheduled", "plan", True)}


def test_rows_are_id_instant_and_score_and_the_zone_is_said(known: Program) -> None:
    ran = known.ok("plan", "1", "2", "--dry-run", "--header", *IN_BERLIN)

    assert ran.rows[0] == ["id", "at", "score"]
    assert [row[0] for row in ran.rows[1:]] == ["1", "2"]
    assert "hours in Europe/Berlin" in ran.err
    assert (
        known.ok("plan", "1", "--dry-run", "--jsonl", "--fields", "id,accounts").out
        == '{"id": 1, "accounts": ["x/me"]}\n'
    )


def test_a_person_sees_the_plan_and_what_was_done(known: Program) -> None:
    shown = known.ok("plan", "1", "--yes", "--format", "table").out

    assert shown.startswith("Plan of 1 post   Tue 24 Nov 2026 to Tue 8 Dec 2026   hours in UTC\n")
    assert shown.endswith("\nScheduled 1 post.\n")


def test_without_a_terminal_yes_or_dry_run_must_be_said(known: Program) -> None:
    ran = known("plan", "1-2", "--per-day", "1", "--quiet-hours", "22-7")

    assert (ran.code, ran.out) == (2, "")
    assert "ttp plan 1-2 --per-day 1 --quiet-hours 22-7 --yes" in ran.err
    assert known.shown(1)["status"] == "draft"


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        *(
            ((), "usage"),
            (("1", "--drafts"), "usage"),
            (("1", "--tag", "odd"), "usage"),
            (("1", "--days", "0"), "usage"),
        ),
        *((("1", "--week", "--days", "9"), "usage"), (("1", "--quiet-hours", "late"), "usage")),
        *((("1", "--min-gap", "soon"), "time"), (("1", "--from", "whenever"), "time"), (("1", "--tz", "Mars"), "time")),
        (("1", "--explore", "2"), "usage"),
        (("1", "--blackout", "Christmas"), "usage"),
    ],
)
def test_what_cannot_be_is_refused(known: Program, argv: tuple[str, ...], code: str) -> None:
    ran = known("plan", *argv, "--dry-run", "--json")

    assert (ran.code, ran.out, ran.error["code"]) == (2, "", code)


def test_a_post_that_is_none_is_not_found(known: Program) -> None:
    assert known("plan", "99", "--dry-run").code == 3


def test_drafts_can_be_chosen_by_tag_and_none_is_no_error(known: Program) -> None:
    assert [row[0] for row in known.ok("plan", "--tag", "odd", "--dry-run").rows] == ["1", "3"]
    empty = known.ok("plan", "--tag", "none", "--yes", "--json").json
    assert empty == {"assignments": [], "score": 0.0, "evenScore": 0.0, "scheduled": False, "warnings": []}
    assert "No drafts." in known.ok("plan", "--drafts", "--tag", "none", "--format", "table").out


def test_a_draft_that_could_not_be_scheduled_is_named_and_nothing_is_changed(known: Program) -> None:
    long, lost = known.post("x" * 300, "--to", "x/me"), known.post("for nobody")

    ran = known("plan", "--drafts", "--yes")
    assert ran.code == 2
    assert f"post {long}: " in ran.err
    assert f"ttp edit {lost} --to" in ran.err

    ran = known("plan", "1", str(long), "--yes", "--json")
    assert (ran.code, ran.error["code"]) == (2, "content")
    assert ran.error["message"].startswith(f"post {long}: ")
    assert ran.error["problems"][0]["account"] == "x/me"
    assert known.shown(1)["status"] == "draft"

    known.ok("delete", str(long))
    planned = known.ok("plan", "--drafts", "--dry-run")
    assert [row[0] for row in planned.rows] == ["1", "2", "3", "4"]
    assert f"ttp edit {lost} --to" in planned.err


def test_what_is_scheduled_or_over_is_no_draft(known: Program) -> None:
    known.ok("schedule", "1", "--at", "in 3 h")
    ran = known("plan", "1-2", "--yes")
    assert (ran.code, "ttp unschedule 1" in ran.err) == (2, True)
    known.bring(1, "published")
    assert known("plan", "1", "2", "--yes", "--json").error["code"] == "state"
    assert known.shown(2)["status"] == "draft"


def test_where_not_all_fit_it_says_why_and_what_to_change(known: Program) -> None:
    argv = ("plan", "--drafts", "--days", "2", "--per-day", "1")
    ran = known(*argv, "--yes")

    assert ran.code == 2
    missing, left_out, *_ = ran.err.splitlines()
    assert re.findall(r"\d+", missing) == ["1", "4", "2"]
    assert re.findall(r"\d+", left_out) == ["4"]
    for line in (
        "ttp plan --drafts --days 3 --per-day 1",
        "ttp plan --drafts --days 2 --per-day 2",
        "ttp plan --drafts --days 2 --per-day 1 --yes --partly",
    ):
        assert line in ran.err
    assert known.shown(1)["status"] == "draft"

    nothing_fits = known("plan", "4", "--days", "1", "--quiet-hours", "00:00-23:59")
    assert (nothing_fits.code, "--partly" in nothing_fits.err) == (2, False)
    known.ok("plan", "--drafts", "--days", "3", "--per-day", "1", "--dry-run")
    partly = known.ok(*argv, "--partly", "--yes", "--json").json
    assert (len(partly["assignments"]), partly["leftOut"]) == (3, [4])
    assert [known.shown(n)["status"] for n in range(1, 5)] == ["scheduled"] * 3 + ["draft"]


@pytest.mark.slow
def test_no_number_of_days_may_be_enough(known: Program) -> None:
    ran = known("plan", "1-2", "--from", "2026-12-01", "--days", "5", "--min-gap", "400d", "--yes")

    assert ran.code == 2
    assert ran.err.count("--days") == ran.err.count("--days 5")


def test_limits_come_from_the_settings_too(known: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_PLAN__QUIET_HOURS", "17:00-20:00")
    monkeypatch.setenv("TTP_PLAN__BLACKOUT", '["2026-11-25..2026-11-26"]')
    monkeypatch.setenv("TTP_PLAN__MIN_GAP_S", "7200")
    found = known.ok("plan", "1-4", "--days", "4", "--dry-run", "--format", "table").out

    assert "none 17:00 to 20:00, none from 2026-11-25 to 2026-11-26" in " ".join(found.split())
    assert "at least 2 h apart" in found
    rows = known.ok("plan", "1-4", "--days", "4", "--dry-run").rows
    assert all(row[1][8:10] not in ("25", "26") and not 17 <= int(row[1][11:13]) < 20 for row in rows)
    free = known.ok("plan", "1-4", "--quiet-hours", "", "--blackout", "", "--days", "4", "--dry-run").rows
    assert [row[1][8:10] for row in free] == ["24", "25", "26", "27"]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [("QUIET_HOURS", "late", "plan.quiet_hours"), ("BLACKOUT", '["soon"]', "plan.blackout")],
)
def test_a_setting_that_cannot_be_is_named(
    known: Program, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(f"TTP_PLAN__{name}", value)

    ran = known("plan", "1", "--dry-run")

    assert (ran.code, says in ran.err) == (2, True)


def test_from_is_the_start_and_the_past_is_now(known: Program) -> None:
    at = known.ok("plan", "1", "--from", "2026-12-01", "--dry-run", "--json").json
    assert (at["from"], at["to"]) == ("2026-12-01T00:00:00Z", "2026-12-15T00:00:00Z")
    for typed, start in (
        ("yesterday", "2026-11-24T12:10"),
        ("7d", "2026-12-01T12:00"),
        ("next monday", "2026-11-30T00:00"),
        ("friday", "2026-11-27T00:00"),
    ):
        assert known.ok("plan", "1", "--from", typed, "--dry-run", "--json").json["from"] == f"{start}:00Z"
    known.ok("account", "set", "x/me", "--tz", "Asia/Tokyo")
    there = ["plan", "1", "--from", "2026-12-01", "--tz", "account", "--dry-run", "--json"]
    assert known.ok(*there).json["from"] == "2026-11-30T15:00:00Z"
    known.post("both", "--to", "x/me,x/new")
    assert known("plan", "5", *there[2:]).error["code"] == "time"
    assert known.ok("plan", "5", "--tz", "account", "--dry-run", "--json").json["from"] == "2026-11-24T12:10:00Z"


def test_without_data_it_spreads_evenly_and_says_so(known: Program) -> None:
    first = known.post("one", "--to", "x/new")
    for n in range(6):
        known.post(f"more {n}", "--to", "x/new")

    argv = ("plan", f"{first}-{first + 6}", "--week", "--dry-run")
    told = known.ok(*argv, "--json").json

    assert told["withoutData"] == ["x/new"]
    assert told["score"] == told["evenScore"]
    hours = [datetime.fromisoformat(one["at"]).hour for one in told["assignments"]]
    assert all(8 <= hour < 22 for hour in hours)
    assert told["placedBy"] == [{"accounts": ["x/new"], "by": "waking hours"}]


def test_without_data_the_accounts_slots_are_what_it_spreads_over(known: Program) -> None:
    known.ok("slots", "add", "mon,thu 09:30", "--account", "x/new")
    known.ok("slots", "add", "mon,thu 09:30", "--account", "x/me")
    posts = [str(known.post(f"more {n}", "--to", "x/new")) for n in range(5)]

    told = known.ok("plan", *posts[:4], "--dry-run", "--json").json
    assert [one["at"] for one in told["assignments"]] == [
        *(f"2026-{day}T09:30:00Z" for day in ("11-26", "11-30", "12-03", "12-07")),
    ]
    assert told["placedBy"] == [{"accounts": ["x/new"], "by": "slots"}]
    assert known.ok("plan", "1", "--dry-run", "--json").json["placedBy"] == [{"accounts": ["x/me"], "by": "scores"}]

    ran = known("plan", *posts, "--yes")
    assert ran.code == 2
    assert f"ttp plan {' '.join(posts)} --yes --days 21" in ran.err


def test_what_is_scheduled_meanwhile_is_not_planned_over(known: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    from ttp.services.planning import Planning

    propose = Planning.propose

    def slow(self: Planning, *args: object) -> object:
        found = propose(self, *args)  # type: ignore[arg-type]  # what it was given
        known.ok("schedule", "4", "--at", "in 30 h")
        return found

    monkeypatch.setattr(Planning, "propose", slow)
    ran = known("plan", "1-3", "--yes", "--json")

    assert (ran.code, ran.error["code"]) == (2, "state")
    assert known.shown(1)["status"] == "draft"


@pytest.mark.parametrize("argv", [("1", "--drafts"), ("1", "--tag", "odd", "--drafts"), ()], ids=str)
def test_posts_or_a_choice_of_drafts(known: Program, argv: tuple[str, ...]) -> None:
    ran = known("plan", *argv, "--json")
    assert (ran.code, ran.error["code"]) == (2, "usage")
    assert known.ok(*ran.error["hint"].split()[1:], "--json").json["assignments"]


def test_exploring_is_recorded_repeatable_and_taken_back_by_a_time(known: Program) -> None:
    argv = ("plan", "1-4", "--explore", "1", "--seed", "7", "--per-day", "2")
    first = known.ok(*argv, "--dry-run", "--json").json["assignments"]
    assert known.ok(*argv, "--dry-run", "--json").json["assignments"] == first
    assert (
        known.ok("plan", "1-4", "--explore", "1", "--dry-run").out
        == known.ok("plan", "1-4", "--explore", "1", "--dry-run").out
    )
    assert [one["explored"] for one in first] == [True] * 4

    known.ok(*argv, "--yes")

    assert known.shown(1)["chosenBy"] == "explore"
    known.ok("schedule", "1", "--at", "in 2 h")
    known.ok("unschedule", "2")
    assert (known.shown(1)["chosenBy"], known.shown(2)["chosenBy"]) == (None, None)


def test_next_can_explore(known: Program) -> None:
    argv = ("optimal", "next", "--account", "x/me", "--json", "--count", "5")
    plain = known.ok(*argv).json["slots"]
    assert known.ok(*argv, "--explore", "0").json["slots"] == plain

    seeded = [known.ok(*argv, "--explore", "1", "--seed", str(seed)).json["slots"] for seed in (1, 1, 2)]

    assert seeded[0] == seeded[1] != seeded[2]
    assert all(slot["explored"] for slot in seeded[0])
    ats = [datetime.fromisoformat(slot["at"]) for slot in seeded[0]]
    assert ats == sorted(ats)
    assert len({*ats}) == 5
    half = known.ok(*argv, "--explore", "0.5").json["slots"]
    assert half == known.ok(*argv, "--explore", "0.5").json["slots"]


def test_a_slot_that_was_taken_is_said_with_its_zone_and_gain(known: Program) -> None:
    ran = known.ok("schedule", "1-2", "--at", "optimal", *IN_BERLIN)

    said = [line for line in ran.err.splitlines() if line.startswith("note: took the ")]
    assert len(said) == len(set(said)) == 2
    assert all("Europe/Berlin (" in line and line.endswith(" %") for line in said)


def test_a_draft_on_a_terminal_shows_the_slot_and_the_command_that_takes_it(known: Program) -> None:
    shown = known.ok("create", "hello", "--to", "x/me", "--format", "table").out

    assert "Tue 24 Nov 2026 " in shown
    assert "ttp schedule 5 --at optimal" in shown
    assert "ttp schedule 6" in known.ok("create", "hello", "--to", "x/new", "--format", "table").out
    known.ok("create", "hello", "--to", "x/me", "--tz", "account", "--format", "table")
    assert known("create", "hello", "--to", "x/me", "--tz", "Mars", "--format", "table").code == 2
    assert len(known.ok("list", "--ids").rows) == 7


def test_drafts_of_shared_accounts_find_room_beside_each_other(known: Program) -> None:
    for n in range(20):
        known.post(f"both {n}", "--to", "x/me" if n % 3 else "x/me,x/new")

    done = known.ok("plan", "--drafts", "--days", "10", "--yes", "--json").json

    ats = [datetime.fromisoformat(one["at"]) for one in done["assignments"] if "x/me" in one["accounts"]]
    assert len(ats) == 24
    assert all(two - one >= timedelta(hours=1) for one, two in pairwise(ats))
    assert min(ats) >= datetime(2026, 11, 24, 12, 10, tzinfo=UTC)


def test_several_zones_are_all_said(known: Program) -> None:
    known.ok("account", "set", "x/new", "--tz", "Asia/Tokyo")
    known.post("both", "--to", "x/me,x/new")

    assert "hours of x/me in UTC, x/new in Asia/Tokyo" in known.ok("plan", "5", "--dry-run").err
    table = known.ok("plan", "5", "--dry-run", "--format", "table").out
    assert "x/me in UTC, x/new in Asia/Tokyo" in table
