"""What a publisher does that shares its store with others. Only a store in PostgreSQL has several.

It locks an account before it claims anything of it, goes by the clock of the server, reports that it works, and takes
over what others left when they died. An outage of the server ends nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial

from ttp.domain.delivery import BUSY, Delivery, DeliveryState
from ttp.domain.errors import Busy, ClocksDiffer, SlowClock, TtpError
from ttp.domain.event import IdleReason, Sink
from ttp.domain.time.clock import SharedClock
from ttp.publisher.coordination import (
    BusyAccounts,
    Candidates,
    Coordination,
    LoopTurn,
    OpenWriter,
    Recovery,
    RunRecovery,
)
from ttp.publisher.reconcile import look_up_after_failover
from ttp.services.application import Installation
from ttp.services.connecting.credentials import refuse_second_publisher
from ttp.store import attempts, claims, queries
from ttp.store.dialect import Connection, NotDurable, Row, SessionLost, StoreError, Superseded, TryAgain
from ttp.store.machine import clock_check
from ttp.store.machine.ownership import OwnedElsewhere, Owner
from ttp.store.machine.publisher_session import Held, PublisherSession
from ttp.store.postgresql.publisher_session import SharedSession
from ttp.store.row_mapper import Quarantine
from ttp.store.writer import Writer

TRY_AGAIN = timedelta(seconds=0.1)
"""Until the next claim, where other publishers have the accounts of due posts in hand."""
REPORT_S, REPORTS_MISSED = 3.0, 5
"""Seconds between two reports of a publisher to the others, and how many it misses before it is disconnected. With each
it looks for publishers to disconnect, too."""
READ_CLOCK_S = 1.0
REOPEN_S, GIVE_UP_S = 0.5, 60.0
"""Seconds between two attempts to reach a store that was lost, and after which a short run gives up."""


class SharedCoordination(Coordination):
    job_errors = (SessionLost, Superseded, TryAgain, NotDurable, Busy)
    away_errors = (SessionLost, TryAgain, Busy)
    host_errors = (Busy,)
    find_superseded_intent = staticmethod(attempts.intent)

    def __init__(
        self,
        installation: Installation,
        session: PublisherSession,
        emit: Sink,
        *,
        owner: Owner,
        is_owner: bool,
        gives_up: bool,
        open_writer: OpenWriter = Writer,
    ) -> None:
        """`gives_up`: an outage of the store ends this run after a while."""
        assert isinstance(session, SharedSession)
        self._session: SharedSession = session
        self._installation = installation
        self._owner = owner
        self._gives_up = gives_up
        self._shared_clock = None if installation.server_clock is None else SharedClock(installation.clock)
        self._clock_read: tuple[float, int] | None = None
        self._clock_trouble: ClocksDiffer | None = None
        evict_after_s = installation.config.seconds("publish.evict_after_s")
        self._report_every_s = min(REPORT_S, evict_after_s / REPORTS_MISSED)
        self._reported = float("-inf")
        self._locked_since: float | None = None
        super().__init__(
            installation, session, emit, is_owner=is_owner, clock=self._shared_clock, open_writer=open_writer
        )

    def connect(self) -> Connection:
        with self._installation.database.translating_errors():
            connection = self._session.connect()
            try:
                self._read_clocks(connection)
                if self.is_owner:
                    look_up_after_failover(connection, self._owner, self.clock.now())
                # At each session: another publisher may have begun between two of them.
                if others := self._session.others(connection):
                    backend = self._installation.config.text("credentials.backend")
                    refuse_second_publisher(backend, others, self._installation.tokens)
            except BaseException:
                connection.close()
                raise
            return connection

    def leave(self) -> None:
        with suppress(StoreError, TtpError):  # it ends with the session, too
            self.writer.run(self._session.leave)

    def report(self) -> None:
        boot = self.clock.boot()
        if boot - self._reported >= self._report_every_s:
            for line in self.writer.run(self._session.report):
                self.announcements.report(IdleReason.EVICTED, line)
            self._reported = boot

    def shorten_waits(self, db: Connection, now: datetime) -> None:
        """Do nothing: it is not known whose clock was ahead, and this one's may be behind."""

    def lock_abandoned(self, db: Connection, quarantine: Quarantine) -> Collection[int]:
        return lock_abandoned(db, self._session, quarantine)

    def take_over(self, run: RunRecovery, recover: Recovery, busy: BusyAccounts) -> list[Delivery]:
        def work(db: Connection) -> list[Delivery]:
            # What an ended job of this publisher left locked is free, too.
            self._session.keep(db, Held.DELIVERY, busy.deliveries)
            return recover(db)

        return run(work)

    def release(self, busy: BusyAccounts) -> None:
        self.writer.run(partial(self._keep, busy=busy))

    def _keep(self, db: Connection, busy: BusyAccounts) -> None:
        self._session.keep(db, Held.DELIVERY, busy.deliveries)
        self._session.keep(db, Held.LOOK_UP, busy.look_ups)

    @contextmanager
    def surviving_outages(self, wait: Callable[[float], object], is_stopping: Callable[[], bool]) -> Iterator[None]:
        try:
            yield
            self._locked_since = None
        except TryAgain as error:
            self._wait_for_lock(error)
            wait(REOPEN_S)
        except (OwnedElsewhere, SlowClock, ClocksDiffer):
            raise
        except (SessionLost, NotDurable, Busy) as error:
            began = self.clock.boot()
            message = f"the connection to the store is lost; ttp opens it again by itself: {error}"
            self.announcements.report(IdleReason.STORE, message)
            while not (is_stopping() or self._reopen(began)):
                wait(REOPEN_S)

    def _wait_for_lock(self, error: TryAgain) -> None:
        """Report that another program has locked the store. Raises the error if this run gives up."""
        if self._locked_since is None:
            self._locked_since = self.clock.boot()
            self.announcements.report(IdleReason.STORE, f"other work on the store is in the way: {error}")
        elif self._gives_up and self.clock.boot() - self._locked_since > GIVE_UP_S:
            raise error

    def _reopen(self, since: float) -> bool:
        """Continue with a new session, if the server answers. The deliveries of the old one go to the publisher that
        locks their accounts then. Raises the error if this run gives up."""
        try:
            watch = self._session.open_watch()
            with suppress(Exception):
                self.watch.close()
            self.watch = watch
            self.writer.run(lambda db: None)
        except OwnedElsewhere:
            raise
        except (StoreError, Busy):
            if self._gives_up and self.clock.boot() - since > GIVE_UP_S:
                raise
            return False
        return True

    def check_clock(self) -> ClocksDiffer | None:
        """Return the difference between this machine's clock and the server's if it makes what people read and write
        here wrong."""
        boot, session = self.clock.boot(), self.writer.session  # a new one may be another server's
        if self._clock_read is None or boot - self._clock_read[0] >= READ_CLOCK_S or self._clock_read[1] != session:
            there, here = self._read_clocks(self.watch)
            self._clock_read = boot, session
            is_wrong = abs(there - here) > clock_check.DIFFER_AT_MOST
            self._clock_trouble = ClocksDiffer(here, there) if is_wrong else None
        return self._clock_trouble

    def _read_clocks(self, db: Connection) -> tuple[datetime, datetime]:
        """Return the time by the clock of the server, and by this machine's own."""
        clock, read = self._shared_clock, self._installation.server_clock
        if clock is None or read is None:
            return self.clock.now(), self.clock.now()
        return clock.follow(lambda: read(db))

    def is_changing(self) -> bool:
        return self._session.is_changing(self.watch)

    def begin_turn(self, db: Connection, turn: LoopTurn) -> Candidates:
        with self._session.together(db):
            refuse_restored = self._session.ask_mark(db)
            self._keep(db, turn.busy)
            rows = claims.ask_ready(db, free=turn.free + claims.MORE_CANDIDATES, **turn.due)
            read_look_ups = turn.ask_look_ups(db)
        refuse_restored()
        ask_ready = partial(claims.ask_ready, db, **turn.due)
        is_short, ready = claims.lock_due_accounts(db, self._session, rows, free=turn.free, ask_ready=ask_ready)
        return Candidates(read_look_ups, ready, turn.due["now"] + TRY_AGAIN if is_short else None)

    def lock_look_up(self, db: Connection, delivery: Delivery, now: datetime) -> list[Delivery]:
        if self._session.take(db, Held.LOOK_UP, [delivery.account_id or 0]):
            # Another publisher may have looked since the statement that found it.
            return claims.still_due_lookup(db, delivery, now)
        return []

    def lock_spending(self, db: Connection, platform: str) -> None:
        self._session.lock_spending(db, platform)

    def claim(self, db: Connection, turn: LoopTurn, ready: list[Row] | None, *, free: int) -> list[Delivery]:
        session = self._session
        claimed = (
            claims.claim(db, free=free, places=turn.places, session=session, ready=ready, **turn.due)
            if free > 0
            else []
        )
        session.keep(db, Held.DELIVERY, turn.busy.deliveries | {one.account_id or 0 for one in claimed})
        return claimed

    def awaited_states(self, states: frozenset[DeliveryState]) -> frozenset[DeliveryState]:
        """Return them without those of deliveries that other publishers may have in hand, and finish."""
        return states - BUSY

    def moved_error(self, delivery: Delivery) -> Exception:
        return Superseded(f"another publisher has delivery {delivery.id} in hand")

    def boot_s(self) -> float | None:
        return None

    def longest_lost_call_s(self, db: Connection, unknown_s: float) -> float:
        return self._session.longest_lost_call(db, unknown_s)


def lock_abandoned(db: Connection, session: SharedSession, quarantine: Quarantine) -> set[int]:
    """Lock the accounts of busy deliveries that no publisher has locked, and these deliveries, and return the accounts.
    They stay locked until the session keeps other ones."""
    account_ids = session.take(db, Held.DELIVERY, session.free_accounts(db, queries.busy_accounts(db)))
    if account_ids:
        # The publisher that lost them may be recording an answer at this moment.
        deliveries = claims.interrupted_deliveries(db, quarantine, accounts=account_ids)
        db.lock_posts(delivery.post_id or 0 for delivery in deliveries)
    return account_ids
