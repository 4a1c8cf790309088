"""Locks of tokens and media that all hosts of a store respect, each on its own session until it is released.

Whoever refreshes a token first locks its account, as a publisher does for a delivery, so that no host publishes with
the token meanwhile. A publisher has that lock already, on its own session; it may have lost it without having noticed.
So the refresh itself has another lock, and its session writes the record of the refresh: if the session is lost, the
record fails and nothing is sent. A lock has two numbers: that of a table, and that of the account or the name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime

from ttp.domain.time.clock import from_ms, to_ms
from ttp.store.dialect import Connection, Cursor
from ttp.store.home.locks import TokenLocked, mark_token
from ttp.store.postgresql.publisher_session import KEEP_ALIVE

_LOOK_AGAIN_S = 0.1
_ACCOUNT = "SELECT id FROM account WHERE platform = ? AND lower(handle) = lower(?)"
_TRY_ACCOUNT = "SELECT pg_try_advisory_lock('account'::regclass::oid::int, ?::int)"
_TRY_REFRESH = "SELECT pg_try_advisory_lock('credential'::regclass::oid::int, hashtext(?))"
_MEDIA = "('post_media'::regclass::oid::int, 0)"

Connect = Callable[[], Connection]


@contextmanager
def account_lock(connect: Connect, account: str, *, patience_s: float) -> Iterator[None]:
    """Hold an account's lock for the block; nothing for a name that is not an account's (yet). Raises TokenLocked."""
    platform, _, handle = account.partition("/")
    with closing(_session(connect)) as session:
        row = session.execute(_ACCOUNT, (platform, handle)).fetchone()
        if row is not None:
            _wait(lambda: session.execute(_TRY_ACCOUNT, (row["id"],)), account, patience_s)
        yield


@contextmanager
def refreshing(connect: Connect, account: str, *, patience_s: float) -> Iterator[SharedRefreshRecord]:
    """Hold the lock of an account's refresh for the block, and yield its record. Raises TokenLocked."""
    with closing(_session(connect)) as session:
        _wait(lambda: session.execute(_TRY_REFRESH, (account.lower(),)), account, patience_s)
        yield SharedRefreshRecord(session, account.lower())


@contextmanager
def media_adding_lock(connect: Connect) -> Iterator[None]:
    """Keep hosts from deleting media from the bucket for the block; waits for one that does."""
    with closing(_session(connect)) as session:
        session.execute(f"SELECT pg_advisory_lock_shared{_MEDIA}")
        yield


@contextmanager
def media_removing_lock(connect: Connect) -> Iterator[bool]:
    """Keep hosts from adding media for the block. Yield False if one adds some now."""
    with closing(_session(connect)) as session:
        yield bool(session.execute(f"SELECT pg_try_advisory_lock{_MEDIA}").fetchone()[0])


class SharedRefreshRecord:
    """As `home.locks.RefreshRecord`, in the store."""

    is_shared = True

    def __init__(self, session: Connection, account: str) -> None:
        self._session = session
        self._account = account

    def begin(self, token: str, at: datetime) -> datetime | None:
        mark = mark_token(token)
        with self._session.transaction():
            row = self._session.execute(
                "SELECT started_at FROM token_refresh WHERE name = ? AND token = ?", (self._account, mark)
            ).fetchone()
            begun = None if row is None else from_ms(row["started_at"])
            self._session.execute(
                "INSERT INTO token_refresh (name, token, started_at) VALUES (?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET token = excluded.token, started_at = excluded.started_at",
                (self._account, mark, to_ms(begun or at)),
            )
        return begun

    def end(self) -> None:
        with self._session.transaction():
            self._session.execute("DELETE FROM token_refresh WHERE name = ?", (self._account,))


def _session(connect: Connect) -> Connection:
    session = connect()
    try:
        for name, value in KEEP_ALIVE.items():
            session.execute(f"SET {name} = {value}")
    except BaseException:
        session.close()
        raise
    return session


def _wait(ask: Callable[[], Cursor], account: str, patience_s: float) -> None:
    """Ask for a lock until it is given. Raises TokenLocked after `patience_s` seconds."""
    end = time.monotonic() + patience_s
    while not ask().fetchone()[0]:
        if time.monotonic() >= end:
            raise TokenLocked(account)
        time.sleep(_LOOK_AGAIN_S)
