"""Templates at every door: commands, files, programs, agents and the form of a page."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.cli.writing import editor, writes
from tests.conftest import Fill, Program
from tests.mcp.conftest import Agent
from tests.server.conftest import server_of, two_accounts
from tests.server.pages.conftest import Person, form_with
from ttp import sandbox

RELEASE = "---\nto: x/me\ntags: release\nvars: {name: Kettle}\n---\n{{ vars.name }} {{ vars.version }} is out.\n"
MADE = "Kettle 2.1 is out."


@pytest.fixture
def ttp(fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.chdir(tmp_path)
    made = fill(two_accounts)
    write(made, "release", RELEASE)
    return made


def write(ttp: Program, name: str, text: str) -> Path:
    path = ttp.home / "templates" / f"{name}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def origin_of(post: Any) -> tuple[str, Any]:
    return post["origin"]["template"], post["origin"]["vars"]


PHOTO = Path(sandbox.__file__).parent / "files" / "photo.jpg"
ORIGIN = ("release", {"name": "Kettle", "version": "2.1"})


def test_every_door_makes_the_same_post(ttp: Program, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\ntemplate: release\nvars:\n  version: 2.1\n---\n")
    (tmp_path / "a.csv").write_text("template,vars.version\nrelease,2.1\n")
    (tmp_path / "b.csv").write_text("Version,accounts\n2.1,x/me\n")
    (tmp_path / "a.json").write_text(json.dumps([{"template": "release", "vars": {"version": "2.1"}}]))
    ttp.ok("create", "--template", "release", "--var", "version=2.1")
    ttp.ok("create", "--file", "a.md")
    for arguments in (("a.csv",), ("b.csv", "--template", "release"), ("a.json",)):
        ttp.ok("import", *arguments)
    api = server_of(ttp).having("draft")
    values = {"template": "release", "vars": {"version": "2.1"}}
    api.ok("POST", "/v1/posts", values)
    api.ok("POST", "/v1/imports?template=release", files={"file": ("c.csv", b"version\n2.1\n")})
    Agent(ttp).ok("create_post", **values)
    posts = ttp.ok("list", "--json").json
    assert len(posts) == 8
    for post in posts:
        assert (post["content"], post["accounts"], post["tags"]) == (MADE, ["x/me"], ["release"])
        assert origin_of(post) == ORIGIN
    shown = ttp.ok("show", "1", "--format", "table").out
    assert all(word in shown for word in ("release", "version=2.1"))
    assert api.ok("GET", "/v1/templates")[0]["variables"] == ["name", "version"]
    assert Agent(ttp).ok("list_templates")["templates"][0]["variables"] == ["name", "version"]


def test_edits_make_the_texts_again(ttp: Program) -> None:
    ttp.ok("create", "--template", "release", "--var", "version=2.1")
    write(ttp, "release", RELEASE.replace(" is out", "!"))
    ttp.ok("edit", "1", "--tag", "other")
    assert ttp.shown()["content"] == MADE
    assert ttp.ok("edit", "1", "--template", "release", "--json").json["content"] == "Kettle 2.1!."
    assert ttp.ok("edit", "1", "--var", "version=3", "--json").json["content"] == "Kettle 3!."
    api = server_of(ttp).having("draft")
    assert api.ok("PATCH", "/v1/posts/1", {"vars": {"version": "4"}})["content"] == "Kettle 4!."
    assert Agent(ttp).ok("edit_post", id=1, vars={"version": 5})["text"] == "Kettle 5!."
    ttp.ok("undo")
    assert (ttp.shown()["content"], ttp.shown()["tags"]) == ("Kettle 4!.", ["other"])
    assert ttp("edit", str(ttp.post("Hi")), "--var", "version=3").code == 2


def test_an_export_has_the_texts_and_comes_back_unchanged(ttp: Program, tmp_path: Path) -> None:
    ttp.ok("create", "--template", "release", "--var", "version=2.1")
    for name in ("a.json", "a.csv"):
        ttp.ok("export", name)
        assert ttp.ok("import", name, "--json").json["unchanged"] == 1
    assert origin_of(json.loads((tmp_path / "a.json").read_text())[0]) == ORIGIN
    assert origin_of(ttp.shown()) == ORIGIN


@pytest.mark.slow
def test_forty_products_become_forty_posts_with_three_texts_each(ttp: Program, tmp_path: Path) -> None:
    ttp.account("instagram/me")
    texts = (
        "---\nto: [x/me, instagram/me, x/other]\n---\n",
        "{{ vars.product }} for {{ vars.price }}: {{ vars.about | fit }}\n{{ vars.link }}\n\n",
        "## x\nX {{ vars.product }}\n\n## x/other\nO {{ vars.price }}\n",
    )
    write(ttp, "product", "".join(texts))
    rows = [f"Mug {n},{n}.50,{'word ' * 600},https://example.org/{n}" for n in range(40)]
    (tmp_path / "products.csv").write_text("\n".join(["Product,Price,About,Link", *rows]))
    assert ttp.ok("import", "products.csv", "--template", "product", "--json").json["added"] == 40
    posts = ttp.ok("list", "--json").json
    assert len(posts) == 40
    for number, post in enumerate(posts):
        assert post["variants"] == {"x/me": f"X Mug {number}", "x/other": f"O {number}.50"}
        assert len(post["content"]) <= 2200
        assert post["content"].endswith(f"word…\nhttps://example.org/{number}")
    assert ttp.ok("import", "products.csv", "--template", "product", "--json").json["unchanged"] == 40
    rows[7] = "Mug,,,"
    (tmp_path / "products.csv").write_text("\n".join(["Product,Price,About,Link", *rows[:9]]))
    refused = ttp("import", "products.csv", "--template", "product", "--to", "x/me", "--json")
    assert (refused.code, len(ttp.ok("list", "--json").json)) == (2, 40)
    assert {problem["field"] for problem in refused.error["problems"]} == {"template"}


def test_a_template_is_written_shown_previewed_and_removed(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes(monkeypatch, tmp_path, "Hi {{ vars.name }}{% if vars.more %} and {{ vars.more }}{% endif %}\n")
    ttp.ok("template", "edit", "hi")
    assert [row[0] for row in ttp.ok("template", "list").rows] == ["hi", "release"]
    assert ttp.ok("template", "show", "hi", "--json").json["variables"] == ["more", "name"]
    samples = ttp.ok("template", "preview", "hi", "--to", "x/me", "--var", "name=Ann", "--json").json
    texts = [one["versions"][0]["parts"][0]["text"] for one in samples]
    assert texts == ["Hi Ann and Sample of more", "Hi Ann"]
    assert ttp("template", "preview", "hi", "--var", "nmae=Ann").code == 2
    assert "Hi Ann and" in ttp.ok("template", "preview", "hi", "--var", "name=Ann", "--format", "table").out
    for wrong in ("{{ vars.name }", "{% if vars.name %}", "{{ name }}", "{{ vars.name | nope }}"):
        writes(monkeypatch, tmp_path, wrong)
        assert ttp("template", "edit", "hi").code == 2, wrong
    assert ttp.ok("template", "show", "hi", "--json").json["text"] == "{{ vars.name | nope }}"
    assert ttp("template", "edit", "No name").code == 2
    assert ttp("template", "remove", "hi").code == 2
    ttp.ok("template", "remove", "hi", "--yes")
    assert ttp("template", "show", "hi").code == 3
    ttp.ok("template", "remove", "release", "--yes")
    assert "ttp template edit" in ttp.ok("template", "list", "--format", "table").out


def test_files_of_the_working_folder_come_first(ttp: Program, tmp_path: Path) -> None:
    (tmp_path / ".ttp").mkdir()
    (tmp_path / ".ttp" / "release.md").write_text("Mine {{ vars.version }}")
    (tmp_path / "loose.md").write_text("Loose")
    values = ("--var", "version=1", "--json")
    assert ttp.ok("create", "--template", "release", *values).json["content"] == "Mine 1"
    loose = ttp.ok("create", "--template", "./loose.md", "--json").json
    assert (loose["content"], loose["origin"]["template"]) == ("Loose", "./loose.md")
    (tmp_path / "loose.md").write_text("Loose!")
    edited = ("edit", str(loose["id"]), "--template", "./loose.md", "--json")
    assert ttp.ok(*edited).json["content"] == "Loose!"
    assert Agent(ttp).ok("create_post", template="release", vars={"version": "1"})["text"] == "Kettle 1 is out."
    api = server_of(ttp).having("draft")
    for name in ("./loose.md", ".ttp/release.md", "../templates/release"):
        api.refused("POST", "/v1/posts", 404, "not_found", {"template": name})


def test_a_repeat_may_begin_with_a_template(ttp: Program) -> None:
    add = ("repeat", "--template", "release", "--cron", "0 9 * * *", "--count", "2", "--json")
    for wrong in ((), ("--var", "version=" + "long " * 80), ("--var", "version=1", "--pool", "x"), ("--to", "nobody")):
        assert ttp(*add, *wrong).code in (2, 3)
    assert ttp(*add, "--var", "version=" + "long " * 80).error["hints"] == ["ttp template edit release"]
    assert ttp("repeat", "1", "--var", "version=1", "--cron", "0 9 * * *").code == 2
    assert ttp.ok("list", "--json").json == []
    ttp.ok(*add, "--var", "version=2.1")
    posts = ttp.ok("list", "--json").json
    assert {(post["content"], *origin_of(post)[:1], post["status"]) for post in posts} == {
        (MADE, "release", "draft"),
        (MADE, "release", "scheduled"),
    }
    assert ttp.ok("repeat", "list", "--json").json[0]["post"] == 1
    ttp.clock.advance(days=1)
    assert ttp(*add, "--var", "version=2.1").error["code"] == "conflict"
    assert len(ttp.ok("list", "--json").json) == len(posts)
    ttp.ok(*add, "--var", "version=2.2")


def test_a_mistyped_name_has_a_command_that_works(ttp: Program) -> None:
    for arguments in (
        ("--template", "Release", "--var", "version=1"),
        ("--template", "release", "--var", "verison=1", "--var", "version=1"),
        ("--template", "release", "version=1"),
        ("--template", "release", "version=1", "note=2"),
        ("--template", "release", "--version", "1"),
    ):
        refused = ttp("create", *arguments, "--json")
        assert refused.error["hint"], arguments
    ttp.ok(*shlex.split(ttp("create", "--template", "Release", "--var", "version=1", "--json").error["hint"])[1:])
    assert ttp.shown()["content"] == "Kettle 1 is out."
    assert ttp("create", "--template", "other", "--json").error["hint"] == "ttp template edit other"


def test_a_row_keeps_its_texts_when_only_the_template_has_changed(ttp: Program, tmp_path: Path) -> None:
    rows = tmp_path / "a.csv"
    rows.write_text("key,version,note\na,2.1,spare\nb,2.2,spare\n")
    arguments = ("import", "a.csv", "--template", "release", "--json")
    ttp.ok(*arguments)
    write(ttp, "release", RELEASE.replace("out.", "ready."))
    again = ttp.ok(*arguments).json
    assert (again["unchanged"], len(again["warnings"]), ttp.shown()["content"]) == (2, 1, MADE)
    rows.write_text("key,version,tags,text.x\na,2.1.1,release,\nb,2.2,b,\nc,2.3,release,Own\nd,2.4,release,Own\n")
    assert ttp.ok(*arguments).json["changed"] == 2
    assert [ttp.shown(post)["content"] for post in (1, 2)] == ["Kettle 2.1.1 is ready.", "Kettle 2.2 is ready."]
    write(ttp, "release", RELEASE)
    rows.write_text("key,version,tags,text.x\na,2.1.1,release,\nb,2.2,b,\nc,2.3,release,Own\nd,2.4,release,New\n")
    assert ttp.ok(*arguments).json["changed"] == 1
    assert [ttp.shown(post)["content"] for post in (1, 2, 3)] == [
        *("Kettle 2.1.1 is ready.", "Kettle 2.2 is ready.", "Kettle 2.3 is ready.")
    ]
    assert (ttp.shown(4)["content"], ttp.shown(4)["variants"]) == ("Kettle 2.4 is out.", {"x": "New"})
    assert ttp(*arguments, "--var", "vresion=1").code == 2


def test_media_may_be_on_a_part_that_the_template_makes(ttp: Program) -> None:
    write(ttp, "own", "One\n\n## thread\nTwo {{ vars.a }}")
    post = ttp.ok("create", "--template", "own", "--var", "a=1", "--media", f"2={PHOTO}", "--to", "x/me", "--json").json
    assert (post["thread"], [item["part"] for item in post["media"]]) == (["Two 1"], [2])
    post = ttp.ok("edit", "1", "--var", "a=2", "--json").json
    assert (post["thread"], len(post["media"])) == (["Two 2"], 1)


def test_nothing_is_lost_or_stored_by_a_refusal(ttp: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    editor(monkeypatch, tmp_path, "true")
    for arguments in (
        ("--template", "releas"),
        ("--template", "Release", "--var", "version=1"),
        ("--template", "release", "--var", "version=1", "--var", "verison=2"),
        ("--template", "release"),
        ("--var", "version=1"),
        ("--template", "release", "--var", "version"),
        ("--template", "release", "--var", "version=1", "-e"),
        ("Hi", "--template", "release", "--var", "version=1"),
        ("Hi", "--snippet", "nope"),
    ):
        refused = ttp("create", *arguments)
        assert (refused.code in (2, 3), refused.out) == (True, "")
        assert len([line for line in refused.err.splitlines() if line.startswith("ttp: error:")]) == 1
    assert ttp.ok("list", "--json").json == []
    (ttp.home / "templates" / "folder.md").mkdir()
    for name in ("folder", "./nope.md"):
        assert ttp("template", "remove", name, "--yes").code == 2
    kept = ttp("create", "-", "--template", "release", "--var", "version=1", stdin="A long text")
    assert kept.code == 2
    assert [post["content"] for post in ttp.ok("list", "--json").json] == ["A long text"]
    ttp.ok("create", "--template", "release", "--var", "version=1", "--dry-run", "--to", "x/me")
    assert len(ttp.ok("list", "--json").json) == 1


def test_the_form_of_a_page_is_filled_by_a_template(ttp: Program) -> None:
    write(
        ttp,
        "own",
        "---\nto: [x/me, x/other]\ntags: [launch]\nat: 2027-03-01 09:30\ntz: Asia/Tokyo\n---\n"
        "{{ text }} {{ vars.a }}\n\n## x/other\nO {{ vars.a }}",
    )
    ann = Person(server_of(ttp)).log_in()
    form = form_with(ann.sees("/compose"), "Fill in")
    sent = form.pressed("Fill in", template="own", values="a=1", content="Typed")
    page = ann.send("/compose", sent).text
    filled = form_with(page, "Save draft")
    assert (filled.fields["content"], filled.fields["at"]) == (["Typed 1"], ["2027-03-01 00:30"])
    again = form_with(ann.send("/compose", filled.pressed("Fill in", values="a=2")).text, "Save draft")
    assert again.fields["content"] == ["Typed 2"]
    assert ann.does("/compose", again.pressed("Save draft")).startswith("/posts/1")
    post = ttp.shown()
    assert (post["content"], post["variants"], post["origin"]["vars"]) == ("Typed 2", {"x/other": "O 2"}, {"a": "2"})
    assert post["tags"] == ["launch"]
    edit = form_with(ann.sees("/posts/1/edit"), "Save draft")
    assert edit.fields["tags"] == ["launch"]
    for tags, stored in (("a, b", ["a", "b"]), ("", [])):
        ann.does("/compose", form_with(ann.sees("/posts/1/edit"), "Save draft").pressed("Save draft", tags=tags))
        assert ttp.shown()["tags"] == stored
    refused = ann.send("/compose", form.pressed("Fill in", template="own", values="b=1", content="Typed"))
    assert refused.status_code == 400
    assert "Typed" in refused.text
    assert "release" in ann.sees("/posts/1/edit")
    assert "own (version" in ann.sees("/posts/1")
