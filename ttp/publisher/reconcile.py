"""Look up open intents and deliveries that the platform still works on.

A post that is found counts at once. Absence counts after the settle window, in platform time, and three clean look-ups
with a gap between them; only then may the post be sent again. What cannot be settled becomes `needs_review`, for a
person.

After a take-over from another machine, what was due is looked up in the same way. It is never sent from here: it is
published if found, and otherwise needs review. What is due later stays unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from dataclasses import replace
from datetime import datetime, timedelta

from ttp.domain.action import action
from ttp.domain.config import Config
from ttp.domain.delivery import Delivery, DeliveryError, DeliveryState
from ttp.domain.errors import Busy, Hint
from ttp.domain.publishing.attempt import TAKE_OVER
from ttp.domain.publishing.outcome import (
    Absent,
    Attempt,
    Finding,
    Found,
    Kind,
    NotDone,
    Phase,
    Refused,
    Unclear,
    Working,
)
from ttp.domain.publishing.retry import RetryPolicy, after_not_done
from ttp.platforms.client import LookupResult, StepFailed, Wait
from ttp.publisher.delivery_context import DeliveryContext, DeliveryTask, apply_outcome_to_account
from ttp.publisher.outcomes import (
    clocks_agree,
    count_clean_lookups,
    earliest_publish_time,
    latest_send_time,
    unclear_since,
)
from ttp.store import attempts, claims
from ttp.store.dialect import Conflicting, Connection
from ttp.store.machine import clock_check
from ttp.store.machine.ownership import Owner, possibly_published
from ttp.store.row_mapper import CorruptRow, Quarantine

CLEAN_LOOKS = 3
SUSPENDED_AFTER_S = 5.0
"""Maximum seconds between the invisible steps and the call. More means that the machine slept, and that the platform
time in the intent is outdated."""
SLEPT = "slept"
"""Code of an unknown outcome whose call may have been made at any time between its intent and its end."""
TAKEN_OVER = "taken over"
"""Code of a call that another publisher may have made before a take-over. It is never repeated."""
UNDER_WAY = "under way"
"""Code of a call of another publisher that seemed dead. If it only lost the store, it may still send."""
FENCE_STEP = 1_000_000
"""More than the fences, and the ids, that the last commits before a failover can have given."""
NO_TIME = "the platform does not tell its time, so a look-up that finds nothing proves nothing"
JUMPED = "the platform's clock jumped, so a look-up that finds nothing proves nothing"
LONGEST_GAP_S = 300.0
ID_FIRST, ID_GAP, ID_WITHIN = timedelta(seconds=30), timedelta(hours=1), timedelta(hours=24)
"""A public id that comes after moderation is asked for after 30 s, doubling up to an hour, for a day: cosmetic."""
_SECOND, _NOTHING = timedelta(seconds=1), timedelta(0)


def longest_call_s(config: Config) -> float:
    """Return how many seconds a publishing call may take: to connect, to send media and to wait for the answer. Where a
    platform is waited for longer, that comes on top."""
    return sum(config.seconds(f"http.{name}_timeout_s") for name in ("connect", "upload", "read"))


def recover_interrupted(
    db: Connection, now: datetime, quarantine: Quarantine, account_ids: Collection[int] | None = None
) -> list[Delivery]:
    """Recover what a dead publisher left: claimed goes back to pending, sending must be looked up. Returns the changed
    deliveries; quarantined ones are skipped.

    Whoever holds an account's lock may do this: the previous holder is dead. `account_ids`: where several publish, the
    accounts that are locked for this (`Coordination.lock_abandoned`).
    """
    if account_ids is not None and not account_ids:
        return []
    moved, code = [], None if account_ids is None else UNDER_WAY
    for delivery in claims.interrupted_deliveries(db, quarantine, accounts=account_ids):
        after = _taken_over(db, delivery, now, code)
        if claims.save_transition(db, delivery, after, now=now) is not None:
            moved.append(after)
    return moved


def _taken_over(db: Connection, delivery: Delivery, now: datetime, code: str | None) -> Delivery:
    """Return the delivery with a higher fence: its publisher, should it still run, changes it no more. `code`: of an
    open call."""
    fence = delivery.fence + 1
    delivery_id = delivery.id or 0
    if delivery.state is DeliveryState.CLAIMED:
        return replace(delivery.release(now), fence=fence)
    message = "the publisher ended before the answer came"
    intent = attempts.last_intent(db, delivery_id)
    if intent is not None and intent.outcome is None:
        attempts.finish_attempt(db, intent, at=now, outcome="unknown", kind=Kind.UNKNOWN, code=code, message=message)
    return replace(delivery.mark_reconciling(DeliveryError(Kind.UNKNOWN, message), now), fence=fence)


class LookupJob:
    """One look-up of a delivery that is processing or reconciling."""

    def __init__(self, context: DeliveryContext, task: DeliveryTask) -> None:
        self._context = context
        self.task = task
        self._lost_call_s = 0.0

    def run(self) -> Generator[Wait, None, None]:
        """Look up once and store the result. Never waits: the loop starts the next look-up."""
        with self._context.quarantine_on_error(self.task):
            self._look()
        yield from ()

    def release_claim(self) -> None:
        """Do nothing: a look-up never waits and changes nothing before its end."""

    def _look(self) -> None:
        context, delivery, account = self._context, self.task.delivery, self.task.account
        delivery_id, account_id = delivery.id or 0, account.id or 0
        day_ago = context.clock.now() - timedelta(days=2)
        intent, earlier = context.writer.run(
            lambda db: (
                intent := self._last_intent(db, delivery_id),
                attempts.lookups_after(db, delivery_id, intent.id or 0) if intent else [],
            )
        )
        began = context.clock.now()
        since = earliest_publish_time(intent) if intent else delivery.due_at or began
        try:
            bound = context.writer.run(lambda db: attempts.bound_remote_ids(db, account_id, delivery_id, day_ago))
            request = context.build_request(self.task, bound)
            looked = context.client(self.task).look_up(request, delivery.handle, since)
        except StepFailed as failed:
            gone = account.platform not in context.platforms.names()  # the platform is no longer enabled
            looked = LookupResult(Unclear(failed.outcome.kind, failed.outcome.message, final=gone), None)
        except CorruptRow as row:  # of another delivery: what belongs to that one is not known
            looked = LookupResult(Unclear(Kind.UNKNOWN, row.message), None)
        try:
            self._settle(looked, intent, earlier, began)
        except Conflicting:
            other = Unclear(Kind.UNKNOWN, "what was found is another delivery's post", final=True)
            self._settle(LookupResult(other, looked.platform_at), intent, earlier, began)

    def _last_intent(self, db: Connection, delivery_id: int) -> Attempt | None:
        """Return the delivery's last intent; remember how long a call of a lost publisher may still be under way."""
        intent = attempts.last_intent(db, delivery_id)
        if intent is not None and intent.code == UNDER_WAY:
            # A host of an older version does not say. It has these settings, or the usual ones.
            unknown_s = max(longest_call_s(config) for config in (self._context.config, Config()))
            self._lost_call_s = self._context.coordination.longest_lost_call_s(db, unknown_s)
        return intent

    def _settle(self, looked: LookupResult, intent: Attempt | None, earlier: list[Attempt], began: datetime) -> None:
        context, delivery = self._context, self.task.delivery
        now = context.clock.now()
        looked = self._believed(looked, intent, now)
        row = Attempt(
            account=delivery.account,
            number=delivery.attempts,
            step="look up",
            phase=Phase.LOOK_UP,
            at=began,
            ended_at=now,
            outcome=_word(looked.finding),
            kind=getattr(looked.finding, "kind", None),
            http_status=getattr(looked.finding, "http_status", None),
            message=next(filter(None, (getattr(looked.finding, n, None) for n in ("message", "what", "note"))), None),
            platform_at=looked.platform_at,
            delivery_id=delivery.id,
        )
        after = self._after(looked, intent, [*earlier, row], now)
        also: list[Callable[[Connection], object]] = [lambda db: attempts.add_attempt(db, row)]
        refusal = looked.finding.outcome if isinstance(looked.finding, Refused) else None
        if isinstance(looked.finding, Absent) and after.state is DeliveryState.FAILED:
            refusal = looked.finding.refusal
        if refusal is not None:
            also.append(apply_outcome_to_account(self.task.account, refusal, now))
        self.task = context.save_transition(self.task, after, *also)

    def _believed(self, looked: LookupResult, intent: Attempt | None, now: datetime) -> LookupResult:
        """Return the look-up; absence without a clock, or with a wrong one, becomes unclear."""
        if not isinstance(looked.finding, Absent) or looked.finding.certain:
            return looked
        if intent is None or intent.platform_at is None or intent.code == TAKEN_OVER:  # no look settles these
            return looked
        if looked.platform_at is None:
            return replace(looked, finding=Unclear(Kind.UNKNOWN, NO_TIME))
        if not clocks_agree(intent, looked.platform_at, now, self._context.coordination.boot_s()):
            return replace(looked, finding=Unclear(Kind.UNKNOWN, JUMPED))
        return looked

    def _after(self, looked: LookupResult, intent: Attempt | None, looks: list[Attempt], now: datetime) -> Delivery:
        delivery = self.task.delivery
        taken_over = intent is not None and intent.code == TAKEN_OVER
        match looked.finding:
            case Found() as finding:
                return self._found(finding, looks, now, taken_over=taken_over)
            case _ if delivery.state is DeliveryState.PUBLISHED:
                return delivery.identify(None, None, id_at=self._id_at(now, looks))
            case Absent() | Refused() if taken_over:
                message = "another publisher took the store over and may have sent it, but it was not found"
                return delivery.mark_needs_review(DeliveryError(Kind.UNKNOWN, message))
            case Working(what=what):
                return self._working(what, intent, looks, now, looked.platform_at)
            case Refused(outcome=outcome):
                return self._refused(delivery, outcome, now)
            case Absent(handle=handle) as absent:
                kept = delivery if handle is None else replace(delivery, handle=handle)
                return self._absent(kept, intent, looks, now, looked.platform_at, absent)
            case Unclear() as unclear:
                return self._unclear(unclear, looks, now)

    def _found(self, finding: Found, looks: list[Attempt], now: datetime, *, taken_over: bool) -> Delivery:
        """Handle a post that was found. Of a thread it is one part: the rest follows, or is looked up."""
        delivery = self.task.delivery
        id_at = self._id_at(now, looks) if finding.id_later else None
        if delivery.state is DeliveryState.PUBLISHED:
            return delivery.identify(finding.remote_id, finding.url, id_at=id_at)
        delivery = replace(delivery, note=finding.note or delivery.note)
        if finding.handle is not None:
            delivery = delivery.with_part(finding.remote_id, finding.url, finding.handle)
            if not finding.more:
                return delivery.mark_published(now, delivery.remote_id, delivery.url)
            return delivery.look_again(now) if taken_over else delivery.going_on(now)
        return delivery.mark_published(now, finding.remote_id, finding.url, id_at=id_at)

    def _id_at(self, now: datetime, looks: list[Attempt]) -> datetime | None:
        """Return when to ask next for a public id that comes later: after minutes, then hours, for a day at most."""
        published_at = self.task.delivery.published_at or now
        at = now + min(ID_FIRST * 2 ** min(len(looks) - 1, 8), ID_GAP)
        return at if at - published_at <= ID_WITHIN else None

    def _working(
        self, what: str, intent: Attempt | None, looks: list[Attempt], now: datetime, platform_at: datetime | None
    ) -> Delivery:
        delivery = self.task.delivery
        since = intent.at if intent else now
        if intent is not None and intent.platform_at is not None and platform_at is not None:
            # This machine's clock may have been set forward meanwhile: the platform's was not.
            since = max(since, now - (platform_at - intent.platform_at))
        until = since + self._context.platforms.facts(delivery.platform).processing_for
        if now >= until and delivery.state is DeliveryState.PROCESSING:
            return delivery.mark_needs_review(DeliveryError(Kind.UNKNOWN, f"not published for too long: {what}"))
        poll = self._context.config.seconds("publish.status_poll_s")
        at = now + _SECOND * min(poll * 2 ** min(len(looks), 16), max(poll, 30.0))
        if delivery.state is DeliveryState.PROCESSING:
            return delivery.look_again(at, until=until)
        return delivery.mark_processing(what, at, until)

    def _absent(
        self,
        delivery: Delivery,
        intent: Attempt | None,
        looks: list[Attempt],
        now: datetime,
        platform_at: datetime | None,
        absent: Absent,
    ) -> Delivery:
        """Handle absence: proof only if it is certain, or after the window and enough clean look-ups."""
        kind = intent.kind if intent and intent.kind else Kind.UNKNOWN
        error = DeliveryError(kind, "the platform does not have it; it is sent again")
        spend = kind is not Kind.RATE_LIMIT
        if absent.certain:
            after = self._resend(delivery, now, error, spend=spend)
            if intent is not None and (after.state is DeliveryState.FAILED or self._cannot_resend(now)):
                # Only the same key makes a late original harmless. Where no resend follows, it may still appear.
                rest = intent.at + self._window(intent) - now
                return delivery.look_again(now + min(rest, self._gap()), until=now + rest) if rest > _NOTHING else after
            return after
        if intent is None or intent.platform_at is None or platform_at is None:
            return delivery.mark_needs_review(DeliveryError(Kind.UNKNOWN, NO_TIME))
        if intent.code == SLEPT:
            message = "the machine slept while it was being sent, so a look-up that finds nothing proves nothing"
            return delivery.mark_needs_review(DeliveryError(Kind.UNKNOWN, message))
        gap = self._gap()
        clean = count_clean_lookups([look.at for look in looks if look.outcome == "absent"], gap)
        window_end = latest_send_time(intent, looks, platform_at) + self._window(intent)
        if kind is Kind.DUPLICATE:
            if clean >= CLEAN_LOOKS:
                message = f"{delivery.platform} calls it a duplicate, yet it is not in the account's posts"
                return delivery.mark_needs_review(DeliveryError(Kind.DUPLICATE, message))
            return delivery.look_again(now + gap)
        if platform_at >= window_end and clean >= CLEAN_LOOKS:
            if absent.refusal is not None:
                return self._refused(delivery, absent.refusal, now)
            return self._resend(delivery, now, error, spend=spend)
        wait = max(gap, min(gap * 2 ** min(max(clean - 1, 0), 16), max(gap, _SECOND * LONGEST_GAP_S)))
        rest = window_end - platform_at
        if clean >= CLEAN_LOOKS - 1 and rest > _NOTHING:
            wait = max(gap, min(wait, rest))
        return delivery.look_again(now + wait, until=now + max(rest, gap * (CLEAN_LOOKS - clean)))

    def _refused(self, delivery: Delivery, refusal: NotDone, now: datetime) -> Delivery:
        return after_not_done(delivery, refusal, now=now, policy=RetryPolicy.of(self._context.config), spread=0.0)

    def _cannot_resend(self, now: datetime) -> bool:
        """Whether the delivery fails before it is sent again: it is too late, or its account cannot publish."""
        delivery, account, own = self.task.delivery, self.task.account, self.task.post.max_lateness_s
        if not (account.enabled and account.connected) or account.needs_reconnect:
            return True
        late_s = self._context.config.seconds("publish.max_lateness_s") if own is None else own
        return delivery.due_at is not None and now - delivery.due_at > timedelta(seconds=late_s)

    def _resend(self, delivery: Delivery, now: datetime, error: DeliveryError, *, spend: bool) -> Delivery:
        policy = RetryPolicy.of(self._context.config)
        if spend and delivery.tries + 1 >= policy.most:
            return delivery.mark_failed(
                error._replace(message="the platform does not have it, and all tries are spent")
            )
        return delivery.mark_retrying(now, error, spend=spend)

    def _unclear(self, unclear: Unclear, looks: list[Attempt], now: datetime) -> Delivery:
        """Handle a look-up that failed: repeat until the patience ends."""
        delivery = self.task.delivery
        message = unclear.message
        if unclear.links:
            message += ": " + " ".join(unclear.links)
        error = DeliveryError(unclear.kind, message, hint=action("show", delivery.post_id))
        since = unclear_since(looks)
        if unclear.final:
            return delivery.mark_needs_review(error)
        patience = self._patience(delivery)
        if now - since >= patience and len(looks) >= CLEAN_LOOKS:
            return delivery.mark_needs_review(error)
        at = max(unclear.look_at or now, now + self._gap())
        return delivery.look_again(at, until=since + patience, error=error)

    def _patience(self, delivery: Delivery) -> timedelta:
        """Return how long look-ups may stay unclear."""
        facts = self._context.platforms.facts(delivery.platform)
        if delivery.state is DeliveryState.PROCESSING:
            return facts.processing_for
        return (self._settle_window() if facts.settle_s else self._gap()) * facts.patience

    def _settle_window(self) -> timedelta:
        """Return how long a post may take to appear in the platform's look-up."""
        account = self.task.account
        return self._context.platforms.facts(account.platform).settle_for(self._context.config, account)

    def _window(self, intent: Attempt) -> timedelta:
        """Return the settle window, plus the time that a call of a lost publisher can still be under way."""
        window = self._settle_window()
        if intent.code == UNDER_WAY:
            slow_s = self._context.platforms.facts(self.task.account.platform).longest_answer_s(self._context.config)
            window += _SECOND * (SUSPENDED_AFTER_S + self._lost_call_s + slow_s)
        return window

    def _gap(self) -> timedelta:
        return timedelta(seconds=self._context.config.seconds("publish.lookup_gap_s"))


