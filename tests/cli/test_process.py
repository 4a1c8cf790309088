"""The program as a real process: what it imports, closed pipes, terminals, signals of a shell."""

from __future__ import annotations

import codecs
import errno
import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import Program, inherited
from tests.examples import every

TTP = [sys.executable, "-m", "ttp"]


@pytest.fixture
def environ(ttp: Program) -> dict[str, str]:
    """The environment of a process that uses the store of `ttp`."""
    return {**inherited(), "TTP_HOME": str(ttp.home), "TTP_TZ": "UTC", "LANG": "C.UTF-8"}


def run(argv: Sequence[str], environ: dict[str, str], **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*TTP, *argv], env=environ, text=True, capture_output=True, timeout=60, check=False, **more)  # type: ignore[call-overload, no-any-return]  # keywords of subprocess


# Pipes.


@pytest.fixture
def many(ttp: Program) -> Program:
    """A store with enough posts to fill any pipe."""
    ttp.ok("create", "-", stdin="word " * 50)
    ttp.sql(
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
        " INSERT INTO post (id, content, status, created_at, updated_at, variants, thread, options)"
        " SELECT i, content, status, created_at, updated_at, variants, thread, options FROM post, n"
    )
    return ttp


@pytest.mark.parametrize("options", every(3, ["", "--json", "--format table", "--ids"]))
def test_a_closed_pipe_ends_quietly(many: Program, environ: dict[str, str], options: str) -> None:
    argv = [*TTP, "list", *options.split(), "--limit", "3000"]
    with subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_help_into_a_closed_pipe_ends_quietly(environ: dict[str, str]) -> None:
    for command in ("ttp --help", "ttp completion bash"):
        line = command.replace("ttp", f"{sys.executable} -m ttp")
        ran = subprocess.run(
            ["bash", "-c", f"{line} | true; exit ${{PIPESTATUS[0]}}"], env=environ, capture_output=True, check=False
        )
        assert (ran.returncode, ran.stderr) == (0, b""), command


def test_a_full_disk_behind_stdout_is_told_once(environ: dict[str, str]) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [*TTP, "account", "list", "--header"],
            env=environ,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (ran.returncode, ran.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    "line", every(5, ["--help", "--version", "help", "help time", "list --help", "completion bash"])
)
def test_help_that_cannot_be_written_is_told_and_closed_it_is_none(environ: dict[str, str], line: str) -> None:
    for where, code, err in ((">/dev/full", 1, os.strerror(errno.ENOSPC) + "\n"), (">&-", 0, "")):
        ran = subprocess.run(
            ["bash", "-c", f"{sys.executable} -m ttp {line} {where}"],
            env=environ,
            text=True,
            capture_output=True,
            check=False,
        )
        assert (ran.returncode, ran.stderr.count("\n")) == (code, code), where
        assert ran.stderr.endswith(err), where


@pytest.mark.parametrize("name", ["TTP_HOME", "TTP_CONFIG"])
def test_the_home_of_nobody_is_told(environ: dict[str, str], name: str) -> None:
    ran = subprocess.run(
        [*TTP, "list"], env={**environ, name: "~nobody-here/x"}, text=True, capture_output=True, check=False
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"ttp: error: {name}: ")
    assert '"nobody-here"' in ran.stderr


def test_closed_standard_streams_are_no_traceback(environ: dict[str, str]) -> None:
    lines = (("list >&-", 0), ("show 9 2>&-", 3), ("create - <&-", 2), ("metrics import - <&-", 2))
    for line, code in (*lines, ("service --print >&-", 0)):
        ran = subprocess.run(
            ["bash", "-c", f"{sys.executable} -m ttp {line}"], env=environ, text=True, capture_output=True, check=False
        )
        assert (ran.returncode, "Traceback" in ran.stderr) == (code, False), (line, ran.stderr)


