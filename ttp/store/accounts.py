"""Writing accounts. Runs inside `Database.writing`'s transaction."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, select

from ttp.domain.account import Account
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
