"""`ttp certify`: one post of each kind on a throw-away account, looked up and deleted, and a report of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clock import RunningClock
from tests.conftest import Program
from tests.platforms.factories import PLATFORMS
from tests.platforms.sandboxed import control
from tests.platforms.test_command import ALL, write_program
from ttp.cli import terminal
from ttp.domain.account import Account
from ttp.publisher.process import PublisherProcess, RunResult
from ttp.sandbox.server import RunningSandbox
from ttp.sandbox.stand_in import find_stand_ins

KINDS = {one.name: [kind.name for kind in PLATFORMS.facts(one.name).post_kinds()] for one in find_stand_ins()}


class Practice:
    """The program with the demo accounts of a sandbox."""

    def __init__(self, ttp: Program, sandbox: RunningSandbox) -> None:
        self.ttp = ttp
        self.sandbox = sandbox
        self.credentials: dict[str, Any] = {
            one["account"]: one["credentials"] for one in control(sandbox.url, "GET", "accounts")
        }
        for name, held in self.credentials.items():
            ttp.ok("account", "add", name, "--credentials", "-", "-q", stdin=json.dumps(held))
        ttp.ok("account", "set", "tiktok/demo", "--set", "tiktok.privacy_level=SELF_ONLY")

    def name(self, platform: str) -> str:
        (name,) = (name for name in self.credentials if name.startswith(f"{platform}/"))
        return name

    def certify(self, platform: str, *more: str, code: int = 0) -> dict[str, Any]:
        """Run it; the results by kind."""
        ran = self.ttp("certify", self.name(platform), "--yes", "--json", *more)
        assert ran.code == code, ran
        return {one["kind"]: one for one in ran.json["results"]}

    @property
    def feed(self) -> list[Any]:
        return list(control(self.sandbox.url, "GET", "posts"))


@pytest.fixture
def clock() -> RunningClock:
    """Time passes: the publisher waits for what is processed."""
    return RunningClock()


@pytest.fixture
def here(
    ttp: Program,
    clock: RunningClock,
    monkeypatch: pytest.MonkeyPatch,
    shared_sandbox: RunningSandbox,
    tmp_path: Path,
) -> Practice:
    (tmp_path / "web").mkdir()
    shared_sandbox.reset(now=clock.now, media_dir=tmp_path / "web", processing_s=0)
    for platform in KINDS:
        if PLATFORMS.facts(platform).server != "in_handle":
            monkeypatch.setenv(f"TTP_PLATFORMS__{platform.upper()}__BASE_URL", shared_sandbox.url)
    for name, value in (("KIND", "folder"), ("PATH", str(tmp_path / "web"))):
        monkeypatch.setenv(f"TTP_MEDIA_HOST__{name}", value)
    monkeypatch.setenv("TTP_MEDIA_HOST__BASE_URL", f"{shared_sandbox.url}/_sandbox/media/")
    ttp.ok("config", "set", "publish.lookup_gap_s", "0.01")
    monkeypatch.setenv("TTP_PUBLISH__STATUS_POLL_S", "0.01")
    monkeypatch.setenv("TTP_PLATFORMS__THREADS__READY_S", "0")
    monkeypatch.setattr("ttp.platforms.linkedin.media.IMAGE_WAIT_S", 0.0)
    return Practice(ttp, shared_sandbox)


@pytest.mark.parametrize("platform", KINDS)
def test_each_kind_is_published_once_found_and_deleted_where_that_is_possible(here: Practice, platform: str) -> None:
    results = here.certify(platform)
    assert list(results) == KINDS[platform]
    facts = PLATFORMS.facts(platform)
    can_look = facts.proof_for(Account(platform, "demo")) != "none"
    looked = ("verified", "found") if can_look else ("published", "none")
    assert {(one["outcome"], one["lookUp"]) for one in results.values()} == {looked}
    assert all(one["remoteIds"] for one in results.values())
    removes = facts.client_deletes and platform != "instagram"  # its login of the demo account cannot
    assert {one["deleted"] for one in results.values()} == {True if removes else None}
    assert len(here.feed) == (0 if removes else len(KINDS[platform]))
    here.ttp.ok("audit")
    intents = here.ttp.sql("SELECT count(*) FROM attempt WHERE phase = 'publish' AND outcome = 'done'")[0][0]
    looks = here.ttp.sql("SELECT count(*) FROM attempt WHERE phase = 'look_up' AND outcome = 'found'")[0][0]
    # Each further part of a thread is another call.
    parts = 2 if "thread" in results and not facts.thread_is_atomic else 0
    assert intents == len(results) + parts
    assert looks >= (len(results) if can_look else 0)


def test_nothing_is_published_without_a_yes_and_the_price_is_said(here: Practice) -> None:
    ran = here.ttp("certify", "x/demo", "--only", "text,thread", "--json")
    assert (ran.code, ran.error["hint"]) == (2, "ttp certify x/demo --only text,thread --json --yes")
    assert "$0.10" in ran.error["message"]  # four posts at 0.015, and their deletion at 0.01
    assert here.ttp("certify", "x/demo", "--json", "--no-input").code == 2
    assert (here.feed, here.ttp.count("post")) == ([], 0)


@pytest.mark.parametrize(("typed", "published"), [("y\n", 1), ("\n", 0)], ids=["yes", "no"])
def test_a_person_is_asked(here: Practice, monkeypatch: pytest.MonkeyPatch, typed: str, published: int) -> None:
    monkeypatch.setattr(terminal, "is_interactive", lambda: True)
    ran = here.ttp("certify", "bluesky/demo", "--only", "text", "--keep", stdin=typed)
    assert ran.code == 1 - published
    assert "[y/N]" in ran.err
    assert len(here.feed) == published


def test_posts_may_be_kept(here: Practice) -> None:
    results = here.certify("mastodon", "--only", "text", "--only", "poll", "--keep")
    assert {kind: (one["outcome"], one["deleted"]) for kind, one in results.items()} == {
        "text": ("verified", None),
        "poll": ("verified", None),
    }
    assert [post["id"] for post in here.feed] == [one["remoteIds"][0] for one in results.values()]
    assert len(here.ttp.ok("list").rows) == 2


def test_the_report_can_be_shared(here: Practice, tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    results = here.certify("mastodon", "--only", "thread", "--report", str(path))
    text = path.read_text()
    assert "mastodon 4.7.4" not in text  # the server was not asked yet
    assert all(part in text for part in results["thread"]["remoteIds"])
    assert not any(secret in text for held in here.credentials.values() for secret in held.values())
    assert here.name("mastodon") not in text


def test_the_report_says_what_the_server_runs(here: Practice, tmp_path: Path) -> None:
    here.ttp.ok("account", "check", here.name("mastodon"))
    here.certify("mastodon", "--only", "text", "--report", str(tmp_path / "report.md"))
    assert "mastodon 4.7.4" in (tmp_path / "report.md").read_text()


def test_a_report_that_cannot_be_written_is_refused_before_anything_is_published(
    here: Practice, tmp_path: Path
) -> None:
    (tmp_path / "there.md").touch()
    for place in ("there.md", "no/such/folder.md", "home/ttp.db"):
        assert here.ttp("certify", "x/demo", "--yes", "--report", str(tmp_path / place)).code in (2, 3)
    assert here.feed == []


def test_a_kind_that_is_refused_fails_and_the_others_go_on(here: Practice) -> None:
    order = {"method": "POST", "path": "/2/tweets$", "do": "status", "status": 403}
    body = {"title": "Forbidden", "detail": "You are not permitted to perform this action.", "type": "about:blank"}
    headers = {"Content-Type": "application/json"}
    control(here.sandbox.url, "POST", "faults", {**order, "body": json.dumps(body), "headers": headers})
    results = here.certify("x", "--only", "text,image", code=6)
    assert (results["text"]["outcome"], results["text"]["deleted"]) == ("failed", None)
    assert results["text"]["message"]
    assert (results["image"]["outcome"], results["image"]["deleted"]) == ("verified", True)


def test_a_post_that_no_look_up_finds_is_published_and_not_verified(here: Practice) -> None:
    control(here.sandbox.url, "POST", "settings", {"lag_s": 3600})
    results = here.certify("x", "--only", "text", code=6)
    assert (results["text"]["outcome"], results["text"]["lookUp"]) == ("published", "absent")
    assert results["text"]["deleted"] is True


def test_a_post_that_must_wait_is_not_published_later(here: Practice) -> None:
    here.ttp.ok("config", "set", "publish.per_day", "1")
    results = here.certify("x", "--only", "text,image", code=6)
    assert sorted(one["outcome"] for one in results.values()) == ["verified", "waiting"]
    here.ttp.ok("config", "unset", "publish.per_day")
    here.ttp.ok("run", "--once")
    assert (here.feed, here.ttp.ok("list").out) == ([], "")


def test_a_kind_that_the_account_cannot_publish_is_left_out(
    here: Practice, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("TTP_MEDIA_HOST__KIND")
    results = here.certify("tiktok")
    assert {kind: one["outcome"] for kind, one in results.items()} == {"video": "verified", "photos": "skipped"}
    ran = here.ttp("certify", "tiktok/demo", "--only", "photos", "--yes", "--json")
    assert (ran.code, ran.error["code"]) == (2, "content")


@pytest.mark.parametrize("deletes", [True, False])
def test_a_program_of_the_users_is_certified_too(here: Practice, tmp_path: Path, deletes: bool) -> None:
    folder = tmp_path / "program"
    folder.mkdir()
    verbs = ALL if deletes else ALL.replace('"delete", ', "")
    write_program(folder, rules=verbs + "thread_parts = 3\n")
    here.ttp.ok("account", "add", "command/box", "--program", str(folder / "box.py"))
    ran = here.ttp.ok("certify", "command/box", "--yes", "--json")
    outcomes = {one["kind"]: (one["outcome"], one["deleted"]) for one in ran.json["results"]}
    assert outcomes["text"] == outcomes["thread"] == ("verified", True if deletes else None)
    assert outcomes["image"] == outcomes["video"] == ("skipped", None)
    assert any((folder / "box").iterdir()) != deletes


@pytest.mark.parametrize("change", ["disable", "pause", "unconnected", "kind", "unknown"])
def test_an_account_or_a_kind_that_cannot_be_tried_is_refused(here: Practice, change: str) -> None:
    name, only = "x/demo", "text"
    match change:
        case "disable":
            here.ttp.ok("account", "disable", name)
        case "pause":
            here.ttp.ok("pause", "--account", name)
        case "unconnected":
            name = "x/other"
            here.ttp.ok("account", "add", name)
        case "kind":
            only = "story"
        case _:
            name = "x/nobody"
    ran = here.ttp("certify", name, "--only", only, "--yes", "--json")
    assert ran.code == {"disable": 2, "pause": 2, "unconnected": 4, "kind": 2, "unknown": 3}[change]
    assert ran.error["hint"]
    assert here.feed == []


def test_what_an_interrupted_run_has_not_published_is_taken_back(
    here: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PublisherProcess, "publish", lambda self, ids, emit: RunResult(clean=False, signal=2))
    results = here.certify("x", "--only", "text", code=130)
    assert results["text"]["outcome"] == "waiting"
    assert (here.feed, here.ttp.ok("list").out) == ([], "")


def test_without_approval_nothing_is_left_behind(here: Practice) -> None:
    here.ttp.ok("config", "set", "publish.require_approval", "true")
    ran = here.ttp("certify", "x/demo", "--yes", "--json")
    assert ran.code != 0
    assert (here.feed, here.ttp.ok("list").out) == ([], "")
