"""The publisher's loop: tick, wait, stop. The only place that sleeps.

A tick fails what is too late or has no usable account, claims as much as there are free workers, and starts due
look-ups. Then the loop sleeps until the next due time. Once a second it asks the store whether another process has
written (`Connection.data_version`), so that `--at now` from another process is published at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import partial
from typing import Any

from ttp import __version__
from ttp.domain.account import Account, connect_action
from ttp.domain.action import action
from ttp.domain.delivery import BUSY, IN_FLIGHT, Delivery, DeliveryError, DeliveryState
from ttp.domain.errors import Busy, ClocksDiffer, SlowClock, TtpError
from ttp.domain.event import Event, IdleReason, delivery_event, post_event
from ttp.domain.outcome import Kind
from ttp.domain.time.formatting import first_valid_zone, format_duration, format_instant, zone_label
from ttp.publisher import reconcile
from ttp.publisher.delivery_context import DeliveryContext, DeliveryTask
from ttp.publisher.delivery_worker import DeliveryWorker
from ttp.publisher.worker_pool import Job, WorkerPool
from ttp.store import accounts, claims, clock_check, queries, repeats
from ttp.store.dialect import Connection, NotDurable, SessionLost, StoreError, TryAgain
from ttp.store.ownership import OwnedElsewhere
from ttp.store.publisher_session import Held
from ttp.store.rate_limits import Pace

LOOK_AROUND_S = 1.0
LEAST_POLL_S = 0.05
HEARTBEAT_S = 10.0
TRY_AGAIN = timedelta(seconds=0.1)
"""Until the next claim, where other publishers have the accounts of due posts in hand."""
REPORT_S, REPORTS_MISSED = 3.0, 5
"""Seconds between two reports of a publisher to the others, and how many it misses before it is disconnected. With each
it looks for publishers to disconnect, too."""
REOPEN_S, GIVE_UP_S = 0.5, 60.0
"""Seconds between two attempts to reach a store that was lost, and after which a short run gives up."""
MOST_TOLD = 100
"""Maximum number of unapproved due posts per event."""
_DUE = frozenset({DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.RETRYING})
_WAITED_FOR = {
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
    """One publisher. The caller holds the lock; `watch` is a separate reading connection."""

    def __init__(
        self,
        context: DeliveryContext,
        workers: WorkerPool,
        watch: Connection,
        heartbeat: Callable[[datetime], None] = lambda now: None,
        taken: Sequence[Delivery] = (),
        make_ahead: Callable[[], list[str]] | None = None,
        replaced: Callable[[Connection], TtpError | None] = lambda watch: None,
        installed: Callable[[], str] = lambda: __version__,
        reopen: Callable[[], Connection] | None = None,
        follow: Callable[[Connection], tuple[datetime, datetime]] | None = None,
    ) -> None:
        """`taken`: deliveries that moved before the start, by the journal or a take-over; their events come first.
        `make_ahead` creates the posts of repeats and returns notes; None: not in this run. `replaced` returns why
        publishing must stop; the loop raises it. `installed` returns the version of the program on disk. `reopen` opens
        another `watch` after a lost session; `follow` reads the clock by which several publishers agree, and this
        machine's own."""
        self._context = context
        self._workers = workers
        workers.report_busy = self._say_busy
        self._watch = watch
        self._heartbeat = heartbeat
        self._taken = taken
        self._make_ahead = make_ahead
        self._replaced = replaced
        self._reopen = reopen
        self._follow = follow
        self._installed = installed
        self._horizon = timedelta(seconds=context.config.seconds("repeat.ahead_s"))
        self._told: set[str] = set()
        self._unapproved: set[int] = set()
        self._beat = self._looked_around = 0.0
        self._reported = float("-inf")
        self._followed = (float("-inf"), 0)
        self._report_every_s = min(REPORT_S, context.config.seconds("publish.evict_after_s") / REPORTS_MISSED)
        self._due_said: set[int] = set()
        self._places = claims.Places(context.config.count("publish.concurrency"))
        self._gap = timedelta(seconds=context.config.seconds("publish.catch_up_gap_s"))
        gap, per_day = context.config.seconds("publish.min_gap_s"), context.config.count("publish.per_day")
        self._approved = context.config.requires_approval
        self._pace = Pace(timedelta(seconds=gap), per_day, self._approved)
        self._stop_asked = False
        self._idle = False
        self._ahead = context.clock.now().timestamp() - context.clock.boot()
        self._behind: datetime | None = None
        self._locked_since: float | None = None

    def stop(self) -> None:
        """Claim nothing more, finish what is in flight, end. Safe in a signal handler."""
        self._stop_asked = True
        self._workers.interrupt_wait()

    def run(self, scope: Scope) -> bool:
        """Publish until the scope is done or a stop is requested. Return False if requests were left in flight. After
        an error too, deliveries in flight get time to finish, so that their outcomes are stored."""
        context = self._context
        start = context.clock.now()
        context.emit(Event(start, "publisher.started"))
        for why in context.quarantine.reasons:
            context.report_quarantine(why)
        context.run(lambda db: self._pace.renew(db, start))
        left = context.run(lambda db: reconcile.recover_interrupted(db, start, context.quarantine, context.session))
        for delivery in [*self._taken, *(d for d in left if d.state is DeliveryState.RECONCILING)]:
            context.emit(delivery_event(delivery, start))
        try:
            self._publish(scope, start)
        finally:
            self._stop_asked = True  # whoever is still at work sends nothing more
            clean = self._workers.drain(context.config.seconds("publish.drain_s"))
        self._heartbeat(context.clock.now())
        context.emit(Event(context.clock.now(), "publisher.stopped"))
        return clean

    def _publish(self, scope: Scope, start: datetime) -> None:
        clock = self._context.clock
        began = clock.boot()
        end = None if scope.max_time is None else began + scope.max_time
        self._beat = self._looked_around = began - HEARTBEAT_S
        while not self._stop_asked and (end is None or clock.boot() < end):
            try:
                if self._turn(scope, start, end):
                    return
                self._locked_since = None
            except TryAgain as locked:
                if self._reopen is None:
                    raise
                self._wait_for_lock(scope, locked)
            except (SessionLost, NotDurable, Busy) as lost:
                if self._reopen is None or isinstance(lost, OwnedElsewhere | SlowClock | ClocksDiffer):
                    raise
                self._wait_for_store(scope, lost)

    def _turn(self, scope: Scope, start: datetime, end: float | None) -> bool:
        """Do the work that is due and sleep. Return whether the scope is done."""
        context = self._context
        version, boot = self._watch.data_version(), context.clock.boot()
        self._beat_if_due()
        held = self._is_held(scope)
        if boot - self._looked_around >= LOOK_AROUND_S:
            if held:
                self._unlock_what_is_over()
            else:
                self._take_over_abandoned()
                self._make_occurrences()
                fail_undeliverable(context, context.clock.now(), scope.only)
                self._say_unapproved()
            self._looked_around = boot
        look_around = None if self._looked_around == boot else self._looked_around + LOOK_AROUND_S
        next_job = self._workers.resume_due_jobs()
        if (why := self._replaced(self._watch)) is not None:
            raise why
        next_due = None if held else self._tick(scope, start)
        self._say_idle(next_due)
        if self._finished(scope, start):
            return True
        self._sleep(version, [at for at in (next_job, self._boot_at(next_due), look_around, end) if at is not None])
        return False

    def _wait_for_lock(self, scope: Scope, locked: TryAgain) -> None:
        """Wait a moment, because another program has locked the store. A run that is not a loop raises the error after
        a while."""
        clock = self._context.clock
        if self._locked_since is None:
            self._locked_since = clock.boot()
            self._context.report_idle(IdleReason.STORE, f"other work on the store is in the way: {locked}")
        elif scope.mode is not Mode.LOOP and clock.boot() - self._locked_since > GIVE_UP_S:
            raise locked
        self._workers.wait(REOPEN_S)

    def _wait_for_store(self, scope: Scope, lost: Exception) -> None:
        """Wait until the server answers again, and go on with a new session. Its deliveries go to the publisher that
        locks its account then. A run that is not a loop raises the error after a while."""
        assert self._reopen is not None
        clock = self._context.clock
        began = clock.boot()
        self._context.report_idle(
            IdleReason.STORE, f"the connection to the store is lost; ttp opens it again by itself: {lost}"
        )
        while not self._stop_asked:
            try:
                watch = self._reopen()
                with suppress(Exception):
                    self._watch.close()
                self._watch = watch
                self._context.writer.run(lambda db: None)
            except OwnedElsewhere:
                raise
            except (StoreError, Busy):
                if scope.mode is not Mode.LOOP and clock.boot() - began > GIVE_UP_S:
                    raise
            else:
                return
            self._workers.wait(REOPEN_S)

    def _say_busy(self, busy: Busy) -> None:
        self._context.report_idle(IdleReason.STORE, f"posts wait: {busy.message}")

    def _take_over_abandoned(self) -> None:
        """Take over what other publishers left when they died."""
        context = self._context
        if not context.is_shared:
            return
        now = context.clock.now()
        in_hand = self._accounts_in_hand(DeliveryWorker)

        def work(db: Connection) -> list[Delivery]:
            assert context.session is not None
            # What an ended job of this publisher left locked is free, too.
            context.session.keep(db, Held.DELIVERY, in_hand)
            return reconcile.recover_interrupted(db, now, context.quarantine, context.session)

        for delivery in context.run(work):
            if delivery.state is DeliveryState.RECONCILING:
                context.emit(delivery_event(delivery, now))

    def _unlock_what_is_over(self) -> None:
        """Unlock the accounts that no job has in hand any more, which others may then publish."""
        session = self._context.session
        if session is None or not session.is_shared:
            return
        delivering, looking = self._accounts_in_hand(DeliveryWorker), self._accounts_in_hand(reconcile.LookupJob)

        def work(db: Connection) -> None:
            session.keep(db, Held.DELIVERY, delivering)
            session.keep(db, Held.LOOK_UP, looking)

        self._context.writer.run(work)

    def _accounts_in_hand(self, kind: type[Job]) -> set[int]:
        return {job.task.account.id or 0 for job in self._workers.jobs if isinstance(job, kind)}

    def _is_held(self, scope: Scope) -> bool:
        """Return whether nothing may start now: an outcome is not stored yet, or the clock is wrong. Raises SlowClock
        or ClocksDiffer in runs that do not wait for the clock."""
        if any(isinstance(job, DeliveryWorker) and job.unstored for job in self._workers.jobs):
            return True
        clock = self._context.clock
        now = clock.now()
        if self._context.is_shared:
            return self._differs_from_server(scope)
        ahead = now.timestamp() - clock.boot()
        if self._ahead - ahead > clock_check.STEP.total_seconds():  # it was set back while this ran
            self._context.writer.run(lambda db: clock_check.shorten_waits(db, now))
        self._ahead = ahead
        known, before = clock_check.clock_behind(now, clock_check.last_recorded_instant(self._watch)), self._behind
        self._behind = known
        if known is not None and before is None:
            slow = SlowClock(now, known)
            if scope.mode is not Mode.LOOP:
                raise slow
            self._context.report_idle(IdleReason.CLOCK, slow.message, next_at=known)
        return known is not None

    def _differs_from_server(self, scope: Scope) -> bool:
        """Return whether this machine's clock is so wrong that what people read and write here has a wrong time. Raises
        ClocksDiffer in runs that do not wait for the clock."""
        boot, session = self._context.clock.boot(), self._context.writer.session  # a new one may be another server's
        at, on = self._followed
        if self._follow is None or (boot - at < LOOK_AROUND_S and on == session):
            return self._behind is not None
        (server, now), before = self._follow(self._watch), self._behind
        self._followed = boot, session
        wrong = abs(server - now) > clock_check.DIFFER_AT_MOST
        self._behind = server if wrong else None
        if wrong and before is None:
            differs = ClocksDiffer(now, server)
            if scope.mode is not Mode.LOOP:
                raise differs
            self._context.report_idle(IdleReason.CLOCK, differs.message)
        return wrong

    def _make_occurrences(self) -> None:
        """Create the posts of repeats that are due and report missed ones. Errors here do not stop publishing."""
        now = self._context.clock.now()
        if self._make_ahead is None or not repeats.due_recurrences(self._watch, now=now, horizon=now + self._horizon):
            return
        session = self._context.session
        if session is not None and session.is_changing(self._watch):
            return  # they are made in one of the next turns, and what is due is published meanwhile
        try:
            said = self._make_ahead()
        except TtpError as error:
            said = [f"no posts of repeats are made: {error.message}"]
        for line in said:
            if line not in self._told:
                self._told.add(line)
                self._context.report_idle(IdleReason.REPEATS, line)

    def _tick(self, scope: Scope, start: datetime) -> datetime | None:
        """Claim and look up what is due, as far as workers are free. Return when there may be more to do."""
        context = self._context
        now = context.clock.now()
        at_work = self._workers.at_work
        free = self._places.total - len(at_work)
        self._places.late &= {job.task.delivery.id or 0 for job in at_work}
        cutoff = start if scope.mode is Mode.ONCE else now
        delivering, looking = self._accounts_in_hand(DeliveryWorker), self._accounts_in_hand(reconcile.LookupJob)

        def work(db: Connection) -> tuple[list[DeliveryTask], list[DeliveryTask], datetime | None]:
            is_short, ready, find_looks = False, None, None
            asked: dict[str, Any] = {
                "now": now,
                "cutoff": cutoff,
                "catch_up_gap": self._gap,
                "only": scope.only,
                "approved": self._approved,
                "quarantine": context.quarantine,
            }
            ask_ready = partial(claims.ask_ready, db, **asked)
            if (session := context.session) is not None and session.is_shared:
                with session.together(db):
                    refuse_restored = session.ask_mark(db)
                    session.keep(db, Held.DELIVERY, delivering)
                    session.keep(db, Held.LOOK_UP, looking)
                    candidates = ask_ready(free=free + claims.MORE_CANDIDATES)
                    find_looks = self._due_looks(db, now)
                refuse_restored()
                is_short, ready = claims.lock_due_accounts(db, session, candidates, free=free, ask_ready=ask_ready)
            if self._pace.hold(db, now):
                ready = None
            if context.media_waits is not None and context.media_waits.look(db):
                ready = None
            due_looks = (find_looks or self._due_looks(db, now))()
            looks = self._looks(db, due_looks, scope, start, now, free)
            room = free - len(looks)
            claim = partial(claims.claim, db, free=room, places=self._places, session=session, ready=ready, **asked)
            claimed = claim() if room > 0 else []
            if session is not None:
                session.keep(db, Held.DELIVERY, delivering | {one.account_id or 0 for one in claimed})
            tasks, wake = self._tasks(db, [*looks, *claimed], now)
            if is_short:
                wake = now + TRY_AGAIN if wake is None else min(wake, now + TRY_AGAIN)
            return tasks[: len(looks)], tasks[len(looks) :], wake

        looks, claimed, wake = context.run(work)
        for task in looks:
            self._workers.start(reconcile.LookupJob(context, task))
        for task in claimed:
            self._say_due(task, now)
            self._workers.start(DeliveryWorker(context, task, lambda: self._stop_asked))
        return wake

    def _tasks(
        self, db: Connection, deliveries: Sequence[Delivery], now: datetime
    ) -> tuple[list[DeliveryTask], datetime | None]:
        """Return deliveries with their posts and accounts, read in this transaction, and when more may become due. Load
        their rate limits."""
        names, limits = {d.account_id or 0: d.account for d in deliveries}, self._context.limits
        with db.together():
            read_wake = claims.next_wake(db, now=now, catch_up_gap=self._gap, approved=self._approved)
            if deliveries:
                asked_accounts = accounts.ask_accounts(db, names)
                asked_posts = queries.ask_posts_even_deleted(db, [d.post_id or 0 for d in deliveries])
                load_limits = None if limits is None else limits.recall(db, names)
        wake = read_wake()
        if not deliveries:
            return [], wake
        by_id, posts = accounts.read_accounts(asked_accounts), asked_posts.read()
        if load_limits is not None:
            load_limits()
        session = self._context.writer.session
        return [DeliveryTask(d, posts[d.post_id or 0], by_id[d.account_id or 0], session) for d in deliveries], wake

    def _due_looks(self, db: Connection, now: datetime) -> Callable[[], list[Delivery]]:
        in_hand = {job.task.delivery.id or 0 for job in self._workers.jobs}
        return claims.due_lookups(db, now=now, most=ALL, without=in_hand, quarantine=self._context.quarantine)

    def _looks(
        self, db: Connection, due: list[Delivery], scope: Scope, start: datetime, now: datetime, free: int
    ) -> list[Delivery]:
        """Return the look-ups to make now, one at a time per account: a hanging one must not use up the workers."""
        jobs = self._workers.jobs
        busy = {job.task.delivery.account_id for job in jobs if isinstance(job, reconcile.LookupJob)}
        found: list[Delivery] = []
        session = self._context.session
        for delivery in due:
            if len(found) < free and delivery.account_id not in busy and _is_wanted(delivery, scope, start):
                busy.add(delivery.account_id)
                if session is None or not session.is_shared:
                    found.append(delivery)
                elif session.take(db, Held.LOOK_UP, [delivery.account_id or 0]):
                    # Another publisher may have looked since the statement above.
                    found += claims.still_due_lookup(db, delivery, now)
        return found

    def _beat_if_due(self) -> None:
        boot = self._context.clock.boot()
        session = self._context.session
        if session is not None and session.is_shared and boot - self._reported >= self._report_every_s:
            for line in self._context.writer.run(session.report):
                self._context.report_idle(IdleReason.EVICTED, line)
            self._reported = boot
        if boot - self._beat >= HEARTBEAT_S:
            self._heartbeat(self._context.clock.now())
            self._beat = boot
            self._say_upgraded()

    def _say_upgraded(self) -> None:
        """Report once that another version of the program was installed: this process still has the old one."""
        found = self._installed()
        line = f"ttp {found} is installed, and this publisher is still ttp {__version__}: stop and start it"
        if found != __version__ and line not in self._told:
            self._told.add(line)
            self._context.report_idle(IdleReason.UPGRADE, line)

    def _boot_at(self, instant: datetime | None) -> float | None:
        """Return an instant in `boot` seconds."""
        clock = self._context.clock
        return None if instant is None else clock.boot() + (instant - clock.now()).total_seconds()

    def _say_due(self, task: DeliveryTask, now: datetime) -> None:
        post = task.post
        if post.id is not None and post.id not in self._due_said:
            self._due_said.add(post.id)
            due = [d.account for d in post.deliveries if d.state in _DUE and (d.due_at is None or d.due_at <= now)]
            self._context.emit(Event(now, "post.due", post.id, message=", ".join(due)))

    def _say_unapproved(self) -> None:
        """Report due posts that wait for approval, each once."""
        now = self._context.clock.now()
        found = queries.due_posts_waiting_for_approval(self._watch, now, MOST_TOLD) if self._approved else []
        if fresh := [str(post_id) for post_id in found if post_id not in self._unapproved]:
            self._unapproved.update(found)
            message = f"{'posts' if len(fresh) > 1 else 'post'} {' '.join(fresh)} waiting for approval"
            self._context.report_idle(IdleReason.APPROVAL, message, hint=action("approve", *fresh))

    def _say_idle(self, next_at: datetime | None) -> None:
        """Emit `publisher.idle` once whenever nothing is left in flight."""
        idle = not self._workers.jobs
        if idle and not self._idle:
            self._context.emit(Event(self._context.clock.now(), "publisher.idle", next_at=next_at))
        self._idle = idle

    def _finished(self, scope: Scope, start: datetime) -> bool:
        if scope.mode is Mode.LOOP or self._workers.jobs:
            return False
        soon = self._context.clock.now() + timedelta(seconds=LOOK_AROUND_S if scope.mode is Mode.UNTIL_IDLE else 0)
        due_by = start if scope.mode is Mode.ONCE else soon
        states = _WAITED_FOR[scope.mode.value]
        if self._context.is_shared and scope.mode is Mode.ONCE:
            states -= BUSY  # what other publishers have in hand is theirs to finish
        approved, quarantine = self._approved, self._context.quarantine
        return not self._context.writer.run(
            lambda db: claims.has_unfinished(
                db, due_by=due_by, states=states, only=scope.only, approved=approved, quarantine=quarantine
            )
        )

    def _sleep(self, version: int, wakes: list[float]) -> None:
        """Sleep until the first of `wakes`, a worker's report, another process's write, a stop, or `publish.poll_s`."""
        clock = self._context.clock
        end = min([*wakes, clock.boot() + max(self._context.config.seconds("publish.poll_s"), LEAST_POLL_S)])
        while not self._stop_asked:
            self._beat_if_due()
            left = end - clock.boot()
            if self._workers.wait(min(left, LOOK_AROUND_S)) or left <= 0 or self._watch.data_version() != version:
                return


