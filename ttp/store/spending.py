"""What posts have cost, and will cost. Amounts are in thousandths of a US dollar."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from ttp.domain.delivery import IN_FLIGHT
from ttp.domain.time.clock import to_ms
from ttp.store.dialect import Connection, List, in_list, without_index

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
