"""Carry one claimed delivery step by step to its end or to a wait.

The order is the protocol: invisible steps; the intent, committed; the call; its outcome, committed. A publishing call
always has an intent that is committed before, and is never made twice for one intent.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import partial

from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import Busy
from ttp.domain.event import delivery_event
from ttp.domain.media.item import MediaUnavailable
from ttp.domain.pricing import price_of_call
from ttp.domain.publishing.outcome import Attempt, Done, Handle, Kind, NotDone, Outcome, Phase, Unknown
from ttp.domain.publishing.retry import RetryPolicy, after_not_done
from ttp.platforms.client import Ready, StepDone, StepFailed, Wait
from ttp.publisher.delivery_context import DeliveryContext, DeliveryTask, OverBudget, apply_outcome_to_account
from ttp.publisher.outcomes import (
    ANOTHERS,
    after_outcome,
    attempt_columns,
    doubt_duplicate,
    retry_jitter,
    to_journal_entry,
)
from ttp.publisher.reconcile import SLEPT, SUSPENDED_AFTER_S
from ttp.services.connecting.tokens import LockedToken
from ttp.store import accounts, attempts
from ttp.store import cards as stored_cards
from ttp.store.dialect import Conflicting, Connection, StoreError, Superseded
from ttp.store.row_mapper import CorruptRow

NOT_READY_MOST, NOT_READY_GAP_S = 10, 30.0
"""How often a platform may answer "not ready yet" before that is a failure, and the longest wait for it."""
NOT_READY, REFUSED = "not_ready", "refused"
"""Outcomes after which the call is repeated within the same try: the platform is then ready, or the token new."""
LONGEST_CALL_S = 600.0
"""More than the timeouts of a call allow: the machine slept, so it is unknown when the request was sent."""
AGAIN_AFTER_S = (0.5, 1.0, 2.0, 4.0)
"""Pauses before the store is asked again to store an outcome."""
CARD_GAP_S = 0.05
AWAY_AGAIN_S = 0.5
"""The pause while the store's server does not answer."""

Begun = Callable[[Connection], object]


