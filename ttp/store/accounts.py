"""Writing accounts, inside `Database.writing`'s transaction, and counting what hangs on one."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from ttp.domain.account import Account
from ttp.domain.record import Kind
from ttp.store import rows


def save(db: sqlite3.Connection, account: Account, *, now: datetime, removed: bool = False) -> int:
    """Store an account under its name, new or changed or come back; answers its id."""
    columns = {**rows.account_columns(account), "removed_at": rows.ms(now) if removed else None}
    sets = ", ".join(f"{name} = :{name}" for name in columns)
    name = {"platform": account.platform.value, "handle": account.handle, "created_at": rows.ms(now)}
    columns |= name
    db.execute(
        f"INSERT INTO account ({', '.join(columns)}) VALUES ({', '.join(f':{one}' for one in columns)})"
        f" ON CONFLICT (platform, handle) DO UPDATE SET {sets}",
        columns,
    )
    found = db.execute("SELECT id FROM account WHERE platform = :platform AND handle = :handle", name)
    return int(found.fetchone()["id"])


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