def _word(finding: Finding) -> str:
    return type(finding).__name__.lower()


_WHY = "another publisher took the store over, and may have published it"
_FAILED_OVER = "the database failed over, and it may be published already"
_REMEMBERED = ("delivery", "attempt", "event")
"""Tables whose ids publishers have in hand, or readers that go on after the last one."""


def claim_ownership(db: Connection, owner: Owner, now: datetime, *, take_over: bool) -> list[Delivery]:
    """Make this machine the store's publisher in the caller's transaction. Return the deliveries to look up first.

    Raises OwnedElsewhere without a necessary take-over, Busy if the clock cannot be right.
    """
    moved: list[Delivery] = []
    if take_over:
        until = _last_instant(db, now)
        claims.doubt_sources(db)  # before posts are locked, as in a poll
        moved = [_record_possible_call(db, delivery, now) for delivery in _lock_possibly_published(db, until)]
    elif (doubt := owner.refusal(db)) is not None:
        raise doubt
    owner.claim(db, now, take_over=take_over)
    return moved


def _last_instant(db: Connection, now: datetime) -> datetime:
    """Return the latest time at which another host may have published due posts: now, or the last record of a host
    whose clock is a little ahead. Raises Busy if this clock is behind: what it considers due later may have been due
    already."""
    last = clock_check.last_recorded_instant(db)
    if last is None or last <= now:
        return now
    if last - now > clock_check.DIFFER_AT_MOST:
        raise Busy(
            f"the clock says {now.astimezone():%d %b %Y %H:%M}, before the last record of the store,"
            f" {last.astimezone():%d %b %Y %H:%M}",
            Hint("see", "date"),
        )
    return last


