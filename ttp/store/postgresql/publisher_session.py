"""The session of one publisher among several: advisory locks on accounts, and its row in the table of publishers.

The locks belong to the session on which every intent is committed. The server ends both together, when it knows that
the publisher is gone and never before, so that nothing is sent after the lock is gone: the commit before it fails. A
lock has two numbers: the number of a table, which no other store of the database has, and the account's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from ttp.domain.action import action
from ttp.domain.errors import Busy, Hint
from ttp.domain.health import RegisteredPublisher
from ttp.domain.time.clock import from_ms, to_ms
from ttp.store.dialect import Connection, Cursor, List, Row, in_list
from ttp.store.machine.host_mark import ServerIdentity
from ttp.store.machine.ownership import from_dump
from ttp.store.machine.publisher_session import Held, PeriodicJob, PublisherSession
from ttp.store.postgresql.connection import STORE_KEY, PostgresConnection

KEEP_ALIVE = {
    "tcp_keepalives_idle": 5,
    "tcp_keepalives_interval": 2,
    "tcp_keepalives_count": 3,
    "tcp_user_timeout": 11_000,
}
"""Of a session that holds a lock: the server ends it in seconds if the host has vanished."""
_PLANS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_bitmapscan": "off",
    "jit": "off",
}
"""All statements of a publisher go through indexes, in their order, and are asked again and again. By its statistics
the planner would now and then read the whole table of deliveries for a claim, and it would plan each claim again."""
_DURABLE = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
"""A crash of the server must not lose an intent."""
_CLASS = "'{}'::regclass::oid::int"
_NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
_BEGAN = "(extract(epoch FROM statement_timestamp()) * 1000)::bigint"
"""The same instant however often a statement names it."""
_ADVISORY = (
    "locktype = 'advisory' AND granted AND objsubid = 2"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_TRY = (
    f"SELECT value, pg_try_advisory_lock({_CLASS}, value::int) AS taken FROM unnest(:accounts::bigint[]) listed (value)"
)
_UNLOCK = f"SELECT pg_advisory_unlock({_CLASS}, value::int) FROM unnest(:accounts::bigint[]) listed (value)"
# Nothing here waits: a post that a person changes at the moment is claimed when that is over.
_LOCK_ROWS = f"""
SELECT d.id, d.state, d.fence, d.next_at, d.approved_at, d.planned_parts
FROM post p JOIN delivery d ON d.post_id = p.id JOIN account a ON a.id = d.account_id
WHERE {in_list("d.id", "ids")} AND p.deleted_at IS NULL AND a.enabled AND a.connected AND NOT a.needs_reconnect
    AND a.removed_at IS NULL AND (a.hold_until IS NULL OR a.hold_until <= :now)
ORDER BY p.id, d.id FOR UPDATE OF p, d SKIP LOCKED
"""
_REGISTER = f"""
INSERT INTO publisher (host, pid, mode, longest_call_s, session_pid, session_start, since, last_report_at)
SELECT ?, ?, ?, ?, pid, extract(epoch FROM backend_start)::text, {_BEGAN}, {_BEGAN}
FROM pg_stat_activity WHERE pid = pg_backend_pid() RETURNING id
"""
# A dump that was restored on the same server names the publishers of that one.
_SESSION = (
    "a.pid = p.session_pid AND extract(epoch FROM a.backend_start)::text = p.session_start"
    " AND a.datname = current_database()"
)
_IS_GONE = f"NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE {_SESSION})"
# Until then its calls are looked up, for which its time limits count.
_GONE = f"DELETE FROM publisher p WHERE p.last_report_at < {_NOW} - {24 * 3600 * 1000} AND {_IS_GONE}"
_LOST_CALL = f"SELECT max(coalesce(longest_call_s, :unknown)) AS longest FROM publisher p WHERE {_IS_GONE}"
# A publisher that has not reported yet is starting, perhaps slowly, and has hardly anything in hand.
_EVICT = f"""
SELECT p.host, p.pid, p.last_report_at, pg_terminate_backend(a.pid) AS ended
FROM publisher p JOIN pg_stat_activity a ON {_SESSION}
WHERE p.last_report_at < {_NOW} - :silent AND a.pid <> pg_backend_pid()
    AND (p.last_report_at > p.since OR p.since < {_NOW} - 60000)
