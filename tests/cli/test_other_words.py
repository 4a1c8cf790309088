"""What a newcomer types from habit, and the command that is suggested for it: pasted, it works.

`other_words.txt` has a line of each; ` & ` joins several commands, and ID is the post of the first. `~` marks what
reaches for a network or a service, needs more of a person, or asks: it is compared and not run. `@` marks what is
refused to a person at a terminal alone.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.conftest import Fill, Program
from tests.pictures import picture
from tests.rows import each
from ttp.cli import errors

ROWS = [
    (line[0], *line[2:].split(" => ")) for line in Path(__file__).with_name("other_words.txt").read_text().splitlines()
]
PHOTO = picture("JPEG", (400, 400))
RUN = {meant: mark for mark, _, meant in ROWS if mark != "~"}


def posts(ttp: Program) -> None:
    ttp.account("x/me")
    for text in ("Fresh beans", "Second"):
        ttp.post(text, "--to", "x/me")
    ttp.post("Third", "--to", "x/me", "--at", "2099-01-01 09:00")


def files(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Go to a new folder with the files that are typed."""
    folder.mkdir()
    patch.chdir(folder)
    Path("photo.jpg").write_bytes(PHOTO)
    Path("post.txt").write_text("From a file")
    Path("posts.csv").write_text("at,to,text\n2099-01-01 09:00,x/me,Row\n")


def test_what_a_newcomer_types_gets_the_command_that_does_it(
    fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp, wrong = fill(posts), []
    files(tmp_path / "folder", monkeypatch)
    for mark, typed, meant in ROWS:
        monkeypatch.setattr("ttp.cli.commands.posts.is_attended", lambda mark=mark: mark == "@")
        ran = ttp(*shlex.split(typed))
        tried = re.findall(r"^  (?:try|then): ttp (.*)", ran.err, re.MULTILINE)
        if (ran.code, ran.out, tried) != (2, "", meant.split(" & ")):
            wrong.append((typed, ran))
    assert wrong == []


def test_the_command_works(fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = []
    for number, (meant, mark) in enumerate(RUN.items()):
        monkeypatch.setattr("ttp.cli.commands.posts.is_attended", lambda mark=mark: mark == "@")
        ttp = fill(posts)
        files(tmp_path / f"folder-{number}", monkeypatch)
        new_id = ""
        for command in meant.split(" & "):
            ran = ttp(*shlex.split(re.sub(r"\bID\b", new_id, command)))
            new_id = ran.out.strip()
            if ran.code:
                wrong.append((meant, ran))
        shutil.rmtree(ttp.home)
    assert wrong == []


@pytest.mark.parametrize("typed", ["upgrade", "self-update --help", "store upgrade"])
def test_a_newer_version_comes_from_where_this_one_was_installed(ttp: Program, typed: str) -> None:
    ran = ttp(*typed.split())
    assert (ran.code, ran.out) == (2, "")
    assert f"try: {errors.fit_install_commands(errors.UPGRADE)}\n" in ran.err


@pytest.fixture
def three_posts(fill: Fill) -> Program:
    return fill(posts)


@each(
    "typed",
    [
        *("install x", "repost 2", "exit", "schedule all --at next-slot", "create Hi --to x --title New"),
        *("service stop", "serve --public", "push", "create Hi --schedule", "create Hi --test", "help me"),
        *("toot lists", "toot reply 2 thanks", "buffer shuffle", "auth token", "repo view", "stash"),
        *("publish --tag launch", "list --state open", "create Hi --caption-alt cup --to x"),
        "edit 3 --shift by 2h",
        *(
            "preview 2 --on x",
            "queue remove hi",
            "search --account x/me beans",
            "draft show all of it",
            "create Hi --reply-to 2",
        ),
        *("copy 2 3", "schedule every day", "delete 2 --drafts", "reply 99 hi", "create Hi --exclude x"),
        *("move 2h", "postpone 3 by a bit 2h", "toot login_cli", "import posts.csv --from buffer", "how do i post"),
    ],
)
def test_what_could_mean_another_thing_gets_no_command(three_posts: Program, typed: str) -> None:
    ran = three_posts(*shlex.split(typed))
    assert ran.code == 2
    assert "try:" not in ran.err
