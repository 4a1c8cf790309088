"""Periodic work next to publishing: refreshing tokens, cleaning up media and events, pulling metrics.

Publishing comes first: what is due when a run starts is published before. A short run refreshes tokens and cleans up
once at its end, so that a publisher started by cron is enough.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import TypeAlias

from ttp.domain.errors import Busy, TtpError, describe_fault
from ttp.domain.time.clock import Clock
from ttp.publisher.late_cards import EVERY_S
from ttp.services.attachments.media import MediaCleanup
from ttp.services.connecting.tokens import RefreshResult, Tokens

TOKENS_FIRST_S, TOKENS_EVERY_S = 2.0, 60.0
MEDIA_EVERY_S, SWEEPS_EVERY_S = 60.0, 3600.0
CARDS_FIRST_S = 1.0
SOURCES_FIRST_S, SOURCES_EVERY_S = 3.0, 30.0
METRICS_FIRST_S, METRICS_EVERY_S = 10.0, 60.0

BUDGET_S = 5.0
"""Seconds that a short run gives to pulling metrics."""
PATIENCE_S = 4.0
"""Seconds to wait for an answer with metrics: they are not urgent."""
LEAVE_S = 1.0
"""Seconds that the end of a loop waits for a pull that is under way."""

TURN_S = 0.25

Stop: TypeAlias = Callable[[], bool]
"""Says whether to stop."""
Turn: TypeAlias = Callable[[Stop], None]
"""Does what is due, until what it is given says to stop."""
Alone: TypeAlias = Callable[[], AbstractContextManager[bool]]
"""Yields whether this process does some work now, and no other."""


@dataclass
class Turns:
    """How often something was done."""

    count: int = 0


@contextmanager
def run_every(
    turn: Turn, *, name: str, first_s: float, every_s: float, leave_s: float | None = None
) -> Iterator[Turns]:
    """Call `turn` in a background thread until the block ends: first after `first_s` seconds, then every `every_s`. The
    end of the block waits for a running turn, at most `leave_s` seconds (None: until it is over)."""
    over, turns = threading.Event(), Turns()

    def work() -> None:
        wait_s = first_s
        while not over.wait(wait_s):
            turns.count += 1
            turn(over.is_set)
            wait_s = every_s

    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    try:
        yield turns
    finally:
        over.set()
        thread.join(leave_s)


def _never() -> bool:
    return False


def _alone() -> AbstractContextManager[bool]:
    return nullcontext(True)


@contextmanager
def token_refresh(
    tokens: Tokens,
    clock: Clock,
    is_cut: Stop = _never,
    report: Callable[[RefreshResult], object] = lambda renewal: None,
    alone: Alone = _alone,
) -> Iterator[None]:
    """Refresh due tokens until the block ends; also at its end if no turn came before, unless `is_cut` says to hurry.
    So an account that posts once a month does not lose its token.

    `report` gets each refresh. A running refresh is awaited: its answer must be stored.
    """

    def turn(stop: Stop) -> None:
        # What is wrong with the store or the credentials is met and reported by whoever publishes.
        with suppress(TtpError), alone() as is_mine:
            for renewal in tokens.refresh_due(clock.now(), stop) if is_mine else ():
                report(renewal)

    turns = Turns()
    try:
        with run_every(turn, name="ttp-tokens", first_s=TOKENS_FIRST_S, every_s=TOKENS_EVERY_S) as turns:
            yield
    finally:
        if turns.count == 0 and not is_cut():
            turn(is_cut)


@contextmanager
def cleanup(
    care: MediaCleanup, delete_events: Callable[[], list[str]], is_cut: Stop = _never, alone: Alone = _alone
) -> Iterator[list[str]]:
    """Delete media and events that are kept no longer until the block ends, and once more at its end unless `is_cut`
    says to hurry. Yield the list of problems, each once; it is complete after the block."""
    wrong: dict[str, None] = {}
    notes: list[str] = []
    count = 0

    def turn(stop: Stop) -> None:
        nonlocal count
        sweeps, count = count % round(SWEEPS_EVERY_S / MEDIA_EVERY_S) == 0, count + 1
        # The copies and the records of lent objects here are this host's alone. A server may be away for a while.
        with suppress(Busy):
            wrong.update(dict.fromkeys([*care.fetch_coming(), *care.delete_unneeded_objects()]))
        if sweeps:
            wrong.update(dict.fromkeys(care.delete_unneeded_copies()))
            with suppress(Busy), alone() as is_mine:
                wrong.update(dict.fromkeys([*care.clean_bucket(), *delete_events()] if is_mine else ()))

    try:
        with run_every(turn, name="ttp-cleanup", first_s=MEDIA_EVERY_S, every_s=MEDIA_EVERY_S):
            yield notes
    finally:
        if not is_cut():
            if care.is_needed():
                last = [*care.delete_unneeded_objects(), *care.delete_unneeded_copies(), *care.clean_bucket()]
                wrong.update(dict.fromkeys(last))
            wrong.update(dict.fromkeys(delete_events()))
        notes += wrong


@contextmanager
def card_fetches(fetch: Callable[[], object] | None, is_cut: Stop = _never, alone: Alone = _alone) -> Iterator[None]:
    """Fetch the link cards of posts that are due soon until the block ends; also at its end if no turn came before,
    unless `is_cut` says to hurry."""
    if fetch is None:
        yield
        return

    def turn(stop: Stop) -> None:
        with suppress(TtpError), alone() as is_mine:
            if is_mine:
                fetch()

    turns = Turns()
    try:
        with run_every(turn, name="ttp-cards", first_s=CARDS_FIRST_S, every_s=EVERY_S, leave_s=LEAVE_S) as turns:
            yield
    finally:
        if turns.count == 0 and not is_cut():
            turn(is_cut)


@contextmanager
def source_polls(poll: Turn) -> Iterator[None]:
    """Poll sources until the block ends."""
    with run_every(poll, name="ttp-sources", first_s=SOURCES_FIRST_S, every_s=SOURCES_EVERY_S, leave_s=LEAVE_S):
        yield


@contextmanager
def metrics_pull(pull: Turn | None, alone: Alone = _alone) -> Iterator[list[str]]:
    """Pull due metrics until the block ends. Yield the list of bugs that occurred, each once."""
    faults: list[str] = []
    if pull is None:
        yield faults
        return

    def turn(stop: Stop) -> None:
        _pull_safely(pull, stop, faults, alone)

    with run_every(turn, name="ttp-numbers", first_s=METRICS_FIRST_S, every_s=METRICS_EVERY_S, leave_s=LEAVE_S):
        yield faults


def pull_once(pull: Turn, over: threading.Event, budget_s: float = BUDGET_S, alone: Alone = _alone) -> list[str]:
    """Pull due metrics for at most `budget_s` seconds, or until `over` is set. Return bugs that occurred."""
    faults: list[str] = []
    is_late = False

    def work() -> None:
        _pull_safely(pull, lambda: is_late or over.is_set(), faults, alone)

    thread = threading.Thread(target=work, name="ttp-numbers", daemon=True)
    thread.start()
    # This thread neither waits for the event nor sets it: a signal handler that sets it meanwhile finds its lock taken.
    end = time.monotonic() + budget_s
    while thread.is_alive() and not over.is_set() and (rest := end - time.monotonic()) > 0:
        thread.join(min(rest, TURN_S))
    is_late = True
    return faults


def _pull_safely(pull: Turn, stop: Stop, faults: list[str], alone: Alone) -> None:
    """Pull once; no error of it ends the publisher."""
    try:
        with alone() as is_mine:
            if is_mine:
                pull(stop)
    except TtpError:
        return  # what is wrong with the store or the settings is met and reported by whoever publishes
    except Exception as fault:  # noqa: BLE001 (whatever it is, publishing goes on)
        text = f"numbers were not read, by {describe_fault(fault)}"
        if text not in faults:
            faults.append(text)
