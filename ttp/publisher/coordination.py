"""What differs between the only publisher of a store and one of several: here it is the only one.

A lock of the kernel makes it that, so every account is its own and nothing is recovered after the start.
`shared_coordination` is the same for several.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import NamedTuple

from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import Bug, Busy, SlowClock
from ttp.domain.event import Sink
from ttp.domain.publishing.outcome import Attempt
from ttp.domain.time.clock import Clock
from ttp.publisher.announcements import Announcements
from ttp.services.application import Installation
from ttp.store import claims
from ttp.store.credentials import KeyMissing
from ttp.store.dialect import Connection, Row
from ttp.store.machine import clock_check
from ttp.store.machine.publisher_session import PublisherSession
from ttp.store.row_mapper import Quarantine
from ttp.store.writer import Writer

OpenWriter = Callable[[Callable[[], Connection]], Writer]
FindIntent = Callable[[Connection, int, int, str], Attempt | None]
Recovery = Callable[[Connection], list[Delivery]]
RunRecovery = Callable[[Recovery], list[Delivery]]


class BusyAccounts(NamedTuple):
    """The accounts of the jobs in progress."""

    deliveries: frozenset[int]
    look_ups: frozenset[int]


class LoopTurn(NamedTuple):
    """What a turn is about. `free`: how many workers are; `ask_look_ups`: asks for due look-ups, and returns what reads
    them."""

    due: claims.Due
    busy: BusyAccounts
    places: claims.Places
    free: int
    ask_look_ups: Callable[[Connection], Callable[[], list[Delivery]]]


class Candidates(NamedTuple):
    """What may start now. `ready`: deliveries of locked accounts, None if they are not read yet; `again_at`: when more
    may be ready without a notice."""

    read_look_ups: Callable[[], list[Delivery]]
    ready: list[Row] | None = None
    again_at: datetime | None = None


class Coordination:
    """What a publisher has open on its store: `writer` records, `watch` reads and hears of changes. `clock`: the one
    that publishing goes by."""

    job_errors: tuple[type[Exception], ...] = ()
    """Errors that end a job alone: another publisher has its delivery, or it is tried again soon."""
    away_errors: tuple[type[Exception], ...] = ()
    """Errors of a store that is away for a while: an outcome waits for it."""
    host_errors: tuple[type[Busy], ...] = (KeyMissing,)
    """Trouble of this host with credentials, for which a delivery waits: another host may publish it, or a person
    helps."""
    find_superseded_intent: FindIntent | None = None
    """Finds an intent of the journal by its delivery, id and fingerprint, where another publisher may have taken that
    delivery over since."""

    def __init__(
        self,
        installation: Installation,
        session: PublisherSession,
        emit: Sink,
        *,
        clock: Clock | None = None,
        is_owner: bool = True,
        open_writer: OpenWriter = Writer,
    ) -> None:
        self.clock = clock or installation.clock
        self.announcements = Announcements(emit, self.clock)
        self.is_owner = is_owner
        """Whether this machine owns the store already; a take-over claims it later."""
        self._session = session
        self._ahead_s = self._seconds_ahead()
        self.watch = session.open_watch()
        try:
            self.writer = open_writer(self.connect)
        except BaseException:
            self.watch.close()
            raise

    def close(self) -> None:
        self.writer.close()
        self.watch.close()

    def connect(self) -> Connection:
        """Open a session: the first one, and another after each that was lost."""
        return self._session.connect()

    def leave(self) -> None:
        """Tell the other publishers that this one ends."""

    def report(self) -> None:
        """Tell the other publishers that this one works, now and then."""

    def shorten_waits(self, db: Connection, now: datetime) -> None:
        """Shorten waits that began while the clock was ahead."""
        clock_check.shorten_waits(db, now)

    def lock_abandoned(self, db: Connection, quarantine: Quarantine) -> Collection[int] | None:
        """Lock the accounts of deliveries that a dead publisher left, and return them. None: it left all that is in
        hand."""
        return None

    def take_over(self, run: RunRecovery, recover: Recovery, busy: BusyAccounts) -> list[Delivery]:
        """Recover what other publishers left when they died meanwhile. Return the deliveries that moved."""
        return []

    def release(self, busy: BusyAccounts) -> None:
        """Unlock the accounts that no job has in hand any more, which others may then publish."""

    def surviving_outages(
        self, wait: Callable[[float], object], is_stopping: Callable[[], bool]
    ) -> AbstractContextManager[None]:
        """Wait at the end of the block until the store can be used again, if it could not."""
        return nullcontext()

    def check_clock(self) -> Busy | None:
        """Return why nothing may be published by this clock. Shorten waits if it was set back."""
        now, ahead_s = self.clock.now(), self._seconds_ahead()
        if self._ahead_s - ahead_s > clock_check.STEP.total_seconds():
            self.writer.run(lambda db: clock_check.shorten_waits(db, now))
        self._ahead_s = ahead_s
        latest = clock_check.clock_behind(now, clock_check.last_recorded_instant(self.watch))
        return None if latest is None else SlowClock(now, latest)

    def _seconds_ahead(self) -> float:
        """Return how far the clock is ahead of the one since start-up, which cannot be set."""
        return self.clock.now().timestamp() - self.clock.boot()

    def is_changing(self) -> bool:
        """Return whether a person is changing the store, and other changes would wait for it."""
        return False

    def begin_turn(self, db: Connection, turn: LoopTurn) -> Candidates:
        """Lock what may start, in the transaction that claims."""
        return Candidates(lambda: turn.ask_look_ups(db)())

    def lock_look_up(self, db: Connection, delivery: Delivery, now: datetime) -> list[Delivery]:
        """Return the current delivery if this publisher may look it up, else nothing."""
        return [delivery]

    def lock_spending(self, db: Connection, platform: str) -> None:
        """Let no other publisher spend money on a platform until the transaction ends."""

    def claim(self, db: Connection, turn: LoopTurn, ready: list[Row] | None, *, free: int) -> list[Delivery]:
        """Claim at most `free` due deliveries, as `claims.claim` does."""
        return claims.claim(db, free=free, places=turn.places, **turn.due) if free > 0 else []

    def awaited_states(self, states: frozenset[DeliveryState]) -> frozenset[DeliveryState]:
        """Return which of the states are this publisher's to wait for."""
        return states

    def moved_error(self, delivery: Delivery) -> Exception:
        """Return the error for a delivery that is no longer as its job has it."""
        return Bug(f"delivery {delivery.id} is no longer {delivery.state}")

    def boot_s(self) -> float | None:
        """Return the clock since start-up, in seconds; None if an intent may be another machine's."""
        return self.clock.boot()

    def longest_lost_call_s(self, db: Connection, unknown_s: float) -> float:
        """Return how many seconds a call of a dead publisher may still take; `unknown_s` where its host did not say."""
        return 0.0
