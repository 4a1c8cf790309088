"""`-v` and `TTP_DEBUG=http`: what was asked of a platform, on stderr, and never a secret."""

from __future__ import annotations

import logging
import re

import pytest

from tests.conftest import Program
from ttp.sandbox.server import RunningSandbox


@pytest.fixture
def token(ttp: Program, monkeypatch: pytest.MonkeyPatch, shared_sandbox: RunningSandbox) -> str:
    """The token of x/demo, which is in the store, of a sandbox that the settings point at."""
    ttp.rehearse(monkeypatch, shared_sandbox, "x/demo")
    return str(shared_sandbox.state.accounts["x/demo"].credentials()["accessToken"])


def test_v_tells_each_request_in_a_line(ttp: Program, token: str) -> None:
    said = ttp.ok("account", "check", "-v")
    told = r"\d\d:\d\d:\d\d\.\d{3} GET 127\.0\.0\.1:\d+/2/users/me 200 0\.\d{3} s  \(x/demo\)\n"
    assert re.fullmatch(told, said.err)
    assert ttp.ok("account", "check", "--verbose").out
    assert not ttp.ok("account", "check").err
    assert not logging.getLogger("ttp.http").handlers


def test_ttp_debug_tells_what_is_in_them_but_no_secret(
    ttp: Program, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_DEBUG", "http")
    ttp.post("Hello, followers", "--to", "x/demo")
    said = ttp.ok("publish", "1", "--yes", "--json")
    assert '"text": "Hello, followers"' in said.err
    assert "authorization: Bearer [secret]" in said.err
    assert "x-rate-limit-remaining: 99" in said.err
    assert token not in said.err + said.out
    assert [post["status"] for post in said.json] == ["published"]
    assert not ttp.ok("list").err
