"""`kill -9` and cut connections in each part of a thread: X has every part once, each a reply to the one before."""

from __future__ import annotations

import pytest

import ttp.sandbox.files
from tests.faults.conftest import World, until

PARTS = ["One", "Two", "Three"]


def due(world: World, handle: str, *more: str) -> str:
    """A thread that is due now; the account that it goes to."""
    account = f"x/{handle}"
    world.account(account)
    thread = [word for part in PARTS[1:] for word in ("--thread", part)]
    world.ttp.ok("create", PARTS[0], *thread, *more, "--to", account, "--at", "now")
    return account


def fault(world: World, do: str, part: int, **more: object) -> None:
    world.fault("/2/tweets$", do, method="POST", platform="x", nth=part, **more)


def whole(world: World, account: str) -> None:
    """The thread is published, and on X once, in a chain."""
    assert world.state(account) == "published"
    posts = world.posts(account)
    assert [post["text"] for post in posts] == PARTS
    assert [post["parent"] for post in posts] == [None, *(post["id"] for post in posts[:-1])]
    assert world.ttp.shown()["deliveries"][0]["remoteId"] == posts[0]["id"]


@pytest.mark.parametrize("part", [pytest.param(1, marks=pytest.mark.slow), 2, pytest.param(3, marks=pytest.mark.slow)])
def test_a_publisher_killed_after_x_had_a_part_goes_on_with_the_next(world: World, part: int) -> None:
    account = due(world, f"kill-after-{part}")
    fault(world, "hang", part, effect=True)
    victim = world.start("run", "--once")
    until(lambda: len(world.posts(account)) == part)
    victim.kill()
    world.control("DELETE", "faults")
    assert world.state(account) == "sending"
    assert world.ttp("run", "--until-idle").code == 0
    whole(world, account)
    assert [outcome for phase, outcome in world.log() if phase == "publish"] == [
        "unknown" if number == part else "done" for number in (1, 2, 3)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("part", [1, 3])
def test_a_publisher_killed_before_x_had_a_part_sends_that_part_once_more(world: World, part: int) -> None:
    account = due(world, f"kill-before-{part}")
    fault(world, "hang", part)
    victim = world.start("run", "--once")
    until(lambda: len(world.posts(account)) == part - 1 and world.state(account) == "sending")
    world.kill_in_call(victim)
    assert world.ttp("run", "--until-idle").code == 0
    whole(world, account)


@pytest.mark.slow
@pytest.mark.parametrize("part", [2, 3])
@pytest.mark.parametrize("do", ["cut_before", "cut_after"])
def test_a_part_whose_connection_is_cut_is_settled_in_the_same_run(world: World, part: int, do: str) -> None:
    account = due(world, f"{do.replace('_', '-')}-{part}")
    fault(world, do, part)
    assert world.ttp("run", "--until-idle").code == 0
    whole(world, account)


@pytest.mark.slow
def test_a_thread_with_a_picture_is_cut_in_its_first_part_and_found_by_the_picture(world: World) -> None:
    photo = ttp.sandbox.files.PHOTO
    account = due(world, "picture", "--media", str(photo), "--alt", "A cup")
    fault(world, "cut_after", 1)
    assert world.ttp("run", "--until-idle").code == 0
    whole(world, account)
    assert [len(post["media"]) for post in world.posts(account)] == [1, 0, 0]
