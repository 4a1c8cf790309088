"""How many files of ttp a command enters: what a newcomer reads to follow it. The numbers may only fall.

The goal is 20 for `list`, 30 for `create`, 40 for `schedule` and 60 for `run` with one text post to X.
"""

from __future__ import annotations

import gc
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import ttp as package
from tests.clock import FakeClock
from tests.publisher.world import World, open_world
from ttp.sandbox.server import RunningSandbox

pytestmark = pytest.mark.sqlite("what is entered for a store in a file")
ROOT = f"{Path(package.__file__).parent}/"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, shared_sandbox: RunningSandbox) -> Iterator[World]:
    with open_world(shared_sandbox, tmp_path_factory.mktemp("world"), FakeClock()) as world:
        world.account("x/me")
        yield world


def files_entered(run: Callable[[], object]) -> set[str]:
    """The files of ttp in which a function was called; imports are not counted."""
    entered: set[str] = set()

    def enter(frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        if code.co_name != "<module>" and code.co_filename.startswith(ROOT):
            entered.add(code.co_filename.removeprefix(ROOT))

    gc.collect()
    gc.disable()  # what another test left is not finalized here
    before = sys.gettrace()
    threading.settrace(enter)
    sys.settrace(enter)
    try:
        run()
    finally:
        sys.settrace(before)
        threading.settrace(None)
        gc.enable()
    return entered


@pytest.mark.parametrize(
    ("most", "command"),
    [
        (27, ("list",)),
        (47, ("create", "Hello {}", "--to", "x/me")),
        (59, ("schedule", "{}", "--at", "tomorrow 9am")),
        (95, ("run", "--until-idle")),
    ],
    ids=["list", "create", "schedule", "run"],
)
def test_a_command_enters_few_files(world: World, most: int, command: tuple[str, ...]) -> None:
    def ready() -> str:
        """A post for the command; one that is due, where it publishes."""
        due = ("--at", "now") if command[0] == "run" else ()
        return str(world.ttp.ok("create", f"Ready {world.clock.now()}", "--to", "x/me", *due, "--json").json["id"])

    def run(post: str) -> None:
        world.ttp(*(word.format(post) for word in command))

    run(ready())  # whatever is imported is imported now
    world.clock.advance(days=1)
    post = ready()
    entered = files_entered(lambda: run(post))
    assert len(entered) <= most, f"{len(entered)} files: " + " ".join(sorted(entered))
    assert "cli/main.py" in entered


def test_create_and_run_enter_the_files_that_the_life_of_a_post_names(world: World) -> None:
    entered = files_entered(lambda: world.ttp.ok("create", "The life of a post", "--to", "x/me", "--at", "in 1h"))
    world.clock.advance(hours=2)
    entered |= files_entered(lambda: world.ttp("run", "--until-idle"))
    page = (Path(ROOT).parent / "ARCHITECTURE.md").read_text()
    steps = page.partition("## The life of a post")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(\w+/[\w/]+\.py)`", steps))
    assert len(named) > 10
    assert named <= entered
