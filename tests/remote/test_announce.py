"""A job in CI announces a release on another machine's store."""

from __future__ import annotations

import json
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.remote.conftest import Machines
from tests.repository import make_repository
from ttp.cli.remote.address import ServerAddress
from ttp.cli.remote.client import create_post

pytestmark = pytest.mark.usefixtures("machines")


@pytest.fixture(autouse=True)
def no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_REPOSITORY", "CI_PROJECT_PATH", "CI_PROJECT_URL", "GITHUB_EVENT_PATH"):
        monkeypatch.delenv(name, raising=False)


def announce(machines: Machines, tag: str, capability: str, *more: str) -> Any:
    ran = machines.remote("announce", tag, *more, "--json", token=machines.token(capability))
    assert ran.code == 0, ran
    return ran.json


def approve(machines: Machines, post: int) -> Any:
    request = urllib.request.Request(f"{machines.url}/v1/posts/{post}/approve", method="POST", data=b"")
    request.add_header("Authorization", f"Bearer {machines.token('approve')}")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_a_draft_token_submits_a_release_once(
    machines: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_repository(tmp_path, "x/me", more='at = "next-slot"')
    monkeypatch.chdir(tmp_path)
    first = announce(machines, "v2.1.0", "draft")
    assert (first["status"], first["asksFor"], first["needs"]) == ("draft", "next-slot", ["approve"])
    assert (first["key"], first["replayed"]) == ("acme/widget@v2.1.0", False)
    make_repository(tmp_path, "x/me", text="Another text")
    assert announce(machines, "v2.1.0", "draft") == {**first, "replayed": True}
    other = announce(machines, "v2.1.0", "draft", "--project", "acme/other")
    assert other["id"] != first["id"]
    scheduled = approve(machines, first["id"])
    assert (scheduled["status"], scheduled["asksFor"], bool(scheduled["scheduledAt"])) == ("scheduled", None, True)
    assert announce(machines, "v2.1.0", "draft")["status"] == "scheduled"


def test_a_publish_token_schedules_a_release_once(
    machines: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_repository(tmp_path, "x/me", tag="v3.0.0", more='at = "in 3d"')
    monkeypatch.chdir(tmp_path)
    first = announce(machines, "v3.0.0", "publish")
    assert (first["status"], first["needs"], first["replayed"]) == ("scheduled", [], False)
    make_repository(tmp_path, "x/me", text="Another text")
    assert announce(machines, "v3.0.0", "publish") == {**first, "replayed": True}
    assert announce(machines, "v3.0.0", "draft") == {**first, "replayed": True}


@pytest.mark.parametrize("capability", ["draft", "publish"])
def test_jobs_at_once_make_one_post(machines: Machines, capability: str) -> None:
    address = ServerAddress(machines.url, machines.url, machines.token(capability))
    key = f"acme/widget@{capability}"
    begin = threading.Barrier(8)

    def job(number: int) -> dict[str, Any]:
        begin.wait()
        body = {"content": f"Text {number}", "accounts": ["x/me"], "scheduledAt": "in 9d", "key": key, "submit": True}
        return create_post(address, body)

    with ThreadPoolExecutor(8) as pool:
        posts = list(pool.map(job, range(8)))
    assert len({post["id"] for post in posts}) == 1
    assert [post.get("replayed", False) for post in posts].count(False) == 1
    assert {(post["asksFor"] is None, post["status"]) for post in posts} == {
        (capability == "publish", "scheduled" if capability == "publish" else "draft")
    }


def test_an_account_that_the_server_does_not_have(
    machines: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_repository(tmp_path, "x/nobody", tag="v4.0.0")
    monkeypatch.chdir(tmp_path)
    for capability, code in (("draft", "not_found"), ("read", "not_allowed")):
        ran = machines.remote("announce", "v4.0.0", "--json", token=machines.token(capability))
        assert ran.error["code"] == code
