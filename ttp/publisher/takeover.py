"""Taking a store over from another machine, or from its own past: what may be published already is looked up first.

Nothing that was due is ever sent here: what is found is published, and everything else a person must look at. What is
due later stays as it is.
"""

from __future__ import annotations

from datetime import datetime

from ttp.domain.delivery import Delivery, DeliveryError, DeliveryState
from ttp.domain.errors import Busy, Hint
from ttp.domain.outcome import Attempt, Kind, Phase
from ttp.publisher.reconcile import TAKEN_OVER
from ttp.store import attempts, claims, clock_check
from ttp.store.dialect import Connection
from ttp.store.ownership import Owner, at_stake

_WHY = "the store was taken over, and it may be published already"


def claim_ownership(db: Connection, owner: Owner, now: datetime, *, take_over: bool) -> list[Delivery]:
    """Make this machine the store's publisher, in the caller's transaction. Answers what is looked up first.

    Elsewhere where a person must say so before; Busy where the clock cannot be right.
    """
    taken: list[Delivery] = []
    if take_over:
        _refuse_slow_clock(db, now)
        taken = [_taken(db, delivery, now) for delivery in list(at_stake(db, now=now))]
    elif (doubt := owner.doubt(db)) is not None:
        raise doubt
    owner.own(db, now)
    return taken


def _refuse_slow_clock(db: Connection, now: datetime) -> None:
    """What this clock calls due later may have been due when the store was last right."""
    last = clock_check.newest(db)
    if last is not None and now < last:
        raise Busy(
            f"the clock stands at {now.astimezone():%d %b %Y %H:%M}, before the last record of the store,"
            f" {last.astimezone():%d %b %Y %H:%M}",
            Hint("see", "date"),
        )


def _taken(db: Connection, before: Delivery, now: datetime) -> Delivery:
    """Written down as a call that may have been made, by whom ever, at any time since the delivery's own."""
    intent = attempts.last_intent(db, before.id or 0)
    if intent is not None and intent.outcome is None:
        attempts.end(db, intent.id or 0, at=now, outcome="unknown", kind=Kind.UNKNOWN, message=_WHY)
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
    attempts.begin(db, row)
    error = DeliveryError(Kind.UNKNOWN, _WHY)
    if before.state is DeliveryState.RECONCILING:
        after = before.look_again(now, error=error)
    else:
        after = before.reconciling(error, now, None)
    claims.save(db, before, after, now=now)
    return after
