"""Errors and answers of tools reach a client with the official TypeScript SDK, on stdin and stdout and over HTTP."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Fill
from tests.mcp.conftest import server_of as stdio_server_of
from tests.real.install import Missing, node
from tests.server.conftest import server_of, serving, two_accounts

SOURCE = Path(__file__).parent / "mcp_sdk"
PATIENCE_S = 120
Caller = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="session")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Callable[[object, object], list[dict[str, Any]]]:
    """Calls the tools of a server through the SDK."""
    try:
        program = node()
        packages = program.packages(SOURCE)
    except Missing as missing:
        pytest.skip(f"no TypeScript SDK: {missing}")
    folder = tmp_path_factory.mktemp("sdk")
    shutil.copy(SOURCE / "client.mjs", folder)  # modules are looked up beside the script
    (folder / "node_modules").symlink_to(packages / "node_modules")

    def call(server: object, calls: object) -> list[dict[str, Any]]:
        command = [str(program.program), "client.mjs", json.dumps(server), json.dumps(calls)]
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert ran.returncode == 0, ran.stderr
        return list(json.loads(ran.stdout))

    return call


@pytest.fixture(params=["stdio", "http"])
def calling(request: pytest.FixtureRequest, fill: Fill, sdk: Any) -> Iterator[Caller]:
    """Calls the tools of a store with the account x/me."""
    ttp = fill(two_accounts)
    if request.param == "stdio":
        started = stdio_server_of(ttp.home).model_dump(mode="json")
        yield lambda *calls: sdk(started, calls)
    else:
        api = server_of(ttp).having("publish")
        with serving(api.app) as url:
            yield lambda *calls: sdk({"url": f"{url}/mcp", "token": api.token}, calls)


def test_errors_arrive_whole(calling: Caller) -> None:
    results = calling(
        ["create_post", {"text": "Hi", "to": ["x/me"], "at": "tomorow 9am"}],
        ["list_posts", {"colour": "a"}],
        ["get_post", {"id": 99999}],
        ["approve_post", {"id": 1}],
        ["create_post", {"text": "Hi", "to": ["x/me"]}],
        ["list_posts", {}],
    )
    assert [bool(result.get("isError")) for result in results] == [True] * 4 + [False] * 2, results
    assert not any("structuredContent" in result for result in results), "a client would show both"
    texts = [json.loads(result["content"][0]["text"]) for result in results]
    errors = [one["error"] for one in texts[:4]]
    assert [error["code"] for error in errors[:3]] == ["time", "usage", "not_found"]
    assert all(error["message"] for error in errors)
    assert errors[0]["next"]["arguments"]["at"] == "tomorrow 9am"
    assert errors[1]["problems"][0]["field"] == "colour"
    assert texts[4]["id"] == 1
    assert [post["id"] for post in texts[5]["posts"]] == [1]
