"""The statements whose atomicity matters: claiming, and every later change of a delivery's state.

All of them run on the publisher's writing connection, inside a transaction that the caller began IMMEDIATE. A change
is compare-and-set on the state and the fence that were read, and stores the post's derived status in the same
transaction. Where several publishers share the store (PostgreSQL), an account is locked before anything of it is
claimed, and outside the statement that finds candidates: inside it, rows that LIMIT drops would be locked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, NotRequired, TypedDict, Unpack

from ttp.domain.account import Account
from ttp.domain.delivery import IN_FLIGHT, Delivery, DeliveryState
from ttp.domain.post import PostStatus, derive_status
from ttp.domain.time.clock import from_ms, to_ms
from ttp.store import comments, dialect, events, row_mapper
from ttp.store.dialect import (
    NOT_QUARANTINED,
    RAISE_REVISION,
    Connection,
    Cursor,
    List,
    Row,
    greatest,
    in_list,
    not_in_list,
    without_index,
)
from ttp.store.machine.publisher_session import Held
from ttp.store.row_mapper import CorruptRow, Quarantine, as_corrupt_row

if TYPE_CHECKING:
    from ttp.store.postgresql.publisher_session import SharedSession

NO_QUARANTINE = Quarantine()
LATE_MS = 60_000
"""Deliveries claimed later than this are late: punctual ones go first, and late ones of an account keep a gap."""
MORE_CANDIDATES = 64
"""How many more accounts than it has room for a publisher tries to lock: others may have the first ones."""
NEVER_MS = 253_402_300_800_000
"""The end of the year 9999. Text that was written into a column by hand compares greater."""

# Where deliveries in flight are found. These conditions repeat the partial indexes in `models` word for word, so that
# SQLite uses them. A delivery that retries is found through its post: the index of what is ready holds all that waits.
_IN_FLIGHT = (
    "delivery d WHERE d.state IN ('claimed', 'sending')",
    "delivery d WHERE d.state IN ('processing', 'reconciling', 'published') AND d.next_at IS NOT NULL",
    "post p JOIN delivery d ON d.post_id = p.id"
    " WHERE p.status = 'publishing' AND p.deleted_at IS NULL AND d.state = 'retrying'",
    "delivery d WHERE d.parent_id IS NOT NULL AND d.state IN ('pending', 'retrying') AND d.next_at IS NOT NULL"
    " AND d.state = 'retrying'",
)
_IDS, _STATES = in_list("id", "ids"), in_list("d.state", "states")
_WITHOUT = not_in_list("d.id", "without")
_IS_LATE = "(d.state = 'pending' AND d.due_at < :now - :late)"

# Not by the index of a post's deliveries: ready deliveries are read in the order of the partial index.
_RECHECKED = ("state", "fence", "next_at", "approved_at", "planned_parts")
_OF_ACCOUNTS = in_list("a.id", "accounts")
_ONLY = f" AND {in_list(without_index('d.post_id'), 'only')}"
_FIRST = f"""
        SELECT d.id FROM delivery d
        WHERE d.account_id = a.id AND d.state IN ('pending', 'retrying') AND d.next_at IS NOT NULL
            AND d.next_at <= :cutoff AND {not_in_list("d.post_id", "skipped_posts")}{{only}}
            {{more}}ORDER BY d.next_at, d.id LIMIT 1
