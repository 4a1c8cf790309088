"""Which plans PostgreSQL makes for a publisher's session: the number of stored posts must not be felt."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ttp.store import claims
from ttp.store.dialect import Connection, Values
from ttp.store.postgresql.database import PostgresDatabase

FAR = datetime(2100, 1, 1, tzinfo=UTC)


class Explained:
    """A connection that asks for the plan of each statement."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.plans: list[str] = []

    def execute(self, sql: str, values: Values = (), /) -> Any:
        plan = self._connection.execute(f"EXPLAIN {sql}", values).fetchall()
        self.plans.append("\n".join(row[0] for row in plan))
        return self._connection.execute(sql, values)


@pytest.fixture
def explained(store_url: str, tmp_path: Path) -> Any:
    """A publisher's session on a store in which a quarter of 20,000 deliveries is due, on 100 accounts."""
    database = PostgresDatabase(tmp_path, store_url)
    with closing(database.connect()) as db:
        db.execute(
            "INSERT INTO account (platform, handle, connected, needs_reconnect, enabled, scopes, options, created_at)"
            " SELECT 'x', 'a' || n, true, false, true, '[]', '{}', 0 FROM generate_series(1, 100) n"
        )
        db.execute(
            "INSERT INTO post (content, status, created_at, updated_at, variants, thread, options)"
            " SELECT '', 'scheduled', 0, 0, '{}', '[]', '{}' FROM generate_series(1, 20000)"
        )
        db.execute(
            "INSERT INTO delivery (post_id, account_id, state, due_at, next_at, tries, attempts, handle)"
            " SELECT id, (SELECT min(id) FROM account) + id % 100,"
            " CASE WHEN id % 4 = 0 THEN 'pending' ELSE 'published' END, id,"
            " CASE WHEN id % 4 = 0 THEN id END, 0, 0, '{}' FROM post"
        )
        db.execute("ANALYZE")
    with closing(database.publisher_session("loop", timedelta(seconds=30)).connect()) as session:
        yield Explained(session)


def test_a_claim_reads_no_table_of_deliveries(explained: Any) -> None:
    claims.claim(explained, now=FAR, cutoff=FAR, free=0, catch_up_gap=timedelta(0))
    assert explained.plans
    assert not any("Seq Scan on delivery" in plan or "Bitmap" in plan for plan in explained.plans)


def test_what_is_asked_in_each_turn_reads_no_table_of_deliveries(explained: Any) -> None:
    claims.next_wake(explained, now=FAR, catch_up_gap=timedelta(0))
    claims.due_lookups(explained, now=FAR, most=10)
    claims.overdue(explained, now=FAR - timedelta(days=40_000), limit=timedelta(0), most=10)
    assert len(explained.plans) >= 3
    assert not any("Seq Scan on delivery" in plan for plan in explained.plans)
