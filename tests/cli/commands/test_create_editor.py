"""`ttp create -e`: what is written in an editor becomes a post, and is never lost on the way."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.writing import editor, left, writes
from tests.conftest import Program
from tests.media_bytes import jpeg
from ttp.domain.errors import Busy
from ttp.services.posts import Posts
from ttp.store.home.editor_drafts import EditorDraft, EditorDrafts

WRONG = "---\nto: x/me\nat: tomorow 9am\ntags: [a]\nkey: k\n---\n\nHello\n\n## x\n\nHi\n"


def test_the_file_is_for_its_owner_alone_and_begins_with_what_was_typed(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp.account()
    (tmp_path / "a.jpg").write_bytes(jpeg())
    seen = editor(monkeypatch, tmp_path, f'ls -l "$1" > {tmp_path}/ls')
    typed = ("--to", "x/me", "--at", "tomorrow 9am", "--media", str(tmp_path / "a.jpg"), "--alt", "A door")
    ttp.ok("create", "Hello", "-e", *typed, "--tag", "a", "--text", "x=Hi", "--key", "k", "--max-late", "2h")
    mode, *_, path = (tmp_path / "ls").read_text().split()
    assert mode.rstrip(".+@") == "-rw-------"
    assert Path(path).is_relative_to(ttp.home)
    assert path.endswith(".md")
    assert stat.S_IMODE((ttp.home / "writing").stat().st_mode) == 0o700
    assert seen.read_text().startswith(
        f"---\nto:\n- x/me\nat: tomorrow 9am\nmedia:\n- file: {tmp_path}/a.jpg\n  alt: A door\ntags:\n- a\n"
    )
    assert "# Accounts: x/me." in seen.read_text()
    assert seen.read_text().endswith("---\n\nHello\n\n## x\n\nHi\n")
    post = ttp.shown()
    assert (post["content"], post["status"], post["variants"]) == ("Hello", "scheduled", {"x": "Hi"})
    assert (post["key"], post["maxLatenessS"], post["media"][0]["alt"]) == ("k", 7200, "A door")
    assert left(ttp.home) == []


def test_what_is_not_given_stands_there_as_an_example_that_is_not_read(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = editor(monkeypatch, tmp_path, 'echo "Hello" >> "$1"')
    ttp.ok("create", "--edit")
    for field in ("to", "at", "tz", "media", "tags", "set", "max-late", "key"):
        assert f"\n# {field}:" in seen.read_text()
    post = ttp.shown()
    assert (post["content"], post["status"], post["accounts"], post["tags"]) == ("Hello", "draft", [], [])


@pytest.mark.parametrize("script", ["true", ': > "$1"', 'rm "$1"', 'echo "  " > "$1"', 'sed -i.b "s/# to:/to:/" "$1"'])
def test_nothing_written_is_nothing_stored(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    editor(monkeypatch, tmp_path, script)
    (tmp_path / "a.jpg").write_bytes(jpeg())
    media = ("--media", str(tmp_path / "a.jpg")) if script == "true" else ()
    ran = ttp("create", "-e", "--tag", "a", *media, "--json")
    assert (ran.code, ran.out, ran.error["code"]) == (2, "", "usage")
    assert ttp.count("post") == 0
    assert left(ttp.home) == []


def test_a_mistake_stores_nothing_and_keeps_all_that_was_written_to_go_on_with(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp.account()
    writes(monkeypatch, tmp_path, WRONG)
    ran = ttp("create", "-e", "--json")
    assert (ran.code, ran.out, ran.error["hint"]) == (2, "", "at: tomorrow 9am")
    assert ttp.count("post") == 0
    seen = editor(monkeypatch, tmp_path, 'sed -i.b s/tomorow/tomorrow/ "$1"')
    assert "ttp list" not in ttp.ok("create", "-e").err
    assert seen.read_text() == WRONG
    post = ttp.shown()
    assert (post["status"], post["tags"], post["key"], post["variants"]) == ("scheduled", ["a"], "k", {"x": "Hi"})
    assert ttp.count("post") == 1
    assert left(ttp.home) == []


def test_what_is_typed_beside_an_unsaved_text_begins_another(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes(monkeypatch, tmp_path, WRONG)
    assert ttp("create", "-e").code == 3
    editor(monkeypatch, tmp_path, "true")
    assert "ttp create -e\n" in ttp.ok("create", "Other", "-e").err
    assert ttp.shown()["content"] == "Other"
    (kept,) = (ttp.home / "writing").glob("new-*.md")
    assert kept.read_text() == WRONG


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("---\nto: [x/me\n---\nHello", 2),
        ("---\nto: x/me\nHello", 2),
        ("---\nto: x/none\n---\nHello", 3),
        ("---\nfoo: x\n---\nHello", 2),
        ("---\nmax-late: soon\n---\nHello", 2),
        ("---\nto: x/me\nat: in 1h\n---\n" + "a" * 281, 2),
        ("Hello\n## nobody\n", 2),
        (b"---\n---\ncaf\xe9", 2),
    ],
)
def test_whatever_is_wrong_the_file_stays_as_it_was_written(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | bytes, code: int
) -> None:
    ttp.account()
    writes(monkeypatch, tmp_path, text)
    ran = ttp("create", "-e")
    (kept,) = (ttp.home / "writing").glob("new-*.md")
    assert ran.code == code
    assert "fix: ttp create -e\n" in ran.err
    assert kept.name in ran.err
    assert kept.read_bytes() == (text if isinstance(text, bytes) else text.encode())
    assert ttp.count("post") == 0


@pytest.mark.slow
def test_ten_megabytes_are_kept(ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writes(monkeypatch, tmp_path, "word " * 2_000_000)
    ran = ttp("create", "-e")
    assert ran.code == 2, "it is too long for a post"
    assert len(ran.err) < 1000
    (kept,) = (ttp.home / "writing").glob("new-*.md")
    assert kept.stat().st_size == 10_000_000


def test_an_editor_that_fails_loses_nothing(ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(monkeypatch, tmp_path, "exit 3")
    ran = ttp("create", "-e")
    assert (ran.code, len(ran.err.splitlines())) == (1, 2)
    assert left(ttp.home) == []
    editor(monkeypatch, tmp_path, 'echo Hello >> "$1"; kill -9 $$')
    ran = ttp("create", "-e")
    assert ran.code == 1
    assert "fix: ttp create -e" in ran.err
    editor(monkeypatch, tmp_path, "true")
    ttp.ok("create", "-e")
    assert ttp.shown()["content"] == "Hello"


def test_a_store_that_cannot_be_written_leaves_the_file_and_names_it(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes(monkeypatch, tmp_path, "Hello")

    def full(*_: object) -> None:
        raise Busy("no room")

    with monkeypatch.context() as patch:
        patch.setattr(Posts, "create", full)
        ran = ttp("create", "-e")
    assert ran.code == 5
    (kept,) = (ttp.home / "writing").glob("new-*.md")
    assert str(kept) in ran.err
    assert kept.read_text() == "Hello"
    ttp.ok("create", "-e")
    assert ttp.shown()["content"] == "Hello"
    assert left(ttp.home) == []


def test_a_file_that_was_left_after_it_was_taken_spoils_no_post(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes(monkeypatch, tmp_path, "---\ntags: [a]\n---\nHello")
    with monkeypatch.context() as patch:
        patch.setattr(EditorDraft, "discard", lambda self: None)
        ttp.ok("create", "-e")
    seen = editor(monkeypatch, tmp_path, ': > "$1"')
    again = ttp("create", "-e")
    assert (again.code, "ttp list" in again.err) == (2, True), "it may be saved already"
    assert seen.read_text().endswith("Hello")
    assert ttp.count("post") == 1
    assert left(ttp.home) == []


def test_what_somebody_has_open_is_left_alone(ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writes(monkeypatch, tmp_path, "Hello")
    with EditorDrafts(ttp.home).begin() as other:
        other.write("Theirs")
        assert ttp.ok("create", "-e").err == ""
        assert other.path.read_text() == "Theirs"
        assert ttp.count("post") == 1
    ttp.ok("create", "-e")
    assert (tmp_path / "seen").read_text() == "Theirs"
    with EditorDrafts(ttp.home).of_post(1):
        refused = ttp("edit", "1", "-e", "--json")
        assert (refused.code, refused.error["code"]) == (2, "conflict")


def test_a_key_that_made_a_post_makes_no_second_one(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes(monkeypatch, tmp_path, "---\nkey: k\n---\nHello")
    first = ttp.ok("create", "-e", "--json").json
    again = ttp.ok("create", "-e", "--json").json
    assert (again["id"], again["replayed"]) == (first["id"], True)
    assert len(ttp.ok("list").rows) == 1
    writes(monkeypatch, tmp_path, "---\nkey: k\n---\nOther")
    refused = ttp("create", "-e", "--json")
    assert (refused.code, refused.error["code"]) == (2, "conflict")
    assert [row[4] for row in ttp.ok("list").rows] == ["Hello"]


def test_where_no_post_may_get_a_time_the_file_stays(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp.account()
    monkeypatch.setenv("TTP_CAPABILITY", "draft")
    seen = writes(monkeypatch, tmp_path, "---\nto: x/me\nat: in 1h\n---\nHello")
    ran = ttp("create", "-e")
    assert ran.code == 7
    assert "# at:" not in seen.read_text()
    editor(monkeypatch, tmp_path, 'sed -i.b "/^at:/d" "$1"')
    ttp.ok("create", "-e")
    assert (ttp.shown()["status"], ttp.shown()["accounts"]) == ("draft", ["x/me"])


def test_stdin_and_a_file_are_what_it_begins_with(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(monkeypatch, tmp_path, 'echo "and more" >> "$1"')
    ttp.ok("create", "-", "-e", stdin="From stdin\n")
    assert ttp.shown(1)["content"] == "From stdin\nand more"
    (tmp_path / "a.md").write_text("---\ntags: [a]\n---\nOf a file\n")
    ttp.ok("create", "-e", "--file", str(tmp_path / "a.md"), "--tag", "b")
    assert (ttp.shown(2)["content"], ttp.shown(2)["tags"]) == ("Of a file\nand more", ["b"])


@pytest.mark.parametrize("words", [("create", "hi", "-e", "--dry-run"), ("create", "hi", "-e", "--alt", "x")])
def test_what_cannot_be_is_refused_before_an_editor_opens(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    seen = editor(monkeypatch, tmp_path, "true")
    assert ttp(*words).code == 2
    assert not seen.exists()
    assert not ttp.home.exists()


def test_a_post_of_media_alone_takes_a_word_that_it_is_meant(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg())
    editor(monkeypatch, tmp_path, 'sed -i.b "s/# tags:/tags:/" "$1"')
    ttp.ok("create", "-e", "--media", str(tmp_path / "a.jpg"))
    assert (ttp.shown()["content"], len(ttp.shown()["media"])) == ("", 1)


def test_who_was_to_be_first_is_so_after_a_mistake(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp.account()
    ttp.ok("slots", "add", "mon,wed,fri 09:00", "--account", "x/me")
    ttp.ok("create", "Other", "--to", "x/me", "--at", "next-slot")
    slot = ttp.shown(1)["scheduledAt"]
    editor(monkeypatch, tmp_path, "true")
    assert ttp("create", "Mine", "-e", "--to", "x/mee", "--first").code == 3
    editor(monkeypatch, tmp_path, 'sed -i.b "s/mee/me/" "$1"')
    ttp.ok("create", "-e")
    assert ttp.shown(2)["scheduledAt"] == slot
    assert ttp.shown(1)["scheduledAt"] != slot


def test_without_an_editor_nothing_begins_and_stdin_is_kept(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "vi")
    refused = ttp("create", "-e", "--json")
    assert (refused.code, refused.error["code"]) == (2, "usage")
    assert not ttp.home.exists()
    ran = ttp("create", "-", "-e", stdin="Hello")
    assert "ttp show 1" in ran.err
    assert ttp.shown()["content"] == "Hello"


def test_what_an_editor_prints_is_no_part_of_the_answer(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(monkeypatch, tmp_path, 'echo noise; echo Hello >> "$1"')
    ran = subprocess.run(
        [sys.executable, "-m", "ttp", "create", "-e"], capture_output=True, check=True, timeout=60, env=os.environ
    )
    assert (ran.stdout, ran.stderr) == (b"1\n", b"noise\n")


@pytest.mark.parametrize("words", [("create",), ("edit", "1")])
@pytest.mark.parametrize(
    ("script", "content"),
    [
        ('printf two > "$1"; mkdir "$1~"', "two"),
        ('printf two > "$1"; rm "${1%.md}.json"; mkdir "${1%.md}.json"', "two"),
    ],
)
def test_what_cannot_be_taken_away_is_no_failure_of_what_was_taken(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], script: str, content: str
) -> None:
    ttp.post("one")
    editor(monkeypatch, tmp_path, script)
    ran = ttp.ok(*words, "-e", "--json")
    assert ran.json["content"] == content


@pytest.mark.parametrize("words", [("create",), ("edit", "1")])
@pytest.mark.parametrize("script", ['rm "$1"; mkfifo "$1"', 'rm "$1"; mkdir "$1"'])
def test_a_file_that_is_none_any_more_is_told(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], script: str
) -> None:
    ttp.post("one")
    editor(monkeypatch, tmp_path, script)
    refused = ttp(*words, "-e")
    assert refused.code == 5
    assert [post["content"] for post in ttp.ok("list", "--json").json] == ["one"]
    writes(monkeypatch, tmp_path, "two")
    assert ttp.ok("create", "-e", "--json").json["content"] == "two"


@pytest.mark.parametrize("words", [("create",), ("edit", "1")])
def test_a_folder_that_is_gone_is_no_bug(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    ttp.post("one")
    editor(monkeypatch, tmp_path, 'rm -r "$(dirname "$1")"')
    refused = ttp(*words, "-e")
    assert (refused.code in (2, 5), "bug" in refused.err) == (True, False)
    assert ttp.shown()["content"] == "one"
