"""The publisher's lock on a store in PostgreSQL: an advisory lock of a session. The server ends it when it knows that
the session is gone, and never before."""

from __future__ import annotations

from ttp.store.dialect import Connection

_KEY = "'store'::regclass::oid::int, 0"
"""Two numbers: the store, whose own number no other store of the database has, and what of it is locked."""


def take(session: Connection) -> bool:
    """Return whether the session now holds the lock."""
    return bool(session.execute(f"SELECT pg_try_advisory_lock({_KEY})").fetchone()[0])


def is_taken(db: Connection) -> bool:
    """Return whether a session holds the lock."""
    found = db.execute(
        "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND classid = 'store'::regclass::oid AND objid = 0)"
    )
    return bool(found.fetchone()[0])