"""

# The accounts to look at are those of the due deliveries, which one range of an index has. Where there are more of them
# than accounts the range is read no further, and every account is looked at. For each there are at most two seeks,
# whatever the number of posts: its first punctual delivery, else its first due one, unless the account is held or busy,
# or sent a late one a moment ago. Of each kind, late and punctual, no more are read than could be claimed.
_READY = f"""
WITH most (number) AS (
    SELECT coalesce(max(id), 0) + 1 FROM account
), due AS (
    SELECT account_id FROM delivery
    WHERE state IN ('pending', 'retrying') AND next_at IS NOT NULL AND next_at <= :cutoff
    LIMIT (SELECT number FROM most)
), candidate AS (
    SELECT DISTINCT account_id FROM due WHERE (SELECT count(*) FROM due) < (SELECT number FROM most)
    UNION ALL SELECT id FROM account WHERE (SELECT count(*) FROM due) >= (SELECT number FROM most)
), first AS (
    SELECT coalesce(({_FIRST.format(only="{only}", more=f"AND d.next_at >= :now - :late AND NOT {_IS_LATE} ")}),
        ({_FIRST.format(only="{only}", more="")})) AS id, a.late_claim_at
    FROM candidate c JOIN account a ON a.id = c.account_id
    WHERE a.enabled AND a.connected AND NOT a.needs_reconnect AND a.removed_at IS NULL
        AND (a.hold_until IS NULL OR a.hold_until <= :now)
        AND {not_in_list("a.id", "quarantined_accounts")}{{of_accounts}}
        AND NOT EXISTS (
            SELECT 1 FROM delivery b WHERE b.account_id = a.id AND b.state IN ('claimed', 'sending')
                AND {not_in_list("b.post_id", "quarantined_posts")}
        )
), ranked AS (
    SELECT d.id, {_IS_LATE} AS is_late, row_number() OVER (PARTITION BY {_IS_LATE} ORDER BY d.next_at, d.id) AS place
    FROM first JOIN delivery d ON d.id = first.id
    WHERE NOT ({_IS_LATE} AND first.late_claim_at IS NOT NULL AND first.late_claim_at > :now - :gap)
)
SELECT d.*, a.platform, a.handle AS account_handle, ranked.is_late
FROM ranked JOIN delivery d ON d.id = ranked.id JOIN account a ON a.id = d.account_id
WHERE ranked.place <= :free
"""


@dataclass
class Places:
    """How many deliveries a publisher has in hand at most, and the ids of the late ones among them.

    Late deliveries keep a quarter of the places, at least one of two. Without that, a publisher that always has
    punctual posts would never catch up.
    """

    total: int
    late: set[int] = field(default_factory=set)

    def kept_for_late(self, free: int) -> int:
        """Return how many of the `free` places punctual deliveries must leave to late ones."""
        quarter = max(1, self.total // 4) if self.total > 1 else 0
        return min(free, max(0, quarter - len(self.late)))


class Due(TypedDict):
    """Which deliveries to claim: `next_at` up to `cutoff`, late ones of an account `catch_up_gap` apart. `only`: just
    these post ids; `approved`: just approved deliveries."""

    now: datetime
    cutoff: datetime
    catch_up_gap: timedelta
    only: NotRequired[Collection[int] | None]
    approved: NotRequired[bool]
    quarantine: NotRequired[Quarantine]


def claim(
    db: Connection,
    *,
    free: int,
    places: Places | None = None,
    session: SharedSession | None = None,
    ready: list[Row] | None = None,
    **due: Unpack[Due],
) -> list[Delivery]:
    """Claim at most `free` due deliveries, one for each account that can take one: punctual ones before late ones.

    Late means more than a minute after its time; a retry is never late. Late ones get the places that `places` reserves
    for them (of `free`, without it) and those that punctual ones leave; their ids are added to it. `session`: where
    several publish, only deliveries of the accounts that it has locked; `ready`: these, if nothing has changed since.
    Returns the claimed deliveries, earliest first of each kind. Like all functions here, raises CorruptRow for a row
    that cannot be read and is not in the quarantine.
    """
    places, now = places or Places(free), due["now"]
    mine = None if session is None else session.held_accounts(Held.DELIVERY)
    if mine is not None and not mine:
        return []
    if ready is None:
        ready = ask_ready(db, free=free, accounts=mine, **due).fetchall()
    if not ready:
        return []
    ordered = sorted(ready, key=lambda row: (row["is_late"], row["next_at"], row["id"]))
    late = sum(row["is_late"] for row in ordered)
    punctual = min(len(ordered) - late, free - min(late, places.kept_for_late(free)))
    chosen = ordered[:punctual] + ordered[len(ordered) - late :][: free - punctual]
    if session is not None:
        now_there = session.lock_rows(db, [row["id"] for row in chosen], now)
        chosen = [row for row in chosen if now_there.get(row["id"]) == tuple(row[name] for name in _RECHECKED)]
    are_late = {row["id"] for row in chosen if row["is_late"]}
    places.late |= are_late
    return _save_claims(db, [row_mapper.delivery(row).claim() for row in chosen], are_late, now)


def lock_due_accounts(
    db: Connection, session: SharedSession, rows: Cursor, *, free: int, ask_ready: Callable[..., Cursor]
) -> tuple[bool, list[Row]]:
    """Lock the accounts of at most `free` deliveries of each kind in `asked` that no other publisher has locked.

    What is ready of them is asked for afterwards, by a new statement: it sees what the publisher that held the lock
    before has committed. Return it, and True if there is room for more because others hold many accounts: their next
    deliveries become ready when they are done, without a notice.
    """
    candidates = rows.fetchall()
    candidates.sort(key=lambda row: (row["is_late"], row["next_at"], row["id"]))
    account_ids = [row["account_id"] for row in candidates]
    late = [row["account_id"] for row in candidates if row["is_late"]]
    is_short, tried, ready = False, set[int](), []
    # Some of each kind: `claim` chooses between late and punctual ones.
    for accounts in (account_ids, late):
        untried = [account for account in accounts if account not in tried]
        locked = len(session.held_accounts(Held.DELIVERY).intersection(accounts) & tried)
        while untried and locked < free:
            some, untried = untried[: free - locked], untried[free - locked :]
            with session.together(db):
                session.ask(db, Held.DELIVERY, some)
                due = ask_ready(free=free, accounts=some)
            mine = session.held_accounts(Held.DELIVERY).intersection(some)
            locked += len(mine)
            tried.update(some)
            ready += [row for row in due if row["account_id"] in mine]
        is_short = is_short or locked < min(free, len(accounts))
    return is_short, ready


def ask_ready(db: Connection, *, free: int, accounts: Collection[int] | None = None, **due: Unpack[Due]) -> Cursor:
    """Ask for at most `free` due deliveries of each kind, one for each account; of `accounts` only, if given."""
    only = due.get("only")
    sql = _READY.format(
        only="" if only is None else _ONLY, of_accounts="" if accounts is None else f" AND {_OF_ACCOUNTS}"
    )
    return db.execute(
        dialect.only_approved(sql) if due.get("approved") else sql,
        {
            "now": to_ms(due["now"]),
            "cutoff": to_ms(due["cutoff"]),
            "late": LATE_MS,
            "gap": due["catch_up_gap"] // timedelta(milliseconds=1),
            "free": free,
            **_only(only),
            **({} if accounts is None else {"accounts": List(sorted(accounts))}),
            **due.get("quarantine", NO_QUARANTINE).values,
        },
    )


def _save_claims(db: Connection, after: list[Delivery], late: set[int], now: datetime) -> list[Delivery]:
    """Store what `Delivery.claim` changes, with a fixed number of statements. Return those that were still claimable.
    `late`: ids of the late ones."""
    with db.together():
        changed = db.execute(
            "UPDATE delivery SET state = :state, next_at = NULL, attempts = attempts + 1, fence = fence + 1"
            f" WHERE {_IDS} AND state IN ('pending', 'retrying') RETURNING id",
            {"state": DeliveryState.CLAIMED.value, "ids": List(d.id for d in after)},
        )
        scheduled = events.ask_scheduled(db, [d.post_id for d in after])
        events.ask_webhooks(db)
    ids = {row["id"] for row in changed}
    claimed = [d for d in after if d.id in ids]
    posts = {d.post_id for d in claimed}
    events.record_due(db, [row["id"] for row in scheduled if row["id"] in posts], now)
    db.send(
        f"UPDATE post SET status = :status, published_at = NULL, updated_at = :now{RAISE_REVISION} WHERE {_IDS}",
        {
            "status": PostStatus.PUBLISHING.value,
            "now": to_ms(now),
            "ids": List(d.post_id for d in claimed if not d.is_comment),
        },
    )
    if behind := [d.account_id for d in claimed if d.id in late]:
        db.send(
            f"UPDATE account SET late_claim_at = :now WHERE {_IDS}",
            {"now": to_ms(now), "ids": List(behind)},
        )
    return claimed


class Transition:
    """A delivery that moves from `before` to `after`: first `ask`, then `save`, in one transaction."""

    def __init__(self, before: Delivery, after: Delivery) -> None:
        self._before = before
        self._after = after
        self._changed: Cursor | None = None
        self._status: Cursor | None = None
        self._comment: Cursor | None = None

    def ask(self, db: Connection) -> None:
        """Change the delivery, and ask for what its post's status follows from."""
        before, after = self._before, self._after
        db.lock_posts([before.post_id or 0], at_once=False)
        columns = {"state": after.state.value, **row_mapper.delivery_columns(after, before)}
        if after.fence != before.fence:
            columns["fence"] = after.fence
        assignments = ", ".join(f"{name} = ?" for name in columns)
        values = (*columns.values(), before.id, before.state.value, before.fence)
        self._changed = db.execute(
            f"UPDATE delivery SET {assignments} WHERE id = ? AND state = ? AND fence = ?", values
        )
        if before.state is not after.state:
            events.ask_webhooks(db)
        # A post with anything in flight is publishing, whatever else there is: between such states it stays so.
        if after.is_comment or not {before.state, after.state} <= IN_FLIGHT:
            keeps_status = after.is_comment or before.state is after.state
            sql = "SELECT status FROM post WHERE id = ?" if keeps_status else _STATUS_FROM
            self._status = db.execute(sql, (before.post_id,))
        is_news = (before.state, before.remote_id, before.next_at) != (after.state, after.remote_id, after.next_at)
        if after.state is DeliveryState.PUBLISHED and is_news and not after.is_comment:
            self._comment = comments.ask_waiting(db, after)

    def save(self, db: Connection, *, now: datetime) -> PostStatus | None:
        """Record what follows, and return the post's status. None, and no change: the delivery was no longer in the
        state of `before`, or another publisher has raised its fence."""
        assert self._changed is not None
        # Read in any case: on SQLite an answer that waits to be read would keep the next transaction from beginning.
        rows = [] if self._status is None else self._status.fetchall()
        waiting = [] if self._comment is None else self._comment.fetchall()
        if not self._changed.rowcount:
            return None
        moved, post_id = self._before.state is not self._after.state, self._before.post_id
        if moved:
            events.record_delivery(db, self._after, now)
        if self._status is None:
            return PostStatus.PUBLISHING
        comments.begin(db, self._after, waiting, now)
        assert post_id is not None
        if self._after.is_comment and moved:
            db.send(f"UPDATE post SET updated_at = ?{RAISE_REVISION} WHERE id = ?", (to_ms(now), post_id))
        if not moved or self._after.is_comment:
            return PostStatus(rows[0]["status"])
        status = _save_status(db, post_id, rows, now)
        events.record_finished(db, post_id, status, now)
        return status


