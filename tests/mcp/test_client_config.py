"""`ttp mcp --print-config`."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.conftest import Program
from ttp.mcp.client_config import FILES
from ttp.mcp.tools import TOOLS

HAND_WRITTEN = re.compile(r"<!-- from.*?<!-- end[^>]*>", re.DOTALL)


@pytest.mark.parametrize("client", FILES)
def test_a_client_starts_the_server_as_it_runs_here(ttp: Program, client: str) -> None:
    ran = ttp.ok("mcp", "--capability", "draft", "--print-config", client)
    if FILES[client]:
        (server,) = next(iter(json.loads(ran.out).values())).values()
        command, environ = [server["command"], *server["args"]], server["env"]
    else:
        words = shlex.split(ran.out)
        command = words[words.index("--") + 1 :]
        environ = dict(word.split("=", 1) for word in words if "=" in word)
    assert command[1:] == ["mcp", "--capability", "draft"]
    assert environ["TTP_HOME"] == str(ttp.home)


def test_no_secret_is_printed_and_a_wrong_name_has_the_right_one(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_TOKEN", "ttp_secret")
    ran = ttp("mcp", "--print-config", "cursor")
    assert "ttp_secret" not in ran.out + ran.err
    wrong = ttp("mcp", "--print-config", "cursr")
    assert (wrong.code, "--print-config cursor" in wrong.err) == (2, True)


def test_a_practice_store_is_not_opened_against_the_real_platforms(
    ttp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_PLATFORMS__X__BASE_URL", "http://127.0.0.1:8700")
    monkeypatch.setenv("TTP_PLATFORMS__X__CLIENT_SECRET", "a-secret")
    (server,) = ttp.ok("mcp", "--print-config", "cursor").json["mcpServers"].values()
    assert server["env"]["TTP_PLATFORMS__X__BASE_URL"] == "http://127.0.0.1:8700"
    assert "a-secret" not in server["env"].values()


@pytest.mark.parametrize("page", ["reference/skill.md", "how-to/agents.md"])
def test_the_pages_for_agents_name_no_tool_that_is_not_there(page: str) -> None:
    text = HAND_WRITTEN.sub("", (Path(__file__).parents[2] / "docs" / page).read_text())
    names = set(re.findall(r"`([a-z]+_[a-z_]+)`", text)) - {"needs_review", "mcp_config"}
    assert names
    assert names <= TOOLS.keys()
