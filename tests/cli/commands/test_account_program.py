"""Accounts whose posts a program of the user's publishes: adding, listing, checking, and a publisher that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Program, inherited
from ttp.domain.time.clock import SystemClock

PROGRAM = f"""#!{sys.executable}
import json, pathlib, sys, time
order = json.load(sys.stdin)
box = pathlib.Path(__file__).with_name("box")
if order["verb"] == "publish":
    box.with_name("begun").touch()
    while order["options"].get("data") and not box.with_name(order["options"]["data"]).exists():
        time.sleep(0.02)
    with box.open("a") as file:
        print(order["key"], file=file)
    print(json.dumps({{"id": order["key"], "url": "https://box.example/1"}}))
else:
    there = box.exists() and order["key"] in box.read_text()
    print(json.dumps({{"found": True, "id": order["key"]}} if there else {{"found": False}}))
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "programs" / "box.py"
    path.parent.mkdir()
    path.write_text(PROGRAM)
    path.chmod(0o700)
    path.with_suffix(".toml").write_text('verbs = ["publish", "lookup"]\ntext_length = 20')
    return path


def test_a_program_is_an_account_and_publishes(ttp: Program, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(program.parent)
    added = ttp.ok("account", "add", "command/box", "--program", "./box.py", "--json").json
    assert (added["connected"], added["server"]) == (True, program.as_uri())
    assert ttp.ok("account", "show", "cmd", "--json").json["server"] == program.as_uri()
    assert ttp.ok("account", "check").code == 0
    assert ttp("create", "x" * 21, "--to", "command", "--at", "now").code == 2
    ttp.ok("create", "Hello", "--to", "command", "--at", "now")
    ttp.ok("run", "--once")
    assert ttp.shown()["status"] == "published"


def test_the_server_is_shown_on_a_terminal(ttp: Program, program: Path) -> None:
    ttp.ok("account", "add", "command/box", "--program", str(program))
    assert "box.py" in ttp.ok("account", "list", "--format", "table").out
    assert program.as_uri() in ttp.ok("account", "show", "command", "--format", "table").out.replace(
        "\n" + " " * 15, ""
    )


def test_rules_hold_after_a_check(ttp: Program, program: Path) -> None:
    ttp.ok("account", "add", "command/box", "--program", str(program))
    program.with_suffix(".toml").write_text("text_length = 30")
    assert ttp.ok("account", "check").code == 0
    ttp.ok("create", "x" * 30, "--to", "command", "--at", "now")


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        (("command/box",), "ttp account add command/box --program PATH"),
        (("command/box", "--program", "nowhere"), "ttp account add command/box --program PATH"),
        (("x/me", "--program", "box.py"), None),
        (("x/me", "--server", "https://x.example"), None),
    ],
)
def test_what_is_no_program_is_refused_and_adds_nothing(ttp: Program, argv: tuple[str, ...], hint: str | None) -> None:
    ran = ttp("account", "add", *argv, "--json")
    assert (ran.code, ran.error["code"]) == (2, "usage")
    if hint is not None:
        assert ran.error["hints"][0] == hint
    assert ttp.ok("account", "list", "--json").json == []


def test_a_file_that_is_not_executable_is_refused_with_the_fix(ttp: Program, program: Path) -> None:
    program.chmod(0o600)
    ran = ttp("account", "add", "command/box", "--program", str(program), "--json")
    assert (ran.code, ran.error["hint"]) == (2, f"chmod +x {program}")


def test_an_unknown_account_says_how_to_add_one(ttp: Program) -> None:
    ran = ttp("create", "Hello", "--to", "command/box", "--json")
    assert (ran.code, ran.error["hint"]) == (3, "ttp account list")
    assert "--program" in ttp("create", "Hello", "--to", "command/box").err
    assert "--program" in ttp("create", "Hello", "--to", "command").err


@pytest.mark.slow
@pytest.mark.parametrize(("verbs", "state"), [('"publish", "lookup"', "published"), ('"publish"', "needs_review")])
def test_a_publisher_killed_while_the_program_runs_leaves_one_post(
    ttp: Program, program: Path, verbs: str, state: str
) -> None:
    program.with_suffix(".toml").write_text(f"verbs = [{verbs}]")
    env = {**inherited(), "TTP_HOME": str(ttp.home), "TTP_PUBLISH__LOOKUP_GAP_S": "0.2"}
    argv = [sys.executable, "-m", "ttp"]
    ttp.clock.set(SystemClock().now())  # as in the processes
    ttp.ok("account", "add", "command/box", "--program", str(program))
    ttp.ok("create", "Hello", "--to", "command", "--at", "now", "--set", "command.data=killed")
    victim = subprocess.Popen([*argv, "run", "--once"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while not (program.parent / "begun").exists() and time.monotonic() < end:
        time.sleep(0.02)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    (program.parent / "killed").touch()
    box = program.parent / "box"
    while not (box.exists() and box.read_text()) and time.monotonic() < end:
        time.sleep(0.02)  # the program goes on without ttp
    subprocess.run([*argv, "run", "--once"], env=env, check=False, capture_output=True, timeout=60)
    assert ttp.shown()["deliveries"][0]["state"] == state
    assert len(box.read_text().splitlines()) == 1
