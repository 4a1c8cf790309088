"""The publisher's loop: tick, wait, stop. The only place that sleeps.

A tick fails what is too late or has no usable account, claims as much as there are free workers, and starts due
look-ups. Then the loop sleeps until the next due time. Once a second it asks the store whether another process has
written (`Connection.data_version`), so that `--at now` from another process is published at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from ttp.domain.delivery import IN_FLIGHT, Delivery, DeliveryState
from ttp.domain.errors import TtpError
from ttp.domain.event import Event, IdleReason, delivery_event
from ttp.publisher.claiming import Claimer, accounts_in_hand
from ttp.publisher.delivery_context import DeliveryContext
from ttp.publisher.delivery_worker import DeliveryWorker
from ttp.publisher.expiry import fail_undeliverable
from ttp.publisher.reconcile import LookupJob, recover_interrupted
from ttp.publisher.worker_pool import WorkerPool
from ttp.store import claims, queries, repeats
from ttp.store.dialect import Connection

LOOK_AROUND_S = 1.0
LEAST_POLL_S = 0.05
HEARTBEAT_S = 10.0
MOST_REPORTED = 100
"""Maximum number of unapproved due posts per event."""
_AWAITED = {
    # `once` leaves what retries and reconciles to the next run
    "once": frozenset({DeliveryState.CLAIMED, DeliveryState.SENDING, DeliveryState.PROCESSING}),
    "until-idle": IN_FLIGHT,
    "publish": IN_FLIGHT,
}


class Mode(StrEnum):
    """How long the publisher stays. The value is shown in `ttp status`."""

    LOOP = "loop"  # until a signal
    ONCE = "once"  # what is due at its start
    UNTIL_IDLE = "until-idle"  # until nothing moves and nothing is due within a second
    PUBLISH = "publish"  # some posts, to their end


@dataclass(frozen=True, slots=True)
class Scope:
    """What this publisher is to do. `only`: post ids; `max_time`: seconds after which it stops."""

    mode: Mode
    only: frozenset[int] | None = None
    max_time: float | None = None


class Loop:
    """One publisher. The caller holds the lock."""

    def __init__(
        self,
        context: DeliveryContext,
        workers: WorkerPool,
        *,
        heartbeat: Callable[[datetime], None] = lambda now: None,
        make_ahead: Callable[[], list[str]] | None = None,
        refusal: Callable[[Connection], TtpError | None] = lambda watch: None,
    ) -> None:
        """`make_ahead` creates the posts of repeats and returns notes; None: not in this run. `refusal` returns why
        publishing must stop; the loop raises it."""
        self._context = context
        self._coordination = context.coordination
        self._announcements = context.coordination.announcements
        self._workers = workers
        workers.report_busy = self._announcements.report_busy
        self._claimer = Claimer(context)
        self._heartbeat = heartbeat
        self._make_ahead = make_ahead
        self._refusal = refusal
        self._beat = self._looked_around = 0.0
        self._stop_asked = False

    def stop(self) -> None:
        """Claim nothing more, finish what is in flight, end. Safe in a signal handler."""
        self._stop_asked = True
        self._workers.interrupt_wait()

    def run(self, scope: Scope, moved: Sequence[Delivery] = ()) -> bool:
        """Publish until the scope is done or a stop is requested. Return False if requests were left in flight. After
        an error too, deliveries in flight get time to finish, so that their outcomes are stored. `moved`: deliveries
        that moved before the start, by the journal or a take-over; their events come first."""
        context = self._context
        start = context.clock.now()
        context.emit(Event(start, "publisher.started"))
        for why in context.quarantine.reasons:
            self._announcements.report_quarantine(why)
        self._claimer.renew_holds(start)
        self._emit_reconciling(context.run(partial(self._recover, now=start)), start, moved)
        try:
            self._publish(scope, start)
        finally:
            self._stop_asked = True  # whoever is still at work sends nothing more
            clean = self._workers.drain(context.config.seconds("publish.drain_s"))
        self._heartbeat(context.clock.now())
        context.emit(Event(context.clock.now(), "publisher.stopped"))
        return clean

    def _recover(self, db: Connection, *, now: datetime) -> list[Delivery]:
        """Recover what dead publishers left."""
        quarantine = self._context.quarantine
        return recover_interrupted(db, now, quarantine, self._coordination.lock_abandoned(db, quarantine))

    def _emit_reconciling(self, recovered: Sequence[Delivery], now: datetime, moved: Sequence[Delivery] = ()) -> None:
        for delivery in [*moved, *(d for d in recovered if d.state is DeliveryState.RECONCILING)]:
            self._context.emit(delivery_event(delivery, now))

    def _publish(self, scope: Scope, start: datetime) -> None:
        clock = self._context.clock
        began = clock.boot()
        end = None if scope.max_time is None else began + scope.max_time
        self._beat = self._looked_around = began - HEARTBEAT_S
        while not self._stop_asked and (end is None or clock.boot() < end):
            with self._coordination.surviving_outages(self._workers.wait, lambda: self._stop_asked):
                if self._turn(scope, start, end):
                    return

    def _turn(self, scope: Scope, start: datetime, end: float | None) -> bool:
        """Do the work that is due and sleep. Return whether the scope is done."""
        coordination, workers = self._coordination, self._workers
        version, boot = coordination.watch.data_version(), coordination.clock.boot()
        self._beat_if_due()
        is_held = self._has_unstored_outcome() or not self._check_clock(scope)
        if boot - self._looked_around >= LOOK_AROUND_S:
            if is_held:
                coordination.release(accounts_in_hand(workers.jobs))
            else:
                self._look_around(scope)
            self._looked_around = boot
        look_around = None if self._looked_around == boot else self._looked_around + LOOK_AROUND_S
        next_job = workers.resume_due_jobs()
        if (why := self._refusal(coordination.watch)) is not None:
            raise why
        next_due = None if is_held else self._tick(scope, start)
        self._announcements.report_idle(is_idle=not workers.jobs, next_at=next_due)
        if self._is_finished(scope, start):
            return True
        self._sleep(version, [at for at in (next_job, self._boot_at(next_due), look_around, end) if at is not None])
        return False

    def _has_unstored_outcome(self) -> bool:
        return any(isinstance(job, DeliveryWorker) and job.unstored for job in self._workers.jobs)

    def _check_clock(self, scope: Scope) -> bool:
        """Report a wrong clock, or raise its error in runs that do not wait for it. Return False until it is right."""
        trouble = self._coordination.check_clock()
        if trouble is not None and scope.mode is not Mode.LOOP:
            raise trouble
        self._announcements.report_clock(trouble)
        return trouble is None

    def _look_around(self, scope: Scope) -> None:
        """Do what is due now and then: recover what others left, make posts of repeats, fail what is too late."""
        context, now = self._context, self._context.clock.now()
        recover, busy = partial(self._recover, now=now), accounts_in_hand(self._workers.jobs)
        self._emit_reconciling(self._coordination.take_over(context.run, recover, busy), now)
        self._make_occurrences()
        fail_undeliverable(context, context.clock.now(), scope.only)
        if context.config.requires_approval:
            watch, now = self._coordination.watch, context.clock.now()
            post_ids = queries.due_posts_waiting_for_approval(watch, now, MOST_REPORTED)
            self._announcements.report_unapproved(post_ids)

    def _make_occurrences(self) -> None:
        """Create the posts of repeats that are due and report missed ones. Errors here do not stop publishing."""
        now, watch = self._context.clock.now(), self._coordination.watch
        horizon = now + timedelta(seconds=self._context.config.seconds("repeat.ahead_s"))
        if self._make_ahead is None or not repeats.due_recurrences(watch, now=now, horizon=horizon):
            return
        if self._coordination.is_changing():
            return  # they are made in one of the next turns, and what is due is published meanwhile
        try:
            notes = self._make_ahead()
        except TtpError as error:
            notes = [f"no posts of repeats are made: {error.message}"]
        for note in notes:
            self._announcements.report_once(IdleReason.REPEATS, note)

    def _tick(self, scope: Scope, start: datetime) -> datetime | None:
        """Claim and look up what is due, as far as workers are free. Return when there may be more to do."""
        context = self._context
        now = context.clock.now()
        selection = self._claimer.claim(
            self._workers,
            now,
            cutoff=start if scope.mode is Mode.ONCE else now,
            only=scope.only,
            may_look_up=lambda delivery: _is_in_scope(delivery, scope, start),
        )
        for task in selection.look_ups:
            self._workers.start(LookupJob(context, task))
        for task in selection.deliveries:
            if not task.delivery.is_comment:
                self._announcements.report_due(task.post, now)
            self._workers.start(DeliveryWorker(context, task, lambda: self._stop_asked))
        return selection.wake_at

    def _beat_if_due(self) -> None:
        boot = self._context.clock.boot()
        self._coordination.report()
        if boot - self._beat >= HEARTBEAT_S:
            self._heartbeat(self._context.clock.now())
            self._beat = boot
            self._announcements.report_upgrade()

    def _boot_at(self, instant: datetime | None) -> float | None:
        """Return an instant in `boot` seconds."""
        clock = self._context.clock
        return None if instant is None else clock.boot() + (instant - clock.now()).total_seconds()

    def _is_finished(self, scope: Scope, start: datetime) -> bool:
        if scope.mode is Mode.LOOP or self._workers.jobs:
            return False
        context, states = self._context, _AWAITED[scope.mode.value]
        soon = context.clock.now() + timedelta(seconds=LOOK_AROUND_S if scope.mode is Mode.UNTIL_IDLE else 0)
        if scope.mode is Mode.ONCE:
            states = self._coordination.awaited_states(states)
        return not context.writer.run(
            lambda db: claims.has_unfinished(
                db,
                due_by=start if scope.mode is Mode.ONCE else soon,
                states=states,
                only=scope.only,
                approved=context.config.requires_approval,
                quarantine=context.quarantine,
            )
        )

    def _sleep(self, version: int, wakes: list[float]) -> None:
        """Sleep until the first of `wakes`, a worker's report, another process's write, a stop, or `publish.poll_s`."""
        clock, watch = self._context.clock, self._coordination.watch
        end = min([*wakes, clock.boot() + max(self._context.config.seconds("publish.poll_s"), LEAST_POLL_S)])
        while not self._stop_asked:
            self._beat_if_due()
            rest = end - clock.boot()
            if self._workers.wait(min(rest, LOOK_AROUND_S)) or rest <= 0 or watch.data_version() != version:
                return


def _is_in_scope(delivery: Delivery, scope: Scope, start: datetime) -> bool:
    """Return whether a look-up belongs to this run's scope."""
    if scope.only is not None and delivery.post_id not in scope.only:
        return False
    is_for_later = scope.mode is Mode.ONCE and delivery.state is DeliveryState.RECONCILING
    return not (is_for_later and delivery.next_at is not None and delivery.next_at > start)
