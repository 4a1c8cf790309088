"""Renewing tokens by timer, beside the deliveries: an account that posts once a month must not lose its token.

Never in the way of a publish: what a delivery has in hand is left alone until the next turn, and what is due when a run
starts goes first. A run that is over before the first turn takes it at its end, so that cron is enough.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from ttp.domain.errors import TtpError
from ttp.domain.time.clock import Clock
from ttp.services.media import MediaCare
from ttp.services.tokens import Renewal, Tokens

TOKENS_FIRST_S, TOKENS_EVERY_S = 2.0, 60.0


@contextmanager
def keeping(
    tokens: Tokens,
    clock: Clock,
    cut: Callable[[], bool] = lambda: False,
    told: Callable[[Renewal], object] = lambda renewal: None,
) -> Iterator[None]:
    """Renew what is due every minute until the block ends, at least once unless `cut` says that there is no time.
    `told` hears what became of each.

    A renewal that goes on at the end is waited for: its answer must be stored.
    """
    over = threading.Event()

    def work() -> None:
        wait_s = TOKENS_FIRST_S
        while not over.wait(wait_s):
            turn(over.is_set)
            wait_s = TOKENS_EVERY_S
        if wait_s == TOKENS_FIRST_S and not cut():
            turn(cut)

    def turn(stopping: Callable[[], bool]) -> None:
        # What is wrong with the store or the credentials is met, and told, by whoever publishes.
        with suppress(TtpError):
            for renewal in tokens.refresh_due(clock.now(), stopping):
                told(renewal)

    thread = threading.Thread(target=work, name="ttp-tokens", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


MEDIA_EVERY_S, SWEEPS_EVERY_S = 60.0, 3600.0


@contextmanager
def caring(care: MediaCare, cut: Callable[[], bool] = lambda: False) -> Iterator[list[str]]:
    """Care until the block ends, and once more then unless `cut` says that there is no time. Gives the list of what
    could not be done, each thing once; it is whole when the block has ended."""
    over = threading.Event()
    wrong: dict[str, None] = {}
    told: list[str] = []

    def work() -> None:
        turns = 0
        while not over.wait(MEDIA_EVERY_S):
            wrong.update(dict.fromkeys(care.take_back()))
            if turns % round(SWEEPS_EVERY_S / MEDIA_EVERY_S) == 0:
                wrong.update(dict.fromkeys(care.sweep()))
            turns += 1

    thread = threading.Thread(target=work, name="ttp-media", daemon=True)
    thread.start()
    try:
        yield told
    finally:
        over.set()
        thread.join()
        if not cut():
            wrong.update(dict.fromkeys([*care.take_back(), *care.sweep()]))
        told += wrong


Turn: TypeAlias = Callable[[Callable[[], bool]], None]
"""Reads what is due, until what it is given says to stop."""


METRICS_FIRST_S, METRICS_EVERY_S = 10.0, 60.0


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
        wait_s = METRICS_FIRST_S
        while turn is not None and not over.wait(wait_s):
            _take(turn, over.is_set, faults)
            wait_s = METRICS_EVERY_S

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
