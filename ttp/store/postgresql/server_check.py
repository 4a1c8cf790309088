"""Look at the server of a store: version, rights, durability, clock, distance, and what is between."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from ttp.domain.action import action
from ttp.domain.errors import Busy, Hint
from ttp.domain.time.clock import from_ms
from ttp.store.dialect import Connection
from ttp.store.postgresql.publisher_session import registered_publishers

_ASKED = 5
"""How often the server is asked, to know how far it is."""
_PID = "SELECT pg_backend_pid()"
_SERVER = """
SELECT current_setting('server_version'), current_user, current_setting('synchronous_commit'), pg_is_in_recovery(),
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    current_setting('synchronous_standby_names') <> ''
        AND current_setting('synchronous_commit') NOT IN ('off', 'local'),
    (SELECT count(*) FROM pg_stat_replication r
        WHERE coalesce(application_name, '') NOT IN ('pg_basebackup', 'pg_receivewal') AND NOT EXISTS
            (SELECT 1 FROM pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical'))
"""
_LACKING = """
SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
    AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
        AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))
ORDER BY c.relname
"""


@dataclass(frozen=True, slots=True)
class ServerState:
    """`lacking`: tables in which the user may not change everything; `ahead`: how far the server's clock is before
    this machine's; `latency_ms`: of one statement; `waits_for_standby`: commits do; `publishers`: at work now;
    `shares_sessions`: a pooler gives a session to others between two transactions."""

    version: str
    user: str
    lacking: tuple[str, ...]
    synchronous_commit: str
    is_standby: bool
    ahead: timedelta
    latency_ms: float
    waits_for_standby: bool
    standbys: int
    publishers: int
    shares_sessions: bool


def look_at_server(connect: Callable[[], Connection], now: Callable[[], datetime]) -> ServerState:
    """Return the state of the server. Raises Busy, StoreError."""
    with closing(connect()) as db:
        took = []
        for _ in range(_ASKED):
            began = time.perf_counter()
            db.execute("SELECT 1").fetchone()
            took.append(time.perf_counter() - began)
        version, user, commit, standby, at, waits, standbys = db.execute(_SERVER).fetchone()
        ahead = from_ms(int(at)) - now()
        lacking = tuple(str(row[0]) for row in db.execute(_LACKING))
        publishers = 0 if "publisher" in lacking else len(registered_publishers(db))
    return ServerState(
        str(version).partition(" ")[0],
        str(user),
        lacking,
        str(commit),
        bool(standby),
        ahead,
        statistics.median(took) * 1000,
        bool(waits),
        int(standbys),
        publishers,
        shares_sessions(connect),
    )


def shares_sessions(connect: Callable[[], Connection]) -> bool:
    """Return whether two connections meet the same session, as with a pooler in transaction mode."""
    with closing(connect()) as one, closing(connect()) as other:
        first = one.execute(_PID).fetchone()[0]
        return bool(other.execute(_PID).fetchone()[0] == first or one.execute(_PID).fetchone()[0] != first)


def refuse_shared_sessions(connect: Callable[[], Connection], name: str) -> None:
    """Raise Busy if a publisher's locks would not be its own."""
    if shares_sessions(connect):
        raise Busy(
            f"{name} is behind a pooler in transaction mode; publishers need the server itself, or pooling by session",
            Hint("fix", action("config set", "store.url", "URL")),
        )
