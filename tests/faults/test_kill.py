"""`kill -9` and cut connections in a publishing call: the post is on the platform once, and ttp knows it."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

import ttp.sandbox.files
from tests.faults.conftest import World, until

FILES = Path(ttp.sandbox.files.__file__).parent
CALLS = {"x": ("POST", "/2/tweets$"), "instagram": ("POST", "/media_publish$"), "tiktok": ("PUT", "/video/")}
MEDIA = {"x": [], "instagram": ["--media", str(FILES / "photo.jpg")], "tiktok": ["--media", str(FILES / "clip.mp4")]}
PLATFORMS = ["x", *(pytest.param(name, marks=pytest.mark.slow) for name in ("instagram", "tiktok"))]


def due(world: World, platform: str, handle: str) -> str:
    """A post that is due now; the account that it goes to."""
    account = f"{platform}/{handle}"
    world.account(account)
    world.ttp.ok("create", f"Post of {handle}", "--to", account, "--at", "now", *MEDIA[platform])
    return account


def fault(world: World, platform: str, do: str, **more: object) -> None:
    method, path = CALLS[platform]
    world.fault(path, do, method=method, platform=platform, **more)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_publisher_killed_after_the_platform_had_the_post_leaves_one_post(world: World, platform: str) -> None:
    account = due(world, platform, "killed-after")
    fault(world, platform, "hang", effect=True)
    victim = world.start("run", "--once")
    until(lambda: world.posts(account))
    victim.kill()
    assert world.state(account) == "sending"
    assert world.ttp("run", "--until-idle").code == 0
    assert world.state(account) == "published"
    assert len(world.posts(account)) == 1
    assert [outcome for phase, outcome in world.log() if phase == "publish"] == ["unknown"]
    assert world.log()[-1] == ("look_up", "found")


@pytest.mark.slow
@pytest.mark.parametrize("platform", ["x", "tiktok"])
def test_a_publisher_killed_before_the_platform_had_the_post_sends_it_once_more(world: World, platform: str) -> None:
    account = due(world, platform, "killed-before")
    fault(world, platform, "hang")
    victim = world.start("run", "--once")
    until(lambda: world.ttp.count("attempt") and world.state(account) == "sending")
    world.kill_in_call(victim)
    assert world.ttp("run", "--until-idle").code == 0
    assert world.state(account) == "published"
    assert len(world.posts(account)) == 1
    calls = [outcome for phase, outcome in world.log() if phase == "publish"]
    assert calls == ["unknown", "done"]


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("do", [pytest.param("cut_before", marks=pytest.mark.slow), "cut_after"])
def test_a_cut_connection_is_settled_in_the_same_run(world: World, platform: str, do: str) -> None:
    account = due(world, platform, do)
    fault(world, platform, do)
    assert world.ttp("run", "--until-idle").code == 0
    assert world.state(account) == "published"
    assert len(world.posts(account)) == 1


@pytest.mark.slow
def test_a_publisher_killed_in_the_invisible_steps_starts_them_over(world: World) -> None:
    account = due(world, "x", "killed-early")
    world.fault("/2/users/me$", "hang", platform="x")
    victim = world.start("run", "--once")
    until(lambda: world.state(account) == "claimed")
    world.kill_in_call(victim)
    assert world.ttp("run", "--once").code == 0
    assert len(world.posts(account)) == 1
    assert world.log() == [("publish", "done")]


@pytest.mark.slow
def test_a_second_signal_ends_the_process_at_once_and_the_next_run_settles_it(world: World) -> None:
    account = due(world, "x", "two-signals")
    fault(world, "x", "hang", effect=True)
    loop = world.publisher()
    until(lambda: world.posts(account))
    while loop.popen.poll() is None:  # two signals in one instant are one
        loop.signal(signal.SIGTERM)
        time.sleep(0.05)
    assert loop.code() == 143
    assert world.state(account) == "sending"
    assert world.ttp("run", "--until-idle").code == 0
    assert len(world.posts(account)) == 1
