"""A server that is killed while its command runs: the command is done once."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from typing import Any

import httpx
import pytest

from tests.conftest import Program
from tests.pictures import picture
from tests.remote.conftest import PATIENCE_S, served
from ttp.store.home.request_locks import FOLDER


def wait_for(what: Callable[[], Any]) -> Any:
    ends = time.monotonic() + PATIENCE_S
    while not (found := what()):
        assert time.monotonic() < ends
        time.sleep(0.05)
    return found


def child_of(pid: int) -> int:
    listed = subprocess.run(["ps", "-ax", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return next((int(one) for one, parent in map(str.split, listed.splitlines()) if int(parent) == pid), 0)


@pytest.mark.parametrize("survives", [pytest.param(True, marks=pytest.mark.slow), False])
def test_a_command_goes_on_without_its_server_and_is_not_done_beside_itself(
    ttp: Program, full_store: Path, survives: bool
) -> None:
    home = ttp.home
    shutil.copytree(full_store, home)
    home.chmod(0o700)
    token = ttp.ok("token", "create", "s", "--capability", "draft", "--json").json["token"]
    order = {"protocol": 1, "argv": ["create", "Once", "--media", "cup.jpg"], "cwd": "/", "files": ["/cup.jpg"]}
    parts: Any = {"command": (None, json.dumps(order)), "file": ("cup.jpg", picture("JPEG"))}
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k1"}

    def send(url: str) -> httpx.Response:
        return httpx.post(f"{url}/v1/commands", files=parts, headers=headers, timeout=PATIENCE_S)

    def count() -> int:
        with closing(connect(home / "ttp.db")) as db:
            return int(db.execute("SELECT count(*) FROM post WHERE content = 'Once'").fetchone()[0])

    # The child waits for this lock before it stores anything.
    with (home / "media.lock").open("a") as media:
        fcntl.flock(media, fcntl.LOCK_EX)
        with served(home, "--port", "0", "--no-publish") as (url, process):
            request = httpx.Client(timeout=PATIENCE_S)
            with request.stream("POST", f"{url}/v1/commands", files=parts, headers=headers):
                child = wait_for(lambda: child_of(process.pid))
                process.kill()
                process.wait(PATIENCE_S)
            request.close()
        if not survives:
            os.kill(child, signal.SIGKILL)
        with served(home, "--port", "0", "--no-publish") as (url, _):
            if survives:
                refused = send(url)
                assert (refused.status_code, refused.json()["code"]) == (409, "key_in_use")
                assert count() == 0
            fcntl.flock(media, fcntl.LOCK_UN)
            answer = wait_for(lambda: (got := send(url)).status_code == 200 and got)
            assert count() == 1
            assert send(url).text == answer.text
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[-1] == {"exit": 0}
    assert count() == 1
    assert list((home / FOLDER).iterdir()) == []
