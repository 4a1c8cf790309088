"""What posts have cost, and will cost. Amounts are in thousandths of a US dollar."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from ttp.domain.delivery import IN_FLIGHT, Delivery, parts_of
from ttp.domain.platform import Facts
from ttp.domain.post import Post
from ttp.domain.time.clock import to_ms
from ttp.store.dialect import Connection, List, Row, in_list, without_index
from ttp.store.post_search import PostFilter as PostFilter
from ttp.store.row_mapper import as_corrupt_row, marks, parse_list, parse_object, parse_texts, split_batches

# A call with an unknown outcome counts, until a later call for the same part says that it was not charged.
_CHARGED = """
(t.outcome IS NULL OR t.outcome = 'done' OR (t.outcome = 'unknown' AND NOT EXISTS (
    SELECT 1 FROM attempt l WHERE l.delivery_id = t.delivery_id AND l.id > t.id AND l.phase = 'publish'
        AND l.step = t.step
)))
"""
_MONEY = """
FROM attempt t JOIN delivery d ON d.id = t.delivery_id JOIN account a ON a.id = d.account_id
WHERE t.cost IS NOT NULL AND t.at >= :since AND t.at < :until
"""
_SPENT = f"""
SELECT a.platform, sum(t.cost) AS cost {_MONEY} AND {in_list(without_index("a.id"), "accounts")} AND {_CHARGED}
GROUP BY a.platform
"""
# The rest of a thread is reserved from its first call on, as long as the publisher goes on with it.
_COMMITTED = f"""
SELECT coalesce(sum(t.cost + CASE WHEN {in_list("d.state", "states")} AND NOT EXISTS (
    SELECT 1 FROM attempt n WHERE n.delivery_id = t.delivery_id AND n.id > t.id AND n.phase = 'publish'
        AND (n.outcome IS NULL OR n.outcome IN ('done', 'unknown'))
) THEN t.cost_after ELSE 0 END), 0) {_MONEY} AND {without_index("a.platform")} = :platform AND {_CHARGED}
"""
_PLANNED = """
SELECT d.id FROM delivery d JOIN account a ON a.id = d.account_id
WHERE d.state IN ('pending', 'retrying') AND d.next_at IS NOT NULL AND d.next_at >= :since AND d.next_at < :until
    AND d.state = 'pending' AND a.platform = :platform
"""


def spent(db: Connection, accounts: Collection[int], since: datetime, until: datetime) -> Mapping[str, int]:
    """Return what the posts of accounts have cost, by platform, of those that charge."""
    values = {"accounts": List(accounts), "since": to_ms(since), "until": to_ms(until)}
    return {row["platform"]: int(row["cost"]) for row in db.execute(_SPENT, values)}


def committed_cost(db: Connection, platform: str, since: datetime, until: datetime) -> int:
    """Return what the posts on a platform have cost, with what the parts to come of threads in flight will cost."""
    states = List(state.value for state in IN_FLIGHT)
    values = {"platform": platform, "states": states, "since": to_ms(since), "until": to_ms(until)}
    return int(db.execute(_COMMITTED, values).fetchone()[0])


def planned_deliveries(db: Connection, platform: str, since: datetime, until: datetime) -> list[int]:
    """Return the ids of the deliveries on a platform that are to be published in a time."""
    values = {"platform": platform, "since": to_ms(since), "until": to_ms(until)}
    return [row["id"] for row in db.execute(_PLANNED, values).fetchall()]


_UPCOMING = (
    "SELECT next_at, id FROM delivery WHERE account_id = ?"
    " AND state IN ('pending', 'retrying') AND next_at IS NOT NULL ORDER BY next_at, id"
)


_CHARGED_TEXTS = (
    "SELECT d.id, d.post_id, d.handle, d.planned_parts, a.handle AS account_handle, p.content, p.variants, p.thread,"
    " (SELECT count(nullif(m.alt, '')) FROM post_media m WHERE m.post_id = p.id AND d.parent_id IS NULL) AS alts"
    " FROM delivery d JOIN post p ON p.id = d.post_id JOIN account a ON a.id = d.account_id"
    " WHERE d.id IN ({}) AND p.deleted_at IS NULL"
)


class TextsToCharge(NamedTuple):
    """The texts of one delivery that will be charged, and the number of its alt texts."""

    texts: tuple[str, ...]
    alts: int
    post_id: int


def upcoming_deliveries(db: Connection, platform: str, most: int) -> list[int]:
    """Return the ids of the next deliveries on a platform. Each account is read only as far as needed."""
    accounts = db.execute("SELECT id FROM account WHERE platform = ? AND removed_at IS NULL", (platform,))
    waiting = [_waiting(db, row["id"]) for row in accounts.fetchall()]
    return [delivery_id for _, delivery_id in islice(heapq.merge(*waiting), most)]


def texts_to_charge(db: Connection, delivery_ids: Iterable[int], facts: Facts) -> Iterator[TextsToCharge]:
    """Yield what will be charged for each of these deliveries, in no order. Raises CorruptRow."""
    for batch in split_batches(delivery_ids):
        yield from (_charged(row, facts) for row in db.execute(_CHARGED_TEXTS.format(marks(batch)), batch))


def _waiting(db: Connection, account_id: int) -> Iterator[tuple[int, int]]:
    return ((row["next_at"], row["id"]) for row in db.execute(_UPCOMING, (account_id,)))


@as_corrupt_row("delivery")
def _charged(row: Row, facts: Facts) -> TextsToCharge:
    if [row[name] for name in ("variants", "thread", "handle", "planned_parts")] == ["{}", "[]", "{}", "[]"]:  # as most
        return TextsToCharge((row["content"],), row["alts"], row["post_id"])
    post = Post(row["content"], variants=parse_texts(row["variants"]), thread=parse_list(row["thread"]))
    out = len(parts_of(parse_object(row["handle"])))
    one = Delivery(f"{facts.name}/{row['account_handle']}", facts.name, planned_parts=parse_list(row["planned_parts"]))
    return TextsToCharge(post.parts_for(one, facts)[out:], 0 if out else row["alts"], row["post_id"])
