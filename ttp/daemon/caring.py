"""Giving back media that are not needed any more, beside the deliveries: from a bucket every minute, copies every hour.

A run that is over before does both at its end, so that cron is enough.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ttp.services.media_care import MediaCare

EVERY_S, SWEEPS_EVERY_S = 60.0, 3600.0


@contextmanager
def caring(care: MediaCare, cut: Callable[[], bool] = lambda: False) -> Iterator[list[str]]:
    """Care until the block ends, and once more then unless `cut` says that there is no time. Gives the list of what
    could not be done, each thing once; it is whole when the block has ended."""
    over = threading.Event()
    wrong: dict[str, None] = {}
    told: list[str] = []

    def work() -> None:
        turns = 0
        while not over.wait(EVERY_S):
            wrong.update(dict.fromkeys(care.take_back()))
            if turns % round(SWEEPS_EVERY_S / EVERY_S) == 0:
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
