"""Notifications: what each kind has to say, what was sent, and whose turn it is to try.

Each kind says a thing once, also if several processes look: its row is open as long as the state that caused it, and
who raises `tries` of a row has that try.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from ttp.domain.action import way_out_from_text, way_out_to_text
from ttp.domain.notification import (
    ENDS,
    LOGIN_ENDS,
    PAUSES,
    RECONNECT,
    REMINDERS_H,
    SOURCES,
    TEST,
    UNAPPROVED,
    Alarm,
    Notification,
)
from ttp.domain.time.clock import to_ms
from ttp.store.dialect import Connection, List, Row, in_list
from ttp.store.row_mapper import plain_fields

KEPT_FOR = timedelta(days=30)
MOST_NEW = 500
"""Deliveries that become notifications in one go, the newest first."""

_SUBJECT = "d.post_id || '/' || d.account_id || '/' || d.attempts"
"""A delivery that failed, was retried, and failed again is news."""
_EVENT = "CASE WHEN d.parent_id IS NULL THEN 'delivery.' ELSE 'comment.' END || d.state"
_NEEDS_RECONNECT = "a.needs_reconnect AND a.removed_at IS NULL"
_COLUMNS = "kind, event, subject, post_id, account_id, message, hint, created_at, tries, next_at"
_NEW_DELIVERIES = (
    f"SELECT :kind, {_EVENT}, {_SUBJECT}, d.post_id, d.account_id, d.error_message, d.error_hint, :now,"
    " 0, :now FROM delivery d JOIN post p ON p.id = d.post_id JOIN account a ON a.id = d.account_id"
    " WHERE d.state IN ('failed', 'needs_review') AND p.deleted_at IS NULL"
    f" AND NOT (d.state = 'failed' AND coalesce(d.error_kind, '') = 'auth' AND {_NEEDS_RECONNECT})"
    " AND NOT EXISTS (SELECT 1 FROM notification n WHERE n.kind = :kind AND n.ended_at IS NULL"
    f" AND n.event = {_EVENT} AND n.subject = {_SUBJECT})"
    f" ORDER BY d.post_id DESC LIMIT {MOST_NEW}"
)
"""Deliveries that need a person, but not those that failed with their account, which is news itself."""
_NEW_ACCOUNTS = (
    f"SELECT :kind, '{RECONNECT}', CAST(a.id AS TEXT), CAST(NULL AS INTEGER), a.id, CAST(NULL AS TEXT),"
    f" CAST(NULL AS TEXT), :now, 0, :now FROM account a WHERE {_NEEDS_RECONNECT}"
    " AND NOT EXISTS (SELECT 1 FROM notification n WHERE n.kind = :kind AND n.ended_at IS NULL"
    f" AND n.event = '{RECONNECT}' AND n.subject = CAST(a.id AS TEXT))"
)
_DUE_WITHIN = tuple((hours, f"WHEN p.scheduled_at <= :now + {hours * 3_600_000} THEN") for hours in sorted(REMINDERS_H))
_LEAD = " ".join(f"{within} '{hours}'" for hours, within in _DUE_WITHIN)
_LEAD_TEXT = " ".join(f"{within} 'it is due within {hours} hours'" for hours, within in _DUE_WITHIN)
_WAITS = "SELECT 1 FROM delivery d WHERE d.post_id = p.id AND d.state = 'pending' AND d.approved_at IS NULL"
_REMINDER = f"p.id || '/' || p.scheduled_at || '/' || CASE {_LEAD} END"
_NEW_REMINDERS = (
    f"SELECT :kind, '{UNAPPROVED}', {_REMINDER}, p.id, CAST(NULL AS INTEGER), CASE {_LEAD_TEXT} END,"
    " CAST(NULL AS TEXT), :now, 0, :now FROM post p WHERE p.status = 'scheduled' AND p.deleted_at IS NULL"
    f" AND p.scheduled_at > :now AND p.scheduled_at <= :now + {max(REMINDERS_H) * 3_600_000} AND EXISTS ({_WAITS})"
    f" AND NOT EXISTS (SELECT 1 FROM notification n WHERE n.kind = :kind AND n.event = '{UNAPPROVED}'"
    f" AND n.subject = {_REMINDER})"
)
"""Posts without approval that are due soon. Ended ones count as sent: each comes once for a time of a post."""
_IS_REMINDER_OVER = (
    f"ended_at IS NULL AND event = '{UNAPPROVED}' AND NOT EXISTS (SELECT 1 FROM post p WHERE p.id ="
    " notification.post_id AND p.status = 'scheduled' AND p.deleted_at IS NULL"
    f" AND notification.subject LIKE p.id || '/' || p.scheduled_at || '/%' AND EXISTS ({_WAITS}))"
)
_IS_OVER = (
    "ended_at IS NULL AND account_id IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM delivery d JOIN post p ON p.id = d.post_id WHERE d.post_id = notification.post_id"
    " AND d.account_id = notification.account_id AND p.deleted_at IS NULL"
    f" AND {_EVENT} = notification.event AND {_SUBJECT} = notification.subject)"
    f" AND NOT (event = '{RECONNECT}' AND EXISTS"
    f" (SELECT 1 FROM account a WHERE a.id = notification.account_id AND {_NEEDS_RECONNECT}))"
)
"""Of an open notification about a delivery or an account: what it says is no longer so."""
_OVER = (_IS_OVER, _IS_REMINDER_OVER)
_DUE = f"next_at <= :now AND {in_list('kind', 'kinds')}"
_WHOLE = (
    "SELECT n.*, p.content AS text, a.platform || '/' || a.handle AS account FROM notification n"
    " LEFT JOIN post p ON p.id = n.post_id LEFT JOIN account a ON a.id = n.account_id"
)


def has_work(
    db: Connection,
    kinds: Collection[str],
    alarms: Sequence[Alarm],
    judged: Collection[str],
    now: datetime,
    *,
    approval: bool = False,
) -> bool:
    """Return whether there is anything for `update` or `claim` to do."""
    if _alarms_over(db, alarms, judged) or any(
        db.execute(f"SELECT 1 FROM notification WHERE {over} LIMIT 1").fetchone() for over in _OVER
    ):
        return True
    for kind in kinds:
        values = {"kind": kind, "now": to_ms(now)}
        if any(db.execute(sql, values).fetchone() for sql in _news(approval=approval)):
            return True
        if any(_is_new(db, kind, alarm) for alarm in alarms):
            return True
    due = {"now": to_ms(now), "kinds": List(kinds)}
    return db.execute(f"SELECT 1 FROM notification WHERE {_DUE} LIMIT 1", due).fetchone() is not None


def _news(*, approval: bool) -> Sequence[str]:
    return (_NEW_DELIVERIES, _NEW_ACCOUNTS, _NEW_REMINDERS) if approval else (_NEW_DELIVERIES, _NEW_ACCOUNTS)


def update(
    db: Connection,
    kinds: Collection[str],
    alarms: Sequence[Alarm],
    judged: Collection[str],
    now: datetime,
    *,
    approval: bool = False,
) -> None:
    """Open a notification for each kind and each new thing, and end those of what is over.

    `alarms`: what stops publishing now. `judged`: the subjects of alarms that this machine can judge; it leaves others.
    `approval`: it is required, so posts that wait for it are news.
    """
    over = _alarms_over(db, alarms, judged)
    for sql in _OVER:
        over += [row["id"] for row in db.execute(f"SELECT id FROM notification WHERE {sql}").fetchall()]
    _end(db, over, now)
    at = to_ms(now)
    for kind in kinds:
        for sql in _news(approval=approval):
            db.execute(f"INSERT INTO notification ({_COLUMNS}) {sql} ON CONFLICT DO NOTHING", {"kind": kind, "now": at})
        for one in alarms:
            if _is_new(db, kind, one):
                values = (kind, one.event, one.subject, None, None, one.message, way_out_to_text(one.hint), at, 0, at)
                marks = ", ".join("?" * len(values))
                db.execute(f"INSERT INTO notification ({_COLUMNS}) VALUES ({marks}) ON CONFLICT DO NOTHING", values)
    db.execute("DELETE FROM notification WHERE ended_at < ?", (to_ms(now - KEPT_FOR),))


def claim(db: Connection, kinds: Collection[str], now: datetime) -> list[Notification]:
    """Take the next try of the notifications of one kind and event that are due; empty if none is."""
    due = f"{_WHOLE} WHERE {_DUE} ORDER BY n.event, n.post_id, n.id"
    found = db.execute(due, {"now": to_ms(now), "kinds": List(kinds)}).fetchall()
    mine = [row for row in found if (row["kind"], row["event"]) == (found[0]["kind"], found[0]["event"])]
    db.executemany(
        "UPDATE notification SET tries = tries + 1, next_at = ? WHERE id = ?",
        [(to_ms(now + PAUSES[row["tries"]]) if row["tries"] < len(PAUSES) else None, row["id"]) for row in mine],
    )
    return [_notification(row) for row in mine]


def record(db: Connection, ids: Iterable[int], now: datetime, error: str | None) -> None:
    """Record how a try ended. `error`: why it failed."""
    changed = "sent_at = :now, next_at = NULL, error = NULL" if error is None else "error = :error"
    values = {"now": to_ms(now), "error": error, "ids": List(ids)}
    db.execute(f"UPDATE notification SET {changed} WHERE {in_list('id', 'ids')}", values)


def record_test(db: Connection, kind: str, now: datetime, error: str | None) -> None:
    """Record that a test was sent, or why not. It is not tried again."""
    at = to_ms(now)
    db.execute(
        "INSERT INTO notification (kind, event, subject, created_at, tries, sent_at, error, ended_at)"
        " VALUES (?, ?, 'test', ?, 1, ?, ?, ?)",
        (kind, TEST, at, at if error is None else None, error, at),
    )


def newest(db: Connection, most: int) -> list[Notification]:
    """Return the newest notifications, newest first."""
    return [_notification(row) for row in db.execute(f"{_WHOLE} ORDER BY n.id DESC LIMIT ?", (most,)).fetchall()]


def _is_new(db: Connection, kind: str, alarm: Alarm) -> bool:
    again = "" if alarm.event == LOGIN_ENDS else " AND ended_at IS NULL"  # of each end, each reminder once
    sql = f"SELECT 1 FROM notification WHERE kind = ? AND event = ? AND subject = ?{again}"
    return db.execute(sql, (kind, alarm.event, alarm.subject)).fetchone() is None


def _alarms_over(db: Connection, alarms: Sequence[Alarm], judged: Collection[str]) -> list[int]:
    """Return the open notifications of alarms that this machine judges, and that are over. Of sources and of the
    ends of logins all judge."""
    current = {(one.event, one.subject) for one in alarms}
    sql = "SELECT id, event, subject FROM notification WHERE ended_at IS NULL AND account_id IS NULL"
    return [
        row["id"]
        for row in db.execute(sql).fetchall()
        if (row["subject"] in judged or row["event"] in (*SOURCES, LOGIN_ENDS))
        and (row["event"], row["subject"]) not in current
    ]


def _end(db: Connection, ids: Sequence[int], now: datetime) -> None:
    """End notifications. What was said of an account or of publishing is withdrawn by another one."""
    values = {"now": to_ms(now), "ids": List(ids)}
    for event, end in ENDS.items():
        db.execute(
            f"INSERT INTO notification ({_COLUMNS}, ended_at) SELECT kind, '{end}', subject, post_id, account_id, NULL,"
            f" NULL, :now, 0, :now, :now FROM notification WHERE {in_list('id', 'ids')} AND event = '{event}'"
            " AND sent_at IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM account a WHERE a.id = notification.account_id AND a.removed_at IS NOT NULL)",
            values,
        )
    db.execute(f"UPDATE notification SET ended_at = :now, next_at = NULL WHERE {in_list('id', 'ids')}", values)


def _notification(row: Row) -> Notification:
    return Notification(**plain_fields(row, Notification, "hint"), hint=way_out_from_text(row["hint"]))
