"""`ttp edit ID -e`: a post in an editor, as one change of what is different afterwards."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.writing import editor, left
from tests.conftest import Fill, Program
from tests.media_bytes import jpeg


@pytest.fixture
def post(fill: Fill, tmp_path: Path) -> Program:
    (tmp_path / "b.jpg").write_bytes(jpeg(1200, 1200))
    return fill(whole_post)


def whole_post(ttp: Program) -> None:
    """Post 1 has something of everything."""
    for name in ("x/me", "x/shop"):
        ttp.account(name)
    picture = ttp.home.parent / "a.jpg"
    picture.write_bytes(jpeg(1080, 1080))
    wish = ("Hello", "--to", "x/me", "--at", "2026-12-01 09:00", "--tz", "Europe/Berlin", "--tag", "a", "--key", "k")
    media = ("--media", str(picture), "--alt", "A door", "--text", "x=Hi", "--thread", "And more")
    ttp.ok("create", *wish, *media, "--set", "x.reply_settings=following", "--max-late", "2h")


def test_a_post_that_is_left_as_it_is_does_not_change(
    post: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = post.shown()
    seen = editor(monkeypatch, tmp_path, "true")
    ran = post.ok("edit", "1", "-e", "--format", "table")
    assert ran.code == 0
    assert post.shown() == before
    assert left(post.home) == []
    digest = before["media"][0]["sha256"]
    assert seen.read_text().startswith(
        f"---\nto:\n- x/me\nat: 2026-12-01T08:00Z\nmedia:\n- file: sha256:{digest}/a.jpg\n  alt: A door\n"
        "tags:\n- a\nset:\n  x.reply_settings: following\nmax-late: 2h\n"
    )
    assert seen.read_text().endswith("---\n\nHello\n\n## x\n\nHi\n\n## thread\n\nAnd more\n")
    assert post.ok("edit", "1", "-e", "--json").json["id"] == 1


@pytest.mark.parametrize(
    ("script", "field", "value"),
    [
        ("s/^Hello/Goodbye/", "content", "Goodbye"),
        ("s/^- x\\/me/- x\\/shop/", "accounts", ["x/shop"]),
        ("s/^at: .*/at: 2026-12-02T10:00Z/", "scheduledAt", "2026-12-02T10:00:00Z"),
        ("/^at: /d", "scheduledAt", None),
        ("s/^- a$/- b/", "tags", ["b"]),
        ("/^tags:/d;/^- a$/d", "tags", []),
        ("s/^Hi$/Hey/", "variants", {"x": "Hey"}),
        ("/^## x$/d;/^Hi$/d", "variants", {}),
        ("s/^And more/And less/", "thread", ["And less"]),
        ("/^## thread$/d;/^And more$/d", "thread", []),
        ("s/following/mentionedUsers/", "options", {"x.reply_settings": "mentionedUsers"}),
        ("/^set:/d;/reply_settings/d", "options", {}),
        ("/^max-late:/d", "maxLatenessS", None),
        ("s/^max-late: 2h/max-late: 3h/", "maxLatenessS", 10800),
    ],
)
def test_what_is_different_changes_and_nothing_else(
    post: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, field: str, value: object
) -> None:
    before = post.shown()
    editor(monkeypatch, tmp_path, f"sed -i.b '{script}' \"$1\"")
    after = post.ok("edit", "1", "-e", "--json").json
    assert after[field] == value
    moved = {field, "updatedAt", "deliveries", "warnings", *(("status",) if value is None else ())}
    assert {name for name in before if before[name] != after[name]} <= moved
    assert len(after["deliveries"]) == (2 if field == "accounts" else 1)
    assert left(post.home) == []


@pytest.mark.parametrize(
    ("script", "names", "alts"),
    [
        ("s/A door/A gate/", ["a.jpg"], ["A gate"]),
        ("/alt: A door/d", ["a.jpg"], [None]),
        ("s/^media:/media: [b.jpg]/;/- file:/d;/alt: A door/d", ["b.jpg"], [None]),
        ("s/- file: .*/- file: b.jpg/", ["b.jpg"], ["A door"]),
        ("/^media:/d;/- file:/d;/alt: A door/d", [], []),
    ],
)
def test_media_are_kept_changed_and_added_by_name(
    post: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, names: list[str], alts: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    editor(monkeypatch, tmp_path, f"sed -i.b '{script}' \"$1\"")
    media = post.ok("edit", "1", "-e", "--json").json["media"]
    assert ([item["name"] for item in media], [item["alt"] for item in media]) == (names, alts)


def test_media_are_added_beside_those_that_are_there(
    post: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    awk = """awk '{ print } /^media:/ { print "- file: b.jpg" }' "$1" > more; cat more > "$1\""""
    editor(monkeypatch, tmp_path, awk)
    media = post.ok("edit", "1", "-e", "--json").json["media"]
    assert [(item["name"], item["alt"]) for item in media] == [("b.jpg", None), ("a.jpg", "A door")]


