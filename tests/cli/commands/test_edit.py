"""`ttp edit`, `schedule`, `unschedule`, `delete` on posts in every state."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.clock import START
from tests.conftest import Program
from tests.media_bytes import jpeg
from ttp.cli.errors import BY_CODE

BUSY = ("claimed", "sending", "processing", "retrying", "reconciling")


def states(ttp: Program, post: int = 1) -> dict[str, str]:
    return {d["account"]: d["state"] for d in ttp.shown(post)["deliveries"]}


# Edit.


def test_an_edit_replaces_what_is_given_and_keeps_the_rest(ttp: Program) -> None:
    ttp.account()
    ttp.post("Hello", "--to", "x", "--tag", "a", "--at", "in 1h")
    ran = ttp("edit", "1", "Better", "--json")
    assert (ran.code, ran.json["content"]) == (0, "Better")
    assert (ran.json["tags"], ran.json["accounts"], ran.json["status"]) == (["a"], ["x/me"], "scheduled")
    assert ttp("edit", "1", "-", stdin="From stdin\n").out == "1\n"
    assert ttp.shown()["content"] == "From stdin"


def test_lists_are_replaced_whole_and_an_empty_text_empties_them(ttp: Program, tmp_path: Path) -> None:
    ttp.account()
    for name in "ab":
        (tmp_path / f"{name}.jpg").write_bytes(jpeg(1000 if name == "a" else 1080))
    ttp.post("Hello", "--to", "x", "--tag", "a,b", "--media", str(tmp_path / "a.jpg"), "--alt", "one")
    after = ttp("edit", "1", "--media", str(tmp_path / "b.jpg"), "--tag", "c", "--json").json
    assert ([m["name"] for m in after["media"]], after["tags"]) == (["b.jpg"], ["c"])
    assert ttp("edit", "1", "--alt", "two", "--json").json["media"][0]["alt"] == "two"
    emptied = ttp("edit", "1", "--alt", "", "--tag", "", "--to", "", "--json").json
    assert (emptied["media"][0]["alt"], emptied["tags"], emptied["accounts"]) == (None, [], [])
    assert ttp("edit", "1", "--media", "", "--json").json["media"] == []


def test_a_file_that_is_called_like_a_place_is_suggested_as_it_is_typed(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "2=a.jpg").write_bytes(jpeg(1000))
    words = "create", "a", "--thread", "b", "--media"
    for typed in ((*words, "2=a.jpg"), ("create", "2=a.jpg"), (*words[:4], "2=a.jpg")):
        refused = ttp(*typed)
        assert refused.code != 0
        assert "--media ./2=a.jpg" in refused.err
    ttp.ok(*words, "last=./2=a.jpg")
    ttp.ok("edit", "1", "--add-media", "./2=a.jpg")
    media = ttp.ok("show", "1", "--json").json["media"]
    assert [(one["name"], one["part"]) for one in media] == [("2=a.jpg", 1), ("2=a.jpg", "last")]


def test_media_are_added_at_the_end_and_removed_by_name_or_number_and_the_others_stay(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("a.jpg", "of two words.jpg", "-c.jpg", "2")):
        (tmp_path / name).write_bytes(jpeg(1000 + number))
    ttp.post("Hello", "--media", "a.jpg", "--alt", "one", "--media", "./2", "--alt", "two")

    def media(*argv: str) -> list[tuple[str, str | None]]:
        ran = ttp.ok("edit", "1", *argv, "--json")
        return [(one["name"], one["alt"]) for one in ran.json["media"]]

    added = [("a.jpg", "one"), ("2", "two"), ("of two words.jpg", "three"), ("-c.jpg", None)]
    assert media("--add-media", "of two words.jpg", "--add-media", "-c.jpg", "--alt", "three") == added
    assert media("--remove-media", "2", "--remove-media", "./2") == [added[0], *added[2:]]
    assert media("--remove-media", "-c.jpg", "--add-media", "a.jpg") == [added[0], added[2], ("a.jpg", None)]
    error = ttp("edit", "1", "--remove-media", "a.jpg", "--json").error
    assert (error["code"], error["hint"]) == ("ambiguous", None)
    assert error["hints"] == [f"ttp edit 1 --remove-media {number} --json" for number in (1, 3)]
    for name in ("none.jpg", "4", "0"):
        assert ttp("edit", "1", "--remove-media", name, "--json").error["code"] == "not_found"
    for option in ("--add-media", "--remove-media"):
        assert ttp("edit", "1", "--media", "a.jpg", option, "a.jpg", "--json").error["code"] == "usage"
        assert ttp("edit", "1", option, "", "--tag", "a", "--json").error["code"] == "usage"
    script = f"import shutil, sys; shutil.copy(sys.argv[1], {str(tmp_path / 'seen')!r})"
    monkeypatch.setenv("TTP_EDITOR", shlex.join([sys.executable, "-c", script]))
    ttp.ok("edit", "1", "-e", "--remove-media", "3", "--add-media", "./2", "--alt", "four")
    edited = [added[0], added[2], ("2", "four")]
    assert [(one["name"], one["alt"]) for one in ttp.shown()["media"]] == edited
    for _ in range(4):
        ttp.ok("undo")
    assert [one["name"] for one in ttp.shown()["media"]] == ["a.jpg", "2"]
    assert media("--remove-media", "1", "--alt", "left") == [("2", "left")]


def test_variants_and_options_are_replaced_by_their_key(ttp: Program) -> None:
    ttp.post("Hello", "--text", "x=one", "--text", "ig=two", "--set", "tiktok.is_aigc=true")
    after = ttp("edit", "1", "--text", "x=three", "--text", "ig=", "--set", "tiktok.is_aigc=false", "--json").json
    assert after["variants"] == {"x": "three"}
    assert after["options"] == {"tiktok.is_aigc": "false"}


def test_an_account_left_out_is_cancelled_and_one_that_comes_back_starts_over(ttp: Program) -> None:
    for name in ("x/me", "x/shop"):
        ttp.account(name)
    ttp.post("Hello", "--to", "x/me,x/shop", "--at", "in 1h")
    assert ttp("edit", "1", "--to", "x/me", "--json").json["accounts"] == ["x/me"]
    assert states(ttp) == {"x/me": "pending", "x/shop": "cancelled"}
    ttp.ok("edit", "1", "--to", "x/shop")
    assert states(ttp) == {"x/me": "cancelled", "x/shop": "pending"}
    assert ttp.shown()["deliveries"][1]["dueAt"] == "2026-11-24T13:00:00Z"
    assert ttp.count("delivery") == 2


def test_without_any_account_a_scheduled_post_is_a_draft_again(ttp: Program) -> None:
    ttp.account()
    ttp.post("Hello", "--to", "x", "--at", "in 1h")
    after = ttp("edit", "1", "--to", "", "--json").json
    assert (after["status"], after["scheduledAt"], after["accounts"]) == ("draft", None, [])


def test_a_new_account_of_a_post_whose_time_has_passed_waits_for_a_time(ttp: Program) -> None:
    for name in ("x/me", "x/shop"):
        ttp.account(name)
    ttp.post("Hello", "--to", "x/me", "--at", "in 1h")
    ttp.bring(1, "failed", error=("network", "cut"))
    ttp.clock.advance(hours=2)
    ran = ttp("edit", "1", "--to", "x/me,x/shop", "--json")
    assert ran.json["deliveries"][1]["dueAt"] is None
    (warning,) = ran.json["warnings"]
    assert "x/shop" in warning
    assert "ttp publish 1" in ran.err


def test_published_deliveries_are_not_touched_by_an_edit(ttp: Program) -> None:
    for name in ("x/me", "x/shop"):
        ttp.account(name)
    ttp.post("Hello", "--to", "x/me,x/shop", "--at", "in 1h")
    ttp.bring(1, "failed", "x/shop", error=("network", "cut"))
    ttp.bring(1, "published", "x/me", published_at=START)
    ttp.sql("UPDATE post SET status = 'partial'")
    ttp.ok("edit", "1", "Better", "--to", "x/shop")
    assert states(ttp) == {"x/me": "published", "x/shop": "failed"}


def test_an_edit_that_a_platform_would_refuse_is_refused_once_there_is_a_time(ttp: Program) -> None:
    ttp.account()
    ttp.post("Hello", "--to", "x")
    assert ttp("edit", "1", "a" * 281).code == 0
    assert ttp("schedule", "1", "--at", "in 1h", "--json").error["code"] == "content"
    ttp.ok("edit", "1", "Hello", "--at", "in 1h")
    ran = ttp("edit", "1", "a" * 281, "--json")
    assert (ran.code, ran.error["hint"], ttp.shown()["content"]) == (2, "ttp edit 1 -", "Hello")


def test_a_text_from_stdin_outlives_an_edit_that_is_refused(ttp: Program) -> None:
    ttp.post("Hello")
    ran = ttp("edit", "1", "-", "--to", "x/nobody", stdin="A long text")
    assert (ran.code, "see: ttp show 2\n" in ran.err) == (3, True)
    assert (ttp.shown()["content"], ttp.shown(2)["content"]) == ("Hello", "A long text")


def test_what_cannot_be_done_is_one_error_and_changes_nothing(ttp: Program) -> None:
    ttp.post("Hello")
    before = ttp.shown()
    for argv, code in [
        *((["edit", "1"], "usage"), (["edit", "1", ""], "usage"), (["edit", "1", "--at", "in 1h"], "state")),
        *((["edit", "9", "x"], "not_found"), (["edit", "x", "y"], "usage"), (["edit", "1-2", "y"], "usage")),
        *((["edit", "1,2", "y"], "usage"), (["edit", "99999999999999999999", "y"], "usage")),
        *((["edit", "1", "--alt", "x"], "usage"), (["schedule", "1"], "usage")),
        *((["schedule", "1", "--at", "in 1h"], "state"), (["schedule", "9", "--at", "in 1h"], "not_found")),
        *((["schedule", "5-9", "--at", "in 1h"], "not_found"), (["schedule", "2-1", "--at", "in 1h"], "usage")),
        *((["schedule", post, "--at", "in 1h"], "usage") for post in ("0", "١")),
        *((["unschedule", "9"], "not_found"), (["delete", "9"], "not_found"), (["delete"], "usage")),
    ]:
        ran = ttp(*argv)
        assert (ran.code, ran.out, ran.err.count("ttp: error: ")) == (BY_CODE[code], "", 1), argv
        assert ttp(*argv, "--json").error["code"] == code, argv
    assert ttp.shown() == before


# States.


@pytest.mark.parametrize("state", BUSY)
@pytest.mark.parametrize(
    "argv", [["edit", "1", "x"], ["schedule", "1", "--at", "in 1h"], ["unschedule", "1"], ["delete", "1"]]
)
def test_a_post_that_is_being_published_is_not_touched(ttp: Program, state: str, argv: list[str]) -> None:
    ttp.account()
    ttp.post("Hello", "--to", "x", "--at", "in 1h")
    ttp.bring(1, state)
    ran = ttp(*argv, "--json")
    assert (ran.code, ran.error["code"], ran.error["hint"]) == (2, "state", "ttp show 1")
    assert ttp.shown()["content"] == "Hello"


@pytest.mark.parametrize("argv", [["edit", "1", "x"], ["schedule", "1", "--at", "in 1h"], ["delete", "1"]])
def test_a_post_that_may_be_live_is_refused_with_the_commands_that_settle_it(ttp: Program, argv: list[str]) -> None:
    ttp.account()
    ttp.post("Hello", "--to", "x", "--at", "in 1h")
    ttp.bring(1, "needs_review")
    ran = ttp(*argv)
    assert ran.code == 2
    assert "ttp resolve 1 --account x/me --published URL" in ran.err
    assert "ttp resolve 1 --account x/me --not-published" in ran.err


def test_a_published_post_is_neither_edited_nor_given_a_time_but_can_be_deleted(ttp: Program) -> None:
    ttp.account()
    ttp.post("Hello", "--to", "x", "--at", "in 1h")
    ttp.bring(1, "published", published_at=START, url="https://x.com/i/status/5")
    for argv in (["edit", "1", "x"], ["schedule", "1", "--at", "in 1h"], ["unschedule", "1"]):
        ran = ttp(*argv, "--json")
        assert (ran.code, ran.error["code"], ran.error["message"]) == (2, "state", "post 1 is published"), argv
    ran = ttp("delete", "1")
    assert (ran.out, ran.err) == ("1\n", "note: post 1 stays published: https://x.com/i/status/5\n")


def test_a_new_time_moves_the_failed_deliveries_only(ttp: Program) -> None:
    for name in ("x/me", "x/shop"):
        ttp.account(name)
    ttp.post("Hello", "--to", "x/me,x/shop", "--at", "in 1h")
    ttp.bring(1, "failed", "x/shop", error=("network", "cut"), tries=8)
    ttp.bring(1, "published", "x/me", published_at=START)
    ttp.sql("UPDATE post SET status = 'partial'")
    (post,) = ttp("schedule", "1", "--at", "in 3h", "--json").json
    assert [(d["state"], d["error"]) for d in post["deliveries"]] == [("published", None), ("pending", None)]
    assert [d["dueAt"] for d in post["deliveries"]] == ["2026-11-24T13:00:00Z", "2026-11-24T15:00:00Z"]


def test_unschedule_makes_drafts_again_also_of_drafts(ttp: Program) -> None:
    ttp.account()
    ttp.post("Hello", "--to", "x", "--at", "in 1h")
    for _ in range(2):
        (post,) = ttp("unschedule", "1", "--json").json
        assert (post["status"], post["scheduledAt"], post["deliveries"][0]["dueAt"]) == ("draft", None, None)


# Several posts.


def test_ranges_take_the_ids_that_exist_and_each_once(ttp: Program) -> None:
    ttp.account()
    for text in "abcd":
        ttp.post(text, "--to", "x")
    ttp.ok("delete", "2")
    assert ttp("schedule", "3", "1-9", "--at", "in 1h").out == "3\n1\n4\n"
    assert ttp("unschedule", "1-4", "3").out == "1\n3\n4\n"


def test_of_several_posts_all_are_changed_or_none(ttp: Program) -> None:
    ttp.account()
    for text in ("a", "b", "c" * 281):
        ttp.post(text, "--to", "x")
    ran = ttp("schedule", "1-3", "--at", "in 1h", "--json")
    assert (ran.code, ran.error["code"]) == (2, "content")
    assert re.findall(r"\d+", ran.error["message"]) == ["3", "281", "280"]
    assert ttp("schedule", "1", "77", "--at", "in 1h").code == 3
    ttp.bring(2, "sending")
    assert ttp("schedule", "1-2", "--at", "in 1h").code == 2
    assert ttp("delete", "1-2", "--yes").code == 2
    assert (ttp.shown()["status"], ttp.sql("SELECT count(*) FROM post WHERE deleted_at IS NOT NULL")) == (
        "draft",
        [(0,)],
    )


def test_warnings_belong_to_the_post_that_they_are_about(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.ok("account", "add", "x/new")
    ttp.post("a", "--to", "x/me")
    ttp.post("b", "--to", "x/new")
    posts = ttp("schedule", "1-2", "--at", "in 1h", "--json").json
    assert [len(post["warnings"]) for post in posts] == [1, 2]
    assert "x/new" in posts[1]["warnings"][0]


# Delete.


def test_one_post_is_deleted_at_once_and_several_need_yes(ttp: Program) -> None:
    for text in "abc":
        ttp.post(text)
    assert ttp("delete", "1").out == "1\n"
    ran = ttp("delete", "2-3")
    assert (ran.code, ran.out) == (2, "")
    assert "ttp delete 2-3 --yes" in ran.err
    assert ttp("delete", "2-3", "--yes", "--json").json == [{"id": 2, "deleted": True}, {"id": 3, "deleted": True}]
    assert ttp("list").out == ""


def test_a_deleted_post_is_gone_but_its_number_and_its_attempts_stay(ttp: Program) -> None:
    ttp.account()
    ttp.post("a", "--to", "x", "--at", "in 1h")
    ttp.ok("delete", "1")
    for command in (("show", "1"), ("edit", "1", "x")):
        assert ttp(*command).code == 3
    assert ttp("log", "1").code == 0
    assert ttp.post("b") == 2
    assert (ttp.count("post"), ttp.count("delivery")) == (2, 1)
    assert json.loads(ttp("status", "--json").out)["waiting"] == 0


def test_a_text_for_an_account_that_is_empty_is_not_taken_for_the_text_of_the_post(ttp: Program) -> None:
    ttp.post("Hello")
    ran = ttp("edit", "1", "--text", "", "--json")
    assert (ran.code, ran.error["hints"]) == (2, ["--text KEY=TEXT"])
