"""Named pipes, names that no program likes, a home that cannot be made, a file system without locks: one line, never
a bug of ttp's, never a wait."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Program, Ran
from ttp.sandbox.files import PHOTO

LONG = "x" * 256
LONGEST_S = 40


@pytest.fixture(autouse=True)
def prompt() -> Iterator[None]:
    """A command that waits for a pipe fails the test instead of stopping all of them."""

    def late(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, LONGEST_S, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def told(ran: Ran, *codes: int) -> None:
    """That a command ended with one of these codes, and said why in one line."""
    assert ran.code in codes, ran
    assert "bug in ttp" not in ran.err
    assert ran.err.startswith("ttp: error: ")


READING = (
    ("import", "PATH"),
    ("metrics", "import", "PATH"),
    ("create", "--file", "PATH"),
    ("create", "hi", "--media", "PATH"),
    ("create", "hi", "--media", "PATH", "--key", "k"),
    ("account", "add", "x/me", "--credentials", "PATH"),
    ("restore", "PATH"),
    ("sync", "PATH"),
)
WRITING = (
    ("export", "PATH"),
    ("export", "PATH", "--format", "csv"),
    ("export", "PATH", "--format", "md"),
    ("backup", "PATH"),
    ("optimal", "heatmap", "--svg", "PATH"),
)


@pytest.mark.parametrize("command", [*READING, *WRITING], ids=lambda words: " ".join(words))
def test_a_named_pipe_and_a_long_name_are_refused(ttp: Program, tmp_path: Path, command: tuple[str, ...]) -> None:
    ttp.post("hello")
    ttp.ok(
        "metrics",
        "import",
        "-",
        stdin="account,remoteId,publishedAt,likes,comments,shares,views\nx/me,1,2025-11-01T09:00Z,5,1,1,9\n",
    )
    pipe = tmp_path / "pipe.md"
    os.mkfifo(pipe)
    for path in (str(pipe), LONG, f"{LONG}/a.csv", f"{tmp_path}/{LONG}.md"):
        told(ttp(*(path if word == "PATH" else word for word in command)), 2, 3)
    assert pipe.is_fifo()
    assert ttp.count("post") == 1


def test_a_folder_with_a_named_pipe_refuses_that_file_alone(ttp: Program, tmp_path: Path) -> None:
    folder = tmp_path / "content"
    folder.mkdir()
    os.mkfifo(folder / "x.md")
    (folder / "a.md").write_text("---\ntags: [a]\n---\ntext\n")
    told(ttp("import", str(folder)), 2)
    told(ttp("sync", str(folder), "--check"), 2)
    taken = ttp("import", str(folder), "--partial", "--json")
    assert (taken.code, taken.json["added"]) == (6, 1)
    ttp("export", str(folder), "--format", "md")
    assert (folder / "x.md").is_fifo()


def test_a_sheet_in_a_file_of_a_latin_1_name_is_taken_once(ttp: Program, tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.csv")
    Path(path).write_text("content\nhello\n")
    assert ttp.ok("import", path, "--json").json["added"] == 1
    assert ttp.ok("import", path, "--json").json["unchanged"] == 1


def test_latin_1_names_in_a_folder_and_of_one(ttp: Program, tmp_path: Path) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    Path(folder).mkdir()
    text = "---\ntags: [a]\n---\ntext\n"
    (Path(folder) / "a.md").write_text(text)
    assert ttp.ok("import", folder, "--json").json["added"] == 1
    assert ttp.ok("import", folder, "--json").json["unchanged"] == 1
    (Path(folder) / os.fsdecode(b"\xe9.md")).write_text(text)
    told(ttp("import", folder), 2)
    taken = ttp("import", folder, "--partial", "--json")
    assert (taken.code, taken.json["rejected"][0]["row"]) == (6, "\\xe9.md")


@pytest.mark.parametrize("name", ["credentials.json", "config.toml", "ttp.db", "publisher.lock", "publisher.mark"])
@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_something_else_in_the_place_of_a_file_of_ttps(ttp: Program, name: str, kind: str) -> None:
    ttp.account("x/me")
    ttp.post("hello", "--to", "x/me", "--at", "in 1m")
    ttp.ok("run", "--once")
    path = ttp.home / name
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path, 0o600)
    else:
        path.mkdir(mode=0o700)
    failed = 0
    for command in (
        ("list",),
        ("status",),
        ("run", "--once", "--fail-if-locked"),
        ("create", "more"),
        ("account", "add", "x/you", "--credentials", "-"),
        ("account", "check"),
        ("config", "set", "guard.strict", "true"),
    ):
        ran = ttp(*command, stdin='{"accessToken": "t"}')
        failed += ran.code != 0
        if ran.code:
            assert "bug in ttp" not in ran.err, (command, ran)
            assert ran.code in (1, 2, 4, 5), (command, ran)
    assert failed
    assert "bug in ttp" not in ttp("doctor").err


def test_completion_does_not_wait_for_a_pipe_in_the_place_of_the_store(ttp: Program) -> None:
    ttp.home.mkdir(mode=0o700)
    os.mkfifo(ttp.home / "ttp.db")
    assert ttp("__complete", "post") == Ran(0, "", "")


@pytest.mark.parametrize("name", ["d", LONG])
def test_a_home_far_down_and_one_of_a_long_name(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    depth = (4000 - len(str(tmp_path))) // 2 if name == "d" else 1
    monkeypatch.setenv("TTP_HOME", "/".join((str(tmp_path), *[name] * depth)))
    try:
        for command in (("create", "hi"), ("config", "set", "timezone", "UTC"), ("run", "--once")):
            ran = ttp(*command)
            assert "bug in ttp" not in ran.err, (command, ran)
            assert ran.code in (0, 2, 5), (command, ran)
    finally:
        subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)  # pytest's own removal does not take this depth


@pytest.mark.parametrize("name", [None, "some file"])
def test_a_full_disk_is_not_taken_for_a_full_output(
    ttp: Program, monkeypatch: pytest.MonkeyPatch, name: str | None
) -> None:
    def refuse(*_: object, **more: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)

    monkeypatch.setattr("ttp.services.posts.Posts.create", refuse)
    ran = ttp("create", "hi", "--json")
    assert (ran.code, ran.error["code"]) == (5, "busy")
    assert (name or str(ttp.home)) in ran.error["message"]


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/ttp"])
def test_a_home_that_cannot_be_made(ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TTP_HOME", str(tmp_path / place))
    for_store = (("create", "hello"), ("account", "add", "x/me")) if ttp.database.has_files else ()
    for command in (
        *for_store,
        ("create", "hello", "--media", str(PHOTO)),
        ("run", "--once"),
        ("config", "set", "guard.strict", "true"),
    ):
        told(ttp(*command), 2, 5)
    monkeypatch.setenv("TTP_CONFIG", os.devnull)
    for command in (*for_store, ("run", "--once")):
        told(ttp(*command), 5)


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks(ttp: Program, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    ttp.account("x/me")
    ttp.post("hello", "--to", "x/me", "--at", "in 1m")
    ttp.ok("run", "--once")

    def flock(lock: object, how: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    for command in (
        ("run", "--once"),
        ("run",),
        ("status",),
        ("create", "hello", "--media", str(PHOTO)),
        ("account", "add", "x/you", "--credentials", "-"),
    ):
        ran = ttp(*command, "--json", stdin='{"accessToken": "t"}')
        assert (ran.code, ran.error["code"]) == (5, "busy"), (command, ran)
