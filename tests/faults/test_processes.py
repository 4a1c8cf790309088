"""Concurrent publishers, and commands during a publisher's run."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults.conftest import World, until
from ttp.domain.event import EVENTS
from ttp.store.home import locks

KEYS = {"at", "event", "post", "account", "remoteId", "url", "kind", "message", "nextAt", "attempt", "ms"}


@pytest.mark.slow
def test_one_loop_with_concurrent_commands(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.account("x/beside")
    monkeypatch.setenv("TTP_PUBLISH__POLL_S", "3600")
    loop = world.publisher()

    second = world.ttp("run")
    assert second.code == 5
    assert f"pid {loop.pid}" in second.err
    assert world.ttp("run", "--once") == world.ttp("run", "--until-idle")
    assert (world.ttp("run", "--once").code, world.ttp("run", "--once").out) == (0, "")
    assert world.ttp("run", "--once", "--fail-if-locked").code == 5
    assert world.ttp("status", "--json").json["publisher"]["pid"] == loop.pid

    world.ttp.ok("create", "right now", "--to", "x/beside", "--at", "now")
    until(lambda: len(world.posts("x/beside")) == 1)  # woken by the store, not by publish.poll_s

    draft = world.ttp.post("followed", "--to", "x/beside")
    followed = world.ttp.ok("publish", str(draft), "--yes", "--jsonl")
    assert '"delivery.published"' in followed.out
    assert len(world.posts("x/beside")) == 2

    world.fault("/2/tweets$", "status", status=403, platform="x", body=_REFUSAL, headers=_JSON)
    failing = world.ttp.post("fails first", "--to", "x/beside")
    failed = world.ttp("publish", str(failing), "--yes", "--json")
    assert failed.code == 6
    assert failed.json[0]["deliveries"][0]["error"]["kind"] == "content"
    assert world.ttp("retry", str(failing), "--json").code == 0
    assert [post["text"] for post in world.posts("x/beside")] == ["right now", "followed", "fails first"]

    loop.signal(signal.SIGTERM)
    assert loop.code() == 0
    assert loop.err.count("\n") == 2  # nobody is notified
    events = loop.events
    assert {event["event"] for event in events} <= set(EVENTS)
    assert all(event.keys() <= KEYS for event in events)
    assert [event["event"] for event in events if event.get("post") == draft] == [
        "post.due",
        "delivery.sending",
        "delivery.published",
        "post.finished",
    ]
    assert (events[0]["event"], events[-1]["event"]) == ("publisher.started", "publisher.stopped")


_REFUSAL = (
    '{"title":"Forbidden","status":403,"detail":"You are not permitted to perform this action.","type":"about:blank"}'
)
_JSON = {"content-type": "application/json"}


@pytest.mark.slow
def test_a_loop_waits_for_a_short_run(world: World) -> None:
    world.account("x/waits")
    world.ttp.ok("create", "after the short run", "--to", "x/waits", "--at", "now")
    now = datetime.now(UTC)
    with locks.publisher_lock(world.ttp.home):
        locks.write_holder(world.ttp.home, locks.Holder(os.getpid(), "once", now, now))
        loop = world.start("run", "--jsonl")
        until(lambda: f"(pid {os.getpid()})" in loop.err)
        assert loop.out == ""
    until(lambda: world.posts("x/waits"))
    loop.signal(signal.SIGINT)
    assert loop.code() == 0


def test_two_runs_for_cron_publish_each_post_once(world: World) -> None:
    for i in range(3):
        world.account(f"x/cron{i}")
        world.ttp.ok("create", f"Post {i}", "--to", f"x/cron{i}", "--at", "now")
    runs = [world.start("run", "--once") for _ in range(2)]
    assert [run.code() for run in runs] == [0, 0]
    assert [len(world.posts(f"x/cron{i}")) for i in range(3)] == [1, 1, 1]


@pytest.mark.slow
def test_a_cron_run_reports_counts_and_its_exit_code(world: World) -> None:
    world.account("x/well")
    world.account("x/refused")
    world.account("x/dead", expired=True)
    quiet = world.ttp("run", "--once", "--json")
    assert quiet.code == 0
    tally = ["claimed", "published", "failed", "retrying", "needsReview", "missed", "waiting", "posts"]
    assert list(quiet.json) == tally
    world.ttp.ok("create", "dead", "--to", "x/dead", "--at", "now")
    dead = world.ttp("run", "--once", "--json")
    assert dead.code == 4
    # The first run has found at its end that the token cannot be renewed: nothing is tried with it any more.
    assert {name: dead.json[name] for name in tally[:-1]} == {**dict.fromkeys(tally[:-1], 0), "failed": 1}
    world.ttp.ok("create", "well", "--to", "x/well", "--at", "now")
    well = world.ttp("run", "--once", "--json")
    assert (well.code, well.json["published"]) == (0, 1)
    assert [post["status"] for post in well.json["posts"]] == ["published"]
    world.fault("/2/tweets$", "status", status=403, platform="x", body=_REFUSAL, headers=_JSON)
    world.ttp.ok("create", "refused", "--to", "x/refused", "--at", "now")
    refused = world.ttp("run", "--once", "--json")
    assert (refused.code, refused.json["failed"]) == (6, 1)


def test_a_token_is_in_no_file_but_the_credentials_and_in_no_output(world: World) -> None:
    world.account("x/canary")
    world.account("tiktok/canary")
    clip = Path(__file__).parents[2] / "ttp" / "sandbox" / "files" / "clip.mp4"
    world.fault("/2/tweets$", "cut_after", platform="x")
    said = [
        world.ttp("create", "canary", "--to", "x/canary,tiktok/canary", "--media", str(clip), "--at", "now", "--json"),
        world.ttp("run", "--until-idle", "--jsonl"),
        world.ttp("account", "list", "--json"),
        world.ttp("log", "1", "--json"),
        world.ttp("show", "1", "--json"),
    ]
    assert [ran.code for ran in said] == [0] * 5
    files = {path.name: path.read_bytes() for path in world.ttp.home.rglob("*") if path.is_file()}
    assert len(files) >= 4
    for token in world.tokens:
        assert [name for name, data in files.items() if token.encode() in data] == ["credentials.json"]
        assert not any(token in ran.out + ran.err for ran in said)
