"""Run a publisher: lock, holder file, signals, loop. Or watch posts while another publisher runs."""

from __future__ import annotations

import gc
import json
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import ttp
from ttp import __version__
from ttp.domain.action import action
from ttp.domain.config import Config
from ttp.domain.delivery import Delivery
from ttp.domain.errors import Busy, Hint, NotAllowed, TtpError
from ttp.domain.event import Event, Sink
from ttp.domain.time.clock import Clock, SharedClock, to_ms
from ttp.platforms.client import Client
from ttp.platforms.registry import Registry
from ttp.publisher import reconcile
from ttp.publisher.delivery_context import Clients, DeliveryContext, MediaWaits
from ttp.publisher.hooks import Hooks
from ttp.publisher.loop import Loop, Mode, Scope
from ttp.publisher.outcomes import replay_journal
from ttp.publisher.periodic import Alone, Turn, cleanup, metrics_pull, pull_once, token_refresh
from ttp.publisher.watch import PostWatch
from ttp.publisher.worker_pool import Pool, WaitForReport, WorkerPool, WorkerThreads, wait_for_report
from ttp.services.credentials import UnsharedCredentials, refuse_second_publisher
from ttp.services.media import MediaCleanup
from ttp.services.server.events import Events
from ttp.services.tokens import Tokens
from ttp.store import claims, clock_check, seal, shared_settings
from ttp.store.credentials import KeyMissing
from ttp.store.database import Database
from ttp.store.dialect import Connection, NotDurable, SessionLost, StoreError, Superseded, TryAgain
from ttp.store.home import locks
from ttp.store.home.journal import Journal
from ttp.store.home.media import MediaStore
from ttp.store.ownership import Machine, OwnedElsewhere, Owner, store_id, this_machine
from ttp.store.publisher_session import PeriodicJob, PublisherSession
from ttp.store.rate_limits import Limits
from ttp.store.row_mapper import Quarantine
from ttp.store.writer import Writer

if TYPE_CHECKING:
    from ttp.publisher.notifications import Notifications

WATCH_EVERY_S = 0.1
"""Seconds between two looks while waiting for another publisher."""
_READ_AFTER = frozenset({Mode.ONCE, Mode.UNTIL_IDLE})
"""Runs that pull metrics after publishing. A loop pulls meanwhile, and a run that follows a post does not."""
CHECK_EVERY_MS = 24 * 3600 * 1000
_LEFT_BEHIND: list[ExitStack] = []
"""Lock, writer and clients of a publisher that ended with busy workers: kept until the process exits. If the lock were
free before, the next publisher could take over what these workers still do."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended. `signal`: the number of the signal that ended it; `clean`: nothing was left in flight; `notes`:
    problems of the periodic work."""

    clean: bool
    signal: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notifier:
    """Sends lines to the service manager. `address`: path of a socket, or @ and its abstract name; empty: nothing."""

    address: str = ""

    def __call__(self, line: str) -> None:
        if not self.address:
            return
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
            there.sendto(line.encode(), socket.MSG_DONTWAIT, address)


NOBODY = Notifier()
READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"


def installed_version() -> str:
    """Return the version of the program that is installed now, which an upgrade may have replaced since the start; this
    one's if that cannot be read."""
    with suppress(OSError):
        found = re.search(r'^__version__ = "(.+)"$', Path(ttp.__file__).read_text("utf-8"), re.MULTILINE)
        return found[1] if found else __version__
    return __version__