def save_transition(db: Connection, before: Delivery, after: Delivery, *, now: datetime) -> PostStatus | None:
    """Return what `Transition.save` returns."""
    moved = Transition(before, after)
    with db.together():
        moved.ask(db)
    return moved.save(db, now=now)


_STATUS_FROM = "SELECT state, published_at, due_at FROM delivery WHERE post_id = ? AND parent_id IS NULL"


def _save_status(db: Connection, post_id: int, rows: list[Row], now: datetime) -> PostStatus:
    counted = [row for row in rows if row["state"] != "cancelled"]
    has_time = any(row["due_at"] is not None for row in counted)
    try:
        status = derive_status((DeliveryState(row["state"]) for row in counted), has_time=has_time)
    except ValueError as why:
        raise CorruptRow("delivery", "?", post_id=post_id, why=str(why)) from why
    times = [row["published_at"] for row in counted if row["state"] == "published"]
    published_at = max(times) if times and len(times) == len(counted) else None
    db.send(
        f"UPDATE post SET status = ?, published_at = ?, updated_at = ?{RAISE_REVISION} WHERE id = ?",
        (status.value, published_at, to_ms(now), post_id),
    )
    return status


_LIMITED_UNTIL = "CASE WHEN d.state = 'retrying' AND d.error_kind = 'rate_limit' THEN d.next_at ELSE 0 END"
_LATE_SINCE = greatest("d.due_at", "coalesce(a.hold_until, 0)", _LIMITED_UNTIL)


