"""`ttp sandbox`: what its help names, what it can be started with, and what it refuses."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

import tests
from tests.conftest import Program
from ttp.sandbox.server import running_sandbox

ROOT = Path(tests.__file__).parent.parent


@contextmanager
def started(folder: Path, *options: str) -> Iterator[str]:
    """The address of a process of `ttp sandbox`, which Ctrl-C ends with 0."""
    command = [sys.executable, "-m", "ttp", "sandbox", "--port", "0", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder, env=environment) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def got(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return bytes(answer.read())


def test_switches_are_typed_as_json_and_a_folder_is_served(tmp_path: Path) -> None:
    typed = {"auto_approve": "true", "access_s": "60", "limits": '{"instagram posts a day": 1}', "x_video_s": "140"}
    sets = [word for name, value in typed.items() for word in ("--set", f"{name}={value}")]
    with started(tmp_path, "--media", "web", "--state", "kept", *sets) as url:
        settings: dict[str, Any] = json.loads(got(f"{url}/_sandbox/settings"))
        assert {name: settings[name] for name in typed} == {name: json.loads(value) for name, value in typed.items()}
        (tmp_path / "web" / "cup.txt").write_text("a cup")
        assert got(f"{url}/_sandbox/media/cup.txt") == b"a cup"
    assert (tmp_path / "kept" / "sandbox.db").exists()


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("processing_s", "processing_s"),
        ("auto_approve=yes", "auto_approve"),
        ("auto_approve=1", "auto_approve"),
        ("lag=1", "processing_s, lag_s,"),
        ('limits={"posts": 1}', "/_sandbox/limits"),
    ],
)
def test_a_setting_that_is_none_is_refused(ttp: Program, given: str, named: str) -> None:
    ran = ttp("sandbox", "--port", "0", "--set", given)
    assert ran.code == 2
    assert named in ran.err
    assert "ttp sandbox --help" in ran.err


def test_a_state_folder_of_an_older_sandbox_is_refused(ttp: Program, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "sandbox.db")) as db:
        db.execute("CREATE TABLE thing (seq INTEGER PRIMARY KEY)")
    ran = ttp("sandbox", "--port", "0", "--state", str(tmp_path))
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 2


def test_a_taken_port_is_refused_with_a_free_one(ttp: Program, tmp_path: Path) -> None:
    with started(tmp_path) as url:
        ran = ttp("sandbox", "--port", url.rpartition(":")[2])
        assert got(f"{url}/_sandbox/settings")  # it serves, and so hears of Ctrl-C
    assert ran.code == 5
    assert "ttp sandbox --port 0" in ran.err


def test_a_port_that_is_none_is_refused(ttp: Program) -> None:
    ran = ttp("sandbox", "--port", "70000")
    assert (ran.code, ran.out) == (2, "")
    assert "--port" in ran.err


def exports(text: str) -> dict[str, str]:
    """The variables of ttp that a shell has after it read a text."""
    ran = subprocess.run(["sh", "-c", f"{text}\nenv"], env={}, capture_output=True, text=True, check=True)
    lines = (line.partition("=") for line in ran.stdout.splitlines() if line.startswith("TTP_"))
    return {name: value for name, _, value in lines}


def test_the_environment_of_a_sandbox_that_runs_has_its_accounts_and_an_own_home(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_PUBLISH__RETRY_MAX", "3")
    before, folder = dict(os.environ), tmp_path / "it's practice"
    with running_sandbox(media_dir=tmp_path) as sandbox:
        words = ("sandbox", "--env", "--port", sandbox.url.rpartition(":")[2], "--state", str(folder))
        ran = ttp(*words, "--set", "auto_approve=true")
        assert (ran.code, dict(os.environ)) == (0, before)
        assert sandbox.state.auto_approve
        set_now = exports(ran.out)
        assert set_now["TTP_HOME"] == str(folder / "home")
        assert set_now["TTP_MEDIA_HOST__PATH"] == str(tmp_path)
        assert set_now["TTP_PLATFORMS__X__BASE_URL"] == sandbox.url
        assert set_now["TTP_PUBLISH__RETRY_MAX"] == ""
        assert {line[:11] for line in ran.out.splitlines()} == {"export TTP_"}
        for name, value in set_now.items():
            monkeypatch.setenv(name, value)
        connected = {row["account"]: row["connected"] for row in ttp.ok("account", "list", "--json").json}
        assert connected == dict.fromkeys(sandbox.state.accounts, True)
        again = exports(ttp.ok(*words).out)  # in the shell that has them
        assert again == {name: value for name, value in set_now.items() if value}
        assert ttp("sandbox", "--stop", "--port", words[3]).code == 0
    assert ttp("sandbox", "--stop", "--port", words[3]).code == 0  # none runs


def test_an_environment_that_fails_prints_nothing(ttp: Program, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)  # a command that never asks fails, and does not hang

        def hang_up() -> None:
            listener.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        port = str(listener.getsockname()[1])
        ran = ttp("sandbox", "--env", "--port", port, "--state", str(tmp_path))
        thread.join()
    assert (ran.code, ran.out) == (5, "")
    assert ttp("sandbox", "--env", "--media", "web").code == 2


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["sh", "bash", "zsh", "fish"])
def test_a_shell_gets_a_practice_store_and_ends_its_sandbox(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    program = f"{shlex.quote(sys.executable)} -m ttp"
    env = f"{program} sandbox --env --port 0"
    script = f"{env} | source" if shell == "fish" else f'eval "$({env})"'
    posts = (f"{program} create Hello --to x --at now", f"{program} run --once", f"{program} list --json")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    try:
        ran = subprocess.run(
            [shell, "-c", "\n".join([script, *posts])], capture_output=True, text=True, env=environment, check=True
        )
        assert json.loads(ran.stdout[ran.stdout.index("[") :])[0]["status"] == "published"
    finally:
        (address,) = tmp_path.rglob("address")
        stop = [sys.executable, "-m", "ttp", "sandbox", "--stop", "--port", address.read_text().rpartition(":")[2]]
        assert "http" in subprocess.run(stop, capture_output=True, text=True, env=environment, check=True).stdout