@dataclass(frozen=True, slots=True)
class PublisherProcess:
    database: Database
    media: MediaStore
    tokens: Tokens
    clients: Callable[[str], Client]
    config: Config
    clock: Clock
    platforms: Registry
    pool: Pool | None = None
    wait: WaitForReport = wait_for_report
    sleep: Callable[[float], None] = time.sleep
    machine: Callable[[], Machine] = this_machine
    notify: Callable[[str], None] = NOBODY
    limits: Limits | None = None
    numbers: Turn | None = None
    make_ahead: Callable[[], list[str]] | None = None
    notifications: Notifications | None = None
    check_credentials: Callable[[], object] = lambda: None
    """Raises an error if no account's credentials can be read here."""
    installed: Callable[[], str] = installed_version
    server_clock: Callable[[Connection], datetime] | None = None
    """Reads the clock of the store's server, by which several publishers agree."""

    @property
    def home(self) -> Path:
        return self.database.home

    @property
    def owner(self) -> Owner:
        """This machine as owner of the store."""
        return self.database.owner(self.machine(), any_machine=self.config["publish.any_machine"] is True)

    def refuse_elsewhere(self) -> None:
        """Raise OwnedElsewhere if this machine must not publish from the store without a take-over."""
        with self.database.reading() as db:
            doubt = None if db is None else self.owner.refusal(db)
        if doubt is not None:
            raise doubt

    def run(self, scope: Scope, emit: Sink, *, take_over: bool = False, trust_clock: bool = False) -> RunResult:
        """Publish until the scope is done. Raises LockHeld at once if another process publishes; Damaged, Busy.

        Raises OwnedElsewhere, and runs the hook, for a store of another machine, a copy or a restored one; `take_over`
        then looks up what is due or in flight first. While the clock is behind the last recorded event, a loop waits
        and other runs raise SlowClock; `trust_clock`: the clock is right, and was ahead before.
        """
        over = threading.Event()
        # Who publishes by hand reads the outcome.
        notifications = None if scope.mode is Mode.PUBLISH else self.notifications
        hooks = Hooks(self.config, self.home, self.clock, _one_event_at_a_time(emit))
        hooks.start()
        try:
            with notifications.looking() if notifications else nullcontext():
                ended = self._publish_with_lock(scope, hooks, take_over=take_over, trust_clock=trust_clock)
            if ended.signal is not None:
                over.set()
        except (OwnedElsewhere, UnsharedCredentials, KeyMissing) as refused:
            if refused.flaw == "put_back" and not self.database.has_files:
                with suppress(StoreError, TtpError), self.database.writing() as db:
                    self.owner.warn_others(db)
            hooks.report_refused(refused)
            raise
        finally:
            # The lock is free: whoever publishes next need not wait for this.
            with _handle_stop_signals(over.set, asked=over.is_set()) as caught:
                hooks.finish(over.is_set)
                if notifications is not None:
                    notifications.look_at_last(over.is_set)
            _pass_on(caught)
        if self.numbers is None or scope.mode not in _READ_AFTER or not ended.clean or over.is_set():
            return ended
        with _handle_stop_signals(over.set):
            faults = pull_once(self.numbers, over, alone=self._alone(PeriodicJob.METRICS))
        return replace(ended, notes=(*ended.notes, *faults))

    def _publish_with_lock(self, scope: Scope, hooks: Hooks, *, take_over: bool, trust_clock: bool) -> RunResult:
        """Lock the store, take over what earlier publishers left, and publish. A publisher that ends with busy workers
        keeps the lock."""
        self.database.connect().close()
        # Whatever is asked here, the server may be gone: that is no fault of ttp.
        with self.database.translating_errors(), ExitStack() as held:
            held.enter_context(self.database.publisher_lock())
            self._refuse_unready(take_over=take_over)
            since, last = self.clock.now(), locks.read_holder(self.home)
            notify = self.notify if scope.mode is Mode.LOOP else NOBODY
            quarantine = Quarantine()
            heartbeat = self._heartbeat(scope.mode, since, notify, quarantine)
            heartbeat(since)
            session = self.database.publisher_session(
                scope.mode.value,
                timedelta(seconds=self.config.seconds("publish.evict_after_s")),
                reconcile.longest_call_s(self.config),
            )
            watch = held.enter_context(closing(session.open_watch()))
            clock, follow = self._clock_of(session)
            connector = _Connector(self, session, clock, follow, self.owner, is_owner=not take_over)
            writer = held.enter_context(closing(Writer(connector)))
            clients = held.enter_context(closing(Clients(self.clients)))
            self._check(writer, since)
            known_as = store_id(watch)
            journal = Journal(self.home, known_as)
            taken = replay_journal(writer, journal, self.config, quarantine, is_shared=session.is_shared)
            last_run_at = None if last is None else last.last_run_at
            taken += self._claim_store(writer, connector, last_run_at, take_over=take_over, trust_clock=trust_clock)
            writer.committed = connector.owner.note_progress
            if self.limits is not None:
                writer.committing = self.limits.write
            context = DeliveryContext(
                writer,
                self.media,
                self.tokens,
                clients,
                self.config,
                clock,
                self.platforms,
                hooks.emit,
                known_as,
                self.limits,
                journal,
                quarantine,
                MediaWaits(self.media, quarantine, clock) if self.media.bucket is not None else None,
                session,
                note_intent=connector.owner.note_intent,
            )
            pool = self.pool or held.enter_context(closing(WorkerThreads(self.config.count("publish.concurrency"))))
            lost = (SessionLost, Superseded, TryAgain, NotDurable, Busy) if session.is_shared else ()
            workers = WorkerPool(pool, clock, self.wait, lost)
            loop = Loop(
                context,
                workers,
                watch,
                heartbeat,
                taken,
                None if scope.mode is Mode.PUBLISH else self.make_ahead,
                connector.owner.refusal_if_replaced,
                self.installed,
                session.open_watch if session.is_shared else None,
                follow,
            )
            try:
                return self._run_loop(loop, scope, hooks, notify)
            except TtpError as error:
                error.details += journal.notes()
                raise
            finally:
                if workers.jobs:
                    _LEFT_BEHIND.append(held.pop_all())
                elif session.is_shared:
                    with suppress(StoreError, TtpError):  # it ends with the session, too
                        writer.run(session.leave)

    def _refuse_unready(self, *, take_over: bool) -> None:
        """Raise an error if nothing may be published from this store, on this machine, or with these credentials."""
        with self.database.reading() as db:
            assert db is not None
            seal.refuse_if_sealed(db, self.database.name)
        if self.database.has_files:
            self._take_over_settings()
        if not take_over:
            self.refuse_elsewhere()
        self.check_credentials()

    def _claim_store(
        self, writer: Writer, connector: _Connector, last_run_at: datetime | None, *, take_over: bool, trust_clock: bool
    ) -> list[Delivery]:
        """Make this machine the owner, and compare the clock with what is recorded. Return the deliveries that a
        take-over moved."""

        def claim(db: Connection) -> list[Delivery]:
            now = connector.clock.now()
            if trust_clock:
                clock_check.trust_clock(db, now)
            recorded = [None if trust_clock else last_run_at, clock_check.last_recorded_instant(db)]
            known = max((at for at in recorded if at is not None), default=None)
            found = reconcile.claim_ownership(db, connector.owner, now, take_over=take_over)
            if clock_check.clock_behind(now, known) is not None:
                clock_check.record_instant(db, known)
            # Of several publishers it is not known whose clock was ahead, and this one's may be behind.
            if not connector.session.is_shared:
                clock_check.shorten_waits(db, now)
            return found

        taken = writer.run(claim)
        connector.is_owner = True
        return taken

    def _run_loop(self, loop: Loop, scope: Scope, hooks: Hooks, notify: Callable[[str], None]) -> RunResult:
        """Run the loop and the periodic work until the loop is done or a signal stops it."""

        def stop() -> None:
            loop.stop()
            notify(STOPPING)

        def is_cut() -> bool:
            return bool(caught)

        care = MediaCleanup(self.database, self.media, self.config, self.clock)
        delete_events = Events(self.database, self.clock).delete_old
        numbers = self.numbers if scope.mode is Mode.LOOP else None
        with (
            _without_garbage_collection(),
            self.database.translating_errors(),
            _handle_stop_signals(stop) as caught,
            token_refresh(self.tokens, self.clock, is_cut, hooks.report_renewed, self._alone(PeriodicJob.TOKENS)),
            cleanup(care, delete_events, is_cut, self._alone(PeriodicJob.CLEANUP)) as notes,
            metrics_pull(numbers, self._alone(PeriodicJob.METRICS)) as faults,
        ):
            notify(READY)
            clean = loop.run(scope)
        return RunResult(clean, caught[0] if caught else None, (*notes, *faults))

    def _clock_of(
        self, session: PublisherSession
    ) -> tuple[Clock, Callable[[Connection], tuple[datetime, datetime]] | None]:
        """Return the clock that publishing goes by, and what reads it from the server: where several publish, one host
        records when a call began, and another one when it was over."""
        read = self.server_clock
        if read is None or not session.is_shared:
            return self.clock, None
        clock = SharedClock(self.clock)
        return clock, lambda db: clock.follow(lambda: read(db))

    def _alone(self, job: PeriodicJob) -> Alone:
        return partial(self.database.job, job)

    def _take_over_settings(self) -> None:
        """Forget the settings that a store brought from PostgreSQL once this host has the same. Raises NotAllowed while
        it has others: what was not allowed there would be published here."""
        with self.database.reading() as db:
            assert db is not None
            brought, other = shared_settings.read(db), shared_settings.differing_settings(db, self.config)
        if other:
            name, value = next(iter(other.items()))
            raise NotAllowed(
                f"this store was copied from PostgreSQL with other settings: {', '.join(other)}",
                Hint("fix", action("config set", name, *(value if isinstance(value, tuple) else (json.dumps(value),)))),
            )
        if brought:
            with self.database.writing() as db:
                shared_settings.write(db, dict.fromkeys(brought))

    def wait_for_turn(self, tell_waiting: Callable[[locks.Holder | None], None]) -> None:
        """Wait while a short run holds the lock. Raises LockHeld at once if a loop does."""
        told = False
        while self.database.is_publisher_running():
            holder = locks.read_holder(self.home)
            if holder is not None and holder.mode == Mode.LOOP:
                raise locks.LockHeld(holder)
            if not told:
                tell_waiting(holder)
                told = True
            self.sleep(WATCH_EVERY_S)

    def publish(self, ids: frozenset[int], emit: Sink) -> RunResult:
        """Publish posts to their end: in this process if the lock is free, else by the running publisher, which notices
        the store's change. The events are the same."""
        while True:
            try:
                return self.run(Scope(Mode.PUBLISH, only=ids), emit)
            except locks.LockHeld:
                approved = self.config.requires_approval
                follow = PostWatch(self.database, ids, emit, self.clock, approved=approved)
                while not follow.look():
                    if not self.database.is_publisher_running():
                        break
                    self.sleep(WATCH_EVERY_S)
                else:
                    return RunResult(True)

    def _check(self, writer: Writer, now: datetime) -> None:
        """Check the whole file once a day, and after a publisher that died."""

        def work(db: Connection) -> None:
            last = db.execute("SELECT checked_at FROM store").fetchone()[0]
            if last is None or to_ms(now) - last > CHECK_EVERY_MS or claims.has_interrupted_deliveries(db):
                self.database.check(db)
                db.execute("UPDATE store SET checked_at = ?", (to_ms(now),))

        writer.run(work)

    def _heartbeat(
        self, mode: Mode, since: datetime, notify: Callable[[str], None], quarantine: Quarantine
    ) -> Callable[[datetime], None]:
        def beat(now: datetime) -> None:
            notify(ALIVE)
            locks.write_holder(self.home, locks.Holder(os.getpid(), mode.value, since, now, quarantine.lines))

        return beat


