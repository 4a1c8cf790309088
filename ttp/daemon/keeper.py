"""Renewing tokens by timer, beside the deliveries: an account that posts once a month must not lose its token.

Never in the way of a publish: what a delivery has in hand is left alone until the next turn, and what is due when a run
starts goes first. A run that is over before the first turn takes it at its end, so that cron is enough.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from ttp.domain.errors import TtpError
from ttp.domain.time.clock import Clock
from ttp.services.tokens import Renewal, Tokens

FIRST_S, EVERY_S = 2.0, 60.0


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
        wait_s = FIRST_S
        while not over.wait(wait_s):
            turn(over.is_set)
            wait_s = EVERY_S
        if wait_s == FIRST_S and not cut():
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
