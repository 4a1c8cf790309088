"""A post for TikTok that lacks a choice: the refusal names what TikTok offers the account at that moment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import media_bytes
from tests.conftest import Program
from ttp.sandbox.control import ordered_account
from ttp.sandbox.server import RunningSandbox


@pytest.fixture
def sandbox(ttp: Program, monkeypatch: pytest.MonkeyPatch, shared_sandbox: RunningSandbox) -> RunningSandbox:
    ttp.rehearse(monkeypatch, shared_sandbox, "tiktok/demo")
    return shared_sandbox


@pytest.fixture
def clip(tmp_path: Path) -> str:
    path = tmp_path / "clip.mp4"
    path.write_bytes(media_bytes.movie(media_bytes.video_track(540, 960)))
    return str(path)


def offer(sandbox: RunningSandbox, *levels: str) -> None:
    what = {"account": "tiktok/demo", "keepTokens": True, "privacyLevels": list(levels)}
    sandbox.state.save(ordered_account(sandbox.state, what))


def refusal(ttp: Program, *argv: str) -> str:
    ran = ttp(*argv, "--json")
    assert ran.code == 2
    (problem,) = (p for p in json.loads(ran.err)["error"]["problems"] if p["code"] == "option_missing")
    assert problem["message"] in ran.err
    return str(problem["message"])


def test_the_levels_are_those_of_the_account_read_anew_each_time(
    ttp: Program, sandbox: RunningSandbox, clip: str
) -> None:
    offer(sandbox, "SELF_ONLY", "FOLLOWER_OF_CREATOR")
    create = ("create", "hi", "--to", "tt", "--media", clip)
    assert "tiktok.privacy_level (SELF_ONLY, FOLLOWER_OF_CREATOR)" in refusal(ttp, *create, "--at", "in 2h")
    offer(sandbox, "SELF_ONLY")
    post = ttp.ok(*create, "-q").out.strip()
    assert "tiktok.privacy_level (SELF_ONLY)" in refusal(ttp, "schedule", post, "--at", "in 2h")
    assert "tiktok.privacy_level (SELF_ONLY)" in refusal(ttp, "edit", post, "--at", "in 2h")


def test_where_tiktok_does_not_answer_the_documented_levels_are_named(
    ttp: Program, sandbox: RunningSandbox, clip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_PLATFORMS__TIKTOK__BASE_URL", "http://127.0.0.1:1")
    create = ("create", "hi", "--to", "tt", "--media", clip, "--at", "in 2h")
    assert "PUBLIC_TO_EVERYONE" in refusal(ttp, *create)
    ttp.ok("account", "remove", "tiktok/demo", "-q")
    ttp.ok("account", "add", "tiktok/demo", "-q")
    assert "PUBLIC_TO_EVERYONE" in refusal(ttp, *create)


def test_an_option_is_taken_away_by_an_empty_value(ttp: Program) -> None:
    ttp.account("tiktok/me")
    ttp.ok("account", "set", "tiktok/me", "--set", "tiktok.privacy_level=SELF_ONLY", "--set", "tt.is_aigc=true")
    ran = ttp.ok("account", "set", "tiktok/me", "--set", "tiktok.privacy_level=", "--json")
    assert ran.json["options"] == {"tiktok.is_aigc": "true"}
    ttp.ok("create", "hi", "--to", "tt", "--set", "tiktok.is_aigc=true", "-q")
    assert ttp.ok("edit", "1", "--set", "tiktok.is_aigc=", "--json").json["options"] == {}
    assert ttp("create", "hi", "--to", "tt", "--set", "tiktok.is_aigc=").code == 2
