"""Writing accounts, inside `Database.writing`'s transaction, and counting what hangs on one."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from sqlmodel import Session, select

from ttp.domain.account import Account
from ttp.domain.attempt import Kind
from ttp.store import rows
from ttp.store.tables import AccountRow


def save(session: Session, account: Account, *, now: datetime, removed: bool = False) -> int:
    """Store an account under its name, new or changed or come back; answers its id."""
    wanted = select(AccountRow).where(
        AccountRow.platform == account.platform.value, AccountRow.handle == account.handle
    )
    row = session.exec(wanted).one_or_none()
    if row is None:
        row = AccountRow(platform=account.platform.value, handle=account.handle, created_at=now)
    row.user_id = account.user_id
    row.connected = account.connected
    row.needs_reconnect = account.needs_reconnect
    row.enabled = account.enabled
    row.timezone = account.timezone
    row.expires_at = account.expires_at
    row.scopes = rows.text_of(list(account.scopes))
    row.hold_until = account.hold_until
    row.hold_reason = account.hold_reason
    row.options = rows.text_of(account.options)
    row.removed_at = now if removed else None
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def waiting(db: sqlite3.Connection, account: Account) -> int:
    """How many posts are to go out to the account at a time that they have."""
    sql = (
        "SELECT count(*) FROM delivery d JOIN post p ON p.id = d.post_id WHERE d.account_id = ?"
        " AND d.state IN ('pending', 'retrying') AND d.next_at IS NOT NULL AND p.deleted_at IS NULL"
    )
    return int(db.execute(sql, (account.id,)).fetchone()[0])


def failed(db: sqlite3.Connection, account: Account, kind: Kind) -> int:
    """How many posts failed for the account for that reason, and are still failed."""
    sql = (
        "SELECT count(*) FROM delivery d JOIN post p ON p.id = d.post_id"
        " WHERE d.account_id = ? AND d.state = 'failed' AND d.error_kind = ? AND p.deleted_at IS NULL"
    )
    return int(db.execute(sql, (account.id, kind.value)).fetchone()[0])
