"""Due deliveries that must not go out: too late, or of an account that cannot publish. They fail, with the way out."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from ttp.daemon.desk import Desk
from ttp.daemon.events import Event
from ttp.domain.account import Account
from ttp.domain.attempt import Kind
from ttp.domain.delivery import Delivery, DeliveryError
from ttp.store import claims, reads

MOST = 500


def refuse_hopeless(desk: Desk, now: datetime) -> None:
    """Fail at most MOST of each sort, in one transaction, and say so."""
    limit = timedelta(seconds=desk.config.seconds("publish.max_lateness_s"))

    def work(db: sqlite3.Connection) -> list[Event]:
        wrong = [(d, _missed(d, allowed, now)) for d, allowed in claims.overdue(db, now=now, limit=limit, most=MOST)]
        wrong += [(d, _unusable(account)) for d, account in claims.unusable(db, now=now, most=MOST)]
        events = []
        for before, error in wrong:
            after = before.failed(error)
            if claims.save(db, before, after, now=now):
                events.append(
                    Event(
                        now,
                        "delivery.failed",
                        after.post_id,
                        after.account,
                        kind=error.kind.value,
                        message=error.message,
                        attempt=after.attempts,
                    )
                )
                post = reads.post(db, after.post_id or 0)
                if post is not None and not post.in_flight:
                    events.append(Event(now, "post.finished", post.id, kind=post.status.value))
        return events

    for event in desk.writer.run(work):
        desk.tell(event)


def _missed(delivery: Delivery, allowed: timedelta, now: datetime) -> DeliveryError:
    assert delivery.due_at is not None
    due, here = delivery.due_at.astimezone(), now.astimezone()
    form = "%H:%M" if due.date() == here.date() else "%d %b %H:%M"
    message = f"due {due:{form}}, first publisher {here:{form}} (limit {_brief(allowed)})"
    return DeliveryError(Kind.MISSED, message, hint=f"ttp retry {delivery.post_id}")


def _brief(span: timedelta) -> str:
    seconds = span.total_seconds()
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:g} s"


def _unusable(account: Account) -> DeliveryError:
    if not account.enabled:
        return DeliveryError(Kind.ACCOUNT, f"{account.name} is disabled", hint=f"ttp account show {account.name}")
    hint = f"ttp account add {account.name} --credentials FILE"
    why = "must be reconnected: its token no longer works" if account.needs_reconnect else "is not connected"
    return DeliveryError(Kind.AUTH, f"{account.name} {why}", hint=hint)