class DeliveryWorker:
    """Carries one claimed delivery. `run` yields the waits for the platform; at any of them it may be left and the
    claim released."""

    def __init__(self, context: DeliveryContext, task: DeliveryTask, is_stopping: Callable[[], bool]) -> None:
        self._context = context
        self.task = task
        self._is_stopping = is_stopping
        self._began = context.clock.boot()
        self._unwritten: list[Attempt] = []
        self._early = 0
        self._renewed = False
        self.unstored = False
        """Whether the outcome of a call is not stored yet; the journal may have it."""
        self._late: Callable[[], object] | None = None

    def run(self) -> Generator[Wait, None, None]:
        """Publish the delivery. Ends when it has moved on; raises no error of platform or network."""
        with self._context.quarantine_on_error(self.task):
            try:
                yield from self._fetch_cards()
                with self._context.token(self.task.account) as token:
                    while not (yield from self._try_with(token)):
                        pass
            except StepFailed as failed:
                self._step_failed(failed)
            except MediaUnavailable:
                self.release_claim()

    def _fetch_cards(self) -> Generator[Wait, None, None]:
        """Wait for the pages of link cards that are not stored, and store them, or why they have none: whatever is
        sent, a later try sends the same."""
        task, late_cards = self.task, self._context.late_cards
        fetch = (
            None
            if late_cards is None or task.delivery.is_comment
            else late_cards.begin(task.post, task.delivery, task.account)
        )
        if fetch is None:
            return
        while fetch.is_alive():
            yield Wait(CARD_GAP_S, "the page of a link card")
        post_id, writer = task.post.id or 0, self._context.writer
        cards = writer.run(lambda db: stored_cards.save_cards(db, post_id, fetch.cards, may_add=True))
        self.task = replace(task, post=replace(task.post, cards=cards))

    def release_claim(self) -> None:
        """Release a delivery for which nothing is under way."""
        # Not when the generator is closed: the interpreter does that too, when nothing can be stored.
        if self.task.delivery.state is DeliveryState.CLAIMED:
            after = self.task.delivery.release(self._context.clock.now())
            self.task = self._context.save_transition(self.task, after, self._take_unwritten_rows(), quiet=True)

    def _try_with(self, token: LockedToken) -> Generator[Wait, None, bool]:
        """Like `_try`; refresh the token once if an invisible step was refused because of it."""
        try:
            return (yield from self._try(token))
        except StepFailed as failed:
            if not self._may_renew(token, failed.outcome):
                raise
            self._renew(token)
            return False

    def _may_renew(self, token: LockedToken, outcome: NotDone) -> bool:
        return not self._renewed and token.may_replace(outcome)

    def _renew(self, token: LockedToken) -> None:
        """Refresh a token that was refused. Raises StepFailed."""
        self._renewed = True
        with self._context.token_errors_as_step_failure():
            token.renew()

    def _try(self, token: LockedToken) -> Generator[Wait, None, bool]:
        """Make the invisible steps and one publishing call. Return False to continue: from the start, or with the next
        part."""
        context = self._context
        request = context.build_request(self.task, credentials=token.credentials)
        client = context.client(self.task)
        ready = yield from self._prepare(client.prepare(request, self.task.delivery.handle))
        if self._is_stopping():
            self.release_claim()
            return True
        ready_at = context.clock.boot()
        intent = self._commit_intent(ready)
        if ready.doubt is not None:
            self._record(intent, Unknown(Kind.UNKNOWN, ready.doubt))
            return True
        if context.clock.boot() - ready_at > SUSPENDED_AFTER_S:
            self._withdraw(intent, "withdrawn", "the machine slept before it could be sent")
            return False
        sent_at = context.clock.boot()
        outcome = client.publish(request, ready.handle)
        if isinstance(outcome, Unknown) and context.clock.boot() - sent_at > LONGEST_CALL_S:
            outcome = replace(outcome, code=SLEPT)
        if isinstance(outcome, NotDone) and (why := self._again(token, outcome)) is not None:
            refusal = replace(outcome, passing=True)
            withdraw = partial(self._withdraw, intent, why, refusal.message, refusal)
            yield from self._store_or_journal(intent, refusal, withdraw)
            if why == NOT_READY:
                yield self._readiness(refusal)
                self._early += 1
            else:
                self._renew(token)
            return False
        yield from self._store_or_journal(intent, outcome, lambda: self._record(intent, outcome))
        return self.task.delivery.state is not DeliveryState.CLAIMED

    def _again(self, token: LockedToken, outcome: NotDone) -> str | None:
        """Return why the call must be repeated within the same try; None if it must not."""
        if outcome.not_ready and self._early < NOT_READY_MOST:
            return NOT_READY
        return REFUSED if self._may_renew(token, outcome) else None

    def _readiness(self, refusal: NotDone) -> Wait:
        """Return how long to wait for a platform that is not ready yet: longer each time."""
        poll = self._context.config.seconds("publish.status_poll_s")
        return Wait(min(poll * 2**self._early, max(poll, NOT_READY_GAP_S)), refusal.message)

    def _prepare(self, steps: Generator[StepDone | Wait, None, Ready]) -> Generator[Wait, None, Ready]:
        began = self._context.clock.now()
        with closing(steps):
            while True:
                try:
                    step = next(steps)
                except StopIteration as ready:
                    return ready.value  # type: ignore[no-any-return]  # a generator's return value is untyped here
                if isinstance(step, Wait):
                    yield step
                    continue
                now = self._context.clock.now()
                did = {"outcome": "done", "http_status": step.http_status, "message": step.message or None}
                self._unwritten.append(self._attempt(step.step, Phase.PREPARE, began, ended_at=now, **did))
                if step.server_info is not None:
                    self._keep_server_info(step.server_info)
                if step.handle is not None:
                    self._keep(step.handle)
                began = now

    def _attempt(self, step: str, phase: Phase, at: datetime, **more: object) -> Attempt:
        delivery = self.task.delivery
        more |= {"account": delivery.account, "number": delivery.attempts, "delivery_id": delivery.id}
        return Attempt(step=step, phase=phase, at=at, **more)  # type: ignore[arg-type]  # columns by name

    def _take_unwritten_rows(self) -> Begun:
        rows, self._unwritten = self._unwritten, []

        def work(db: Connection) -> None:
            for row in rows:
                attempts.add_attempt(db, row)

        return work

    def _keep(self, handle: Handle) -> None:
        """Store what the next step or the next process must know."""
        self.task = self._context.save_transition(
            self.task, replace(self.task.delivery, handle=handle), self._take_unwritten_rows()
        )

    def _keep_server_info(self, info: Mapping[str, object]) -> None:
        """Store what the account's server allows."""
        account = replace(self.task.account, server_info=info)
        self.task = replace(self.task, account=account)
        self._context.writer.run(lambda db: accounts.mark_account(db, account.id or 0, server_info=info))

    def _commit_intent(self, ready: Ready) -> Attempt:
        """Commit the intent: the last act before the first byte of the call. Return it as stored."""
        context = self._context
        cost, cost_after = price_of_call(self.task.post, self.task.delivery, context.platforms)
        intent = self._attempt(
            ready.step,
            Phase.PUBLISH,
            context.clock.now(),
            fingerprint=ready.fingerprint,
            platform_at=ready.platform_at,
            boot_s=context.clock.boot(),
            cost=cost,
            cost_after=cost_after,
        )

        unwritten, number = self._unwritten, 0
        add_rows = self._take_unwritten_rows()
        read_id: Callable[[], int] = int

        def ask(db: Connection) -> None:
            nonlocal read_id
            add_rows(db)
            read_id = attempts.start_attempt(db, intent)

        def keep_id(db: Connection) -> None:
            nonlocal number
            number = read_id()
            context.refuse_over_budget(db, self.task, intent)

        after = self.task.delivery.mark_sending(ready.handle)
        # Emitted before the commit: a slow reader of the output must not delay the call after the intent.
        context.emit(delivery_event(after, context.clock.now()))
        try:
            self.task = context.save_transition(self.task, after, keep_id, quiet=True, ask=ask)
        except OverBudget as over:
            self._unwritten = unwritten
            raise StepFailed(ready.step, over.outcome) from None
        intent = intent._replace(id=number)
        context.note_intent(intent)
        return intent

    def _withdraw(self, intent: Attempt, outcome: str, message: str, refusal: NotDone | None = None) -> None:
        now = self._context.clock.now()

        def end(db: Connection) -> None:
            attempts.finish_attempt(
                db,
                intent,
                at=now,
                outcome=outcome,
                message=message,
                code=refusal.code if refusal else None,
                http_status=refusal.http_status if refusal else None,
            )

        after = self.task.delivery.withdraw()
        if refusal is not None and refusal.handle is not None:
            after = replace(after, handle=refusal.handle)
        self.task = self._context.save_transition(self.task, after, end, quiet=True, late=self._late)

    def _store_or_journal(
        self, intent: Attempt, outcome: Outcome, store: Callable[[], None]
    ) -> Generator[Wait, None, None]:
        """Store the outcome of a call; retry for a while, and as long as a server is away: no other process
        knows it. Then the journal keeps it and the store's error is raised."""

        def keep() -> None:
            if not self.unstored:
                self.unstored = True
                self._context.keep(to_journal_entry(self.task.delivery, intent, outcome, self._context.clock.now()))

        self._late = keep  # a locked store fails only after a while, and the process may end before
        pauses = iter(AGAIN_AFTER_S)
        while True:
            try:
                store()
            except Superseded:
                self.unstored, self._late = False, None  # whoever has it now finds out what happened
                raise
            except (StoreError, CorruptRow, Busy) as refused:
                keep()
                is_away = isinstance(refused, self._context.coordination.away_errors)
                pause_s = AWAY_AGAIN_S if is_away else next(pauses, None)
                if pause_s is None:
                    raise
            else:
                self.unstored, self._late = False, None
                return
            yield Wait(pause_s, "the store to take it")

    def _record(self, intent: Attempt, outcome: Outcome) -> None:
        """Commit the outcome of the call and move the delivery accordingly."""
        try:
            self._store_outcome(intent, outcome)
        except Conflicting:
            # The id belongs to another delivery: this answer proves nothing.
            self._store_outcome(intent, Unknown(Kind.UNKNOWN, ANOTHERS))
        except Superseded:
            # Another publisher has it now. That it is live counts all the same; of the rest nothing is believed.
            if not isinstance(outcome, Done) or not self._context.record_evidence(self.task, intent, outcome):
                raise

    def _store_outcome(self, intent: Attempt, outcome: Outcome) -> None:
        context = self._context
        now = context.clock.now()
        if isinstance(outcome, NotDone) and outcome.kind is Kind.DUPLICATE:
            outcome = doubt_duplicate(outcome, sent_before=self._sent_before())
        after = after_outcome(self.task.delivery, outcome, config=context.config, now=now)

        def end(db: Connection) -> None:
            attempts.finish_attempt(db, intent, at=now, **attempt_columns(outcome))
            if isinstance(outcome, NotDone | Unknown):
                apply_outcome_to_account(self.task.account, outcome, now)(db)

        self.task = context.save_transition(
            self.task, after, end, quiet=after.state is DeliveryState.CLAIMED, ms=self._ms(), late=self._late
        )

    def _sent_before(self) -> bool:
        delivery = self.task.delivery
        delivery_id, in_thread = delivery.id or 0, bool(delivery.parts)
        return self._context.writer.run(
            lambda db: attempts.has_unknown(db, delivery_id, in_thread=in_thread), self._late
        )

    def _step_failed(self, failed: StepFailed) -> None:
        """Store that an invisible step failed: nothing can have been published."""
        context, outcome = self._context, failed.outcome
        now = context.clock.now()
        row = self._attempt(failed.step, Phase.PREPARE, now, ended_at=now, **attempt_columns(outcome))
        policy = RetryPolicy.of(context.config)
        after = after_not_done(self.task.delivery, outcome, now=now, policy=policy, spread=retry_jitter())
        self.task = context.save_transition(
            self.task,
            after,
            self._take_unwritten_rows(),
            lambda db: attempts.add_attempt(db, row),
            apply_outcome_to_account(self.task.account, outcome, now),
            ms=self._ms(),
        )

    def _ms(self) -> int:
        return round((self._context.clock.boot() - self._began) * 1000)
