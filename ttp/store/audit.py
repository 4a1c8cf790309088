"""Reading the whole store in order, for an audit: a row at a time, whatever their number. Decides nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.post import Post, PostStatus
from ttp.domain.record import Phase, parts_of
from ttp.domain.replay import Record
from ttp.domain.time.clock import from_ms
from ttp.store import rows

# TikTok's answer says that it took the post and under which handle: that it is published is what a look-up finds.
_DELIVERIES = """
SELECT d.id, d.post_id, a.platform || '/' || a.handle AS account, d.state, d.handle, t.phase, t.step, t.outcome,
    t.message IS NOT NULL AND a.platform <> 'tiktok' AS told
FROM delivery d JOIN account a ON a.id = d.account_id
LEFT JOIN attempt t ON t.delivery_id = d.id AND t.phase <> 'prepare'
ORDER BY d.id, t.id
"""
_POSTS = """
SELECT p.id AS number, p.status, p.published_at AS ended_at, d.*, a.platform, a.handle AS account_handle
FROM post p LEFT JOIN delivery d ON d.post_id = p.id LEFT JOIN account a ON a.id = d.account_id
ORDER BY p.id
"""
# What was ever said to be a delivery's: bound to it, an id that a publishing call answered, a part of its thread.
_BOUND = """
WITH bound AS (
    SELECT account_id, remote_id, id FROM delivery WHERE remote_id IS NOT NULL
    UNION SELECT d.account_id, t.message, d.id FROM attempt t JOIN delivery d ON d.id = t.delivery_id
        WHERE t.phase = 'publish' AND t.outcome = 'done' AND t.message IS NOT NULL
    UNION SELECT d.account_id, part.value, d.id FROM delivery d, json_each(d.handle, '$.parts') part
        WHERE d.handle LIKE '%"parts"%'
)
SELECT a.platform || '/' || a.handle AS account, remote_id, json_group_array(DISTINCT bound.id) AS ids
FROM bound JOIN account a ON a.id = bound.account_id GROUP BY bound.account_id, remote_id
"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One delivery with its publishing calls and look-ups, oldest first."""

    delivery_id: int
    post_id: int
    account: str
    state: DeliveryState
    in_thread: bool
    records: tuple[Record, ...]


def deliveries(db: sqlite3.Connection) -> Iterator[Recorded]:
    """Every delivery that there is."""
    for delivery_id, group in groupby(db.execute(_DELIVERIES), key=lambda row: int(row["id"])):
        found = list(group)
        first = found[0]
        records = tuple(
            Record(Phase(row["phase"]), row["step"], row["outcome"], bool(row["told"]))
            for row in found
            if row["phase"] is not None
        )
        in_thread = bool(parts_of(json.loads(first["handle"])))
        state = DeliveryState(first["state"])
        yield Recorded(delivery_id, first["post_id"], first["account"], state, in_thread, records)


def posts(db: sqlite3.Connection) -> Iterator[Post]:
    """Every post that there is, with what its status follows from: its deliveries."""
    for number, group in groupby(db.execute(_POSTS), key=lambda row: int(row["number"])):
        found = list(group)
        held: list[Delivery] = [rows.delivery(row) for row in found if row["state"] is not None]
        ended_at = found[0]["ended_at"]
        yield Post(
            "",
            tuple(held),
            PostStatus(found[0]["status"]),
            published_at=None if ended_at is None else from_ms(ended_at),
            id=number,
        )


def bound(db: sqlite3.Connection) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Every remote id, its account before it, and the deliveries that it was said to be."""
    for row in db.execute(_BOUND):
        yield row["account"], str(row["remote_id"]), tuple(json.loads(row["ids"]))
