"""`ttp sandbox`: what its help names, what it can be started with, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

import tests
from tests.conftest import Program

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