class Late(NamedTuple):
    """A delivery that is later than the `allowed` lateness, which counts from `since`."""

    delivery: Delivery
    allowed: timedelta
    since: datetime


def overdue(
    db: Connection, *, now: datetime, limit: timedelta, most: int, quarantine: Quarantine = NO_QUARANTINE
) -> list[Late]:
    """Return due deliveries later than their post allows, else than `limit`.

    Time that the platform made it wait does not count: `limit` starts at the end of the account's last hold or of a
    rate limit. A post's own limit counts from its time.
    """
    sql = (
        "SELECT * FROM ("
        "SELECT d.*, a.platform, a.handle AS account_handle, coalesce(p.max_lateness_s, :limit) AS allowed_s,"
        " CASE WHEN p.max_lateness_s IS NOT NULL THEN d.due_at"
        f" ELSE {_LATE_SINCE} END AS since"
        " FROM delivery d JOIN account a ON a.id = d.account_id JOIN post p ON p.id = d.post_id"
        f" WHERE d.state IN ('pending', 'retrying') AND d.next_at IS NOT NULL AND d.next_at <= :now"
        f" AND {NOT_QUARANTINED}) AS ready WHERE since < :now - allowed_s * 1000 ORDER BY next_at LIMIT :most"
    )
    values = {"now": to_ms(now), "limit": limit.total_seconds(), "most": most, **quarantine.values}
    rows = db.execute(sql, values).fetchall()
    return [_late(row) for row in rows]


