"""`ttp copy`, tags and bulk deletion: changes that leave everything else of a post alone."""

from __future__ import annotations

from tests.conftest import Program


def test_a_copy_is_a_draft_with_the_same_content(ttp: Program) -> None:
    ttp.account("x/me")
    words = ["--to", "x/me", "--tag", "a,b", "--text", "x=Short", "--key", "k", "--max-late", "2h"]
    ttp.ok("create", "Hello", *words, "--at", "2099-01-01 09:00", "-q")
    assert ttp.ok("copy", "1").out == "2\n"
    first, copy = ttp.ok("show", "1", "--json").json, ttp.ok("show", "2", "--json").json
    same = ("content", "accounts", "tags", "variants", "maxLatenessS", "media", "options", "thread")
    assert [copy[name] for name in same] == [first[name] for name in same]
    assert (copy["status"], copy["key"], copy["scheduledAt"]) == ("draft", None, None)
    assert ttp("copy", "9").code == 3
    ttp.ok("undo")
    assert ttp("show", "2").code == 3


def test_tags_are_added_and_removed(ttp: Program) -> None:
    ttp.ok("create", "Hello", "--tag", "a,b")
    assert ttp.ok("edit", "1", "--add-tag", "c,a", "--remove-tag", "b", "--json").json["tags"] == ["a", "c"]
    assert ttp.ok("edit", "1", "--tag", "x", "--add-tag", "y", "--json").json["tags"] == ["x", "y"]


def test_many_posts_get_tags_or_are_deleted(ttp: Program) -> None:
    for number in range(3):
        ttp.ok("create", f"Post {number}", "--tag", "old" if number else "new")
    ttp.ok("edit", "--where", "tag=old", "--add-tag", "seen", "--yes", "-q")
    assert ttp.ok("list", "--tag", "seen", "--ids", "--sort", "id").out == "2\n3\n"
    where = ["edit", "--where", "tag=old", "--delete"]
    assert (ttp(*where).code, ttp.ok(*where, "--dry-run", "-q").out) == (2, "2\n3\n")
    assert ttp(*where, "--shift", "+1d", "--yes").code == 2
    assert ttp.ok(*where, "--yes").out == "2\n3\n"
    assert ttp.ok("list", "--ids").out == "1\n"
    assert ttp.ok(*where, "--yes", "--json").json == []
    assert "ttp undo" in ttp("edit", "--where", "tag=new", "--delete", "--yes", "--format", "table").out


def test_a_deleted_post_says_how_it_comes_back(ttp: Program) -> None:
    ttp.ok("create", "Hello")
    ttp.ok("delete", "1")
    gone = ttp("show", "1", "--json")
    assert (gone.code, gone.error["code"], gone.error["hint"]) == (3, "not_found", "ttp log 1")
    for words in (
        ("show", "1"),
        ("edit", "1", "Hi"),
        ("delete", "1"),
        ("plan", "1", "--dry-run"),
        ("schedule", "1", "--at", "tomorrow 9am"),
    ):
        refused = ttp(*words)
        assert (refused.code, "ttp undo --post 1" in refused.err) == (3, True), words


def test_a_list_is_sorted_and_bounded_by_days(ttp: Program) -> None:
    ttp.account("x/me")
    for at in ("in 40 days 9am", "in 30m", "in 20 days 9am"):
        ttp.ok("create", at, "--to", "x/me", "--at", at, "-q")
    ttp.ok("create", "Draft")
    assert ttp.ok("list", "--ids", "--sort", "time").out == "2\n3\n1\n4\n"
    assert ttp.ok("list", "--ids", "--sort", "-id", "--limit", "2").out == "4\n3\n"
    assert ttp.ok("list", "--ids", "--today").out == ttp.ok("list", "--ids", "--week").out == "2\n"
    for wrong in (
        ["--sort", "size"],
        ["--sort", "id", "--after", "1"],
        ["--today", "--week"],
        ["--today", "--since", "7d"],
    ):
        assert ttp("list", *wrong).code == 2, wrong
    assert "ttp list" in ttp.ok("list", "--tag", "none", "--format", "table").out
    assert "ttp create" not in ttp.ok("list", "--tag", "none", "--format", "table").out