def look_up_after_failover(db: Connection, owner: Owner, now: datetime) -> None:
    """If another server has taken the place of the one on which a publisher ran last, look up what was in flight or
    due: the new one may lack what was committed last. What is proven absent is sent then, as after any lost answer."""
    with db.transaction():
        if owner.notice_failover(db):
            # Others may still have ids and fences in hand that the new server lacks, and would give again.
            for table in _REMEMBERED:
                db.continue_ids(table, db.highest_id(table) + FENCE_STEP)
            claims.doubt_sources(db)
            for delivery in _lock_possibly_published(db, now):
                _record_possible_call(db, delivery, now, why=_FAILED_OVER, code=UNDER_WAY)


def _lock_possibly_published(db: Connection, now: datetime) -> list[Delivery]:
    """Return what may be published already, and lock its posts: a person may be giving them another time."""
    post_ids = {delivery.id: delivery.post_id or 0 for delivery in possibly_published(db, now=now)}
    db.lock_posts(post_ids.values())
    return [delivery for delivery in possibly_published(db, now=now) if delivery.id in post_ids]


def _record_possible_call(
    db: Connection, before: Delivery, now: datetime, *, why: str = _WHY, code: str = TAKEN_OVER
) -> Delivery:
    """Record a call that some publisher may have made since the delivery was due."""
    intent = attempts.last_intent(db, before.id or 0)
    if intent is not None and intent.outcome is None:
        attempts.finish_attempt(db, intent, at=now, outcome="unknown", kind=Kind.UNKNOWN, message=why)
    times = (before.due_at, (intent.platform_at or intent.at) if intent is not None else None, now)
    since = min(at for at in times if at is not None)
    row = Attempt(
        account=before.account,
        number=before.attempts,
        step=TAKE_OVER,
        phase=Phase.PUBLISH,
        at=now if code == TAKEN_OVER else since,
        ended_at=now,
        outcome="unknown",
        kind=Kind.UNKNOWN,
        code=code,
        message=why,
        platform_at=since,
        delivery_id=before.id,
    )
    attempts.add_attempt(db, row)
    error = DeliveryError(Kind.UNKNOWN, why)
    if before.state is DeliveryState.RECONCILING:
        after = before.look_again(now, error=error)
    else:
        after = before.mark_reconciling(error, now)
    after = replace(after, fence=before.fence + FENCE_STEP)
    claims.save_transition(db, before, after, now=now)
    return after