@as_corrupt_row("delivery")
def _late(row: Row) -> Late:
    return Late(row_mapper.delivery(row), timedelta(seconds=row["allowed_s"]), from_ms(row["since"]))


def due_on_unusable_accounts(
    db: Connection, *, now: datetime, most: int, quarantine: Quarantine = NO_QUARANTINE
) -> list[tuple[Delivery, Account]]:
    """Return due deliveries of accounts that are disabled, not connected or need a new token."""
    sql = (
        "SELECT d.id, a.id AS account_id FROM account a JOIN delivery d ON d.account_id = a.id"
        " WHERE NOT (a.enabled AND a.connected AND NOT a.needs_reconnect)"
        f" AND d.state IN ('pending', 'retrying') AND d.next_at IS NOT NULL AND d.next_at <= :now AND {NOT_QUARANTINED}"
        " LIMIT :most"
    )
    rows = db.execute(sql, {"now": to_ms(now), "most": most, **quarantine.values}).fetchall()
    return [(_delivery(db, row["id"]), _account(db, row["account_id"])) for row in rows]


def due_lookups(
    db: Connection,
    *,
    now: datetime,
    most: int,
    without: Collection[int] = (),
    quarantine: Quarantine = NO_QUARANTINE,
) -> Callable[[], list[Delivery]]:
    """Return what reads the deliveries whose next look-up is due, earliest first, except ids in `without`. They are
    processing, reconciling, or published and still without their public id."""
    sql = (
        f"{row_mapper.DELIVERIES} WHERE d.state IN ('processing', 'reconciling', 'published') AND d.next_at IS NOT NULL"
        " AND d.next_at <= :now"
        f" AND {_WITHOUT} AND {NOT_QUARANTINED} ORDER BY d.next_at LIMIT :most"
    )
    values = {"now": to_ms(now), "without": List(sorted(without)), "most": most, **quarantine.values}
    rows = db.execute(sql, values)
    return lambda: [row_mapper.delivery(row) for row in rows]


def still_due_lookup(db: Connection, delivery: Delivery, now: datetime) -> list[Delivery]:
    """Return the present delivery, if its next look-up is still due."""
    states = (DeliveryState.PROCESSING, DeliveryState.RECONCILING, DeliveryState.PUBLISHED)
    here = _delivery(db, delivery.id or 0)
    return [here] if here.state in states and here.next_at is not None and here.next_at <= now else []


def interrupted_deliveries(
    db: Connection, quarantine: Quarantine = NO_QUARANTINE, *, accounts: Collection[int] | None = None
) -> list[Delivery]:
    """Return claimed and sending deliveries: what a publisher that died left behind. `accounts`: of these only."""
    sql = f"{row_mapper.DELIVERIES} WHERE d.state IN ('claimed', 'sending') AND {NOT_QUARANTINED}"
    values = dict(quarantine.values)
    if accounts is not None:
        sql += f" AND {_OF_ACCOUNTS} ORDER BY d.post_id"
        values["accounts"] = List(sorted(accounts))
    return [row_mapper.delivery(row) for row in db.execute(sql, values)]


