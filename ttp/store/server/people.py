"""Read and write login links and sessions, and the timezones of people. Only the SHA-256 of secrets is stored."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from ttp.domain.server.api_token import Person, Session, TokenCapability
from ttp.domain.time.clock import from_ms, to_ms
from ttp.store.dialect import Connection, Row, insert_into
from ttp.store.row_mapper import ids_from_text, ids_to_text

Table: TypeAlias = Literal["login_link", "session"]


def insert(
    db: Connection, table: Table, person: Person, sha256: str, expires_at: datetime, created_at: datetime | None = None
) -> None:
    """Store a link or a session; `created_at`: of a session."""
    columns = {
        "sha256": sha256,
        "name": person.name,
        "capabilities": ",".join(person.capabilities),
        "accounts": ids_to_text(person.accounts),
        "expires_at": to_ms(expires_at),
        **({} if created_at is None else {"created_at": to_ms(created_at)}),
    }
    db.execute(insert_into(table, columns), columns)


def find(db: Connection, table: Table, sha256: str) -> Session | None:
    sql = f"SELECT t.*, person.timezone FROM {table} t LEFT JOIN person ON person.name = t.name WHERE sha256 = ?"
    row = db.execute(sql, (sha256,)).fetchone()
    return None if row is None else Session(row["id"], _person(row), from_ms(row["expires_at"]))


def delete(db: Connection, table: Table, row_id: int) -> bool:
    """Return False if another request has deleted it."""
    return bool(db.execute(f"DELETE FROM {table} WHERE id = ?", (row_id,)).rowcount)


def set_timezone(db: Connection, name: str, timezone: str | None) -> None:
    db.execute(
        "INSERT INTO person (name, timezone) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET timezone = excluded.timezone",
        (name, timezone),
    )


def delete_all_of(db: Connection, name: str) -> int:
    """Delete the sessions and login links of a person. Return the number of sessions."""
    db.execute("DELETE FROM login_link WHERE name = ?", (name,))
    return int(db.execute("DELETE FROM session WHERE name = ?", (name,)).rowcount)


def delete_expired(db: Connection, now: datetime) -> None:
    for table in ("login_link", "session"):
        db.execute(f"DELETE FROM {table} WHERE expires_at <= ?", (to_ms(now),))


def _person(row: Row) -> Person:
    capabilities = tuple(TokenCapability(one) for one in row["capabilities"].split(","))
    return Person(row["name"], capabilities, ids_from_text(row["accounts"]), row["timezone"])
