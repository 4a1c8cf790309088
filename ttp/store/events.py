"""Events of posts, written in the transaction that moves them, whoever moves them. Ids grow in the order of commits on
SQLite, where only one transaction writes at a time; elsewhere readers wait until no event before the newest id can
still come. The events of one post are in order everywhere: whoever records them has locked the post."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.event import POST_EVENTS, Event, delivery_event
from ttp.domain.post import Post, PostStatus
from ttp.domain.server.webhook import Webhook
from ttp.domain.time.clock import from_ms, to_ms
from ttp.store.dialect import Connection, Cursor, List, Row, in_list, not_in_list
from ttp.store.queries import ENDED
from ttp.store.server import webhooks

KEPT_FOR = timedelta(days=7)
_ENCODER = json.JSONEncoder(ensure_ascii=False)
_WEBHOOKS = "webhooks"
_INSERT = "INSERT INTO event (at, event, post_id, account_id, data) VALUES (?, ?, ?, ?, ?)"
_WITHIN = (
    " AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.post_id = event.post_id AND d.state <> 'cancelled'"
    f" AND {not_in_list('d.account_id', 'within')})"
)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its id. `data`: the event as a JSON object."""

    id: int
    at: datetime
    event: str
    post_id: int
    data: str

    def as_json(self) -> dict[str, object]:
        """Return the event with its id."""
        return {"id": self.id, **json.loads(self.data)}


StoredStates = Mapping[int, tuple[str, Mapping[int, str]]]
"""The status of posts, by id, and the states of their deliveries, by id."""


def ask_webhooks(db: Connection) -> None:
    """Ask together with other statements for what recording an event needs first, once in a transaction."""
    if db.memory is not None and _WEBHOOKS not in db.memory:
        db.memory[_WEBHOOKS] = webhooks.ask_webhooks(db)


def record_delivery(db: Connection, after: Delivery, now: datetime) -> None:
    """Record that a delivery moved to its present state, if that has an event."""
    event = delivery_event(after, now)
    if event.event in POST_EVENTS:
        _insert(db, [(event, after.account_id)])


def ask_scheduled(db: Connection, post_ids: Iterable[int | None]) -> Cursor:
    """Ask for the ids of those posts that are only scheduled so far."""
    sql = f"SELECT id FROM post WHERE {in_list('id', 'ids')} AND status = 'scheduled' ORDER BY id"
    return db.execute(sql, {"ids": List(post_ids)})


def record_due(db: Connection, post_ids: Iterable[int], now: datetime) -> None:
    """Record the posts of a claim that were only scheduled before."""
    _insert(db, [(Event(now, "post.due", post_id), None) for post_id in post_ids])


def record_finished(db: Connection, post_id: int, status: PostStatus, now: datetime) -> None:
    """Record the end of a post, if it has ended."""
    if status in ENDED:
        _insert(db, [(Event(now, "post.finished", post_id, kind=status.value), None)])


def record_created(db: Connection, post_id: int, source: str, now: datetime) -> None:
    """Record that an item of a source became a post. `source`: its name."""
    _insert(db, [(Event(now, "source.created", post_id, message=source), None)])


def stored_states(db: Connection, posts: Sequence[Post]) -> StoredStates:
    """Return the states of stored posts, for `record_changes`."""
    ids = {"ids": List(post.id for post in posts)}
    statuses = db.execute(f"SELECT id, status FROM post WHERE {in_list('id', 'ids')}", ids).fetchall()
    found: dict[int, tuple[str, dict[int, str]]] = {row["id"]: (row["status"], {}) for row in statuses}
    for row in db.execute(f"SELECT id, post_id, state FROM delivery WHERE {in_list('post_id', 'ids')}", ids):
        found[row["post_id"]][1][row["id"]] = row["state"]
    return found


def record_changes(db: Connection, posts: Iterable[Post], before: StoredStates) -> None:
    """Record what a person's change moved, such as a delivery that was resolved. `before`: the states before it."""
    for post in posts:
        assert post.id is not None
        assert post.updated_at is not None
        status, states = before[post.id]
        moved = [one for one in (*post.deliveries, *post.comments) if states.get(one.id or 0, one.state) != one.state]
        for delivery in moved:
            record_delivery(db, delivery, post.updated_at)
        own = [one for one in moved if not one.is_comment]
        if status != post.status or any(one.state is not DeliveryState.CANCELLED for one in own):
            record_finished(db, post.id, post.status, post.updated_at)


def events_after(
    db: Connection, after: int, upto: int, *, most: int, within: frozenset[int] | None = None
) -> list[StoredEvent]:
    """Return the first events with a greater id than `after`. `upto`: at most that of `settled_id`; `within`: only of
    posts that go to none but these accounts."""
    of_accounts = "" if within is None else _WITHIN
    sql = f"SELECT * FROM event WHERE id > :after AND id <= :upto{of_accounts} ORDER BY id LIMIT :most"
    values = {"after": after, "upto": upto, "most": most, "within": List(sorted(within or ()))}
    if within is None:
        del values["within"]
    return [_event(row) for row in db.execute(sql, values)]


def has_old(db: Connection, before: datetime) -> bool:
    """Return whether there are events from before an instant."""
    return db.execute("SELECT 1 FROM event WHERE at < ? LIMIT 1", (to_ms(before),)).fetchone() is not None


def delete_old(db: Connection, before: datetime) -> None:
    """Delete the events from before an instant, with the calls of webhooks about them."""
    db.execute("DELETE FROM webhook_call WHERE event_id IN (SELECT id FROM event WHERE at < ?)", (to_ms(before),))
    db.execute("DELETE FROM event WHERE at < ?", (to_ms(before),))


def _insert(db: Connection, events: Sequence[tuple[Event, int | None]]) -> None:
    listening = _listening(db) if events else []
    for event, account_id in events:
        assert event.post is not None
        values = (to_ms(event.at), event.event, event.post, account_id, _ENCODER.encode(event.as_json()))
        if not listening:  # without the id that a webhook needs, an insert takes half the time
            db.send(_INSERT, values)
            continue
        row = db.execute(f"{_INSERT} RETURNING id", values).fetchone()
        webhooks.queue_calls(
            db, listening, row["id"], event=event.event, post_id=event.post, account_id=account_id, at=event.at
        )


def _listening(db: Connection) -> list[Webhook]:
    """Return the webhooks, read once in a transaction: a publisher's has the events of many deliveries."""
    if db.memory is None:
        return webhooks.webhooks(db)
    ask_webhooks(db)
    if not isinstance(db.memory[_WEBHOOKS], list):
        db.memory[_WEBHOOKS] = webhooks.read_webhooks(db.memory[_WEBHOOKS])
    found: list[Webhook] = db.memory[_WEBHOOKS]
    return found


def _event(row: Row) -> StoredEvent:
    return StoredEvent(row["id"], from_ms(row["at"]), row["event"], row["post_id"], row["data"])