def has_interrupted_deliveries(db: Connection) -> bool:
    """Return whether a publisher died with deliveries in flight."""
    sql = "SELECT EXISTS (SELECT 1 FROM delivery WHERE state IN ('claimed', 'sending'))"
    return bool(db.execute(sql).fetchone()[0])


def next_wake(
    db: Connection, *, now: datetime, catch_up_gap: timedelta, approved: bool = False
) -> Callable[[], datetime | None]:
    """Return what reads the first instant after `now` at which something may become due; None without one."""
    sql = """
    SELECT min(at) FROM (
        SELECT min(next_at) AS at FROM delivery
            WHERE state IN ('pending', 'retrying') AND next_at IS NOT NULL AND next_at > :now
        UNION ALL SELECT min(next_at) FROM delivery
            WHERE state IN ('processing', 'reconciling', 'published') AND next_at IS NOT NULL AND next_at > :now
        UNION ALL SELECT min(hold_until) FROM account WHERE hold_until > :now
        UNION ALL SELECT min(late_claim_at + :gap) FROM account WHERE late_claim_at + :gap > :now
    ) AS wakes
    """
    gap = catch_up_gap // timedelta(milliseconds=1)
    rows = db.execute(dialect.only_approved(sql) if approved else sql, {"now": to_ms(now), "gap": gap})

    def read() -> datetime | None:
        (at,) = rows.fetchone()
        # Not a condition of the statement: SQLite would then look at everything that waits, and not at the first.
        return row_mapper.instant(at) if isinstance(at, int) and at < NEVER_MS else None

    return read


def has_unfinished(
    db: Connection,
    *,
    due_by: datetime,
    states: Iterable[DeliveryState],
    only: Collection[int] | None,
    approved: bool = False,
    quarantine: Quarantine = NO_QUARANTINE,
) -> bool:
    """Return whether a delivery is in one of `states` (of those in flight), or could be claimed by `due_by`."""
    only_these = "" if only is None else _ONLY
    moving = " OR ".join(
        f"EXISTS (SELECT 1 FROM {source} AND {_STATES}{only_these} AND {NOT_QUARANTINED})" for source in _IN_FLIGHT
    )
    sql = f"""
    SELECT {moving} OR EXISTS (
        SELECT 1 FROM delivery d JOIN account a ON a.id = d.account_id
        WHERE d.state IN ('pending', 'retrying') AND d.next_at IS NOT NULL AND d.next_at <= :due_by
            AND (a.hold_until IS NULL OR a.hold_until <= :due_by){only_these} AND {NOT_QUARANTINED}
            AND {not_in_list("d.post_id", "skipped_posts")}
    )
    """
    values = {
        "states": List(state.value for state in states),
        **_only(only),
        "due_by": to_ms(due_by),
        **quarantine.values,
    }
    return bool(db.execute(dialect.only_approved(sql) if approved else sql, values).fetchone()[0])


def _only(post_ids: Collection[int] | None) -> dict[str, List]:
    return {} if post_ids is None else {"only": List(sorted(post_ids))}


def _delivery(db: Connection, delivery_id: int) -> Delivery:
    return row_mapper.delivery(db.execute(f"{row_mapper.DELIVERIES} WHERE d.id = ?", (delivery_id,)).fetchone())


def _account(db: Connection, account_id: int) -> Account:
    return row_mapper.account(db.execute("SELECT * FROM account WHERE id = ?", (account_id,)).fetchone())


def doubt_sources(db: Connection) -> None:
    """Let the next poll of each source hold what is new: whoever published before may have posted it."""
    db.execute("UPDATE source SET ok_at = NULL WHERE removed_at IS NULL")


def due_sources(db: Connection, now: datetime, most: int) -> list[int]:
    """Return the sources that are to be polled now, those first that wait longest."""
    sql = (
        "SELECT id FROM source WHERE removed_at IS NULL AND paused_at IS NULL AND next_poll_at <= ?"
        " ORDER BY next_poll_at, id LIMIT ?"
    )
    return [row["id"] for row in db.execute(sql, (to_ms(now), most))]