def _is_wanted(delivery: Delivery, scope: Scope, start: datetime) -> bool:
    """Return whether a look-up belongs to this run's scope."""
    if scope.only is not None and delivery.post_id not in scope.only:
        return False
    left_for_later = scope.mode is Mode.ONCE and delivery.state is DeliveryState.RECONCILING
    return not (left_for_later and delivery.next_at is not None and delivery.next_at > start)


MOST = 500
ALL = sys.maxsize
_DAY = timedelta(days=1)


def fail_undeliverable(context: DeliveryContext, now: datetime, only: Collection[int] | None = None) -> None:
    """Fail them, of the posts `only` if given, and emit events. MOST of each kind per transaction."""
    limit = timedelta(seconds=context.config.seconds("publish.max_lateness_s"))
    most = MOST if only is None else ALL
    approved = context.config.requires_approval

    def zone(delivery: Delivery, zones: Mapping[int, str]) -> tzinfo | None:
        return first_valid_zone(zones.get(delivery.account_id or 0), context.config.text("timezone"))

    def find(db: Connection) -> list[tuple[Delivery, DeliveryError]]:
        overdue = claims.overdue(db, now=now, limit=limit, most=most, quarantine=context.quarantine)
        zones = accounts.zones(db) if overdue else {}
        wrong = [(late.delivery, _missed(late, now, zone(late.delivery, zones), approved=approved)) for late in overdue]
        unusable = claims.due_on_unusable_accounts(db, now=now, most=most, quarantine=context.quarantine)
        wrong += [(d, _unusable(account)) for d, account in unusable]
        outdone = repeats.superseded_deliveries(
            db, now=now, most=most, approved=approved, quarantine=context.quarantine
        )
        zones = zones or (accounts.zones(db) if outdone else {})
        wrong += [(d, _superseded(d, recurrence_id, zone(d, zones))) for d, recurrence_id in outdone]
        return [(d, error) for d, error in wrong if only is None or d.post_id in only]

    def work(db: Connection) -> list[Event]:
        wrong = find(db)
        if wrong and context.is_shared:
            # A person may be giving them another time, or another publisher may claim them.
            locked = {d.post_id or 0 for d, _ in wrong}
            db.lock_posts(locked)
            wrong = [(d, error) for d, error in find(db) if d.post_id in locked]
        events = []
        for before, error in wrong:
            after = before.mark_failed(error)
            if claims.save_transition(db, before, after, now=now):
                events.append(delivery_event(after, now))
                end = post_event(queries.post_even_deleted(db, after.post_id or 0), now)
                events += [end] if end is not None else []
        return events

    while events := context.run(work):
        for event in events:
            context.emit(event)