"""
# The server hides the start of other roles' sessions, and ends none for us.
_OF_ANOTHER_ROLE = f"""
SELECT p.host, p.pid, a.usename FROM publisher p JOIN pg_stat_activity a ON a.pid = p.session_pid
WHERE a.datname = current_database() AND a.usename <> session_user AND p.last_report_at > {_NOW} - 3600000 LIMIT 1
"""
_LIST = f"""
SELECT p.host, p.pid, p.mode, p.since, p.last_report_at, (
    SELECT count(*) FROM pg_locks l WHERE l.pid = p.session_pid AND l.classid = {_CLASS.format("account")}::oid
        AND {_ADVISORY}
) AS accounts
FROM publisher p JOIN pg_stat_activity a ON {_SESSION} {{}} ORDER BY p.id
"""
_LOCKED = f"SELECT objid::bigint AS account FROM pg_locks WHERE {_ADVISORY} AND classid = {_CLASS}::oid"


class SharedSession(PublisherSession):
    """One publisher among several. The accounts that it has locked are known here too: a lock acquired twice must
    be given back twice."""

    is_shared = True

    def __init__(
        self,
        connect: Callable[[], Connection],
        *,
        host: str,
        mode: str,
        evict_after: timedelta,
        longest_call_s: float | None = None,
        pid: int | None = None,
    ) -> None:
        super().__init__(self._open)
        self._connect = connect
        self._longest_call_s = longest_call_s
        self._host, self._mode, self._pid = host, mode, os.getpid() if pid is None else pid
        self._evict_after = evict_after
        self._held: dict[Held, set[int]] = {what: set() for what in Held}
        self._id: int | None = None
        self._asked: list[tuple[Held, Collection[int], Cursor]] = []
        self._is_together = False

    def _open(self) -> Connection:
        """Open a session and register it. It has no locks: what was in hand before is not any more."""
        connection = self._connect()
        try:
            for account_ids in self._held.values():
                account_ids.clear()
            self._limit_waits(connection)
            # The server notices in the same time as the publisher that the other one is gone.
            for name, value in {**KEEP_ALIVE, **_PLANS}.items():
                connection.execute(f"SET {name} = {value}")
            connection.execute(_DURABLE)
            _refuse_another_role(connection)
            self._register(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def open_watch(self) -> Connection:
        connection = self._connect()
        try:
            self._limit_waits(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _limit_waits(self, connection: Connection) -> None:
        """Limit how long this session waits for a lock: less than others wait before they disconnect a publisher that
        does not report. The server's own limit on statements could be shorter, and would end the publisher."""
        wait_ms = max(1, self._evict_after // timedelta(milliseconds=3))  # 0 would be for ever
        connection.execute(f"SET lock_timeout = {wait_ms}; SET statement_timeout = 0")

    def take(self, db: Connection, what: Held, accounts: Collection[int]) -> set[int]:
        """Lock accounts, and return those that this publisher has now. They stay locked until `keep`, whatever becomes
        of the transaction."""
        if not self._held[what].issuperset(accounts):
            with self.together(db):
                self.ask(db, what, accounts)
        return self._held[what] & set(accounts)

    def ask(self, db: Connection, what: Held, accounts: Collection[int]) -> None:
        """Like `take`, inside `together`."""
        mine = self._held[what].difference(*(over for kind, over, _ in self._asked if kind is what))
        if account_ids := [account for account in dict.fromkeys(accounts) if account not in mine]:
            self._asked.append((what, (), db.execute(_TRY.format(what), {"accounts": List(account_ids)})))

    def keep(self, db: Connection, what: Held, accounts: Collection[int]) -> None:
        """Unlock every account but these."""
        if over := sorted(self._held[what] - set(accounts)):
            self._asked.append((what, over, db.execute(_UNLOCK.format(what), {"accounts": List(over)})))
            if not self._is_together:
                self._remember()

    @contextmanager
    def together(self, db: Connection) -> Iterator[None]:
        """As `Connection.together`, also for `ask` and `keep`: `held_accounts` knows the result after it."""
        self._is_together = True
        try:
            with db.together():
                yield
        finally:
            self._is_together = False
            self._remember()

    def _remember(self) -> None:
        """Remember what was locked and unlocked, whatever failed after it."""
        answers, self._asked = self._asked, []
        for what, over, answer in answers:
            if answer.rowcount > 0:  # -1 without an answer: it was not run
                self._held[what].difference_update(over)
                self._held[what].update(row["value"] for row in answer if not over and row["taken"])

    def ask_mark(self, db: Connection) -> Callable[[], None]:
        """Ask whether the store was restored meanwhile; whoever restores it waits for the end of this transaction.
        Return what raises OwnedElsewhere then."""
        rows = db.execute(f"SELECT {_MARK} AS mark")

        def refuse_restored() -> None:
            if rows.fetchone()["mark"] is None:
                raise from_dump()

        return refuse_restored

    def held_accounts(self, what: Held) -> frozenset[int]:
        return frozenset(self._held[what])

    def lock_rows(self, db: Connection, deliveries: Sequence[int], now: datetime) -> Mapping[int, tuple[object, ...]]:
        """Lock deliveries and their posts, except deleted ones, those that a person is changing, and those of accounts
        that nothing may be sent to at `now`. Return the present state, fence, next instant, approval and planned parts
        of each."""
        rows = db.execute(_LOCK_ROWS, {"ids": List(sorted(deliveries)), "now": to_ms(now)})
        return {row["id"]: tuple(row)[1:] for row in rows}

    def lock_spending(self, db: Connection, platform: str) -> None:
        """Wait until no other transaction spends money on a platform, and lock it until this one ends."""
        sql = f"SELECT pg_advisory_xact_lock({_CLASS.format('attempt')}, hashtext(?))"
        db.execute(sql, (platform,)).fetchone()

    def free_accounts(self, db: Connection, accounts: Collection[int]) -> list[int]:
        """Return those of the accounts that no publisher has locked, this one neither."""
        return sorted(set(accounts) - locked_accounts(db, Held.DELIVERY))

    def is_changing(self, db: Connection) -> bool:
        """Return whether a person is changing the store: another change like that would wait for it."""
        return not db.execute(f"SELECT pg_try_advisory_xact_lock({STORE_KEY})").fetchone()[0]

    def report(self, db: Connection) -> list[str]:
        """Report that this publisher works, and disconnect others that have not reported for long. Return a line
        about each of them."""
        sql = f"UPDATE publisher SET last_report_at = {_NOW} WHERE id = ?"
        if not db.execute(sql, (self._id,)).rowcount:
            self._register(db)
        db.execute(_GONE)
        silent = self._evict_after // timedelta(milliseconds=1)
        return [
            f"the publisher on {row['host']} (pid {row['pid']}) has not reported since"
            f" {from_ms(row['last_report_at']):%H:%M:%S} UTC and was disconnected"
            for row in db.execute(_EVICT, {"silent": silent}).fetchall()
            if row["ended"]
        ]

    def others(self, db: Connection) -> list[RegisteredPublisher]:
        """Return the other publishers whose sessions exist."""
        return _registered(db.execute(_LIST.format("WHERE p.id <> ?"), (self._id,)))

    def longest_lost_call(self, db: Connection, unknown_s: float) -> float:
        """Return how many seconds a publishing call of a publisher that is gone may take, by the settings of its host;
        `unknown_s` where it did not say."""
        return float(db.execute(_LOST_CALL, {"unknown": unknown_s}).fetchone()["longest"] or unknown_s)

    def leave(self, db: Connection) -> None:
        """End the registration."""
        db.execute("DELETE FROM publisher WHERE id = ?", (self._id,))

    def _register(self, db: Connection) -> None:
        here = db.execute("SELECT pg_backend_pid()").fetchone()[0]
        if isinstance(db, PostgresConnection) and db.session_pid != here:
            raise Busy(
                "a pooler between this publisher and the database gives it other sessions: a publisher needs its own"
            )
        self._id = int(
            db.execute(_REGISTER, (self._host, self._pid, self._mode, self._longest_call_s)).fetchone()["id"]
        )


def _refuse_another_role(db: Connection) -> None:
    """Raise Busy if a publisher of another role is at work: neither could see or disconnect the other one."""
    other = db.execute(_OF_ANOTHER_ROLE).fetchone()
    if other is not None:
        raise Busy(
            f"{other['host']} publishes from this store (pid {other['pid']}) as the role {other['usename']} of the"
            " database: all publishers must log in as the same role",
            Hint("fix", action("config set", "store.url", "URL")),
            Hint("see", "docs/how-to/team.md"),
        )


def registered_publishers(db: Connection) -> list[RegisteredPublisher]:
    """Return the publishers whose sessions exist."""
    return _registered(db.execute(_LIST.format("")))


def _registered(rows: Iterable[Row]) -> list[RegisteredPublisher]:
    return [
        RegisteredPublisher(
            row["host"], row["pid"], row["mode"], from_ms(row["since"]), from_ms(row["last_report_at"]), row["accounts"]
        )
        for row in rows
    ]


def locked_accounts(db: Connection, what: Held, session_pid: int | None = None) -> set[int]:
    """Return the accounts that any publisher, or the one of this session, has locked."""
    sql = _LOCKED.format(what) + (" AND pid = :pid" if session_pid is not None else "")
    return {int(row["account"]) for row in db.execute(sql, {} if session_pid is None else {"pid": session_pid})}


# Of each row the server keeps which transaction wrote it (its last 32 bits), also when it vacuums, freezes, rewrites or
# copies the table below SQL: a standby, pg_upgrade. A row that was restored from a dump names another one than its own,
# also next to a newer one that a take-over left.
_MARK = "(SELECT CASE WHEN bool_and(xid & 4294967295 = xmin::text::bigint) THEN max(xid) END AS xid FROM store_mark)"
# The timeline of the log that is written now. The one of the last checkpoint is late after a failover.
_IDENTITY = f"""
SELECT (SELECT system_identifier FROM pg_control_system())::text || '/'
    || (SELECT oid FROM pg_database WHERE datname = current_database())::text AS server,
    ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int AS timeline,
    (pg_current_wal_flush_lsn() - '0/0')::bigint AS position, {_MARK} AS mark,
    newest.id, newest.delivery_id, newest.at
FROM (SELECT) one LEFT JOIN (SELECT id, delivery_id, at FROM attempt ORDER BY id DESC LIMIT 1) newest ON true
"""


def server_identity(db: Connection) -> ServerIdentity:
    """Return which server and database this is. Needs the right to execute pg_control_system, pg_current_wal_lsn,
    pg_current_wal_flush_lsn and pg_walfile_name, which everybody has unless it was revoked."""
    row = db.execute(_IDENTITY).fetchone()
    newest = (row["id"], row["delivery_id"], row["at"]) if row["id"] is not None else (0, 0, 0)
    return ServerIdentity(row["server"], row["timeline"], row["position"], row["mark"], newest)


_JOB = f"({_CLASS.format('publisher')}, :job)"


def lock_job(db: Connection, job: PeriodicJob) -> bool:
    """Return whether the session now holds the lock of some periodic work."""
    return bool(db.execute(f"SELECT pg_try_advisory_lock{_JOB}", {"job": job.value}).fetchone()[0])


def unlock_job(db: Connection, job: PeriodicJob) -> None:
    db.execute(f"SELECT pg_advisory_unlock{_JOB}", {"job": job.value})


def server_time(db: Connection) -> datetime:
    return from_ms(int(db.execute(f"SELECT {_NOW}").fetchone()[0]))
