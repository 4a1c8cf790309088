"""How many deliveries are due, failed or published, by platform. Each statement reads through an index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from ttp.domain.time.clock import to_ms
from ttp.store.dialect import Connection

_OF_PLATFORM = "FROM delivery d JOIN account a ON a.id = d.account_id"


def count_due(db: Connection, now: datetime) -> Mapping[str, int]:
    """Return how many deliveries should have begun."""
    sql = (
        f"SELECT a.platform, count(*) {_OF_PLATFORM} WHERE d.state IN ('pending', 'retrying')"
        " AND d.next_at IS NOT NULL AND d.next_at <= ? GROUP BY a.platform"
    )
    return {row[0]: row[1] for row in db.execute(sql, (to_ms(now),))}


def count_needing_action(db: Connection, state: str) -> Mapping[str, int]:
    """Return how many deliveries of posts are `failed`, or `needs_review`."""
    sql = (
        f"SELECT a.platform, count(*) {_OF_PLATFORM} JOIN post p ON p.id = d.post_id"
        " WHERE d.state IN ('failed', 'needs_review') AND d.state = ? AND p.deleted_at IS NULL GROUP BY a.platform"
    )
    return {row[0]: row[1] for row in db.execute(sql, (state,))}


def latenesses(db: Connection, since: datetime, until: datetime) -> Iterator[tuple[str, float]]:
    """Yield the platform of each delivery published after `since` until `until`, and its lateness in seconds."""
    sql = (
        f"SELECT a.platform, d.published_at - coalesce(d.due_at, d.published_at) {_OF_PLATFORM}"
        " WHERE d.state = 'published' AND d.remote_id IS NOT NULL AND d.published_at > ? AND d.published_at <= ?"
    )
    for platform, late_ms in db.execute(sql, (to_ms(since), to_ms(until))):
        yield platform, max(late_ms, 0) / 1000
