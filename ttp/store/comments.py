"""Comments get their time when their post is published, in the transaction that says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from ttp.domain.action import drop_comment
from ttp.domain.comments import NO_ID, due_at
from ttp.domain.delivery import Delivery, DeliveryError
from ttp.domain.publishing.attempt import TAKE_OVER, Kind
from ttp.store import attempts, events, row_mapper
from ttp.store.dialect import Connection, Cursor, Row

_WAITING = (
    f"{row_mapper.DELIVERIES.replace(' FROM ', ', p.comment_after_s FROM ', 1)} JOIN post p ON p.id = d.post_id"
    " WHERE d.parent_id = ? AND d.state = 'pending' AND d.next_at IS NULL AND p.deleted_at IS NULL"
)


def ask_waiting(db: Connection, parent: Delivery) -> Cursor:
    """Ask for the comment that waits for its post to be published."""
    return db.execute(_WAITING, (parent.id,))


def begin(db: Connection, parent: Delivery, waiting: Sequence[Row], now: datetime) -> None:
    """Give the comment of a published post its time. Where another publisher may have published the post, it may have
    sent the comment too: that is looked up first."""
    for row in waiting:
        before = row_mapper.delivery(row)
        at = due_at(parent, row["comment_after_s"], now)
        # Without a delay it is ready as its post was: a run that publishes what is due now sends both.
        ready_at = at if row["comment_after_s"] or parent.due_at is None else min(at, parent.due_at)
        after = replace(before, due_at=at, next_at=ready_at)
        intent = attempts.last_intent(db, parent.id or 0)
        if parent.remote_id is None:
            if parent.next_at is not None:  # its id comes later
                continue
            after = after.mark_failed(DeliveryError(Kind.UNKNOWN, NO_ID, hint=drop_comment(parent.post_id)))
        elif intent is not None and intent.step == TAKE_OVER and attempts.last_intent(db, after.id or 0) is None:
            attempts.add_attempt(db, intent._replace(id=None, delivery_id=after.id))
            after = after.mark_reconciling(DeliveryError(Kind.UNKNOWN, intent.message or ""), now)
            after = replace(after, fence=max(after.fence, parent.fence) + 1)
        columns = {"state": after.state.value, "fence": after.fence, **row_mapper.delivery_columns(after, before)}
        sets = ", ".join(f"{name} = ?" for name in columns)
        db.send(f"UPDATE delivery SET {sets} WHERE id = ?", (*columns.values(), after.id))
        if after.state is not before.state:
            events.record_delivery(db, after, now)


def begin_all(db: Connection, parents: Iterable[Delivery], now: datetime) -> None:
    """Give those of the comments of published posts their time that wait for it."""
    for parent in parents:
        begin(db, parent, ask_waiting(db, parent).fetchall(), now)
