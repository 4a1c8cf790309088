"""`ttp undo` and `ttp redo`: each command's change taken back and done again, what is refused, and what stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.writing import writes
from tests.clock import START, FakeClock
from tests.conftest import Fill, Program
from tests.media_bytes import jpeg

Act = Callable[[Program, Path], object]


@pytest.fixture
def ttp(fill: Fill) -> Program:
    return fill(four_posts)


def four_posts(ttp: Program) -> None:
    """A draft, two scheduled posts (one of a tag), and a failed one."""
    ttp.account("x/me")
    ttp.account("x/other")
    ttp.post("Draft", "--to", "x/me", "--tag", "t")
    ttp.post("See https://a.example", "--to", "x/me", "--at", "2026-12-01 09:00")
    ttp.post("Third", "--to", "x/me,x/other", "--at", "2026-12-02 09:00", "--tag", "t", "--thread", "more")
    ttp.post("Fourth", "--to", "x/me", "--at", "2026-12-03 09:00")
    ttp.bring(4, "failed", next_at=None, error=("content", "no"))


def seen(ttp: Program) -> dict[int, Any]:
    """Every post as `ttp show` has it, but for when it was changed."""
    return {post["id"]: {**post, "updatedAt": None} for post in ttp.ok("list", "--json").json}


def log(ttp: Program) -> list[tuple[str, str]]:
    return [(command, posts) for _, command, _, posts in ttp.ok("undo", "--list").rows]


def refused(ttp: Program, *argv: str) -> Any:
    """Run what must be refused, and change nothing; its error."""
    before = ttp.sql("SELECT * FROM post"), ttp.sql("SELECT * FROM delivery"), ttp.sql("SELECT * FROM change_post")
    ran = ttp(*argv, "--json")
    assert (ran.code, ran.out) == (ran.error["exit"], "")
    assert (*(ttp.sql(f"SELECT * FROM {name}") for name in ("post", "delivery", "change_post")),) == before
    return ran.error


def _import(ttp: Program, folder: Path) -> None:
    sheet = "key,accounts,at,text\na,x/me,2026-12-05 09:00,One\nb,x/me,,Two\n"
    ttp.ok("import", "-", stdin=sheet)


def _changing_import(ttp: Program, folder: Path) -> None:
    _import(ttp, folder)
    ttp.ok("import", "-", stdin="key,accounts,at,text\na,x/me,2026-12-06 09:00,One\nb,x/me,,Two and more\nc,,,New\n")


def _sync(ttp: Program, folder: Path) -> None:
    (folder / "content").mkdir()
    (folder / "content" / "a.md").write_text("---\nto: x/me\nat: 2026-12-07 09:00\n---\n\nFrom a file\n")
    ttp.ok("sync", str(folder / "content"), "--yes")


def _renaming_sync(ttp: Program, folder: Path) -> None:
    _sync(ttp, folder)
    (folder / "content" / "a.md").rename(folder / "content" / "b.md")
    ttp.ok("sync", str(folder / "content"), "--prune", "--yes")


def _pruning_sync(ttp: Program, folder: Path) -> None:
    _sync(ttp, folder)
    (folder / "content" / "a.md").rename(folder / "content" / "b.md")
    with (folder / "content" / "b.md").open("a") as file:
        file.write("And more\n")
    ttp.ok("sync", str(folder / "content"), "--prune", "--yes")


def _spread(ttp: Program, folder: Path) -> None:
    ttp.ok("import", "-", "--spread", "even", stdin="accounts,text\nx/me,One\nx/me,Two\n")


def _make_room(ttp: Program, folder: Path) -> None:
    ttp.ok("slots", "add", "daily 09:00", "--account", "x/me")
    ttp.ok("schedule", "1", "--at", "next-slot", "--first")
    ttp.ok("create", "First of all", "--to", "x/me", "--at", "next-slot", "--first")


def _kept(ttp: Program, folder: Path) -> None:
    ttp.ok("create", "-", "--to", "x/me", "--at", "in 3h", stdin="Piped")


def typed(*argv: str) -> Act:
    return lambda ttp, folder: ttp.ok(*argv)


LINK = ("--replace-link", "https://a.example", "https://b.example")
CHANGES: dict[str, tuple[Act, str]] = {
    "create": (typed("create", "New", "--to", "x/me"), "5"),
    "create scheduled": (typed("create", "New", "--to", "x/me", "--at", "in 2h", "--key", "k"), "5"),
    "create of a pipe": (_kept, "5"),
    "create in front": (_make_room, "1 5"),
    "edit": (typed("edit", "2", "Other", "--text", "x=Variant", "--tag", "b,a", "--max-late", "1h"), "2"),
    "edit accounts": (typed("edit", "3", "--to", "x/me"), "3"),
    "edit accounts, more": (typed("edit", "2", "--to", "x/me,x/other", "--at", "in 5h"), "2"),
    "edit many": (typed("edit", "--where", "status=scheduled", "--shift", "+1d", "--yes"), "2 3"),
    "edit links": (typed("edit", "--where", "status=scheduled", *LINK, "--yes"), "2"),
    "edit over": (typed("edit", "--where", "account=x/me", "--account", "x/me=x/other", "--yes"), "1-3"),
    "schedule": (typed("schedule", "1-4", "--at", "2026-12-24 09:00"), "1-4"),
    "unschedule": (typed("unschedule", "2", "3"), "2 3"),
    "delete": (typed("delete", "1-4", "--yes"), "1-4"),
    "plan": (typed("plan", "--drafts", "--yes"), "1"),
    "import": (_import, "5 6"),
    "import again": (_changing_import, "5-7"),
    "import spread": (_spread, "5 6"),
    "sync": (_sync, "5"),
    "sync pruning": (_pruning_sync, "5 6"),
    "sync renaming": (_renaming_sync, "5"),
    "reject": (typed("reject", "2"), "2"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_taken_back_and_done_again(ttp: Program, tmp_path: Path, name: str) -> None:
    act, ids = CHANGES[name]
    first = len(log(ttp))
    start = seen(ttp)
    act(ttp, tmp_path)
    after = seen(ttp)
    commands = len(log(ttp)) - first
    assert log(ttp)[0] == (name.split()[0], ids)
    undone = ttp.ok("undo", "--yes", "--json").json
    assert {str(one["id"]) for one in undone} <= {str(i) for i in range(1, 9)}
    assert {one["command"] for one in undone} == {name.split()[0]}
    if commands == 1:
        assert seen(ttp) == start
    ttp.ok("redo", "--yes")
    assert seen(ttp) == after
    ttp.ok("undo", str(commands), "--yes")
    assert seen(ttp) == start
    ttp.ok("redo", str(commands), "--yes")
    assert seen(ttp) == after
    assert ttp.ok("audit", "--json").json["ok"]


def test_undo_after_undo_goes_further_back(ttp: Program) -> None:
    for text in ("One", "Two"):
        ttp.ok("edit", "1", text)
    for text in ("One", "Draft"):
        said = ttp.ok("undo", "--format", "table").out
        assert (ttp.shown()["content"], f'"{text}"' in said, said.endswith("ttp redo\n")) == (text, True, True)
    assert ttp.ok("redo", "2", "--yes", "--format", "table").out.splitlines()[-1] == "Undo:  ttp undo"
    assert ttp.shown()["content"] == "Two"


def test_what_changes_nothing_is_not_written_down(ttp: Program) -> None:
    before = log(ttp)
    ttp.ok("edit", "1", "Draft")
    ttp.ok("schedule", "2", "--at", "2026-12-01 09:00")
    ttp.ok("create", "Once", "--key", "k")
    ttp.ok("create", "Once", "--key", "k")
    ttp.ok("create", "Once", "--key", "k", "-q")
    assert log(ttp) == [("create", "5"), *before]
    assert ttp("edit", "1", "--to", "x/nobody").code == 3
    assert log(ttp) == [("create", "5"), *before]


def test_a_text_that_was_kept_after_an_error_is_a_draft_that_can_be_taken_back(ttp: Program) -> None:
    assert ttp("create", "-", "--to", "x/nobody", stdin="Long text").code == 3
    assert log(ttp)[0] == ("create", "5")
    ttp.ok("undo")
    assert 5 not in seen(ttp)
    ttp.ok("redo")
    assert seen(ttp)[5]["content"] == "Long text"


def test_what_is_written_in_an_editor_is_one_change(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = log(ttp)
    writes(monkeypatch, tmp_path, "---\nto: x/me\nat: in 2h\n---\n\nLong text\n")
    ttp.ok("create", "-e")
    assert (log(ttp), seen(ttp)[5]["status"]) == ([("create", "5"), *before], "scheduled")
    ttp.ok("undo")
    assert (5 in seen(ttp), log(ttp)) == (False, before)
    ttp.ok("redo")
    assert (seen(ttp)[5]["content"], seen(ttp)[5]["status"]) == ("Long text", "scheduled")
    writes(monkeypatch, tmp_path, "---\nto: x/nobody\n---\n\nAnother\n")
    assert ttp("create", "-e").code == 3
    assert log(ttp)[0] == ("create", "5")  # the refused text stays in its file


# What it asks, and shows.


def test_several_posts_need_a_yes_and_a_rehearsal_changes_nothing(ttp: Program) -> None:
    ttp.ok("delete", "1", "2", "--yes")
    error = refused(ttp, "undo")
    assert error["hint"] == "ttp undo --json --yes"
    before = ttp.sql("SELECT * FROM post")
    shown = ttp.ok("undo", "--dry-run", "--format", "table").out.splitlines()
    assert [line.split(":")[0] for line in shown[1:]] == ["  Post 1", "  Post 2"]
    assert "Tue 1 Dec 2026 09:00 UTC" in shown[2]
    assert ttp.sql("SELECT * FROM post") == before
    assert ttp.ok("undo", "--yes").out == "1\n2\n"


def test_the_list_has_the_newest_first_and_the_posts_as_they_are_typed(ttp: Program, clock: FakeClock) -> None:
    clock.advance(60)
    ttp.ok("delete", "1-3", "--yes")
    (first, *_, last) = ttp.ok("undo", "--list", "--json").json
    assert (first["at"], first["command"]) == ("2026-11-24T12:01:00Z", "delete")
    assert (first["count"], first["posts"]) == (3, "1-3")
    assert last["command"] == "create"
    assert len(ttp.ok("undo", "--list", "--limit", "2").rows) == 2


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        *((["undo", "--list", "2"], "usage"), (["undo", "--limit", "2"], "usage"), (["undo", "0"], "usage")),
        *((["undo", "9"], "not_found"), (["undo", "2", "--post", "1"], "not_found"), (["redo"], "not_found")),
        *((["undo", "--post", "9"], "not_found"), (["undo", "--fields", "no"], "usage")),
    ],
)
def test_what_cannot_be_undone_has_a_code(ttp: Program, argv: list[str], code: str) -> None:
    assert refused(ttp, *argv)["code"] == code


# One post.


def test_the_last_change_of_one_post_is_taken_back_alone(ttp: Program) -> None:
    ttp.ok("delete", "1", "2", "--yes")
    ttp.ok("edit", "3", "Other")
    ttp.ok("undo", "--post", "2")
    assert set(seen(ttp)) == {2, 3, 4}
    assert log(ttp)[:2] == [("edit", "3"), ("delete", "1")]
    ttp.ok("undo", "2", "--yes")
    assert set(seen(ttp)) == {1, 2, 3, 4}
    assert seen(ttp)[3]["content"] == "Third"


# What is refused.


@pytest.mark.parametrize(
    ("state", "more"),
    [
        *(("claimed", {}), ("retrying", {}), ("published", {"remote_id": "7"}), ("needs_review", {})),
        *(("failed", {"error": ("content", "no")}), ("pending", {"attempts": 1})),
    ],
)
def test_what_has_begun_to_go_out_is_refused_with_what_to_type(ttp: Program, state: str, more: dict[str, Any]) -> None:
    ttp.ok("edit", "2", "Other")
    ttp.bring(2, state, next_at=None, **more)
    error = refused(ttp, "undo")
    assert error["code"] == "state"
    assert error["hints"][0].startswith("ttp ")
    assert ttp.ok("undo", "--post", "3").out == "3\n"


def test_for_a_person_what_cannot_be_undone_is_skipped(ttp: Program) -> None:
    texts = {number: post["content"] for number, post in seen(ttp).items()}
    for text in ("Once", "Twice"):
        ttp.ok("edit", "3", text)
    ttp.ok("edit", "2", "Other")
    ttp.bring(2, "published", next_at=None, remote_id="7")
    ran = ttp.ok("undo", "--format", "table")
    assert "post 2" in ran.err
    assert seen(ttp)[3]["content"] == "Once"
    ttp.ok("redo")
    many = ttp.ok("undo", "2", "--format", "table", "--yes")
    assert "ttp undo --post 2" in many.err
    assert (seen(ttp)[3]["content"], seen(ttp)[2]["content"]) == (texts[3], "Other")
    assert refused(ttp, "undo")["code"] == "state"


def test_where_nothing_can_be_undone_a_person_reads_why(ttp: Program) -> None:
    for number in (1, 2, 3):
        ttp.bring(number, "published", next_at=None, remote_id=f"{number}")
    ran = ttp("undo", "--format", "table")
    assert (ran.code, "post 4" in ran.err) == (2, True)
    assert "ttp undo --post 2" in ttp("undo", "2", "--format", "table").err


def test_of_many_those_that_can_be_are_taken_back(ttp: Program) -> None:
    ttp.ok("edit", "--where", "status=scheduled", "--shift", "+1d", "--yes")
    ttp.bring(2, "published", next_at=None, remote_id="7")
    error = refused(ttp, "undo", "--yes")
    assert error["code"] == "state"
    ran = ttp("undo", "--partial", "--yes")
    assert (ran.code, ran.out) == (6, "3\n")
    assert "post 2" in ran.err
    assert seen(ttp)[3]["scheduledAt"] == "2026-12-02T09:00:00Z"
    assert refused(ttp, "undo", "--partial", "--yes")["code"] == "state"


def test_several_refusals_are_told_in_one(ttp: Program) -> None:
    ttp.ok("edit", "--where", "status=scheduled", "--shift", "+1d", "--yes")
    for post in (2, 3):
        ttp.bring(post, "claimed", next_at=None)
    ran = ttp("undo", "--yes")
    assert ran.code == 2
    assert [line[:8] for line in ran.err.splitlines()[1:3]] == ["  post 2", "  post 3"]


def test_what_the_account_took_away_with_it_is_refused(ttp: Program) -> None:
    ttp.ok("edit", "3", "--to", "x/me")
    ttp.ok("account", "remove", "x/other")
    error = refused(ttp, "undo")
    assert error["hint"] == "ttp account add x/other"
    ttp.account("x/other")
    ttp.ok("undo")
    assert seen(ttp)[3]["accounts"] == ["x/me", "x/other"]
    ttp.ok("account", "remove", "x/other", "--yes")
    assert "x/other" in refused(ttp, "undo", "--post", "3")["message"]


def test_what_a_repeat_makes_posts_of_stays(ttp: Program) -> None:
    ttp.post("Again", "--to", "x/me")
    ttp.ok("repeat", "5", "--cron", "0 9 * * *", "--tz", "UTC", "--count", "2")
    error = refused(ttp, "undo")
    assert (error["code"], error["hint"]) == ("state", "ttp repeat stop 1")
    ttp.ok("repeat", "stop", "1")
    ttp.ok("undo")
    assert 5 not in seen(ttp)


def test_a_key_that_is_free_again_can_be_taken_and_then_is_not_given_back(ttp: Program) -> None:
    ttp.ok("create", "One", "--key", "k")
    ttp.ok("undo")
    assert ttp.ok("create", "Another", "--key", "k").out == "6\n"
    error = refused(ttp, "redo")
    assert (error["code"], '"k"' in error["message"]) == ("conflict", True)


def test_a_sheet_that_was_taken_back_is_imported_anew(ttp: Program, tmp_path: Path) -> None:
    _import(ttp, tmp_path)
    ttp.ok("undo", "--yes")
    _import(ttp, tmp_path)
    assert [post["content"] for i, post in seen(ttp).items() if i > 4] == ["One", "Two"]


def test_posts_that_changed_keys_with_each_other_get_them_back(ttp: Program) -> None:
    for key in "ab":
        ttp.post(key, "--key", key)
    ttp.ok("delete", "5", "6", "--yes")
    ttp.sql(
        'UPDATE change_post SET image = replace(replace(replace(image, \'"key":"a"\', \'"key":"?"\'),'
        ' \'"key":"b"\', \'"key":"a"\'), \'"key":"?"\', \'"key":"b"\') WHERE image IS NOT NULL'
    )
    ttp.ok("undo", "--yes")
    assert [seen(ttp)[i]["key"] for i in (5, 6)] == ["b", "a"]


# Times, and approval.


def test_a_time_that_has_passed_is_not_given_again(ttp: Program, clock: FakeClock) -> None:
    ttp.ok("schedule", "1", "--at", "in 2h")
    ttp.ok("unschedule", "1")
    clock.advance(hours=2)
    ran = ttp.ok("undo", "--format", "table")
    assert "Tue 24 Nov 2026 14:00 UTC" in ran.out
    assert "ttp schedule 1 --at TIME" in ran.out
    assert ttp.sql("SELECT next_at, due_at FROM delivery WHERE post_id = 1") == [(None, None)]
    assert ttp.shown()["status"] == "draft"
    ttp.ok("undo")
    ttp.ok("undo", "--post", "1")
    assert 1 not in seen(ttp)


def test_a_time_that_is_still_to_come_is_told_with_the_note_that_nothing_runs(ttp: Program) -> None:
    ttp.ok("unschedule", "2")
    ran = ttp.ok("undo", "--json")
    assert ran.json[0]["scheduledAt"] == "2026-12-01T09:00:00Z"
    assert "ttp run" in ran.err


def test_a_delivery_beside_one_that_is_out_gets_no_time_that_has_passed(ttp: Program, clock: FakeClock) -> None:
    ttp.bring(3, "published", "x/me", remote_id="7", next_at=None)
    ttp.bring(3, "failed", "x/other", next_at=None, error=("content", "no"))
    ttp.ok("schedule", "3", "--at", "in 1h")
    ttp.ok("schedule", "3", "--at", "in 5h")
    clock.advance(hours=2)
    ttp.ok("undo")
    held = "SELECT state, next_at FROM delivery WHERE post_id = 3 ORDER BY state"
    assert ttp.sql(held) == [("pending", None), ("published", None)]
    ttp.ok("undo")
    assert ttp.sql(held) == [("failed", None), ("published", None)]


def test_an_edit_of_what_is_overdue_already_is_taken_back_as_it_stands(ttp: Program, clock: FakeClock) -> None:
    ttp.ok("pause")
    ttp.ok("schedule", "1", "--at", "in 1h")
    clock.advance(hours=2)
    ttp.ok("edit", "1", "Other")
    ttp.ok("undo")
    assert (ttp.shown()["status"], ttp.shown()["content"]) == ("scheduled", "Draft")


@pytest.mark.parametrize("change", [["delete"], ["edit", "--comment", ""]])
def test_a_comment_whose_time_has_passed_is_not_sent_but_told(
    ttp: Program, clock: FakeClock, change: list[str]
) -> None:
    post = ttp.post("Hi", "--to", "x/me", "--at", "now", "--comment", "More", "--comment-after", "1h")
    ttp.bring(post, "published", published_at=START, remote_id="7", next_at=None)
    ttp.ok(change[0], str(post), *change[1:])
    clock.advance(hours=2)
    ttp.ok("undo")
    (delivery,) = ttp.shown(post)["deliveries"]
    assert (delivery["comment"]["state"], delivery["comment"]["error"]["kind"]) == ("failed", "missed")
    assert delivery["comment"]["error"]["hint"] == f"ttp retry {post}"


def test_no_approval_is_given_again(ttp: Program) -> None:
    ttp.ok("config", "set", "publish.require_approval", "true")
    ttp.ok("approve", "2")
    ttp.ok("edit", "2", "Other")
    ran = ttp.ok("undo", "--format", "table")
    assert "ttp approve 2" in ran.out
    assert (ttp.shown(2)["content"], ttp.shown(2)["approvedAt"], ttp.shown(2)["needs"]) == (
        "See https://a.example",
        None,
        ["approve"],
    )
    ttp.ok("approve", "2")
    ttp.ok("undo")
    assert ttp.shown(2)["approvedAt"] is None
    ttp.ok("redo")
    assert ttp.shown(2)["approvedAt"] is None
    ttp.ok("reject", "2", "--reason", "no")
    ttp.ok("undo")
    assert (ttp.shown(2)["status"], ttp.shown(2)["rejection"], ttp.shown(2)["needs"]) == (
        "scheduled",
        None,
        ["approve"],
    )


def test_where_only_drafts_may_be_written_no_time_comes_back(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    ttp.ok("unschedule", "2")
    ttp.ok("edit", "1", "Other")
    monkeypatch.setenv("TTP_CAPABILITY", "draft")
    ttp.ok("undo")
    assert ttp.shown()["content"] == "Draft"
    error = refused(ttp, "undo")
    assert (error["exit"], error["code"]) == (7, "not_allowed")
    assert refused(ttp, "undo", "--post", "3")["code"] == "not_allowed"
    monkeypatch.setenv("TTP_CAPABILITY", "read")
    assert refused(ttp, "undo")["exit"] == 7
    assert ttp.ok("undo", "--list").rows


# Media, and age.


def test_media_come_back_and_without_their_copies_no_time_does(ttp: Program, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(100, 100))
    ttp.ok("edit", "2", "--media", str(tmp_path / "a.jpg"), "--alt", "A hill")
    ttp.ok("edit", "2", "--media", "")
    ttp.ok("undo")
    assert ttp.shown(2)["media"][0]["alt"] == "A hill"
    ttp.ok("edit", "2", "--media", "")
    for copy in (ttp.home / "media").iterdir():
        copy.unlink()
    assert "a.jpg" in refused(ttp, "undo")["message"]


def test_a_delete_is_taken_back_for_thirty_days_whatever_came_after_it(ttp: Program, clock: FakeClock) -> None:
    before = seen(ttp)[1]
    ttp.ok("delete", "1")
    clock.advance(days=29, hours=23)
    ttp.ok("create", "Later")
    ttp.ok("undo", "--post", "1")
    assert seen(ttp)[1] == before
    ttp.ok("delete", "1")
    clock.advance(days=30)
    assert refused(ttp, "undo", "--post", "1")["code"] == "not_found"


def test_what_is_too_old_is_pruned_a_little_at_a_time(ttp: Program, clock: FakeClock) -> None:
    sheet = "key,text\n" + "".join(f"k{n},Text {n}\n" for n in range(2500))
    ttp.ok("import", "-", stdin=sheet)
    assert (ttp.count("change"), ttp.count("change_post")) == (5, 2504)
    ttp.sql("UPDATE change SET actor = NULL")  # what a known person wrote is kept while it can be approved
    clock.advance(days=31)
    ttp.ok("create", "New")
    assert (ttp.count("change"), ttp.count("change_post")) == (2, 505)
    ttp.ok("edit", "1", "New")
    assert (ttp.count("change"), ttp.count("change_post")) == (2, 2)
    assert log(ttp) == [("edit", "1"), ("create", "2505")]


# Others at the same time.


def test_a_change_between_the_question_and_the_answer_is_seen(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    from ttp.cli.commands import undo

    def agreed(*_: object, **__: object) -> bool:
        ttp.sql("INSERT INTO change (command, at) SELECT 'edit', max(at) FROM change")
        ttp.sql("INSERT INTO change_post (change_id, post_id, digest) SELECT max(id), 1, 'x' FROM change")
        return True

    ttp.ok("edit", "1", "Other")
    monkeypatch.setattr(undo, "_confirm_undo", agreed)
    ran = ttp("undo", "--json")
    assert (ran.code, ran.error["code"]) == (2, "conflict")
    assert ttp.shown()["content"] == "Other"


def test_whoever_holds_the_store_is_waited_for_and_seen(ttp: Program) -> None:
    """A claim that comes first wins: the undo sees it, in the transaction that would have put the post back."""
    ttp.ok("edit", "2", "Other")
    ttp.sql("UPDATE delivery SET state = 'claimed', next_at = NULL WHERE post_id = 2")
    ttp.sql("UPDATE post SET status = 'publishing' WHERE id = 2")
    assert refused(ttp, "undo")["code"] == "state"


@pytest.mark.sqlite("backups of a store in PostgreSQL are pg_dump's")
def test_a_backup_brings_its_log_along(ttp: Program, tmp_path: Path) -> None:
    ttp.ok("edit", "1", "Other")
    ttp.ok("backup", str(tmp_path / "copy.db"))
    ttp.ok("undo")
    ttp.ok("edit", "1", "Third text")
    ttp.ok("restore", str(tmp_path / "copy.db"))
    assert ttp.shown()["content"] == "Other"
    ttp.ok("undo")
    assert ttp.shown()["content"] == "Draft"


def test_a_terminal_sees_what_can_be_taken_back_with_the_number_to_type(ttp: Program) -> None:
    ttp.ok("edit", "1", "Other")
    lines = ttp.ok("undo", "--list", "--format", "table").out.splitlines()
    assert lines[0].split() == ["N", "WHEN", "CHANGE", "POSTS"]
    assert lines[1].split()[0] == "1"
    assert lines[1].split()[-2:] == ["edit", "1"]
    assert lines[-1].endswith("ttp undo N")


def test_an_account_that_the_publisher_had_in_its_hand_is_cancelled_and_its_attempts_stay(ttp: Program) -> None:
    """It gave it back before anything was sent: the delivery is pending again, and what was tried is on record."""
    ttp.account("x/first")
    ttp.account("x/second")
    before = ttp.ok("list", "--ids").out
    post = ttp.post("One", "--to", "x/first", "--at", "tomorrow 9am")
    ttp.ok("edit", str(post), "--to", "x/first,x/second", "-q")
    ttp.sql(
        "INSERT INTO attempt (delivery_id, number, step, phase, at, outcome)"
        " SELECT max(id), 1, 'token', 'prepare', 0, 'done' FROM delivery"
    )
    ttp.ok("undo")
    assert ttp.shown(post)["accounts"] == ["x/first"]
    assert ttp.count("attempt") == 1
    ttp.ok("audit")
    ttp.ok("redo")
    assert ttp.shown(post)["accounts"] == ["x/first", "x/second"]
    ttp.ok("undo", "2", "--yes")
    assert ttp.ok("list", "--ids").out == before