def test_stdin_is_read_for_a_dash_only_and_as_utf8_in_every_locale(environ: dict[str, str]) -> None:
    posix = {**environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ran = subprocess.run([*TTP, "create", "-"], env=posix, input="naïve ☕".encode(), capture_output=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, b"1\n")
    assert json.loads(run(["show", "1", "--json"], environ).stdout)["content"] == "naïve ☕"
    assert b"naive" not in subprocess.run([*TTP, "list"], env=posix, capture_output=True, check=True).stdout
    reader, writer = os.pipe()  # never written to and never closed: reading it would wait for ever
    try:
        assert run(["create", "hi"], environ, stdin=reader).stdout == "2\n"
    finally:
        os.close(reader)
        os.close(writer)


# Terminals.


class Terminal:
    """The program on a new terminal: stdin, stdout and stderr."""

    def __init__(self, argv: Sequence[str], environ: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            [*TTP, *argv], env={**environ, "TERM": "xterm", "COLUMNS": "80"}, stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self.said = ""

    def until(self, text: str) -> None:
        while text not in self.said:
            assert select.select([self._master], [], [], 60)[0], self.said
            self.said += self._decode(os.read(self._master, 65536))

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def end(self) -> int:
        """Read what is left; the exit code."""
        try:
            while more := os.read(self._master, 65536):
                self.said += self._decode(more)
        except OSError:  # Linux says so of a terminal whose other side is closed
            pass
        return self._process.wait(timeout=60)

    def close(self) -> None:
        os.close(self._master)


@pytest.fixture
def terminals(environ: dict[str, str]) -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def on(terminals: list[Terminal], environ: dict[str, str], *argv: str, **more: str) -> Terminal:
    terminals.append(Terminal(argv, {**environ, **more}))
    return terminals[-1]


@pytest.mark.parametrize(("answer", "left"), [("y\n", 0), ("n\n", 2), ("\x04", 2)])
def test_on_a_terminal_delete_asks(
    ttp: Program, environ: dict[str, str], terminals: list[Terminal], answer: str, left: int
) -> None:
    for text in "ab":
        ttp.post(text)
    terminal = on(terminals, environ, "delete", "1-2")
    terminal.until("Delete posts 1 2? [y/N] ")
    terminal.type(answer)
    assert terminal.end() == (1 if left else 0)
    assert len(ttp("list").rows) == left
    assert ("Deleted posts 1 2." in terminal.said) == (left == 0)
    assert terminal.said.endswith("\n")


def test_on_a_terminal_undo_names_the_change_and_asks(
    ttp: Program, environ: dict[str, str], terminals: list[Terminal]
) -> None:
    ttp.clock.set(datetime.now(UTC))
    ttp.post("One")
    ttp.ok("edit", "1", "Two")
    terminal = on(terminals, environ, "undo")
    terminal.until('Undo: edited post 1 "One"? [y/N] ')
    terminal.type("y\n")
    assert terminal.end() == 0
    assert ttp.shown()["content"] == "One"
    assert "ttp redo" in terminal.said


def size_of(path: Path) -> int:
    """The bytes of a file; 0 while it does not exist."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


@pytest.mark.slow
def test_an_undo_that_is_killed_leaves_all_or_nothing(ttp: Program, environ: dict[str, str]) -> None:
    ttp.clock.set(datetime.now(UTC))
    ttp.ok("import", "-", stdin="text\n" + "".join(f"Text {n}\n" for n in range(3000)))
    command = "undo"
    for wait in (0.0, 0.1, 0.2, 0.4):
        process = subprocess.Popen([*TTP, command, "--yes", "-q"], env=environ, stdout=subprocess.DEVNULL)
        while process.poll() is None and not size_of(ttp.home / "ttp.db-wal"):
            time.sleep(0.01)
        time.sleep(wait)
        process.kill()
        process.wait()
        left = ttp.sql("SELECT count(*), count(deleted_at) FROM post")[0]
        assert tuple(left) in {(3000, 0), (3000, 3000)}
        undone = ttp.sql("SELECT count(*) FROM change_post WHERE undone > 0")[0][0]
        assert undone == left[1]
        command = "redo" if undone else "undo"


def test_a_question_cut_by_control_c_is_exit_130_and_changes_nothing(
    ttp: Program, environ: dict[str, str], terminals: list[Terminal]
) -> None:
    ttp.post("a")
    # A shell makes the terminal the process's own, which is what turns the key into a signal.
    script = f"import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn({[*TTP, 'delete', '1']!r})))"
    master, slave = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", script], env=environ, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    try:
        said = b""
        while b"[y/N]" not in said:
            said += os.read(master, 65536)
        os.write(master, b"\x03")
        with suppress(OSError):  # how a terminal says that no process has it open any more
            while select.select([master], [], [], 60)[0] and os.read(master, 65536):
                pass
        assert process.wait(timeout=60) == 130
    finally:
        process.kill()
        process.wait()
        os.close(master)
    assert len(ttp("list").rows) == 1


def test_nobody_is_asked_who_said_not_to_be(ttp: Program, environ: dict[str, str], terminals: list[Terminal]) -> None:
    for text in "abcdef":
        ttp.post(text)
    for argv, more in ((["1-2", "--no-input"], {}), (["1-2"], {"TTP_NO_INPUT": "1"})):
        terminal = on(terminals, environ, "delete", *argv, **more)
        assert terminal.end() == 2
        assert "[y/N]" not in terminal.said
    assert on(terminals, environ, "delete", "1-2", "--yes").end() == 0
    assert on(terminals, environ, "delete", "3", "--no-input").end() == 0
    assert len(ttp("list").rows) == 3


def test_on_a_terminal_an_answer_is_a_sentence_with_the_date_the_zone_and_utc(
    ttp: Program, environ: dict[str, str], terminals: list[Terminal]
) -> None:
    ttp.account()
    argv = ["create", "hi", "--to", "x/me", "--at", "2031-10-26 09:00", "--tz", "Europe/Berlin", "-q"]
    terminal = on(terminals, environ, *argv)
    assert terminal.end() == 0
    assert terminal.said == ""
    terminal = on(terminals, environ, *argv[:-1])
    assert terminal.end() == 0
    assert "Sun 26 Oct 2031 09:00 Europe/Berlin (08:00 UTC)" in terminal.said
    assert "ttp run" in terminal.said
    terminal = on(terminals, environ, "create", "hi")
    assert terminal.end() == 0
    assert "ttp edit 3 --to x/me" in terminal.said


def test_on_a_terminal_the_default_is_a_table_and_colour_follows_the_wishes(
    ttp: Program, environ: dict[str, str], terminals: list[Terminal]
) -> None:
    ttp.account()
    ttp.post("hi", "--to", "x", "--at", "2031-01-01 09:00")

    def listed(*argv: str, **more: str) -> str:
        terminal = on(terminals, environ, "list", *argv, **more)
        assert terminal.end() == 0
        return terminal.said

    assert "WHEN" in listed()
    assert "\x1b[" in listed()
    for argv, more in (([], {"NO_COLOR": "1"}), ([], {"CLICOLOR": "0"}), (["--color", "never"], {})):
        assert "\x1b[" not in listed(*argv, **more)
    assert listed("--format", "tsv").split("\t")[0] == "1"
    assert listed("--json").startswith("[{")


def test_a_closed_stderr_or_stdin_is_no_terminal_to_ask_on(ttp: Program, environ: dict[str, str]) -> None:
    for text in "ab":
        ttp.post(text)
    ran = run(["delete", "1-2"], environ, stdin=subprocess.DEVNULL)
    assert (ran.returncode, "ttp delete 1-2 --yes" in ran.stderr) == (2, True)


def test_publish_on_a_terminal_shows_accounts_and_first_line_and_asks(
    ttp: Program, environ: dict[str, str], terminals: list[Terminal]
) -> None:
    ttp.account()
    ttp.ok("create", "-", "--to", "x", stdin="First line\x1b[31m\nsecond line")
    terminal = on(terminals, environ, "publish", "1")
    terminal.until("[y/N] ")
    assert r"1  x/me  First line\x1b[31m" in terminal.said
    assert "second line" not in terminal.said
    assert "\x1b[31m" not in terminal.said
    terminal.type("n\n")
    assert terminal.end() == 1
    assert ttp.shown()["status"] == "draft"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_who_cannot_read_the_number_of_a_new_post_is_told_that_it_is_stored(environ: dict[str, str]) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [*TTP, "create", "Hello"], env=environ, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ran.returncode == 1
    assert "ttp show 1" in ran.stderr
    assert run(["show", "1", "--fields", "id"], environ).stdout == "1\n"
