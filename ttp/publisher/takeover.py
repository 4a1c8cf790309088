"""Take a store over from another machine, or from its own past: what may be published already is looked up first.

What was due is never sent from here: it is published if found, and otherwise needs review. What is due later stays
unchanged.
"""

from __future__ import annotations

from datetime import datetime

from ttp.domain.delivery import Delivery, DeliveryError, DeliveryState
from ttp.domain.errors import Busy, Hint
from ttp.domain.outcome import Attempt, Kind, Phase
from ttp.publisher.reconcile import TAKEN_OVER
from ttp.store import attempts, claims, clock_check
from ttp.store.dialect import Connection
from ttp.store.ownership import Owner, possibly_published

_WHY = "the store was taken over, and it may be published already"


def claim_ownership(db: Connection, owner: Owner, now: datetime, *, take_over: bool) -> list[Delivery]:
    """Make this machine the store's publisher in the caller's transaction. Return the deliveries to look up first.
    Raises OwnedElsewhere without a necessary take-over, Busy if the clock cannot be right."""
    moved: list[Delivery] = []
    if take_over:
        _refuse_slow_clock(db, now)
        moved = [_record_possible_call(db, delivery, now) for delivery in list(possibly_published(db, now=now))]
    elif (doubt := owner.refusal(db)) is not None:
        raise doubt
    owner.claim(db, now)
    return moved


def _refuse_slow_clock(db: Connection, now: datetime) -> None:
    """Raise Busy if the clock is behind: what it considers due later may have been due already."""
    last = clock_check.last_recorded_instant(db)
    if last is not None and now < last:
        raise Busy(
            f"the clock stands at {now.astimezone():%d %b %Y %H:%M}, before the last record of the store,"
            f" {last.astimezone():%d %b %Y %H:%M}",
            Hint("see", "date"),
        )


def _record_possible_call(db: Connection, before: Delivery, now: datetime) -> Delivery:
    """Record a call that some publisher may have made since the delivery was due."""
    intent = attempts.last_intent(db, before.id or 0)
    if intent is not None and intent.outcome is None:
        attempts.finish_attempt(db, intent.id or 0, at=now, outcome="unknown", kind=Kind.UNKNOWN, message=_WHY)
    times = (before.due_at, (intent.platform_at or intent.at) if intent is not None else None, now)
    row = Attempt(
        account=before.account,
        number=before.attempts,
        step="take over",
        phase=Phase.PUBLISH,
        at=now,
        ended_at=now,
        outcome="unknown",
        kind=Kind.UNKNOWN,
        code=TAKEN_OVER,
        message=_WHY,
        platform_at=min(at for at in times if at is not None),
        delivery_id=before.id,
    )
    attempts.start_attempt(db, row)
    error = DeliveryError(Kind.UNKNOWN, _WHY)
    if before.state is DeliveryState.RECONCILING:
        after = before.look_again(now, error=error)
    else:
        after = before.reconciling(error, now)
    claims.save_transition(db, before, after, now=now)
    return after
