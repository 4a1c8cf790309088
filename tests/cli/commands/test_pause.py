"""`ttp pause` and `ttp resume`: due posts wait, are shown as waiting, and are published after `resume`."""

from __future__ import annotations

from tests.clock import FakeClock
from tests.conftest import Program


def test_a_paused_account_is_shown_as_such_everywhere(ttp: Program) -> None:
    ttp.account()
    ttp.account("x/b")
    ttp.post("hi", "--to", "x/me,x/b", "--at", "in 1h")
    said = ttp.ok("pause", "--account", "x/me", "--format", "table").out

    assert "ttp resume --account x/me" in said
    assert "paused" in ttp.ok("account", "list", "--format", "table").out
    shown = ttp.ok("account", "show", "x/me", "--format", "table").out
    assert "ttp resume --account x/me" in shown
    assert ttp.ok("status", "--json").json["holds"] == [{"account": "x/me", "until": None, "reason": "paused"}]
    assert "x/me (paused)" in ttp.ok("status", "--format", "table").out
    waiting = {d["account"]: d["waitingFor"] for d in ttp.shown(1)["deliveries"]}
    assert waiting == {"x/b": None, "x/me": "its account to be resumed"}
    assert "ttp resume --account x/me" in ttp("doctor", "--json").out


def test_what_came_due_meanwhile_is_not_overdue_and_is_due_again_after_it(ttp: Program, clock: FakeClock) -> None:
    ttp.account()
    ttp.post("hi", "--to", "x", "--at", "in 1h")
    ttp.ok("pause")
    clock.advance(days=3)
    assert ttp.ok("status", "--json").json["overdue"] == 0

    assert ttp.ok("resume", "--json").json[0]["holdUntil"] is None
    assert ttp("status", "--json").json["overdue"] == 1
    assert ttp.ok("resume", "--json").json == []


def test_publish_says_that_a_post_waits_and_status_counts_it(ttp: Program) -> None:
    ttp.account()
    ttp.post("hi", "--to", "x")
    ttp.ok("pause")

    assert "post 1 to x/me" in ttp("publish", "1", "--yes").err
    assert "1 due" in ttp.ok("status", "--format", "table").out


def test_all_are_paused_where_none_is_named(ttp: Program) -> None:
    for name in ("x/a", "x/b"):
        ttp.account(name)

    assert ttp.ok("pause").rows == [["x/a"], ["x/b"]]
    assert ttp.ok("resume", "--account", "x/b").rows == [["x/b"]]
    assert ttp.ok("resume").rows == [["x/a"]]


def test_enabling_an_account_ends_its_pause_too(ttp: Program) -> None:
    ttp.account()
    ttp.ok("pause")

    assert ttp.ok("account", "enable", "x/me", "--json").json["holdUntil"] is None


def test_a_list_says_what_is_paused_to_people_and_beside_the_data(ttp: Program) -> None:
    ttp.account()
    ttp.account("x/b")
    ttp.post("hi", "--to", "x/me", "--at", "in 1h")
    ttp.ok("pause", "--account", "x/me")
    fix = ":  ttp resume --account x/me\n"

    assert ttp.ok("list", "--format", "table").out.endswith(fix)
    listed = ttp.ok("list", "--json")
    assert listed.err.endswith(fix)
    assert listed.json[0]["deliveries"][0]["waitingFor"] == "its account to be resumed"
    assert ttp.ok("list", "--ids", "-q").err == ""
    ttp.ok("pause")
    assert ttp.ok("list").err.endswith(":  ttp resume\n")
    ttp.ok("resume")
    assert ttp.ok("list").err == ""


def test_what_is_scheduled_for_a_paused_account_is_warned_of(ttp: Program) -> None:
    ttp.account()
    ttp.ok("pause")
    made = ttp.ok("create", "hi", "--to", "x", "--at", "in 1h", "--json")

    assert any("x/me" in warning for warning in made.json["warnings"])
    assert "ttp resume --account x/me" in made.err
