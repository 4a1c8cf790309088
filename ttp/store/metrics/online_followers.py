"""How many followers of an account were online at each hour of a day, as the platform reported them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from ttp.domain.metrics.online_followers import OnlineDay
from ttp.domain.time.clock import to_ms
from ttp.store.dialect import Connection

DAYS = 28
"""The newest days that count: four of each weekday."""


def save_days(db: Connection, account_id: int, days: Sequence[OnlineDay], *, read_at: datetime) -> None:
    """Store days of an account. A day that is stored already is replaced: its numbers may have been incomplete."""
    db.executemany(
        "INSERT INTO online_followers (account_id, ends, hours, read_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (account_id, ends) DO UPDATE SET hours = excluded.hours, read_at = excluded.read_at",
        [(account_id, day.ends, json.dumps(day.hours), to_ms(read_at)) for day in days],
    )


def newest_days(db: Connection, account_id: int) -> list[OnlineDay]:
    """Return the newest days of an account, oldest first."""
    sql = "SELECT ends, hours FROM online_followers WHERE account_id = ? ORDER BY ends DESC LIMIT ?"
    found = [OnlineDay(row["ends"], json.loads(row["hours"])) for row in db.execute(sql, (account_id, DAYS))]
    return found[::-1]
