"""Keys of requests."""

from __future__ import annotations

import threading

import pytest

from ttp.domain.errors import Busy, Conflict
from ttp.mcp.replays import MOST_KEPT, MemoryReplays


def test_a_request_that_still_runs_is_not_done_again() -> None:
    replays, begun, go_on = MemoryReplays(), threading.Event(), threading.Event()
    found: list[int] = []

    def work() -> int:
        begun.set()
        assert go_on.wait(60)
        return 1

    first = threading.Thread(target=lambda: found.append(replays.run("k", "undo", {}, work)))
    first.start()
    assert begun.wait(60)
    with pytest.raises(Busy):
        replays.run("k", "undo", {}, lambda: 2)
    go_on.set()
    first.join()
    assert (found, replays.run("k", "undo", {}, lambda: 3)) == ([1], 1)


def test_a_key_is_of_one_request() -> None:
    replays = MemoryReplays()
    assert replays.run("k", "undo", {"count": 1}, lambda: 1) == 1
    for tool, arguments in (("undo", {"count": 2}), ("delete_post", {"count": 1})):
        with pytest.raises(Conflict):
            replays.run("k", tool, arguments, lambda: 2)


def test_old_answers_are_forgotten() -> None:
    replays = MemoryReplays()
    for number in range(MOST_KEPT + 1):
        replays.run(str(number), "undo", {}, lambda: 1)
    assert replays.run("1", "undo", {}, lambda: 2) == 1
    assert replays.run("0", "undo", {}, lambda: 2) == 2
