"""`ttp import --spread`: rows without a time get one by a plan, in the transaction that stores them, and keep it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands.test_metrics import history
from tests.conftest import Program, Ran

HEADER = "key,accounts,at,text\n"
FOUR = f"{HEADER}a,x/me,,One\nb,x/me,2026-11-26 09:00,Fixed\nc,x/me,,Two\nd,x/me,,Three\n"
WED, THU, FRI, SAT = (f"2026-11-{day}T09:00:00Z" for day in (25, 26, 27, 28))


@pytest.fixture
def ttp(ttp: Program) -> Program:
    """An account with a slot every morning at nine, and one without any."""
    ttp.account("x/me")
    ttp.account("x/new")
    ttp.ok("slots", "add", "daily 09:00", "--account", "x/me")
    return ttp


def spread(ttp: Program, text: str, *argv: str, way: str = "slots") -> Ran:
    return ttp("import", "-", "--spread", way, "--json", *argv, stdin=text)


def times(ttp: Program) -> dict[str, str | None]:
    return {post["content"]: post["scheduledAt"] for post in ttp.ok("list", "--json").json}


def test_rows_without_a_time_take_the_next_free_slots_beside_those_of_the_file(ttp: Program) -> None:
    done = spread(ttp, FOUR)

    assert (done.code, done.json["added"], done.json["stored"]) == (0, 4, True)
    assert times(ttp) == {"One": WED, "Fixed": THU, "Two": FRI, "Three": SAT}
    planned = [(one["row"], one["id"], one["at"]) for one in done.json["planned"]]
    assert planned == [("2", 1, WED), ("4", 3, FRI), ("5", 4, SAT)]
    assert done.json["plan"]["way"] == "slots"
    assert done.json["plan"]["placedBy"] == [{"accounts": ["x/me"], "by": "slots in turn"}]
    assert [ttp.shown(n)["chosenBy"] for n in (1, 2)] == ["plan", None]


def test_the_same_file_again_moves_nothing_with_or_without_a_spread(ttp: Program) -> None:
    spread(ttp, FOUR)
    before = times(ttp)
    ttp.clock.advance(hours=2)

    again = spread(ttp, FOUR, way="even")
    plain = ttp.ok("import", "-", "--json", stdin=FOUR)

    for ran in (again, plain):
        assert (ran.json["unchanged"], ran.json["planned"], ran.json["plan"]) == (4, [], None)
    changed = spread(ttp, FOUR.replace("Two", "Two!") + "e,x/me,,Four\n")
    assert (changed.json["changed"], changed.json["added"]) == (1, 1)
    assert times(ttp) == {
        **{text.replace("Two", "Two!"): at for text, at in before.items()},
        "Four": "2026-11-29T09:00:00Z",
    }
    assert ttp.shown(3)["chosenBy"] == "plan"


def test_a_row_that_is_a_draft_already_gets_a_time_and_a_person_may_take_it_away(ttp: Program) -> None:
    sheet = f"{HEADER}a,x/me,,One\n"
    ttp.ok("import", "-", stdin=sheet)
    assert spread(ttp, sheet).json["moved"] == 1
    assert times(ttp) == {"One": WED}
    ttp.ok("unschedule", "1")
    assert ttp.ok("import", "-", "--json", stdin=sheet).json["unchanged"] == 1
    assert times(ttp) == {"One": None}


def test_a_dry_run_shows_the_plan_and_stores_nothing(ttp: Program) -> None:
    shown = ttp.ok("import", "-", "--spread", "slots", "--dry-run", "--format", "table", stdin=FOUR).out

    assert shown.startswith("Plan of 3 posts   Tue 24 Nov 2026 to Tue 8 Dec 2026   hours in UTC\n")
    assert "  2    Wed 25 Nov 09:00      -  x         One\n" in shown
    assert "4 rows: 4 added, 0 unchanged; 3 planned" in shown
    assert spread(ttp, FOUR, "--dry-run").json["planned"][0]["id"] is None
    assert ttp.count("post") == 0
    rows = dict(ttp.ok("import", "-", "--spread", "slots", stdin=FOUR).rows)
    assert (rows["planned"], rows["plan"], rows["stored"]) == ("3", "slots", "true")


def test_with_data_the_best_hours_are_taken(ttp: Program) -> None:
    ttp.ok("metrics", "import", "-", stdin=history("x/me"))

    done = spread(ttp, FOUR, "--days", "7", way="optimal").json

    assert {one["at"][11:13] for one in done["planned"]} <= {"17", "18", "19"}
    assert (done["plan"]["withoutData"], done["plan"]["score"] > done["plan"]["evenScore"]) == ([], True)
    assert "2026-11-26" not in {one["at"][:10] for one in done["planned"]}


@pytest.mark.parametrize(
    ("way", "account", "by"),
    [
        *(("optimal", "x/me", "slots"), ("optimal", "x/new", "waking hours"), ("even", "x/me", "slots")),
        *(
            ("even", "x/new", "waking hours"),
            ("slots", "x/new", "waking hours"),
            ("slots", '"x/me,x/new"', "slots in turn"),
        ),
    ],
)
def test_without_data_or_slots_it_says_what_it_did_instead(ttp: Program, way: str, account: str, by: str) -> None:
    sheet = f"{HEADER}a,{account},,One\nb,{account},,Two\n"

    plan = ttp.ok("import", "-", "--spread", way, "--dry-run", "--json", stdin=sheet).json["plan"]

    assert [one["by"] for one in plan["placedBy"]] == [by], plan


def test_accounts_whose_slots_never_meet_are_told(ttp: Program) -> None:
    ttp.ok("slots", "add", "daily 10:00", "--account", "x/new")

    ran = ttp.ok("import", "-", "--spread", "slots", "--format", "table", stdin=f'{HEADER}a,"x/me,x/new",,One\n')

    assert "x/me and x/new" in ran.out


def test_where_not_all_fit_nothing_is_taken_unless_some_may_stay_drafts(ttp: Program) -> None:
    argv = ("import", "-", "--spread", "slots", "--days", "3")
    ran = ttp(*argv, stdin=FOUR)

    assert (ran.code, ttp.count("post")) == (2, 0)
    for line in (
        "1 of 3 ",
        "ttp import - --spread slots --days 4",
        "ttp import - --spread slots --days 3 --partial",
    ):
        assert line in ran.err
    assert "--per-day 2" not in ttp(*argv, "--per-day", "1", stdin=FOUR).err  # the account has one slot a day

    partly = ttp(*argv, "--partial", "--json", stdin=FOUR)
    assert (partly.code, partly.json["plan"]["leftOut"], len(partly.json["planned"])) == (6, ["5"], 2)
    assert partly.err
    assert times(ttp) == {"One": WED, "Fixed": THU, "Two": FRI, "Three": None}


def test_the_limits_of_plan_are_kept(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    ttp.ok("slots", "add", "daily 9:30,18:00", "--account", "x/me")
    monkeypatch.setenv("TTP_PLAN__QUIET_HOURS", "17:00-20:00")
    monkeypatch.setenv("TTP_PLAN__BLACKOUT", '["2026-11-25"]')

    done = spread(ttp, FOUR, "--from", "2026-11-24", "--per-day", "1").json

    assert [one["at"] for one in done["planned"]] == [FRI, SAT, "2026-11-29T09:00:00Z"]
    assert done["plan"]["perDay"] == 1


def test_a_plan_may_begin_later(ttp: Program) -> None:
    done = spread(ttp, FOUR, "--from", "2026-12-01").json

    assert done["planned"][0]["at"] == "2026-12-01T09:00:00Z"


def test_every_row_is_checked_as_if_it_had_its_time(ttp: Program) -> None:
    sheet = f"{HEADER}a,x/me,,{'a' * 281}\nb,,,For nobody\nc,x/me,,Fine\n"
    ran = spread(ttp, sheet)

    assert (ran.code, ttp.count("post")) == (2, 0)
    assert [(p["message"][:5], p["field"]) for p in ran.error["problems"]] == [
        *(("row 2", "content"), ("row 3", "accounts")),
    ]
    assert spread(ttp, sheet, "--partial").json["added"] == 1
    assert spread(ttp, sheet, "--to", "x/me", "--partial").json["added"] == 1


def test_the_same_text_twice_is_told_and_refused_where_that_is_asked_for(ttp: Program) -> None:
    sheet = f"{HEADER}a,x/me,,Tea\nb,x/me,,tea\nc,x/me,,Cake\n"

    strict = spread(ttp, sheet, "--strict")
    assert (strict.code, [p["field"] for p in strict.error["problems"]], ttp.count("post")) == (2, ["content"], 0)
    partly = spread(ttp, sheet, "--strict", "--partial")
    assert (partly.code, partly.json["added"], [one["row"] for one in partly.json["rejected"]]) == (6, 2, ["3"])
    assert [(one["row"], one["id"]) for one in partly.json["planned"]] == [("2", 1), ("4", 2)]
    assert "post 1" in spread(ttp, sheet).err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--spread", "best"], '"best"'),
        (["--days", "3"], "ttp import - --days 3 --spread optimal"),
        (["--per-day", "3"], "--per-day"),
        (["--from", "2026-12-01"], "--from"),
        (["--spread", "even", "--from", "soon"], "Examples: next monday"),
        (["--spread", "even", "--days", "0"], "--days"),
        (["--spread", "even", "--tz", "Mars"], "Mars"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_with_what_to_type(ttp: Program, argv: list[str], said: str) -> None:
    ran = ttp("import", "-", *argv, stdin=FOUR)

    assert (ran.code, ttp.count("post")) == (2, 0)
    assert said in ran.err


@pytest.mark.parametrize("sheet", [f"{HEADER}a,x/me,,One\n", f"{HEADER}a,x/me,next-slot,One\n"])
def test_a_time_that_somebody_takes_meanwhile_is_not_given_again(
    ttp: Program, monkeypatch: pytest.MonkeyPatch, sheet: str
) -> None:
    from ttp.services import bulk_edit
    from ttp.services.files import importer

    apply = bulk_edit.apply_changes

    def late(*args: object) -> object:
        ttp.post("First", "--to", "x/me", "--at", "next-slot")
        return apply(*args)  # type: ignore[arg-type]  # what it was given

    monkeypatch.setattr(importer, "apply_changes", late)
    ran = spread(ttp, sheet)

    assert (ran.code, ran.error["code"]) == (2, "state")
    assert times(ttp) == {"First": WED}


def test_a_folder_is_spread_and_a_sync_leaves_the_times(ttp: Program, tmp_path: Path) -> None:
    folder = tmp_path / "content"
    folder.mkdir()
    for name in "ab":
        (folder / f"{name}.md").write_text(f"---\nto: x/me\n---\n\nPost {name}\n")

    done = ttp.ok("import", str(folder), "--spread", "slots", "--json").json

    assert [(one["row"], one["at"]) for one in done["planned"]] == [("a.md", WED), ("b.md", THU)]
    ttp.ok("sync", str(folder), "--check")


def test_a_long_plan_is_shown_as_far_as_a_person_reads(ttp: Program) -> None:
    sheet = "accounts,text\n" + "".join(f"x/me,Number {n}\n" for n in range(103))

    shown = ttp.ok("import", "-", "--spread", "even", "--days", "120", "--dry-run", "--format", "table", stdin=sheet)

    assert "3 more" in shown.out
    assert "Number 99" in shown.out
    assert "Number 100" not in shown.out
