"""A field of the table `domain/post_fields.py` works at every door, whichever fields it has. A new row comes here by
itself; `CONTRIBUTING.md`, "Add a field of a post"."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from tests.cli.writing import editor, writes
from tests.clock import START
from tests.conftest import Fill, Program
from tests.examples import every
from tests.mcp.conftest import Agent
from tests.platforms.factories import PLATFORMS
from tests.server.conftest import server_of, two_accounts
from tests.server.pages.conftest import Person
from ttp.domain import post_fields
from ttp.domain.account import Account
from ttp.domain.action import Action, other_options
from ttp.domain.errors import Hint
from ttp.domain.permissions import approve, keep_approval
from ttp.domain.post import Post, PostFields
from ttp.domain.post_edit import PostInput, as_typed, edits_of_draft, new_delivery, request_fingerprint
from ttp.domain.post_fields import CONTENT, FIELDS, PLAIN, PostField
from ttp.domain.template import Filling
from ttp.services.bulk_edit import ChangeKind, PlannedChange, changed_fields
from ttp.services.files.editor_form import edit_between
from ttp.store import columns
from ttp.views.answers import PlainFields

VALUES: dict[str, tuple[Any, Any]] = {"text": ("Ask Ann", "Asked"), "flag": (True, False), "seconds": (7200.0, 90.0)}
"""Two values of each kind."""
TYPES = {"text": str | None, "flag": bool | None, "seconds": float | None}
COLUMNS = {"text": "text", "flag": "boolean", "seconds": "real"}
OWN_OF_POST = {"deliveries", "status", "scheduled_at", "published_at", "created_at", "updated_at", "deleted_at"} | {
    *("key", "key_digest", "chosen_by", "rejection", "cards", "origin", "id", "revision")
}
OWN_OF_INPUT = {"kept", "first", "add_tags", "remove_tags", "add_media", "remove_media", "key", "edited", "dropped"}
OWN_OF_INPUT |= {"snippets", "filling", "asked", "origin", "item"}
each_field = pytest.mark.parametrize("field", PLAIN, ids=[one.name for one in PLAIN])


def option(field: PostField, value: Any) -> list[str]:
    """The option that says so."""
    if field.kind == "flag":
        return [f"--{field.word}" if value else f"--no-{field.word}"]
    return [f"--{field.word}", str(as_typed(value))]


@each_field
def test_the_example_in_the_form_of_the_editor_can_be_read(ttp: Program, field: PostField, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(f"---\n{field.word}: {field.example}\n---\nHi\n")
    assert ttp.ok("create", "--file", str(tmp_path / "a.md"), "--json").json[field.file] not in (None, "")


def test_every_place_that_types_need_has_the_fields_of_the_table() -> None:
    assert {one.name for one in fields(PostInput)} - OWN_OF_INPUT == {one.name for one in FIELDS}
    assert {one.name for one in fields(PostFields)} - OWN_OF_POST == set(CONTENT)
    assert list(get_type_hints(PlainFields)) == [one.file for one in PLAIN]
    for one in PLAIN:
        assert one.attribute == one.name
        assert get_type_hints(PostFields)[one.name] == get_type_hints(PlainFields)[one.file] == TYPES[one.kind]
        assert get_type_hints(PostInput, localns={"Filling": Filling})[one.name] == TYPES[one.kind] | None
        assert columns.POST[one.name] == COLUMNS[one.kind]
        assert all((one.help, one.about, one.example, one.label))


class Doors:
    """Every way to give a post a value of a field."""

    def __init__(self, ttp: Program, field: PostField, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.ttp = ttp
        self.field = field
        self.argument = field.duration or field.file
        self.folder = folder
        self.patch = patch

    def file(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return str(self.folder / name)

    def create_option(self, value: Any) -> None:
        self.ttp.ok("create", "Hi", *option(self.field, value))

    def create_file(self, value: Any) -> None:
        self.ttp.ok("create", "--file", self.file("a.md", f"---\n{self.field.word}: {as_typed(value)}\n---\nHi\n"))

    def create_editor(self, value: Any) -> None:
        writes(self.patch, self.folder, f"---\n{self.field.word}: {as_typed(value)}\n---\nHi\n")
        self.ttp.ok("create", "-e")

    def create_option_and_editor(self, value: Any) -> None:
        editor(self.patch, self.folder, "true")
        self.ttp.ok("create", "Hi", "-e", *option(self.field, value))

    @property
    def is_below(self) -> bool:
        """It has a heading of its own in the editor."""
        return self.field.word == "comment"

    def create_option_and_file(self, value: Any) -> None:
        self.ttp.ok("create", "--file", self.file("a.md", "---\nto: x/me\n---\nHi\n"), *option(self.field, value))

    def create_template(self, value: Any) -> None:
        (self.folder / ".ttp").mkdir()
        self.file(".ttp/own.md", f"---\n{self.field.word}: {as_typed(value)}\n---\nHi {{{{ vars.name }}}}\n")
        self.patch.chdir(self.folder)
        self.ttp.ok("create", "--template", "own", "--var", "name=Ann")

    def create_sheet(self, value: Any) -> None:
        self.ttp.ok("import", self.file("a.csv", f"content,{self.field.word}\nHi,{as_typed(value)}\n"))

    def create_json(self, value: Any) -> None:
        self.ttp.ok("import", self.file("a.json", json.dumps([{"content": "Hi", self.field.file: value}])))

    def create_http(self, value: Any) -> None:
        server_of(self.ttp).having("draft").ok("POST", "/v1/posts", {"content": "Hi", self.field.file: value})

    def create_tool(self, value: Any) -> None:
        Agent(self.ttp).ok("create_post", text="Hi", **{self.argument: as_typed(value)})

    def create_copy(self, value: Any) -> None:
        self.ttp.ok("copy", str(self.ttp.post("Hi", *option(self.field, value))))

    def edit_option(self, value: Any) -> None:
        self.ttp.ok("edit", "1", *option(self.field, value))

    def edit_editor(self, value: Any) -> None:
        word, text = self.field.word, as_typed(value)
        change = f"/^## {word}/,$s/^[^#].*/{text}/" if self.is_below else f"s/^{word}: .*/{word}: {text}/"
        seen = editor(self.patch, self.folder, f"sed -i '{change}' \"$1\"")
        self.ttp.ok("edit", "1", "-e")
        assert (f"\n## {word}\n" if self.is_below else f"\n{word}: ") in seen.read_text()

    def edit_http(self, value: Any) -> None:
        server_of(self.ttp).having("draft").ok("PATCH", "/v1/posts/1", {self.field.file: value})

    def edit_tool(self, value: Any) -> None:
        Agent(self.ttp).ok("edit_post", id=1, **{self.argument: as_typed(value)})

    def edit_import(self, value: Any) -> None:
        row = {"key": "k", "content": "Hi", self.field.file: value}
        self.ttp.ok("import", self.file("a.json", json.dumps([row])))

    def remove_editor(self) -> None:
        line = f"/^## {self.field.word}/,$d" if self.is_below else f"/^{self.field.word}: /d"
        editor(self.patch, self.folder, f"sed -i '{line}' \"$1\"")
        self.ttp.ok("edit", "1", "-e")

    def remove_http(self) -> None:
        server_of(self.ttp).having("draft").ok("PATCH", "/v1/posts/1", {self.field.file: None})


def named(beginning: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("door", [name for name in vars(Doors) if name.startswith(beginning)])


@pytest.fixture
def doors(field: PostField, fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doors:
    return Doors(fill(two_accounts), field, tmp_path, monkeypatch)


@each_field
@named("create_")
def test_a_new_post_has_it(door: str, doors: Doors) -> None:
    field, value = doors.field, VALUES[doors.field.kind][0]
    getattr(doors, door)(value)
    assert {post[field.file] for post in doors.ttp.ok("list", "--json").json} == {value}
    assert field.label in doors.ttp.ok("show", "1", "--format", "table").out


@each_field
@named("edit_")
def test_a_change_of_it_is_stored_undone_and_redone(door: str, doors: Doors) -> None:
    field, (old, new) = doors.field, VALUES[doors.field.kind]
    doors.ttp.post("Hi", "--key", "k", *option(field, old))
    getattr(doors, door)(new)
    assert doors.ttp.shown()[field.file] == new
    doors.ttp.ok("edit", "1", "Other")
    doors.ttp.ok("undo")
    doors.ttp.ok("undo")
    assert doors.ttp.shown()[field.file] == old
    doors.ttp.ok("redo")
    assert doors.ttp.shown()[field.file] == new


@each_field
@named("remove_")
def test_it_can_be_removed(door: str, doors: Doors) -> None:
    doors.ttp.post("Hi", *option(doors.field, VALUES[doors.field.kind][0]))
    getattr(doors, door)()
    assert doors.ttp.shown()[doors.field.file] is None


@each_field
def test_requests_comparisons_and_hints_have_it(field: PostField) -> None:
    old, new = VALUES[field.kind]
    without, first, second = (PostInput(**given) for given in ({}, {field.name: old}, {field.name: new}))
    assert len({request_fingerprint(one, (), PLATFORMS) for one in (without, first, second)}) == 3
    assert getattr(edit_between(first, second), field.name) == new
    (hint,) = edits_of_draft([Hint("try", other_options(to="x/me"))], 7, first)
    assert isinstance(hint.way, Action)
    assert field.word in dict(hint.way.options)
    post = approve(Post("Hi", (new_delivery(Account("x", "me", id=1), START),)), START)
    after = replace(post, **{field.name: old})
    assert changed_fields(PlannedChange("", ChangeKind.CHANGE, after, post)) == [field.word]
    changed = keep_approval(post, after)
    assert (changed.approved_at is None) == field.is_judged


@each_field
@pytest.mark.parametrize("capability", every(3, ["publish", "draft", "read", "approve"]))
def test_who_may_not_write_posts_sees_none_that_is_private(capability: str, doors: Doors) -> None:
    field, value = doors.field, VALUES[doors.field.kind][0]
    post = doors.ttp.post("Hi", "--to", "x/me", "--at", "2098-01-06T09:30Z", *option(field, value))
    doors.patch.setattr(post_fields, "PLAIN", tuple(one._replace(is_private=one == field) for one in PLAIN))
    server = server_of(doors.ttp)
    api, person = server.having(capability), Person(server).log_in("bob", capability)
    path = f"/v1/posts/{post}"
    doors.patch.setenv("TTP_CAPABILITY", capability.replace("approve", "read"))
    ttp = doors.ttp
    answers = [api.get(path).json(), api.get("/v1/posts").json()[0], ttp.shown(), Agent(ttp).ok("get_post", id=post)]
    answers += ttp.ok("list", "--json").json
    answers += [*csv.DictReader(io.StringIO(ttp.ok("export").out))]
    pages = [person.sees(f"/posts/{post}"), ttp.ok("show", str(post), "--format", "table").out]
    is_seen = capability in ("publish", "draft")
    assert [one.get(field.file) not in (None, "", False) for one in answers] == [is_seen] * len(answers)
    assert [field.label in page for page in pages] == [is_seen] * len(pages)
