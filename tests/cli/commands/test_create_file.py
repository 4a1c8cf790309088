"""`ttp create --file`: one post of one content file, with options that are typed too."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.media_bytes import jpeg
from ttp.cli.context import Context
from ttp.cli.options import read_stdin
from ttp.domain.errors import UsageError

FILE = """---
to: x/me
at: 2026-12-01 09:00
tz: Europe/Zurich
media:
- file: a.jpg
  alt: A door
tags: [a]
key: launch
---

Hello

## x

Hi
"""


@pytest.fixture
def file(ttp: Program, tmp_path: Path) -> str:
    ttp.account()
    ttp.account("x/other")
    (tmp_path / "a.jpg").write_bytes(jpeg())
    (tmp_path / "post.md").write_text(FILE)
    return str(tmp_path / "post.md")


def test_the_post_is_what_the_file_says(ttp: Program, file: str) -> None:
    post = ttp.ok("create", "--file", file, "--json").json
    assert (post["content"], post["variants"], post["key"]) == ("Hello", {"x": "Hi"}, "launch")
    assert (post["scheduledAt"], post["accounts"], post["tags"]) == ("2026-12-01T08:00:00Z", ["x/me"], ["a"])
    assert [(item["name"], item["alt"]) for item in post["media"]] == [("a.jpg", "A door")]
    assert ttp.ok("create", "--file", file, "--json").json["replayed"] is True


def test_what_is_typed_beside_it_wins(ttp: Program, file: str) -> None:
    typed = ("Other", "--to", "x/other", "--text", "x/other=Hey", "--tag", "b", "--key", "k", "--at", "tomorrow 9am")
    post = ttp.ok("create", *typed, "--file", file, "--json").json
    assert (post["content"], post["accounts"], post["tags"], post["key"]) == ("Other", ["x/other"], ["b"], "k")
    assert post["variants"] == {"x": "Hi", "x/other": "Hey"}
    assert post["scheduledAt"] == "2026-11-25T08:00:00Z"


def test_a_file_without_front_matter_is_the_text_of_a_draft(ttp: Program, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Just text\n")
    assert ttp.ok("create", "--file", str(tmp_path / "a.md"), "--json").json["content"] == "Just text"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("to: x/me", "to: x/none"), 3),
        (("at: 2026-12-01 09:00", "at: 2020-12-01 09:00"), 2),
        (("a.jpg", "../a.jpg"), 2),
        (("tags: [a]", "max-late: soon"), 2),
        (("tags: [a]", "status: published"), 2),
        (("tags: [a]", "tgas: [a]"), 2),
    ],
)
def test_a_file_that_is_no_post_says_why(ttp: Program, file: str, change: tuple[str, str], code: int) -> None:
    path = Path(file)
    path.write_text(FILE.replace(*change))
    ran = ttp("create", "--file", file)
    assert (ran.code, ttp.count("post")) == (code, 0)
    assert ttp("create", "--file", f"{file}.none").code == 3


def test_a_file_from_stdin_is_a_draft_before_it_is_checked(ttp: Program) -> None:
    ttp.account()
    ran = ttp("create", "--file", "-", stdin="---\nto: x/me\nat: tomorow 9am\ntags: [a]\n---\nKeep me\n\n## x\n\nHi\n")
    assert (ran.code, ran.out) == (2, "")
    assert "ttp edit 1 --at 'tomorrow 9am'" in ran.err
    assert "see: ttp show 1" in ran.err
    draft = ttp.ok("show", "1", "--json").json
    assert (draft["status"], draft["content"], draft["variants"]) == ("draft", "Keep me", {"x": "Hi"})
    assert (draft["accounts"], draft["tags"], ttp.count("post")) == (["x/me"], ["a"], 1)


@pytest.mark.parametrize("wrong", ["tgas: [a]", "to: x/none", "to: [", "max-late: soon"])
def test_a_file_from_stdin_that_is_no_post_is_the_text_of_a_draft(ttp: Program, wrong: str) -> None:
    ttp.account()
    text = f"---\n{wrong}\n---\nKeep me\n"
    ran = ttp("create", "--file", "-", stdin=text)
    assert (ran.code > 0, ran.out) == (True, "")
    assert "ttp show 1" in ran.err
    assert (ttp.ok("show", "1", "--json").json["content"].strip(), ttp.count("post")) == (text.strip(), 1)


def test_a_good_file_from_stdin_is_one_post_and_one_change(ttp: Program) -> None:
    ttp.account()
    text = "---\nto: x/me\nkey: k\n---\nHello\n"
    assert ttp.ok("create", "--file", "-", stdin=text).out == "1\n"
    assert ttp.ok("create", "--file", "-", "--json", stdin=text).json["replayed"] is True
    assert ttp.ok("list", "--fields", "id,content").out == "1\tHello\n"
    assert ttp.ok("undo", "--list", "--fields", "command,posts").out == "create\t1\n"


def test_stdin_is_the_text_or_the_file(ttp: Program) -> None:
    ran = ttp("create", "-", "--file", "-", stdin="Hello")
    assert (ran.code, ttp.count("post")) == (2, 0)


@pytest.mark.parametrize("argv", [["create", "-"], ["create", "--file", "-"], ["edit", "1", "-"]], ids=" ".join)
def test_a_text_from_stdin_has_a_most_length_and_more_is_refused_unsaved(ttp: Program, argv: list[str]) -> None:
    ttp.account()
    ttp.ok("create", "There")
    ttp.ok("config", "set", "input.max_bytes", "12")
    ran = ttp(*argv, stdin="Twelve, long!")
    assert (ran.code, ran.out, ttp.count("post")) == (2, "", 1)
    assert "ttp config set input.max_bytes" in ran.err
    assert ttp.shown()["content"] == "There"
    assert ttp(*argv, stdin="Twelve bytes").code == 0


def test_no_more_of_stdin_is_read_than_may_be_long(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.RawIOBase):
        read_of_it = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            self.read_of_it += len(buffer)
            assert self.read_of_it < 2_000_000, "it goes on for ever"
            buffer[:] = b"x" * len(buffer)
            return len(buffer)

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(Endless())))
    with pytest.raises(UsageError):
        read_stdin(Context(), "text")


def test_credentials_have_a_most_length_of_their_own(ttp: Program, tmp_path: Path) -> None:
    long = json.dumps({"accessToken": "t" * 70_000})
    (tmp_path / "long.json").write_text(long)
    assert ttp("account", "add", "x/me", "--credentials", "-", stdin=long).code == 2
    assert ttp("account", "add", "x/me", "--credentials", str(tmp_path / "long.json")).code == 2
    assert ttp.ok("account", "list", "--json").json == []


def test_a_file_has_the_most_length_of_stdin(ttp: Program, tmp_path: Path) -> None:
    (tmp_path / "post.md").write_text("x" * 1_000_001)
    assert ttp("create", "--file", str(tmp_path / "post.md")).code == 2
    assert not ttp.ok("list").out
