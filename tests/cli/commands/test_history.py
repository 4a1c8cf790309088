"""`ttp history`: who changed which posts."""

from __future__ import annotations

import pytest

from tests.conftest import Program


@pytest.fixture
def ttp(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Post 1, changed by another person than created it, and posts 2 and 3 of an import."""
    monkeypatch.setenv("LOGNAME", "ann")
    ttp.account("x/me")
    ttp.post("First", "--to", "x/me")
    monkeypatch.setenv("LOGNAME", "bob")
    ttp.ok("edit", "1", "Changed")
    ttp.ok("import", "-", stdin="accounts,text\nx/me,Two\nx/me,Three\n")
    return ttp


def test_changes_are_listed_newest_first_with_a_row_for_each_post(ttp: Program) -> None:
    rows = [(actor.split("@")[0], *row) for _, actor, *row in ttp.ok("history").rows]
    assert rows == [
        ("bob", "import", "2", "Two"),
        ("bob", "import", "3", "Three"),
        ("bob", "edit", "1", "Changed"),
        ("ann", "create", "1", "Changed"),
    ]
    found = ttp.ok("history", "--json").json
    assert [(one["command"], one["count"], one["posts"], one["content"]) for one in found] == [
        ("import", 2, "2 3", None),
        ("edit", 1, "1", "Changed"),
        ("create", 1, "1", "Changed"),
    ]
    assert ttp.ok("history", "--limit", "1", "--json").json == found[:1]
    assert found == ttp.ok("undo", "--list", "--json").json


def test_the_history_of_one_post_has_no_other_and_stays_when_it_is_deleted(ttp: Program) -> None:
    (change,) = ttp.ok("history", "3", "--json").json
    assert (change["command"], change["count"], change["posts"], change["content"]) == ("import", 1, "3", "Three")
    ttp.ok("delete", "3")
    assert [one["command"] for one in ttp.ok("history", "3", "--json").json] == ["delete", "import"]
    assert ttp("history", "99").code == 3


def test_an_undo_is_listed_instead_of_what_it_undid(ttp: Program) -> None:
    ttp.ok("undo", "--yes")
    assert [row[2:] for row in ttp.ok("history", "2").rows] == [["undo import", "2", "Two"]]
    assert {row[2] for row in ttp.ok("history").rows} == {"undo import", "edit", "create"}


def test_a_terminal_sees_texts_of_changes_of_one_post(ttp: Program) -> None:
    head, imported, edited, *_ = ttp.ok("history", "--format", "table").out.splitlines()
    assert head.split() == ["WHEN", "BY", "CHANGE", "POSTS", "TEXT"]
    assert (imported.split()[-3:], edited.split()[-3:]) == (["import", "2", "3"], ["edit", "1", "Changed"])