def test_what_was_typed_beside_it_is_in_the_file(
    post: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = editor(monkeypatch, tmp_path, "true")
    after = post.ok("edit", "1", "Other", "-e", "--tag", "", "--text", "x=", "--media", "", "--json").json
    assert (after["content"], after["tags"], after["variants"], after["media"]) == ("Other", [], {}, [])
    assert "\n# tags: [launch]\n" in seen.read_text()
    assert post.ok("edit", "1", "-", "-e", "--json", stdin="Piped").json["content"] == "Piped"
    assert post.ok("edit", "1", "-e", "--add-tag", "new,old", "--json").json["tags"] == ["new", "old"]
    assert post.ok("edit", "1", "-e", "--remove-tag", "old", "--json").json["tags"] == ["new"]


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("s/^at: .*/at: soon/", 2),
        ("s/^Hi$/" + "a" * 281 + "/", 2),
        ("s/^- x.me/- x\\/none/", 3),
        ("s/^tags:/key: other/;/^- a$/d", 2),
        ("s/^tags:/tgas:/", 2),
    ],
)
def test_a_mistake_changes_nothing_and_is_there_to_go_on_with(
    post: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, code: int
) -> None:
    before = post.shown()
    editor(monkeypatch, tmp_path, f"sed -i.b '{script}' \"$1\"")
    ran = post("edit", "1", "-e")
    assert (ran.code, ran.out) == (code, "")
    assert "fix: ttp edit 1 -e\n" in ran.err
    assert post.shown() == before
    seen = editor(monkeypatch, tmp_path, "true")
    assert post("edit", "1", "-e").code == code
    written = seen.read_text()
    assert post.ok("edit", "1", "Other", "-e", "--json").json["content"] == "Other"
    assert (post.home / "writing" / "1-1.md").read_text() == written


def test_an_editor_that_fails_and_wrote_nothing_leaves_nothing(
    post: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(monkeypatch, tmp_path, "exit 3")
    ran = post("edit", "1", "-e")
    assert (ran.code, "ttp edit 1 -e" in ran.err) == (1, False)
    assert [row[0] for row in post.ok("list").rows] == ["1"]
    assert left(post.home) == []
    editor(monkeypatch, tmp_path, 'echo more >> "$1"; exit 3')
    assert "ttp edit 1 -e" in post("edit", "1", "-e").err
    assert "1.md" in left(post.home)


def test_a_post_that_was_changed_meanwhile_is_not_overwritten(
    post: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(monkeypatch, tmp_path, f'{sys.executable} -m ttp edit 1 It >&2; sed -i.b "s/^Hello/Mine/" "$1"')
    ran = post("edit", "1", "-e", "--json")
    assert (ran.code, ran.error["code"]) == (2, "conflict")
    assert post.shown()["content"] == "It"
    assert "\nMine\n" in (post.home / "writing" / "1.md").read_text()
    seen = editor(monkeypatch, tmp_path, "true")
    ran = post.ok("edit", "1", "-e")
    assert f"{post.home}/writing/1-1.md" in ran.err
    assert "\nIt\n" in seen.read_text()
    assert "\nMine\n" in (post.home / "writing" / "1-1.md").read_text()


def test_a_post_that_was_deleted_meanwhile_is_restored_and_edited(
    post: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(monkeypatch, tmp_path, f'{sys.executable} -m ttp delete 1 >&2; sed -i.b "s/^Hello/Mine/" "$1"')
    ran = post("edit", "1", "-e")
    assert ran.code == 3
    first, again = (line.split(": ttp ")[1].split() for line in ran.err.splitlines()[-2:])
    editor(monkeypatch, tmp_path, "true")
    post.ok(*first)
    assert post.ok(*again, "--json").json["content"] == "Mine"


@pytest.mark.parametrize("state", ["sending", "published"])
def test_what_cannot_be_edited_opens_no_editor(
    post: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    post.bring(1, state)
    seen = editor(monkeypatch, tmp_path, "true")
    ran = post("edit", "1", "-e", "--json")
    assert (ran.code, ran.error["code"], seen.exists()) == (2, "state", False)
    assert post("edit", "9", "-e").code == 3
    assert left(post.home) == []


def test_a_scheduled_post_is_refused_before_where_only_drafts_are_written(
    post: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_CAPABILITY", "draft")
    seen = editor(monkeypatch, tmp_path, "true")
    assert post("edit", "1", "-e").code == 7
    assert not seen.exists()


def test_a_failed_post_keeps_its_time_that_has_passed(
    post: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.bring(1, "failed")
    post.clock.advance(days=30)
    editor(monkeypatch, tmp_path, 'sed -i.b "s/^Hello/Goodbye/" "$1"')
    after = post.ok("edit", "1", "-e", "--json").json
    assert (after["content"], after["status"], after["scheduledAt"]) == ("Goodbye", "failed", "2026-12-01T08:00:00Z")


def test_many_posts_have_no_editor(post: Program) -> None:
    assert post("edit", "--where", "status=draft", "--shift", "+1d", "-e").code == 2
