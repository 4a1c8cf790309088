"""`ttp create -e`: what is written in an editor becomes a post, and is never lost on the way."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.writing import editor, left, writes
from tests.conftest import Program
from tests.media_bytes import jpeg
from ttp.domain.errors import Busy
from ttp.services.drafts import Drafts
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
    ran = ttp("create", "-e", "--tag", "a", *media)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert ttp.count("post") == 0
    assert left(ttp.home) == []


def test_a_mistake_keeps_a_draft_and_all_that_was_written_to_go_on_with(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp.account()
    writes(monkeypatch, tmp_path, WRONG)
    ran = ttp("create", "-e", "--json")
    assert (ran.code, ran.out) == (2, "")
    assert ran.error["hint"] == "ttp edit 1 --to x/me --text x=Hi --tag a --at 'tomorrow 9am'"
    assert "fix: ttp edit 1 -e" in ttp("create", "-e").err.replace("2", "1")
    ttp.ok("delete", "2")
    post = ttp.shown()
    assert (post["content"], post["status"]) == ("Hello", "draft")
    seen = editor(monkeypatch, tmp_path, 'sed -i.b s/tomorow/tomorrow/ "$1"')
    ttp.ok("edit", "1", "-e")
    assert seen.read_text() == WRONG
    post = ttp.shown()
    assert (post["status"], post["tags"], post["key"], post["variants"]) == ("scheduled", ["a"], "k", {"x": "Hi"})
    assert ttp.count("post") == 2
    assert "1.md" not in left(ttp.home)


@pytest.mark.parametrize(
    ("text", "code", "stored"),
    [
        ("---\nto: [x/me\n---\nHello", 2, None),
        ("---\nto: x/me\nHello", 2, None),
        ("---\nto: x/none\n---\nHello", 3, "Hello"),
        ("---\nfoo: x\n---\nHello", 2, None),
        ("---\nmax-late: soon\n---\nHello", 2, None),
        ("---\nto: x/me\nat: in 1h\n---\n" + "a" * 281, 2, "a" * 281),
        ("Hello\n## nobody\n", 2, None),
        pytest.param("a\0b", 2, None, marks=pytest.mark.sqlite("PostgreSQL keeps no NUL: test_create.py")),
    ],
)
def test_whatever_is_wrong_the_text_is_kept_once(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, code: int, stored: str | None
) -> None:
    ttp.account()
    writes(monkeypatch, tmp_path, text)
    ran = ttp("create", "-e")
    assert ran.code == code
    assert "ttp edit 1 -e" in ran.err
    assert ttp.sql("SELECT id, content, status FROM post") == [(1, stored or text, "draft")]
    assert (ttp.home / "writing" / "1.md").read_text() == text


def test_bytes_that_are_not_utf8_stay_as_they_are(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes(monkeypatch, tmp_path, b"---\n---\ncaf\xe9")
    assert ttp("create", "-e").code == 2
    assert ttp.sql("SELECT content FROM post") == [("---\n---\ncaf\\xe9",)]
    assert (ttp.home / "writing" / "1.md").read_bytes() == b"---\n---\ncaf\xe9"
    seen = editor(monkeypatch, tmp_path, f'printf "caf\\303\\251" > "$1"; cp "$1" {tmp_path}/now')
    ttp.ok("edit", "1", "-e")
    assert seen.read_bytes() == b"---\n---\ncaf\xe9"
    assert ttp.shown()["content"] == "café"


@pytest.mark.slow
@pytest.mark.parametrize("front", ["", "---\nto: x/me\nat: in 1h\n---\n"])
def test_ten_megabytes_are_kept(ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, front: str) -> None:
    ttp.account()
    writes(monkeypatch, tmp_path, front + "word " * 2_000_000)
    ran = ttp("create", "-e")
    assert ran.code == 2, "it is too long for a post, and kept as a draft"
    assert len(ran.err) < 1000
    assert ttp.sql("SELECT length(content) FROM post") == [(len(front) + 10_000_000,)], "as it was typed"


def test_an_editor_that_fails_loses_nothing(ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(monkeypatch, tmp_path, "exit 3")
    ran = ttp("create", "-e")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert left(ttp.home) == []
    editor(monkeypatch, tmp_path, 'echo Hello >> "$1"; kill -9 $$')
    ran = ttp("create", "-e")
    assert ran.code == 1
    assert "fix: ttp edit 1 -e" in ran.err
    assert "Hello" in ttp.shown()["content"]
    editor(monkeypatch, tmp_path, "true")
    ttp.ok("edit", "1", "-e")
    assert ttp.shown()["content"] == "Hello"


def test_a_store_that_cannot_be_written_leaves_the_file_and_names_it(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes(monkeypatch, tmp_path, "Hello")

    def full(*_: object) -> None:
        raise Busy("no room")

    with monkeypatch.context() as patch:
        patch.setattr(Drafts, "save", full)
        ran = ttp("create", "-e")
    assert ran.code == 5
    (kept,) = (ttp.home / "writing").glob("new-*.md")
    assert str(kept) in ran.err
    assert kept.read_text() == "Hello"
    ran = ttp.ok("create", "-e")
    assert "ttp edit 1 -e" in ran.err
    assert [row[1] for row in ttp.sql("SELECT id, content FROM post ORDER BY id")] == ["Hello", "Hello"]


def test_what_was_being_written_when_ttp_was_killed_is_a_draft_the_next_time(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(monkeypatch, tmp_path, 'echo "For an hour" >> "$1"; kill -9 $PPID')
    ended = subprocess.run([sys.executable, "-m", "ttp", "create", "-e", "--tag", "a"], check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    writes(monkeypatch, tmp_path, "Another")
    while not ttp.ok("create", "-e").err:  # the editor may be a moment longer
        pass
    assert any("For an hour" in one["content"] for one in ttp.ok("list", "--json").json)


def test_a_file_that_was_left_after_it_was_taken_spoils_no_post(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes(monkeypatch, tmp_path, "---\ntags: [a]\n---\nHello")
    with monkeypatch.context() as patch:
        patch.setattr(EditorDraft, "discard", lambda self: None)
        ttp.ok("create", "-e")
    assert "ttp edit 2 -e" in ttp.ok("create", "-e").err
    assert [ttp.shown(post)["content"] for post in (1, 3)] == ["Hello", "Hello"]


def test_what_somebody_has_open_is_left_alone(ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writes(monkeypatch, tmp_path, "Hello")
    with EditorDrafts(ttp.home).begin() as other:
        other.write("Theirs")
        assert ttp.ok("create", "-e").err == ""
        assert other.path.read_text() == "Theirs"
        assert ttp.count("post") == 1
    assert "draft 2" in ttp.ok("create", "-e").err
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
    assert [row[4] for row in ttp.ok("list").rows] == ["Hello", "Other"]


def test_where_no_post_may_get_a_time_the_text_is_a_draft(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp.account()
    monkeypatch.setenv("TTP_CAPABILITY", "draft")
    seen = writes(monkeypatch, tmp_path, "---\nto: x/me\nat: in 1h\n---\nHello")
    ran = ttp("create", "-e")
    assert ran.code == 7
    assert "# at:" not in seen.read_text()
    assert (ttp.shown()["status"], ttp.shown()["content"]) == ("draft", "Hello")
    editor(monkeypatch, tmp_path, 'sed -i.b "/^at:/d" "$1"')
    ttp.ok("edit", "1", "-e")
    assert ttp.shown()["accounts"] == ["x/me"]


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
    ttp.ok("edit", "2", "-e")
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
    assert (refused.code in (1, 5), "bug" in refused.err) == (True, False)
    assert ttp.shown()["content"] == "one"
