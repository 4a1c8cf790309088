"""What is to go out on a platform, the next ones first: of each as much as its price depends on, and no more."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from ttp.domain.account import Platform
from ttp.domain.post import Post
from ttp.domain.record import parts_of
from ttp.store.unreadable import list_of, object_of, reading, texts_of

_IDS = (
    "SELECT next_at, id FROM delivery WHERE account_id = ?"
    " AND state IN ('pending', 'retrying') AND next_at IS NOT NULL ORDER BY next_at, id"
)
_CHARGED = (
    "SELECT d.id, d.post_id, d.handle, a.platform, a.handle AS account_handle, p.content, p.variants, p.thread,"
    " (SELECT count(m.alt) FROM post_media m WHERE m.post_id = p.id) AS alts"
    " FROM delivery d JOIN post p ON p.id = d.post_id JOIN account a ON a.id = d.account_id"
    " WHERE d.id IN ({}) AND p.deleted_at IS NULL"
)
_BATCH = 200


class Charged(NamedTuple):
    """What of one delivery is still to be charged: its texts, and how many of its media have an alt text."""

    texts: tuple[str, ...]
    alts: int


def coming(db: sqlite3.Connection, platform: Platform, most: int) -> list[int]:
    """The ids of the deliveries that wait to go out there; each account's are read only as far as needed."""
    known = db.execute("SELECT id FROM account WHERE platform = ? AND removed_at IS NULL", (platform.value,))
    waiting = [_waiting(db, row["id"]) for row in known.fetchall()]
    return [delivery_id for _, delivery_id in islice(heapq.merge(*waiting), most)]


def charged(db: sqlite3.Connection, delivery_ids: Iterable[int]) -> Iterator[Charged]:
    """What is to be charged of each of these deliveries, in no order. Unreadable."""
    ids = iter(delivery_ids)
    while batch := list(islice(ids, _BATCH)):
        for row in db.execute(_CHARGED.format(",".join("?" * len(batch))), batch):
            yield _charged(row)


def _waiting(db: sqlite3.Connection, account_id: int) -> Iterator[tuple[int, int]]:
    found = db.execute(_IDS, (account_id,))
    found.row_factory = None  # tuples, which can be compared
    return found


@reading("delivery")
def _charged(row: sqlite3.Row) -> Charged:
    if (row["variants"], row["thread"], row["handle"]) == ("{}", "[]", "{}"):  # as most are
        return Charged((row["content"],), row["alts"])
    post = Post(row["content"], variants=texts_of(row["variants"]), thread=list_of(row["thread"]))
    platform, out = Platform(row["platform"]), len(parts_of(object_of(row["handle"])))
    texts = post.parts_for(f"{platform}/{row['account_handle']}", platform)
    return Charged(texts[out:], 0 if out else row["alts"])
