"""Webhooks, and their calls: one for each webhook and event, queued with the event. The secrets are elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ttp.domain.server.webhook import CallResult, CallState, Retry, Webhook
from ttp.domain.time.clock import from_ms, to_ms
from ttp.store.dialect import Connection, Cursor, List, Row, in_list, insert_row
from ttp.store.row_mapper import ids_from_text, ids_to_text, instant, ms, plain_fields

_WAITING = "c.state = 'waiting'"
_CALLS = (
    "SELECT c.*, e.at, e.event, e.data FROM webhook_call c JOIN event e ON e.id = c.event_id WHERE c.webhook_id = ?"
)
# The first call of each post: later ones wait for it, so that a receiver gets the events of a post in order.
_NEXT = (
    f"{_CALLS} AND {_WAITING} AND c.next_at <= ? AND NOT EXISTS (SELECT 1 FROM webhook_call b WHERE"
    " b.webhook_id = c.webhook_id AND b.post_id = c.post_id AND b.state = 'waiting' AND b.event_id < c.event_id)"
    " ORDER BY c.next_at, c.event_id LIMIT 1"
)
_DUE = (
    "SELECT w.id, EXISTS (SELECT 1 FROM webhook_call c WHERE c.webhook_id = w.id AND c.state = 'waiting'"
    " AND c.next_at <= ?) AS is_due FROM webhook w ORDER BY w.id"
)


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """A call of a webhook with its event; `data` is the event as JSON."""

    webhook_id: int
    event_id: int
    event: str
    event_at: datetime
    post_id: int
    data: str
    state: CallState
    tries: int = 0
    first_tried_at: datetime | None = None
    next_at: datetime | None = None
    ended_at: datetime | None = None
    status: int | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class CallCounts:
    """How many calls wait, and how many were given up."""

    waiting: int = 0
    given_up: int = 0


NO_CALLS = CallCounts()


def insert(db: Connection, webhook: Webhook) -> int:
    columns = {
        "url": webhook.url,
        "events": None if webhook.events is None else json.dumps(webhook.events),
        "accounts": ids_to_text(webhook.accounts),
        "private": webhook.private,
        "created_at": to_ms(webhook.created_at),
    }
    return int(insert_row(db, "webhook", columns)["id"])


def webhooks(db: Connection) -> list[Webhook]:
    """Return all webhooks, oldest first."""
    return read_webhooks(ask_webhooks(db))


def ask_webhooks(db: Connection) -> Cursor:
    return db.execute("SELECT * FROM webhook ORDER BY id")


def read_webhooks(asked: Cursor) -> list[Webhook]:
    return [_webhook(row) for row in asked]


def webhook(db: Connection, webhook_id: int) -> Webhook | None:
    row = db.execute("SELECT * FROM webhook WHERE id = ?", (webhook_id,)).fetchone()
    return None if row is None else _webhook(row)


def set_rotated_until(db: Connection, webhook_id: int, until: datetime) -> None:
    db.execute("UPDATE webhook SET rotated_until = ? WHERE id = ?", (to_ms(until), webhook_id))


def delete(db: Connection, webhook_id: int) -> None:
    db.execute("DELETE FROM webhook_call WHERE webhook_id = ?", (webhook_id,))
    db.execute("DELETE FROM webhook WHERE id = ?", (webhook_id,))


def queue_calls(
    db: Connection,
    listening: Iterable[Webhook],
    event_id: int,
    *,
    event: str,
    post_id: int,
    account_id: int | None,
    at: datetime,
) -> None:
    """Queue an event that was just stored for those of the webhooks `listening` that get it."""
    for one in listening:
        if one.events is not None and event not in one.events:
            continue
        if one.accounts is None or _concerns(db, one.accounts, post_id, account_id):
            _queue(db, one.id, [(event_id, post_id)], at)


def replay(db: Connection, webhook_id: int, event_ids: Sequence[int], now: datetime) -> list[int]:
    """Queue these events again, in any state; without any, those that were given up or wait for a next try. Return
    their ids."""
    chosen = in_list("event_id", "ids") if event_ids else "state IN ('given_up', 'waiting')"
    if event_ids:
        sql = f"SELECT id, post_id FROM event WHERE {in_list('id', 'ids')}"
        found = [(row["id"], row["post_id"]) for row in db.execute(sql, {"ids": List(event_ids)})]
        _queue(db, webhook_id, found, now)
    sql = (
        "UPDATE webhook_call SET state = 'waiting', next_at = :now, tries = 0, first_tried_at = NULL, ended_at = NULL"
        f" WHERE webhook_id = :webhook AND {chosen} RETURNING event_id"
    )
    values = {"now": to_ms(now), "webhook": webhook_id, **({"ids": List(event_ids)} if event_ids else {})}
    return sorted(row["event_id"] for row in db.execute(sql, values).fetchall())


def due_webhooks(db: Connection, now: datetime) -> list[int] | None:
    """Return the ids of the webhooks that have a call to make; None without webhooks."""
    rows = db.execute(_DUE, (to_ms(now),)).fetchall()
    return [row["id"] for row in rows if row["is_due"]] if rows else None


def next_call(db: Connection, webhook_id: int, now: datetime) -> WebhookCall | None:
    """Return the call to make next; None if no call is due, or an earlier one of the same post waits."""
    row = db.execute(_NEXT, (webhook_id, to_ms(now))).fetchone()
    return None if row is None else _call(row)


def save_try(db: Connection, call: WebhookCall, result: CallResult, after: Retry, *, at: datetime) -> None:
    """Store what a try of a call brought."""
    db.execute(
        "UPDATE webhook_call SET state = ?, tries = ?, first_tried_at = ?, next_at = ?, ended_at = ?, status = ?,"
        " message = ? WHERE webhook_id = ? AND event_id = ?",
        (
            after.state.value,
            call.tries + 1,
            to_ms(call.first_tried_at or at),
            ms(after.next_at),
            None if after.state is CallState.WAITING else to_ms(at),
            result.status,
            result.message,
            call.webhook_id,
            call.event_id,
        ),
    )


def calls(db: Connection, webhook_id: int, most: int) -> list[WebhookCall]:
    """Return the calls of a webhook, newest event first."""
    return [_call(row) for row in db.execute(f"{_CALLS} ORDER BY c.event_id DESC LIMIT ?", (webhook_id, most))]


def count_calls(db: Connection) -> dict[int, CallCounts]:
    """Return how many calls wait and were given up, by the id of the webhook."""
    sql = " UNION ALL ".join(
        f"SELECT webhook_id, state, count(*) AS calls FROM webhook_call WHERE state = '{state}' GROUP BY 1, 2"
        for state in (CallState.WAITING, CallState.GIVEN_UP)  # one partial index for each
    )
    found: dict[int, dict[str, int]] = {}
    for row in db.execute(sql):
        found.setdefault(row["webhook_id"], {})[row["state"]] = row["calls"]
    return {one: CallCounts(states.get("waiting", 0), states.get("given_up", 0)) for one, states in found.items()}


def _queue(db: Connection, webhook_id: int, events: Iterable[tuple[int, int]], at: datetime) -> None:
    db.executemany(
        "INSERT INTO webhook_call (webhook_id, event_id, post_id, state, tries, next_at)"
        " VALUES (?, ?, ?, 'waiting', 0, ?) ON CONFLICT (webhook_id, event_id) DO NOTHING",
        [(webhook_id, event_id, post_id, to_ms(at)) for event_id, post_id in events],
    )


def _concerns(db: Connection, accounts: frozenset[int], post_id: int, account_id: int | None) -> bool:
    """Return whether an event is about one of these accounts. An event of a whole post is about all of its accounts."""
    if account_id is not None:
        return account_id in accounts
    sql = f"SELECT 1 FROM delivery WHERE post_id = :post AND {in_list('account_id', 'ids')} LIMIT 1"
    return db.execute(sql, {"post": post_id, "ids": List(sorted(accounts))}).fetchone() is not None


def _webhook(row: Row) -> Webhook:
    return Webhook(
        **plain_fields(row, Webhook, "events", "accounts", "private", "rotated_until"),
        events=None if row["events"] is None else tuple(json.loads(row["events"])),
        accounts=ids_from_text(row["accounts"]),
        private=bool(row["private"]),
        rotated_until=instant(row["rotated_until"]),
    )


def _call(row: Row) -> WebhookCall:
    fields = plain_fields(row, WebhookCall, "state", "event_at")
    return WebhookCall(**fields, state=CallState(row["state"]), event_at=from_ms(row["at"]))
