"""The revision of a post, who changed it, and changes that are only rehearsed."""

from __future__ import annotations

import pytest

from tests.conftest import Program
from ttp.domain.errors import Stale
from ttp.store.database import Database


def revision(ttp: Program, post_id: int = 1) -> int:
    return int(ttp.sql("SELECT revision FROM post WHERE id = ?", post_id)[0][0])


def test_each_change_raises_the_revision(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.post("one", "--to", "x/me")
    seen = [revision(ttp)]
    for argv in (
        ("edit", "1", "two"),
        ("schedule", "1", "--at", "2098-01-01T09:00Z"),
        ("approve", "1"),
        ("unschedule", "1"),
        ("undo",),
        ("delete", "1"),
    ):
        ttp.ok(*argv)
        seen.append(revision(ttp))
    assert seen == sorted(set(seen))


def test_reading_and_refused_changes_do_not_raise_it(ttp: Program) -> None:
    ttp.post("one")
    ttp.ok("show", "1")
    assert ttp("schedule", "1", "--at", "2098-01-01T09:00Z").code == 2
    assert revision(ttp) == 1


def test_a_change_has_its_actor(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    ttp.post("one")
    monkeypatch.setenv("LOGNAME", "bob")
    ttp.ok("edit", "1", "two")
    actors = [str(row[0]).partition("@")[0] for row in ttp.sql("SELECT actor FROM change ORDER BY id")]
    assert actors == ["ann", "bob"]


def test_a_rehearsed_change_is_rolled_back(ttp: Program) -> None:
    ttp.post("one")
    with Database(ttp.home).rehearsal().writing() as db:
        db.execute("UPDATE post SET content = 'two'")
        assert db.execute("SELECT content FROM post").fetchone()[0] == "two"
    assert ttp.shown()["content"] == "one"


def test_an_error_of_a_rehearsed_change_is_raised(ttp: Program) -> None:
    ttp.post("one")
    with pytest.raises(Stale), Database(ttp.home).rehearsal().writing():
        raise Stale("it was changed")
    with Database(ttp.home).writing() as db:
        assert db.execute("SELECT content FROM post").fetchone()[0] == "one"
