"""Reading what published posts have collected, beside publishing: never in its way, never worth an error of its own.

A loop reads while it runs; a short run after it has published and let go of the lock, for a few seconds at most. What
hangs is left behind: nothing is lost by that, since what is about to be read was put off before, and what was read is
stored.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from ttp.domain.errors import TtpError

Turn: TypeAlias = Callable[[Callable[[], bool]], None]
"""Reads what is due, until what it is given says to stop."""

FIRST_S, EVERY_S = 10.0, 60.0
BUDGET_S = 5.0
"""Seconds that a short run gives to reading."""
PATIENCE_S = 4.0
"""Seconds that an answer is waited for: nobody needs it now."""
LEAVE_S = 1.0
"""Seconds that the end of a loop waits for a reading that is under way."""


@contextmanager
def reading(turn: Turn | None) -> Iterator[list[str]]:
    """Take a turn every minute until the block ends. Gives the faults of ours that were met, each once."""
    over, faults = threading.Event(), list[str]()

    def work() -> None:
        wait_s = FIRST_S
        while turn is not None and not over.wait(wait_s):
            _take(turn, over.is_set, faults)
            wait_s = EVERY_S

    thread = threading.Thread(target=work, name="ttp-numbers", daemon=True)
    thread.start()
    try:
        yield faults
    finally:
        over.set()
        thread.join(LEAVE_S)


def read_once(turn: Turn, over: threading.Event, budget_s: float = BUDGET_S) -> list[str]:
    """Take one turn, for a few seconds at most, or until `over` is set. The faults of ours that were met."""
    faults: list[str] = []

    def work() -> None:
        _take(turn, over.is_set, faults)
        over.set()

    threading.Thread(target=work, name="ttp-numbers", daemon=True).start()
    over.wait(budget_s)
    over.set()
    return faults


def _take(turn: Turn, stopping: Callable[[], bool], faults: list[str]) -> None:
    """One turn, whose end is never the publisher's."""
    try:
        turn(stopping)
    except TtpError:
        return  # what is wrong with the store or the settings is met, and told, by whoever publishes
    except Exception as fault:  # noqa: BLE001 (whatever it is, publishing goes on)
        place = traceback.extract_tb(fault.__traceback__)[-1]
        where = f"{type(fault).__name__} in {Path(place.filename).name}, line {place.lineno}"
        told = f"numbers were not read, by a fault of ttp: {where}"
        if told not in faults:
            faults.append(told)
