"""Bare `ttp create` on a terminal: what it asks, what it stores at once, and what it says at the end."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.cli.writing import left, writes
from tests.conftest import Program, Ran, inherited
from tests.drift.terminal import on_a_terminal
from tests.media_bytes import jpeg
from ttp.cli import post_questions
from ttp.cli.errors import command_text
from ttp.cli.terminal import UnfinishedLine
from ttp.domain.action import action
from ttp.domain.errors import TtpError
from ttp.domain.post import Post
from ttp.services.posts import Posts
from ttp.store import queries

Ask = Callable[..., Ran]
END = None
"""The end of stdin."""


@pytest.fixture
def ask(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Bare `ttp create`, or other words, with these answers; each is a line, and an error is raised."""
    monkeypatch.setattr("ttp.cli.output.chosen_format", lambda *_, **options: "json" if options["json"] else "table")
    for module in ("ttp.cli.commands.posts", "ttp.cli.editor"):
        monkeypatch.setattr(f"{module}.is_interactive", lambda: True)

    def run(
        *answers: str | BaseException | None, argv: Sequence[str] = ("create",), looks: Callable[[], object] = dict
    ) -> Ran:
        lines = iter(answers)

        def read(prompt: str, **_: object) -> str | None:
            looks()
            line = next(lines)
            if isinstance(line, BaseException):
                raise line
            return line

        monkeypatch.setattr(post_questions, "read_line", read)
        monkeypatch.setattr(post_questions, "read_text_line", read)
        ran = ttp(*argv)
        assert next(lines, "all") == "all", "it asked less than was answered"
        return ran

    return run


