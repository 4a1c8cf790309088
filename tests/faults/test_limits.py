"""A rate limit that one process met holds for the next one, on the machine's clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.conftest import World


@pytest.fixture
def one_post(world: World) -> Iterator[World]:
    """X takes one post of an account in a quarter of an hour."""
    world.control("POST", "settings", {"limits": {"POST /2/tweets": 1}})
    yield world
    world.control("POST", "settings", {"limits": {}})


def test_the_next_process_makes_no_call_that_would_be_refused(one_post: World) -> None:
    world = one_post
    world.account("x/narrow")
    for number in range(2):
        world.ttp.post(f"Number {number}", "--to", "x/narrow", "--at", "now")
    first = world.start("run", "--once", "--json")
    assert first.code() == 0
    assert [post["text"] for post in world.posts("x/narrow")] == ["Number 0"]
    world.control("DELETE", "requests")
    world.ttp.post("Number 2", "--to", "x/narrow", "--at", "now")
    second = world.start("run", "--once", "--json")
    assert second.code() == 0
    assert world.control("GET", "requests") == []
    told = world.ttp.ok("status", "--json").json
    assert told["overdue"] == 0
    assert [hold["account"] for hold in told["holds"]] == ["x/narrow"]
    (limit,) = (limit for limit in told["limits"] if limit["name"] == "POST /2/tweets")
    assert (limit["account"], limit["left"], limit["limit"]) == ("x/narrow", 0, 1)
    waiting = world.ttp.shown(2)["deliveries"][0]
    assert (waiting["state"], waiting["error"]["kind"]) == ("retrying", "rate_limit")
    assert waiting["nextAttemptAt"] == waiting["waitingUntil"] == limit["resetsAt"]
