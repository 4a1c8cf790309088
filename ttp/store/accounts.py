"""Read and write accounts: names, holds, marks, counts of their posts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from ttp.domain.account import Account
from ttp.domain.publishing.attempt import Kind
from ttp.domain.time.clock import to_ms
from ttp.store import row_mapper
from ttp.store.dialect import BY_ACCOUNT, HANDLE_KEY, Connection, Cursor, insert_into, same_handle
from ttp.store.row_mapper import assign, marks, ms


def save_renewal(db: Connection, account: Account, *, until: datetime | None, scopes: tuple[str, ...]) -> None:
    """Store until when the account's token works, and its scopes if the platform named them."""
    if scopes:
        db.execute("UPDATE account SET scopes = ? WHERE id = ?", (row_mapper.text_of(list(scopes)), account.id))
    db.execute("UPDATE account SET expires_at = ? WHERE id = ?", (ms(until), account.id))


def save(db: Connection, account: Account, *, now: datetime, removed: bool = False) -> int:
    """Insert or update an account by its name, and return its id. A removed account comes back."""
    columns = {**row_mapper.account_columns(account), "removed_at": row_mapper.ms(now) if removed else None}
    name = {"platform": account.platform, "handle": account.handle, "created_at": row_mapper.ms(now)}
    sql = f"{insert_into('account', {**columns, **name})} ON CONFLICT {HANDLE_KEY} DO UPDATE SET {assign(columns)}"
    db.execute(sql, {**columns, **name})
    rows = db.execute(f"SELECT id FROM account WHERE platform = :platform AND {same_handle(':handle')}", name)
    return int(rows.fetchone()["id"])


def count_waiting(db: Connection, account: Account) -> int:
    """Count the pending posts of the account that have a time."""
    sql = (
        "SELECT count(DISTINCT d.post_id) FROM delivery d JOIN post p ON p.id = d.post_id WHERE d.account_id = ?"
        " AND d.state IN ('pending', 'retrying') AND d.next_at IS NOT NULL AND p.deleted_at IS NULL"
    )
    return int(db.execute(sql, (account.id,)).fetchone()[0])


def count_failed(db: Connection, account: Account, kind: Kind) -> int:
    """Count the posts that are failed for the account, with this kind of error."""
    sql = (
        "SELECT count(DISTINCT d.post_id) FROM delivery d JOIN post p ON p.id = d.post_id"
        " WHERE d.account_id = ? AND d.state = 'failed' AND d.error_kind = ? AND p.deleted_at IS NULL"
    )
    return int(db.execute(sql, (account.id, kind.value)).fetchone()[0])


def lift_hold(db: Connection, account_id: int, now: datetime) -> bool:
    """End an account's hold now, and return whether it was held. Its posts become due now, with lateness counted from
    now. Exhausted limits are deleted, so that the platform is asked again."""
    at = to_ms(now)
    count = db.execute(
        "UPDATE account SET hold_until = :at, hold_reason = NULL WHERE id = :id AND hold_until > :at",
        {"at": at, "id": account_id},
    ).rowcount
    if count:
        db.execute("DELETE FROM rate_limit WHERE account_id = ? AND remaining <= 0", (account_id,))
        db.execute(
            "UPDATE delivery SET next_at = :at, waiting_until = :at WHERE account_id = :id AND state = 'retrying'"
            " AND next_at > :at AND error_kind IN ('quota', 'rate_limit', 'account')",
            {"at": at, "id": account_id},
        )
    return bool(count)


def count_held(db: Connection, now: datetime) -> int:
    """Count the due posts that an account's hold delays."""
    sql = (
        "SELECT count(DISTINCT post_id) FROM delivery WHERE state IN ('pending', 'retrying') AND next_at IS NOT NULL"
        " AND next_at <= :now AND account_id IN (SELECT id FROM account WHERE hold_until > :now)"
    )
    return int(db.execute(sql, {"now": to_ms(now)}).fetchone()[0])


def rename(db: Connection, before: Account, after: Account) -> None:
    """Give an account another handle, also in the texts and media that posts have for it. Their versions are read from
    it."""
    db.execute("UPDATE account SET handle = ? WHERE id = ?", (after.handle, before.id))
    own = db.execute("SELECT id, variants FROM post WHERE variants LIKE ?", (f'%"{before.name}"%',)).fetchall()
    for row in own:
        texts = {
            after.name if name == before.name else name: text for name, text in json.loads(row["variants"]).items()
        }
        db.execute("UPDATE post SET variants = ? WHERE id = ?", (row_mapper.text_of(texts), row["id"]))
    db.execute('UPDATE post_media SET "only" = ? WHERE "only" = ?', (after.name, before.name))


def mark_account(
    db: Connection,
    account_id: int,
    *,
    needs_reconnect: bool = False,
    hold_until: datetime | None = None,
    hold_reason: str | None = None,
    server_info: Mapping[str, object] | None = None,
) -> None:
    """Store what a platform's answer means for the whole account. Only given values change; a hold only gets longer."""
    if needs_reconnect:
        db.execute("UPDATE account SET needs_reconnect = TRUE WHERE id = ?", (account_id,))
    if hold_until is not None:
        db.execute(
            "UPDATE account SET hold_until = :at, hold_reason = :why WHERE id = :id"
            " AND (hold_until IS NULL OR hold_until < :at)",
            {"at": to_ms(hold_until), "why": hold_reason, "id": account_id},
        )
    if server_info is not None:
        db.execute("UPDATE account SET server_info = ? WHERE id = ?", (row_mapper.text_of(server_info), account_id))


def accounts(db: Connection, *, held_at: datetime | None = None) -> list[Account]:
    """Return the accounts that are not removed, by name. `held_at`: only those on hold at that time."""
    on_hold = "" if held_at is None else "AND hold_until > :at "
    sql = f"SELECT * FROM account a WHERE removed_at IS NULL {on_hold}{BY_ACCOUNT}"
    return row_mapper.accounts(db.execute(sql, {"at": ms(held_at)}).fetchall())


def account(db: Connection, platform: str, handle: str, *, removed: bool = False) -> Account | None:
    """Return the account of that name, in any case of the handle. `removed`: include removed accounts."""
    which = "" if removed else " AND removed_at IS NULL"
    sql = f"SELECT * FROM account WHERE platform = ? AND {same_handle('?')}{which}"
    row = db.execute(sql, (platform, handle)).fetchone()
    return None if row is None else row_mapper.account(row)


def account_by_id(db: Connection, account_id: int) -> Account | None:
    return accounts_by_id(db, [account_id]).get(account_id)


def accounts_by_id(db: Connection, account_ids: Iterable[int]) -> dict[int, Account]:
    """Return accounts by id, removed ones too."""
    return read_accounts(ask_accounts(db, account_ids))


def ask_accounts(db: Connection, account_ids: Iterable[int]) -> Cursor:
    """Ask for accounts, removed ones too. Meant for the few accounts of one claim."""
    ids = sorted(set(account_ids))
    return db.execute(f"SELECT * FROM account WHERE id IN ({marks(ids)})", ids)


def read_accounts(cursor: Cursor) -> dict[int, Account]:
    return {row["id"]: row_mapper.account(row) for row in cursor}


def zones(db: Connection) -> dict[int, str]:
    """Return the timezones of the accounts that have one, by id."""
    rows = db.execute("SELECT id, timezone FROM account WHERE timezone IS NOT NULL")
    return {row["id"]: str(row["timezone"]) for row in rows}
