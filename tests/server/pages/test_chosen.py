"""Changes of several posts that were chosen in a list: all or none, and one step of undo."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.pages.conftest import Person, form_with, has_button

LATER = "2098-01-01T09:00Z"


@pytest.fixture
def three(ann: Person) -> Person:
    """Someone with two scheduled posts and a draft without an account."""
    ann.ttp.post("One", "--to", "x/me", "--at", LATER, "--tag", "old")
    ann.ttp.post("Two", "--to", "x/other", "--at", "2098-01-02T10:00Z")
    ann.ttp.post("Three")
    return ann


def state(person: Person, *fields: str) -> list[tuple[Any, ...]]:
    return [tuple(one[name] for name in fields) for one in person.ttp.ok("list", "--json", "--sort", "id").json]


@pytest.mark.parametrize(
    ("name", "typed", "after"),
    [
        ("schedule", {"at": "2098-02-01 12:00"}, {"scheduledAt": ["2098-02-01T12:00:00Z"] * 2}),
        ("schedule", {"at": "+1d"}, {"scheduledAt": ["2098-01-02T09:00:00Z", "2098-01-03T10:00:00Z"]}),
        ("tag", {"tag": "new, tea"}, {"tags": [["old", "new", "tea"], ["new", "tea"]]}),
        ("tag", {"tag": "old", "remove": "yes"}, {"tags": [[], []]}),
        # Enter in the field of the tag presses the first button.
        ("schedule", {"tag": "tea"}, {"tags": [["old", "tea"], ["tea"]]}),
        ("delete", {}, {}),
    ],
)
def test_chosen_posts_are_changed_and_it_is_undone_in_one_step(
    three: Person, name: str, typed: dict[str, str], after: dict[str, list[Any]]
) -> None:
    fields = ("id", "scheduledAt", "tags")
    before = state(three, *fields)
    address = three.does(f"/posts/chosen/{name}?status=scheduled", {"post": ["1", "2"], **typed})
    assert address.startswith("/posts?status=scheduled&done=chosen-")
    if name == "delete":
        assert state(three, "id") == [(3,)]
    for field, values in after.items():
        assert state(three, field)[:2] == [(value,) for value in values]
    undo = form_with(three.sees(address), "Undo")
    assert three.does(undo.action, undo.pressed("Undo")).startswith("/posts?status=scheduled&done=undo")
    assert state(three, *fields) == before


@pytest.mark.parametrize(
    ("name", "chosen", "typed", "status"),
    [
        ("schedule", ["1", "3"], {"at": "2098-02-01 12:00"}, 409),
        ("schedule", ["1", "3"], {"at": "+1d"}, 409),
        ("schedule", ["1", "2"], {"at": "at noon or so"}, 422),
        ("schedule", ["1"], {}, 400),
        ("tag", ["1"], {"tag": " "}, 400),
        ("tag", ["1", "9"], {"tag": "new"}, 404),
        ("publish", ["1", "3"], {}, 409),
        ("delete", [], {}, 400),
        ("delete", ["1", "9"], {}, 404),
        ("delete", [str(number) for number in range(1, 60)], {}, 400),
    ],
)
def test_what_cannot_be_done_to_all_is_done_to_none(
    three: Person, name: str, chosen: list[str], typed: dict[str, str], status: int
) -> None:
    before = three.ttp.ok("list", "--json").json
    answer = three.send(f"/posts/chosen/{name}?q=o", {"post": chosen, **typed})
    assert answer.status_code == status
    assert three.ttp.ok("list", "--json").json == before
    form = form_with(answer.text, "Add")
    assert set(form.fields.get("post", [])) == {one for one in chosen if one in ("1", "2")}
    assert form.fields["at"] == [typed.get("at", "")]
    assert 'value="o"' in answer.text


def test_what_has_begun_keeps_its_tags(three: Person) -> None:
    three.ttp.bring(2, "failed", next_at=None, error=("content", "no"))
    assert three.send("/posts/chosen/tag", {"post": ["1", "2"], "tag": "new"}).status_code == 409
    assert state(three, "tags") == [(["old"],), ([],), ([],)]


def test_all_of_a_page_are_published_without_scripts(three: Person) -> None:
    form = form_with(three.sees("/posts?status=scheduled"), "Publish now")
    assert form.fields["shown"] == ["1,2"]
    three.does("/posts/chosen/publish?status=scheduled", {**form.pressed("Publish now"), "every": "yes"})
    now = int(three.ttp.clock.now().timestamp() * 1000)
    assert three.ttp.sql("SELECT count(*) FROM delivery WHERE next_at <= ?", now)[0][0] == 2


def test_who_may_only_draft_is_offered_what_they_may(three: Person) -> None:
    page = Person(three.server).log_in("dee", "draft").sees("/posts")
    assert has_button(page, "Add")
    assert not has_button(page, "Schedule")
    reader = Person(three.server).log_in("ben", "read")
    assert 'name="post"' not in reader.sees("/posts")
    assert reader.send("/posts/chosen/delete", {"post": ["1"]}).status_code == 403


def test_an_undo_of_several_after_another_change_changes_nothing(three: Person) -> None:
    address = three.does("/posts/chosen/delete", {"post": ["1", "2"]})
    undo = form_with(three.sees(address), "Undo")
    three.ttp.post("Four")
    assert three.send(undo.action, undo.pressed("Undo")).status_code == 409
    assert three.send(undo.action, {"change": "x"}).status_code == 400
    assert state(three, "id") == [(3,), (4,)]


def test_the_button_after_a_change_never_undoes_that_of_another_person(three: Person) -> None:
    address = three.does("/posts/chosen/schedule", {"post": ["1", "2"], "at": "+1d"})
    assert has_button(three.sees(address), "Undo")
    three.ttp.ok("edit", "1", "Another text", "--at", LATER)
    assert not has_button(three.sees(address), "Undo")
