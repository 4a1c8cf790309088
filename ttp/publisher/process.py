"""Run a publisher: lock, holder file, signals, loop. Or watch posts while another publisher runs."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from ttp.domain.action import action
from ttp.domain.config import Config
from ttp.domain.delivery import Delivery
from ttp.domain.errors import Hint, NotAllowed, TtpError
from ttp.domain.event import Event, Sink
from ttp.domain.time.clock import to_ms
from ttp.platforms.client import Client
from ttp.publisher import reconcile
from ttp.publisher.clients import Clients
from ttp.publisher.coordination import Coordination
from ttp.publisher.hooks import Hooks
from ttp.publisher.late_cards import LateCards
from ttp.publisher.loop import Loop, Mode, Scope
from ttp.publisher.outcomes import replay_journal
from ttp.publisher.periodic import (
    Alone,
    Stop,
    Turn,
    card_fetches,
    cleanup,
    metrics_pull,
    pull_once,
    source_polls,
    token_refresh,
)
from ttp.publisher.watch import PostWatch
from ttp.publisher.wiring import build_loop, open_coordination
from ttp.publisher.worker_pool import Pool, WaitForReport, WorkerPool, WorkerThreads, wait_for_report
from ttp.services.application import Installation
from ttp.services.attachments.media import MediaCleanup
from ttp.services.connecting.credentials import UnsharedCredentials
from ttp.store import claims, shared_settings
from ttp.store.credentials import KeyMissing
from ttp.store.database import Database
from ttp.store.dialect import Connection, StoreError
from ttp.store.home import locks
from ttp.store.home.journal import Journal
from ttp.store.machine import clock_check, seal
from ttp.store.machine.ownership import Machine, OwnedElsewhere, Owner, store_id, this_machine
from ttp.store.machine.publisher_session import PeriodicJob
from ttp.store.row_mapper import Quarantine
from ttp.store.writer import Writer

if TYPE_CHECKING:
    from ttp.publisher.notifications import Notifications

WATCH_EVERY_S = 0.1
"""Seconds between two looks while waiting for another publisher."""
_READ_AFTER = frozenset({Mode.ONCE, Mode.UNTIL_IDLE})
"""Runs that pull metrics after publishing. A loop pulls meanwhile, and a run that follows a post does not."""
MOST_SOURCES, FEW_SOURCES, SOURCES_BUDGET_S = 50, 4, 20.0
"""Sources that a turn polls, and that a short run polls after publishing, within these seconds."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherProcess:
    installation: Installation
    pool: Pool | None = None
    wait: WaitForReport = wait_for_report
    sleep: Callable[[float], None] = time.sleep
    machine: Callable[[], Machine] = this_machine
    notify: Callable[[str], None] = NOBODY
    wrap_client: Callable[[Client], Client] = lambda client: client
    """Makes of each platform's client the one that publishes."""
    numbers: Turn | None = None
    notifications: Notifications | None = None

    @property
    def database(self) -> Database:
        return self.installation.database

    @property
    def config(self) -> Config:
        return self.installation.config

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
        hooks = Hooks(self.config, self.home, self.installation.clock, _one_event_at_a_time(emit))
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
            with _handle_stop_signals(over.set, is_stopping=over.is_set()) as caught:
                hooks.finish(over.is_set)
                if notifications is not None:
                    notifications.look_at_last(over.is_set)
            _pass_on(caught)
        if scope.mode not in _READ_AFTER or not ended.clean or over.is_set():
            return ended
        notes = dict.fromkeys(ended.notes)
        with _handle_stop_signals(over.set):
            pull_once(partial(self._poll_sources, notes, FEW_SOURCES), over, budget_s=SOURCES_BUDGET_S)
            faults = pull_once(self.numbers, over, alone=self._alone(PeriodicJob.METRICS)) if self.numbers else []
        return replace(ended, notes=(*notes, *faults))

    def _publish_with_lock(self, scope: Scope, hooks: Hooks, *, take_over: bool, trust_clock: bool) -> RunResult:
        """Lock the store, take over what earlier publishers left, and publish. A publisher that ends with busy workers
        keeps the lock."""
        installation = self.installation
        self.database.connect().close()
        # Whatever is asked here, the server may be gone: ttp is not at fault.
        with self.database.translating_errors(), ExitStack() as stack:
            stack.enter_context(self.database.publisher_lock())
            self._refuse_unready(take_over=take_over)
            since, last = installation.clock.now(), locks.read_holder(self.home)
            notify = self.notify if scope.mode is Mode.LOOP else NOBODY
            quarantine = Quarantine()
            heartbeat = self._heartbeat(scope.mode, since, notify, quarantine)
            heartbeat(since)
            owner = self.owner
            coordination = open_coordination(installation, scope.mode, hooks.emit, owner=owner, is_owner=not take_over)
            stack.enter_context(closing(coordination))
            clients = stack.enter_context(closing(Clients(lambda name: self.wrap_client(installation.client(name)))))
            self._check(coordination.writer, since)
            journal = Journal(self.home, store_id(coordination.watch))
            moved = replay_journal(
                coordination.writer, journal, self.config, quarantine, coordination.find_superseded_intent
            )
            last_run_at = None if last is None else last.last_run_at
            moved += self._claim_store(coordination, owner, last_run_at, take_over=take_over, trust_clock=trust_clock)
            coordination.writer.committed = owner.note_progress
            coordination.writer.committing = installation.limits.write
            pool = self.pool or stack.enter_context(closing(WorkerThreads(self.config.count("publish.concurrency"))))
            workers = WorkerPool(pool, coordination.clock, self.wait, coordination.job_errors)
            late_cards = LateCards(
                installation.media, self.database, installation.platforms, self.config, coordination.clock
            )
            loop = build_loop(
                installation,
                coordination,
                mode=scope.mode,
                owner=owner,
                clients=clients,
                workers=workers,
                journal=journal,
                quarantine=quarantine,
                heartbeat=heartbeat,
                late_cards=late_cards,
            )
            try:
                return self._run_loop(loop, scope, moved, hooks, notify, late_cards)
            except TtpError as error:
                error.details += journal.notes()
                raise
            finally:
                if workers.jobs:
                    _LEFT_BEHIND.append(stack.pop_all())
                else:
                    coordination.leave()

    def _refuse_unready(self, *, take_over: bool) -> None:
        """Raise an error if nothing may be published from this store, on this machine, or with these credentials."""
        with self.database.reading() as db:
            assert db is not None
            seal.refuse_if_sealed(db, self.database.name)
        if self.database.has_files:
            self._take_over_settings()
        if not take_over:
            self.refuse_elsewhere()
        self.installation.check_credentials()

    def _claim_store(
        self,
        coordination: Coordination,
        owner: Owner,
        last_run_at: datetime | None,
        *,
        take_over: bool,
        trust_clock: bool,
    ) -> list[Delivery]:
        """Make this machine the owner, and compare the clock with what is recorded. Return the deliveries that a
        take-over moved."""

        def claim(db: Connection) -> list[Delivery]:
            now = coordination.clock.now()
            if trust_clock:
                clock_check.trust_clock(db, now)
            recorded = [None if trust_clock else last_run_at, clock_check.last_recorded_instant(db)]
            latest = max((at for at in recorded if at is not None), default=None)
            moved = reconcile.claim_ownership(db, owner, now, take_over=take_over)
            if clock_check.clock_behind(now, latest) is not None:
                clock_check.record_instant(db, latest)
            coordination.shorten_waits(db, now)
            return moved

        moved = coordination.writer.run(claim)
        coordination.is_owner = True
        return moved

    def _run_loop(
        self,
        loop: Loop,
        scope: Scope,
        moved: list[Delivery],
        hooks: Hooks,
        notify: Callable[[str], None],
        late_cards: LateCards,
    ) -> RunResult:
        """Run the loop and the periodic work until the loop is done or a signal stops it."""

        def stop() -> None:
            loop.stop()
            notify(STOPPING)

        def is_cut() -> bool:
            return bool(caught)

        installation, clock = self.installation, self.installation.clock
        care = MediaCleanup(self.database, installation.media, self.config, clock)
        delete_events = installation.events.delete_old
        numbers = self.numbers if scope.mode is Mode.LOOP else None
        fetch_cards = None if scope.mode is Mode.PUBLISH else late_cards.fetch_coming
        source_faults = dict[str, None]()
        polls = source_polls(partial(self._poll_sources, source_faults, MOST_SOURCES))
        with (
            _without_garbage_collection(),
            self.database.translating_errors(),
            _handle_stop_signals(stop) as caught,
            token_refresh(installation.tokens, clock, is_cut, hooks.report_renewed, self._alone(PeriodicJob.TOKENS)),
            cleanup(care, delete_events, is_cut, self._alone(PeriodicJob.CLEANUP)) as notes,
            metrics_pull(numbers, self._alone(PeriodicJob.METRICS)) as faults,
            card_fetches(fetch_cards, is_cut, self._alone(PeriodicJob.CARDS)),
            polls if scope.mode is Mode.LOOP else nullcontext(),
        ):
            notify(READY)
            clean = loop.run(scope, moved)
        return RunResult(clean, caught[0] if caught else None, (*notes, *faults, *source_faults))

    def _poll_sources(self, faults: dict[str, None], most: int, stop: Stop) -> None:
        """Poll sources that are due, and note bugs in `faults`, each once."""
        with suppress(TtpError):  # what is wrong with the store is met and reported by whoever publishes
            with self.database.reading() as db:
                due = claims.due_sources(db, self.installation.clock.now(), most) if db else []
            if due:
                from ttp.publisher.source_polling import poll_sources  # few stores have sources

                with self.database.job(PeriodicJob.SOURCES) as is_mine:
                    faults.update(dict.fromkeys(poll_sources(self.installation, due if is_mine else (), stop)))

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

    def wait_for_turn(self, report_waiting: Callable[[locks.Holder | None], None]) -> None:
        """Wait while a short run holds the lock. Raises LockHeld at once if a loop does."""
        is_reported = False
        while self.database.is_publisher_running():
            holder = locks.read_holder(self.home)
            if holder is not None and holder.mode == Mode.LOOP:
                raise locks.LockHeld(holder)
            if not is_reported:
                report_waiting(holder)
                is_reported = True
            self.sleep(WATCH_EVERY_S)

    def publish(self, ids: frozenset[int], emit: Sink) -> RunResult:
        """Publish posts to their end: in this process if the lock is free, else by the running publisher, which notices
        the store's change. The events are the same."""
        while True:
            try:
                return self.run(Scope(Mode.PUBLISH, only=ids), emit)
            except locks.LockHeld:
                approved = self.config.requires_approval
                follow = PostWatch(self.database, ids, emit, self.installation.clock, approved=approved)
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


def _one_event_at_a_time(emit: Sink) -> Sink:
    """Make `emit` safe for several threads."""
    turn = threading.Lock()

    def emit_alone(event: Event) -> None:
        with turn:
            emit(event)

    return emit_alone


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Exclude all objects loaded so far from garbage collections, which stop all threads."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def _handle_stop_signals(stop: Callable[[], None], *, is_stopping: bool = False) -> Iterator[list[int]]:
    """Stop on SIGTERM and SIGINT; a second signal ends the process at once, which open intents make safe.
    `is_stopping`: a stop was requested before."""
    caught: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if caught or is_stopping:
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