def _missed(late: claims.Late, now: datetime, zone: tzinfo | None, *, approved: bool) -> DeliveryError:
    """Return why a delivery was missed, in times of `zone`. `approved`: approval is required."""
    delivery = late.delivery
    assert delivery.due_at is not None
    due, free, here = (at.astimezone(zone) for at in (delivery.due_at, late.since, now))
    form = "%H:%M" if now - delivery.due_at < _DAY else "%d %b %H:%M"
    held = f", waited for {delivery.platform} until {free:{form}}" if free > due else ""
    told = "not sent by" if delivery.attempts or held else "first publisher"
    unapproved = approved and delivery.approved_at is None
    if unapproved:
        told = "waited for approval until"
    utc = delivery.due_at.astimezone(UTC)
    where = zone_label(zone, delivery.due_at) + ("" if not due.utcoffset() else f" ({utc:{form}} UTC)")
    message = f"due {due:{form}} {where}{held}, {told} {here:{form}} (limit {format_duration(late.allowed)})"
    if delivery.error is not None:
        message += f"; before that: {delivery.error.message}"
    return DeliveryError(Kind.MISSED, message, hint=action("approve" if unapproved else "retry", delivery.post_id))


def _superseded(delivery: Delivery, recurrence_id: int, zone: tzinfo | None) -> DeliveryError:
    assert delivery.due_at is not None
    message = f"due {format_instant(delivery.due_at, zone)}; a newer post of repeat {recurrence_id} replaces it"
    return DeliveryError(Kind.MISSED, message, hint=action("retry", delivery.post_id))


def _unusable(account: Account) -> DeliveryError:
    if not account.enabled:
        return DeliveryError(Kind.ACCOUNT, f"{account.name} is disabled", hint=action("account enable", account.name))
    why = "must be reconnected: its token no longer works" if account.needs_reconnect else "is not connected"
    return DeliveryError(Kind.AUTH, f"{account.name} {why}", hint=connect_action(account.name))
