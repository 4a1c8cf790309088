"""`ttp edit --where`: one change for many posts, shown first, all of it or nothing."""

from __future__ import annotations

import shlex

import pytest

from tests.conftest import Fill, Program
from ttp.cli import terminal

OLD, NEW = "https://a.example/x", "https://b.example/"


@pytest.fixture
def ttp(fill: Fill) -> Program:
    return fill(four_posts)


def four_posts(ttp: Program) -> None:
    """Two scheduled posts with a tag, a draft, and one that is out."""
    for name in ("x/me", "x/new"):
        ttp.account(name)
    ttp.post(
        f"See {OLD}. And {OLD}/y", "--to", "x/me", "--at", "2026-12-01 09:00", "--tag", "t", "--text", f"x/me={OLD}"
    )
    ttp.post("No link", "--to", "x/me", "--at", "2026-12-02 09:00", "--tag", "t", "--thread", f"more: {OLD}")
    ttp.post(f"Draft {OLD}", "--to", "x/me")
    ttp.post(f"Out {OLD}", "--to", "x/me", "--at", "2026-12-03 09:00", "--tag", "t")
    ttp.bring(4, "published", remote_id="1")


def test_a_link_is_replaced_as_a_whole_in_all_texts_of_what_has_not_begun(ttp: Program) -> None:
    ran = ttp.ok("edit", "--where", "search=example", "--replace-link", OLD, NEW, "--yes", "--json")
    assert [(step["id"], step["action"], step["changes"]) for step in ran.json] == [
        *((1, "change", ["text", "variants"]), (3, "change", ["text"])),
    ]
    ttp.ok("edit", "--where", "tag=t", "--replace-link", OLD, NEW, "--yes")
    first, second = ttp.shown(1), ttp.shown(2)
    assert (first["content"], first["variants"]) == (f"See {NEW}. And {OLD}/y", {"x/me": NEW})
    assert second["thread"] == [f"more: {NEW}"]
    assert ttp.shown(4)["content"] == f"Out {OLD}"


def test_times_move_by_the_persons_calendar_over_a_change_of_the_clocks(
    ttp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_TZ", "Europe/Berlin")
    ttp.ok("account", "set", "x/me", "--tz", "Asia/Tokyo")
    ttp.ok("schedule", "1", "--at", "2027-03-27 09:00")
    ttp.ok("edit", "--where", "tag=t status=scheduled until=2028-01-01", "--shift", "+1d2h", "--yes")
    assert ttp.shown(1)["scheduledAt"] == "2027-03-28T09:00:00Z"
    assert ttp.shown(2)["scheduledAt"] == "2026-12-03T11:00:00Z"
    ttp.ok("edit", "--where", "tag=t", "--shift", "-2h", "--yes")
    assert ttp.shown(2)["scheduledAt"] == "2026-12-03T09:00:00Z"
    assert ttp.shown(4)["scheduledAt"] == "2026-12-03T09:00:00Z"


@pytest.mark.parametrize("which", [("2",), ("--where", "search=Two", "--yes")])
def test_a_step_of_minutes_is_elapsed_time_in_the_hour_that_comes_twice(
    ttp: Program, monkeypatch: pytest.MonkeyPatch, which: tuple[str, ...]
) -> None:
    monkeypatch.setenv("TTP_TZ", "Europe/Berlin")
    ttp.ok("edit", "2", "Two", "--at", "2027-10-31T02:15+01:00")
    ttp.ok("edit", *which, "--shift", "+15m")
    assert ttp.shown(2)["scheduledAt"] == "2027-10-31T01:30:00Z"


@pytest.mark.parametrize("which", [("2",), ("--where", "status=scheduled", "--yes")])
def test_no_post_is_moved_behind_the_last_year(ttp: Program, which: tuple[str, ...]) -> None:
    ran = ttp("edit", *which, "--shift", "+5200w")
    assert (ran.code, "2100" in ran.err) == (2, True)


def test_a_time_that_would_have_passed_stops_all_of_it(ttp: Program) -> None:
    ran = ttp("edit", "--where", "tag=t", "--shift", "-7d", "--yes")
    assert (ran.code, "post 1  at" in ran.err, ran.out) == (2, True, "")
    assert ttp.shown(2)["scheduledAt"] == "2026-12-02T09:00:00Z"


def test_another_account_takes_the_place_of_one_with_its_text(ttp: Program) -> None:
    ttp.ok("edit", "--where", "account=x/me", "--account", "x/me=x/new", "--yes")
    assert [ttp.shown(post)["accounts"] for post in (1, 2, 3, 4)] == [["x/new"], ["x/new"], ["x/new"], ["x/me"]]
    assert ttp.shown(1)["variants"] == {"x/new": OLD}
    assert ttp.shown(1)["scheduledAt"] == "2026-12-01T09:00:00Z"


def test_it_shows_first_and_needs_to_be_told(ttp: Program) -> None:
    argv = ("edit", "--where", "tag=t", "--shift", "+1d")
    shown = ttp.ok(*argv, "--dry-run")
    assert [row[:3] for row in shown.rows] == [["move", "1", "at"], ["move", "2", "at"]]
    refused = ttp(*argv)
    assert (refused.code, "ttp edit --where tag=t --shift +1d --yes" in refused.err) == (2, True)
    assert ttp.shown(1)["scheduledAt"] == "2026-12-01T09:00:00Z"
    assert ttp.ok("edit", "--where", "tag=none", "--shift", "+1d", "--dry-run", "--json").json == []


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        ([], ""),
        (["1", "--delete"], "--where"),
        (["1", "--shift", "+1d", "--at", "fri 9am"], "--shift"),
        (["--where", "tag=t"], ""),
        (["--where", "tag=t", "--shift", "1d"], "--shift"),
        (["--where", "tag=t", "--shift", "+soon"], "--shift"),
        (["--where", "tag=t", "--account", "x/me"], "--account"),
        (["--where", "tag=t", "--account", "x/me=x/none"], "x/none"),
        (["--where", "tag=t", "--replace-link", "a b", "c"], ""),
        (["--where", "launch", "--shift", "+1d"], '"launch"'),
        (["--where", "kind=x", "--shift", "+1d"], '"kind=x"'),
        (["--where", "tag='t", "--shift", "+1d"], "--where"),
        (["--where", "", "--shift", "+1d"], "--where"),
        (["--where", "tag=t", "--shift", "+1d", "--tag", "b"], "--where"),
    ],
)
def test_what_cannot_be_done_says_what_to_type(ttp: Program, argv: list[str], named: str) -> None:
    ran = ttp("edit", *argv, "--no-input", "--json")
    assert ran.error["code"] == ("not_found" if "x/none" in named else "usage")
    assert named in ran.error["message"]


