"""`ttp approve` and `reject`: what they say and refuse, what takes them back, and where what waits is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clock import START, FakeClock
from tests.conftest import Fill, Program


@pytest.fixture
def strict(fill: Fill) -> Program:
    """A store in which posts need approval before they are published: posts 1 and 2 in an hour, draft 3."""
    ttp = fill(three_posts)
    ttp.ok("config", "set", "publish.require_approval", "true")
    return ttp


def three_posts(ttp: Program) -> None:
    ttp.account()
    ttp.post("first", "--to", "x", "--at", "in 1h")
    ttp.post("second", "--to", "x", "--at", "in 2h")
    ttp.post("third", "--to", "x")


def approved(ttp: Program, post: int = 1) -> bool:
    return ttp.shown(post)["approvedAt"] is not None


def test_what_waits_says_so_everywhere_and_what_to_type(strict: Program) -> None:
    shown = strict.shown(1)
    assert (shown["status"], shown["approvedAt"], shown["needs"]) == ("scheduled", None, ["approve"])
    assert [d["waitingFor"] for d in shown["deliveries"]] == ["approval"]
    assert strict.shown(3)["needs"] == []
    told = strict.ok("show", "1", "--format", "table").out
    assert "Next:  ttp approve 1\n" in told
    listed = strict.ok("list", "--format", "table").out
    assert listed.count("unapproved") == 2
    assert "ttp approve 1 2" in listed
    assert "needs you" not in listed
    assert [post["needs"] for post in strict.ok("list", "--json").json] == [["approve"], ["approve"], []]
    assert strict.ok("list", "--needs-you", "--ids").out == "1\n2\n"
    assert strict.ok("status", "--json").json["needs"] == {"review": 0, "reconnect": 0, "retry": 0, "approve": 2}
    assert "ttp approve 1 2" in strict.ok("status", "--format", "table").out
    made = strict.ok("create", "hi", "--to", "x", "--at", "in 3h", "--json").json
    assert made["deliveries"][0]["waitingFor"] == "approval"


def test_without_the_setting_nothing_is_said_of_it(ttp: Program) -> None:
    ttp.account()
    ttp.post("first", "--to", "x", "--at", "in 1h")
    assert ttp.shown(1)["needs"] == []
    assert ttp.ok("status", "--json").json["needs"] == {"review": 0, "reconnect": 0, "retry": 0}
    for command in ("list", "show 1", "status"):
        assert "pprov" not in ttp.ok(*command.split(), "--format", "table").out
    assert ttp.ok("list", "--needs-you").out == ""


def test_approving_says_what_was_approved_and_lets_it_go_out(strict: Program) -> None:
    said = strict.ok("approve", "1", "--format", "table", "-q").out
    assert said == ""
    ran = strict.ok("approve", "1-2", "--format", "table")
    assert ran.out.splitlines()[0] == "Approved post 1 for Tue 24 Nov 2026 13:00 UTC to x/me: first"
    shown = strict.shown(1)
    assert (shown["approvedAt"], shown["needs"]) == ("2026-11-24T12:00:00Z", [])
    assert "Approval    approved today 12:00" in strict.ok("show", "1", "--format", "table").out
    listed = strict.ok("list", "--format", "table").out
    assert listed.count("approved") == 2
    assert "wait for approval" not in listed
    assert strict.ok("approve", "1", "2").out == "1\n2\n", "approving again changes nothing"


def test_all_are_approved_or_none(strict: Program) -> None:
    strict.post("nowhere")
    refused = strict("approve", "1", "4", "--json")
    assert (refused.code, refused.error["code"], approved(strict)) == (2, "state", False)
    assert strict("approve", "1", "99").code == 3
    assert not approved(strict)


def test_what_is_out_is_not_approved(strict: Program) -> None:
    strict.bring(1, "published", published_at=START)
    strict.bring(2, "needs_review")
    for post in ("1", "2"):
        assert strict("approve", post, "--json").error["code"] == "state"
        assert not approved(strict, int(post))


def test_a_draft_is_approved_as_it_is_and_a_time_takes_that_back(strict: Program) -> None:
    strict.ok("approve", "3")
    assert approved(strict, 3)
    strict.ok("schedule", "3", "--at", "in 1h")
    assert not approved(strict, 3)


def test_where_it_is_not_needed_it_says_so(ttp: Program) -> None:
    ttp.account()
    ttp.post("hi", "--to", "x", "--at", "in 1h")
    assert "publish.require_approval" in ttp.ok("approve", "1").err
    assert approved(ttp)


def test_files_and_plans_and_slots_take_it_back_too(strict: Program, tmp_path: Path) -> None:
    sheet = tmp_path / "posts.csv"
    sheet.write_text("key,accounts,scheduledAt,content\na,x/me,2026-12-01T09:00Z,one\n")
    strict.ok("import", str(sheet))
    strict.ok("approve", "4")
    strict.ok("import", str(sheet))
    assert approved(strict, 4), "the same file again changes nothing"
    sheet.write_text(sheet.read_text().replace("one", "two"))
    strict.ok("import", str(sheet))
    assert not approved(strict, 4)

    strict.ok("approve", "3")
    strict.ok("plan", "3", "--yes")
    assert (strict.shown(3)["status"], approved(strict, 3)) == ("scheduled", False)

    strict.ok("slots", "add", "mon 09:00", "--account", "x/me", "--tz", "UTC")
    strict.ok("create", "in the slot", "--to", "x", "--at", "next-slot")
    strict.ok("approve", "5")
    strict.ok("create", "in front", "--to", "x", "--first")
    assert not approved(strict, 5)


def test_what_a_repeat_makes_is_not_approved(strict: Program) -> None:
    strict.ok("approve", "3")
    strict.ok("repeat", "3", "--cron", "0 9 * * *", "--tz", "UTC", "--count", "2")
    assert [approved(strict, post) for post in (3, 4, 5)] == [True, False, False]


def test_a_removed_account_takes_nothing_back_from_the_others(strict: Program) -> None:
    strict.account("x/b")
    strict.ok("edit", "1", "--to", "x/me,x/b")
    strict.ok("approve", "1")
    strict.ok("account", "remove", "x/b", "--yes")
    assert approved(strict)


def test_rejecting_makes_it_a_draft_with_the_reason(strict: Program) -> None:
    strict.ok("approve", "1")
    assert strict.ok("reject", "1", "3", "--reason", "too\nloud").out == "1\n3\n"
    shown = strict.shown(1)
    assert (shown["status"], shown["scheduledAt"], shown["approvedAt"]) == ("draft", None, None)
    assert shown["rejection"] == {"at": "2026-11-24T12:00:00Z", "reason": "too\nloud"}
    assert "Approval    rejected today 12:00: too loud" in strict.ok("show", "1", "--format", "table").out
    assert "rejected" in strict.ok("list", "--format", "table").out


def test_what_has_begun_is_not_rejected_and_a_reason_has_words(strict: Program) -> None:
    strict.bring(1, "claimed")
    strict.bring(2, "published", published_at=START)
    for post in ("1", "2"):
        assert strict("reject", post, "--json").error["code"] == "state"
    assert strict("reject", "3", "--reason", " ").code == 2
    assert strict.shown(3)["rejection"] is None


@pytest.mark.parametrize("command", ["publish", "retry"])
def test_what_is_not_approved_is_not_sent_by_hand_either(strict: Program, command: str) -> None:
    if command == "retry":
        strict.bring(1, "failed", next_at=None, error=("missed", "late"))
    refused = strict(command, "1", "--no-wait", "--yes", "--json")
    assert refused.code == 7
    assert (refused.error["code"], refused.error["hint"]) == ("not_allowed", "ttp approve 1")
    strict.ok("approve", "1")
    assert strict.ok(command, "1", "--no-wait", "--yes").out == "1\n"
    assert approved(strict), "it is published at once, as approved"
    strict.ok("reject", "2")
    assert strict("publish", "2", "--yes", "--no-wait").code == 7


def test_of_several_posts_those_that_are_approved_are_sent(strict: Program) -> None:
    strict.ok("approve", "2")
    ran = strict("publish", "1", "2", "--yes", "--no-wait")
    assert (ran.code, ran.out) == (6, "2\n")
    assert "ttp approve 1" in ran.err


def test_what_waits_is_not_overdue_and_misses_nothing_before_its_limit(strict: Program, clock: FakeClock) -> None:
    clock.advance(hours=3)
    status = strict("status", "--json")
    assert (status.code, status.json["overdue"], status.json["nextDueAt"]) == (0, 0, None)
    assert strict("doctor", "--json").json["failures"] == 0
    ran = strict("run", "--once", "--json")
    assert (ran.code, ran.json["claimed"], ran.json["missed"]) == (0, 0, 0)
    assert "ttp approve 1 2" in strict("run", "--once", "--format", "table").err
    assert strict("run", "--once", "-q").err == ""
    clock.advance(hours=4, seconds=1)
    ran = strict("run", "--once", "--json")
    assert (ran.code, ran.json["missed"]) == (6, 1)
    failed = strict.shown(1)
    assert (failed["status"], failed["needs"]) == ("failed", ["retry"])
    assert "Next:  ttp approve 1 && ttp retry 1" in strict.ok("show", "1", "--format", "table").out


def test_an_export_is_read_again_with_all_that_is_said_of_its_posts(strict: Program, tmp_path: Path) -> None:
    strict.ok("approve", "1")
    strict.ok("reject", "2")
    strict.ok("export", str(tmp_path / "posts.json"))
    assert strict.ok("import", str(tmp_path / "posts.json"), "--json").json["unchanged"] == 3
    assert approved(strict)


def test_whoever_schedules_is_told_that_it_must_be_approved(strict: Program, tmp_path: Path) -> None:
    def told(*argv: str) -> str:
        return " ".join(strict.ok(*argv).err.split())

    said = "fix: ttp approve"
    assert f"{said} 4" in told("create", "hi", "--to", "x", "--at", "in 4h")
    assert said not in told("create", "hi", "--to", "x")
    assert f"{said} 1 2" in told("schedule", "1", "2", "--at", "in 5h")
    strict.ok("approve", "1")
    assert said not in told("edit", "1", "--tag", "news")
    warnings = strict.ok("edit", "1", "other", "--json").json["warnings"]
    assert any(one.endswith(f"{said} 1") for one in warnings)
    assert f"{said} 3" in told("plan", "3", "--yes")
    assert f"{said} 6 7" in told("repeat", "5", "--cron", "0 9 * * *", "--tz", "UTC", "--count", "2")
    sheet = tmp_path / "posts.csv"
    rows = [f"k{number},x/me,2026-12-01T09:{number:02}Z,{number}" for number in range(10, 19)]
    sheet.write_text("\n".join(["key,accounts,scheduledAt,content", *rows, "d,x/me,,draft"]))
    assert "see: ttp list --needs-you" in told("import", str(sheet))
    folder = tmp_path / "content"
    folder.mkdir()
    (folder / "a.md").write_text("---\nto: x/me\nat: 2026-12-02T09:00Z\n---\nHello\n")
    assert f"{said} 18" in told("sync", str(folder), "--yes")
    assert strict.ok("create", "hi", "--to", "x", "--at", "in 4h", "-q").err == ""


def test_an_import_that_spreads_takes_it_back_too(strict: Program, tmp_path: Path) -> None:
    sheet = tmp_path / "posts.csv"
    sheet.write_text("key,accounts,scheduledAt,content\na,x/me,,one\n")
    strict.ok("import", str(sheet))
    strict.ok("approve", "4")
    strict.ok("import", str(sheet), "--spread", "even")
    assert (strict.shown(4)["status"], approved(strict, 4)) == ("scheduled", False)


@pytest.mark.parametrize(
    ("option", "holds"),
    [
        ({"reply_settings": "following"}, False),
        ({"reply_settings": "verified"}, True),  # as before
        ({"reply_settings": ""}, False),
        ({"made_with_ai": "true"}, True),  # the post has its own
        ({}, True),
    ],
)
def test_other_options_of_the_account_take_it_back(strict: Program, option: dict[str, str], holds: bool) -> None:
    strict.ok("account", "set", "x/me", "--set", "x.reply_settings=verified")
    strict.ok("edit", "1", "--set", "x.made_with_ai=false")
    strict.account("x/other")
    other = strict.post("fourth", "--to", "x/other", "--at", "in 1h")
    strict.ok("approve", "1", str(other))
    before = strict.shown(1)
    words = [word for name, value in option.items() for word in ("--set", f"x.{name}={value}")]
    ran = strict.ok("account", "set", "x/me", "--tz", "Asia/Tokyo", *words)
    assert approved(strict, 1) is holds
    assert approved(strict, other)
    assert ("ttp list --needs-you" in ran.err) is not holds
    if holds:
        assert strict.shown(1) == before
    strict.ok("undo", "3", "--yes")
    assert strict.shown(1)["options"] == {}, "what was done before can be undone"


def test_other_options_of_the_account_take_it_back_in_any_state(strict: Program) -> None:
    strict.account("x/other")
    strict.ok("edit", "1", "--to", "x/me,x/other")
    strict.ok("approve", "1")
    for state in ("pending", "failed", "needs_review", "claimed", "sending", "retrying", "reconciling", "published"):
        strict.sql("UPDATE delivery SET approved_at = 1, state = ? WHERE post_id = 1", state)
        strict.ok("account", "set", "x/me", "--set", f"x.reply_settings={'' if state == 'failed' else 'verified'}")
        strict.ok("account", "set", "x/me", "--set", "x.reply_settings=following")
        found = strict.sql("SELECT approved_at FROM delivery WHERE post_id = 1 ORDER BY id")
        assert [at for (at,) in found] == [1 if state == "published" else None, 1], state