@pytest.fixture
def photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file with a blank in its name, in the home of the user, as it is typed."""
    (tmp_path / "a photo.jpg").write_bytes(jpeg())
    monkeypatch.setenv("HOME", str(tmp_path))
    return "'~/a photo.jpg'"


def facts(post: dict[str, object]) -> object:
    return post["content"], post["accounts"], post["scheduledAt"], post["media"]


def test_the_answers_become_a_post_and_the_printed_command_makes_the_same(ttp: Program, ask: Ask, photo: str) -> None:
    ttp.account("x/me")
    ttp.account("x/second")
    text, accounts = ("--It's $5  for all", ""), ("3", "nobody", "1, x/second")
    media, times = ("none.jpg", "'open", photo, "A door"), ("soon", "2031-01-01 9:00")
    ran = ask(*text, *accounts, *media, *times, "perhaps", "yes")
    post = ttp.shown()
    assert (ran.code, post["content"], post["status"]) == (0, text[0], "scheduled")
    assert (len(post["accounts"]), post["media"][0]["alt"], post["scheduledAt"][:10]) == (2, "A door", "2031-01-01")
    assert len(ttp.ok("undo", "--list", "--json").json) == 1
    ttp.ok("delete", "1")
    ttp.ok(*shlex.split(ran.out.splitlines()[-1])[1:])
    assert facts(ttp.shown(2)) == facts(post)


def test_each_answer_is_stored_before_the_next_question(ttp: Program, ask: Ask, photo: str) -> None:
    ttp.account("x/me")
    stored = []

    def look() -> None:
        with ttp.database.reading() as db:
            post = None if db is None else queries.post(db, 1)
        if post is not None:
            stored.append((post.content, post.accounts, *(item.alt for item in post.media)))

    ask("Hello", "world", "", "1", photo, "A door", "2031-01-01 9:00", "", looks=look)
    begun, text = [("Hello", ())], "Hello\nworld"
    assert stored == [
        *begun, (text, ()), (text, ()), (text, ("x/me",)), (text, ("x/me",), None),
        *[(text, ("x/me",), "A door")] * 2,
    ]  # fmt: skip


def test_each_alt_text_is_stored_before_the_next_is_asked_for(ttp: Program, ask: Ask, photo: str) -> None:
    ttp.account("x/me")
    ask("Hello", "", "1", f"{photo} {photo}", "A door", KeyboardInterrupt())
    assert [item["alt"] for item in ttp.shown()["media"]] == ["A door", None]


@pytest.mark.parametrize("stored", [0, 1])
def test_a_text_that_could_not_be_stored_is_in_the_error(
    ttp: Program, ask: Ask, monkeypatch: pytest.MonkeyPatch, stored: int
) -> None:
    save, pasted = Posts.save_draft_text, iter([True, True, False])

    def refuse(self: Posts, text: str, draft: Post | None = None) -> Post:
        if text.count("\n") == stored:
            raise TtpError("the store is locked")
        return save(self, text, draft)

    monkeypatch.setattr(Posts, "save_draft_text", refuse)
    monkeypatch.setattr(post_questions, "is_more_typed", lambda: next(pasted))
    ran = ask("One", *(["It's two"] * stored), "", "three")
    (command,) = [line.partition("try: ")[2] for line in ran.err.splitlines() if "try: ttp create" in line]
    assert command == command_text(action("create", "One\n" + "It's two\n" * stored + "\nthree"))
    assert (ran.code, "kept as draft" in ran.err) == (1, False)


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), UnfinishedLine("  wor")])
def test_control_c_keeps_a_draft_and_names_it(ttp: Program, ask: Ask, stop: BaseException) -> None:
    ttp.account("x/me")
    ran = ask("Hello", stop)
    assert (ran.code, ttp.shown()["status"]) == (130, "draft")
    assert ttp.shown()["content"] == ("Hello\n  wor" if isinstance(stop, UnfinishedLine) else "Hello")
    assert "ttp edit 1 --to x/me" in ran.out
    assert (
        ask("Hi", "", "1", "", "2031-01-01 9:00", KeyboardInterrupt())
        .out.rstrip()
        .endswith("ttp schedule 2 --at '2031-01-01 9:00'")
    )
    assert ask(KeyboardInterrupt()).out == ""
    assert ttp.count("post") == 2


@pytest.mark.parametrize(
    ("stop", "second"), [(KeyboardInterrupt(), None), (UnfinishedLine(" A wind"), "A wind"), (UnfinishedLine(""), None)]
)
def test_control_c_in_the_second_alt_text_keeps_what_was_typed(
    ttp: Program, ask: Ask, photo: str, stop: BaseException, second: str | None
) -> None:
    ttp.account("x/me")
    ttp.account("x/second")
    assert ask("Hi", "", "1 and x/second", f"{photo} {photo}", "A door", stop).code == 130
    assert [item["alt"] for item in ttp.shown()["media"]] == ["A door", second]
    assert len(ttp.shown()["accounts"]) == 2


def test_a_refused_text_is_changed_in_the_editor_before_it_is_scheduled(
    ttp: Program, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp.account("x/me")
    seen = writes(monkeypatch, tmp_path, "Short\n")
    long = "a" * 281
    ran = ask(long, "", "1", "", "2031-01-01 9:00", "yes", "text", "yes")
    assert (ran.code, seen.read_text()) == (0, long)
    assert (ttp.shown()["content"], ttp.shown()["status"], left(ttp.home)) == ("Short", "scheduled", [])


@pytest.mark.parametrize(("written", "code"), [("From the editor\n", 0), ("\n", 2)])
def test_enter_alone_opens_the_editor(
    ttp: Program, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, code: int
) -> None:
    writes(monkeypatch, tmp_path, written)
    ran = ask("", *(["", ""] if not code else [END]))
    assert (ran.code, left(ttp.home)) == (code, [])
    assert [row["content"] for row in ttp.ok("list", "--json").json] == [written.strip()] * (code == 0)
    assert "ttp account connect" in ran.err


def test_each_answer_can_be_changed_and_emptied_before_the_last(ttp: Program, ask: Ask) -> None:
    ttp.account("x/me")
    answers = ("Hello", "", "x", "", "2031-01-01 9:00", "time", "none", "time", "", "accounts", "none", "no")
    ran = ask(*answers)
    assert (ran.code, ttp.shown()["status"], ttp.shown()["accounts"]) == (0, "draft", [])
    assert ran.out.splitlines()[-1] == "  ttp create Hello"


@pytest.mark.parametrize("argv", [("create", "--json"), ("create", "-q"), ("create", "--to", "")])
def test_nothing_is_asked_with_an_option(ttp: Program, ask: Ask, argv: tuple[str, ...]) -> None:
    assert ask(argv=argv).code == 2
    assert not ttp.home.exists()


def test_nothing_is_asked_in_a_pipe(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttp.cli.commands.posts.is_interactive", lambda: True)
    assert ttp("create", stdin="Hello\n\n").code == 2


def test_a_pasted_text_and_an_unfinished_line_are_kept_on_a_terminal(ttp: Program, tmp_path: Path) -> None:
    env = {**inherited(), "TTP_HOME": str(ttp.home), "LANG": "C.UTF-8", "TERM": "dumb"}
    with on_a_terminal([sys.executable, "-m", "ttp", "create"], cwd=tmp_path, env=env) as screen:
        screen.until("> ")
        screen.type("One\n\n  Two\nThr")
        for _ in range(3):
            screen.until("> ")
        screen.interrupt()
        assert "ttp edit 1 -e" in screen.rest()
        assert screen.code() == 130
    assert ttp.shown()["content"] == "One\n\n  Two\nThr"


def test_a_text_of_the_editor_that_could_not_be_stored_ends_the_questions(
    ttp: Program, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ttp.account("x/me")
    writes(monkeypatch, tmp_path, "New")
    save = Posts.save_draft_text

    def refuse(self: Posts, text: str, draft: Post | None = None) -> Post:
        if text == "New":
            raise TtpError("the store is locked")
        return save(self, text, draft)

    monkeypatch.setattr(Posts, "save_draft_text", refuse)
    ran = ask("Old", "", "1", "", "2031-01-01 9:00", "text")
    assert (ran.code, "ttp create New" in ran.err, ttp.shown()["status"]) == (1, True, "draft")


def test_a_draft_that_was_changed_meanwhile_goes_on_as_another_with_the_same_answers(
    ttp: Program, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, photo: str
) -> None:
    ttp.account("x/me")
    writes(monkeypatch, tmp_path, "New")
    save = Posts.save_draft_text

    def change_before(self: Posts, text: str, draft: Post | None = None) -> Post:
        if text == "New":
            ttp.ok("edit", "1", "Theirs")
        return save(self, text, draft)

    monkeypatch.setattr(Posts, "save_draft_text", change_before)
    ask("Old", "", "1", photo, "A door", "2031-01-01 9:00", "text", "yes")
    post = ttp.shown(2)
    assert (ttp.shown()["content"], post["content"], post["status"]) == ("Theirs", "New", "scheduled")
    assert (post["accounts"], post["media"][0]["alt"]) == (["x/me"], "A door")