def test_what_a_platform_would_refuse_stops_all_of_it(ttp: Program) -> None:
    ttp.ok("schedule", "3", "--at", "2026-12-09 09:00")
    ran = ttp("edit", "--where", "status=scheduled", "--replace-link", "Draft", "x" * 281, "--yes")
    assert (ran.code, "post 3" in ran.err) == (2, True)
    assert ttp.shown(3)["content"] == f"Draft {OLD}"


def test_what_is_for_many_is_suggested_for_the_one_post_that_was_named(ttp: Program) -> None:
    assert "try: ttp delete 2\n" in ttp("edit", "2", "--delete").err


@pytest.mark.parametrize(
    ("step", "at"),
    [("+2h", "2026-12-02T11:00"), ("-1d", "2026-12-01T09:00"), ("friday", "2026-11-27T09:00"), ("soon", None)],
)
def test_the_time_of_one_post_is_moved(ttp: Program, step: str, at: str | None) -> None:
    ran = ttp("edit", "2", "two", "--shift", step)
    if at is None:
        tried = [line.partition("try: ttp ")[2] for line in ran.err.splitlines() if "try: " in line]
        assert (ran.code, len(tried)) == (2, 2)
        for words in tried:
            ttp.ok(*shlex.split(words))
    else:
        shown = ttp.shown(2)
        assert (shown["content"], shown["scheduledAt"][:16]) == ("two", at)


def test_only_a_post_that_has_a_time_to_come_is_moved(ttp: Program) -> None:
    assert ttp("edit", "3", "--shift", "soon", "--json").error["code"] == "state"
    assert ttp("edit", "2", "--shift", "-9d", "--json").error["code"] == "past"


def test_a_dry_run_is_for_many_and_changes_no_single_post(ttp: Program) -> None:
    before = ttp.shown(1)
    ran = ttp("edit", "1", "two", "--dry-run")

    assert (ran.code, ttp.shown(1)) == (2, before)
    assert "--where" in ran.err


def test_people_see_the_old_and_the_new_time_on_their_clock_and_how_to_take_it_back(ttp: Program) -> None:
    edit = ("edit", "--where", "search=link status=scheduled", "--shift", "+1d", "--format", "table")
    shown = ttp.ok(*edit, "--dry-run")
    done = ttp.ok(*edit, "--yes")

    assert shown.out == done.out
    assert "move   2  2 Dec 09:00 -> 3 Dec 09:00  x         at       No link" in done.out
    assert "Times in UTC.\n" in done.out
    assert "--dry-run" in shown.err
    assert "ttp undo" in done.err
    ttp.ok("undo")
    assert ttp.shown(2)["scheduledAt"] == "2026-12-02T09:00:00Z"


@pytest.mark.parametrize("change", [["--add-tag", "new"], ["--delete"]], ids=["change", "delete"])
@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("n\n", 1)])
def test_a_person_who_says_no_gets_exit_1_and_changes_nothing(
    ttp: Program, monkeypatch: pytest.MonkeyPatch, change: list[str], typed: str, code: int
) -> None:
    monkeypatch.setattr(terminal, "is_interactive", lambda: True)
    before = ttp.ok("list", "--json").json
    assert ttp("edit", "--where", "tag=t status=scheduled", *change, stdin=typed).code == code
    assert (ttp.ok("list", "--json").json == before) == bool(code)