@dataclass
class _Connector:
    """Opens the session on which a publisher records: the first, and another one after each that was lost."""

    process: PublisherProcess
    session: PublisherSession
    clock: Clock
    follow: Callable[[Connection], tuple[datetime, datetime]] | None
    owner: Owner
    is_owner: bool
    """Whether this machine owns the store already; a take-over claims it later."""

    def __call__(self) -> Connection:
        with self.process.database.translating_errors():
            connection = self.session.connect()
            try:
                if self.follow is not None:
                    self.follow(connection)
                if self.session.is_shared and self.is_owner:
                    reconcile.look_up_after_failover(connection, self.owner, self.clock.now())
                # At each session: another publisher may have begun between two of them.
                if others := self.session.others(connection):
                    backend = self.process.config.text("credentials.backend")
                    refuse_second_publisher(backend, others, self.process.tokens)
            except BaseException:
                connection.close()
                raise
            return connection


def _one_event_at_a_time(emit: Sink) -> Sink:
    """Make `emit` safe for several threads."""
    turn = threading.Lock()

    def told(event: Event) -> None:
        with turn:
            emit(event)

    return told


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Exclude all objects loaded so far from garbage collections, which stop all threads."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def _handle_stop_signals(stop: Callable[[], None], *, asked: bool = False) -> Iterator[list[int]]:
    """Stop on SIGTERM and SIGINT; a second signal ends the process at once, which open intents make safe. `asked`: a
    stop was requested before."""
    caught: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if caught or asked:
            os._exit(128 + number)
        caught.append(number)
        stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _pass_on(caught: list[int]) -> None:
    """Tell a server that runs publishers of a stop that came while one ended."""
    for number in caught:
        handler = signal.getsignal(number)
        if callable(handler) and handler is not signal.default_int_handler:
            signal.raise_signal(number)
