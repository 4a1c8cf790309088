"""Read and write login links and sessions, and the timezones of people. Only the SHA-256 of secrets is stored."""

from __future__ import annotations

from datetime import datetime

from ttp.domain.server.api_token import LoginLink, Person, Session, TokenCapability
from ttp.domain.time.clock import from_ms, to_ms
from ttp.store.dialect import Connection, Row
from ttp.store.row_mapper import ids_from_text, ids_to_text

_WHOLE = "{0}.*, person.timezone FROM {0} LEFT JOIN person ON person.name = {0}.name"


def insert_link(db: Connection, person: Person, sha256: str, expires_at: datetime) -> None:
    db.execute(
        "INSERT INTO login_link (sha256, name, capabilities, accounts, expires_at) VALUES (?, ?, ?, ?, ?)",
        (sha256, *_columns(person), to_ms(expires_at)),
    )


def link_of_digest(db: Connection, sha256: str) -> LoginLink | None:
    row = db.execute(f"SELECT {_WHOLE.format('login_link')} WHERE sha256 = ?", (sha256,)).fetchone()
    return None if row is None else LoginLink(row["id"], _person(row), from_ms(row["expires_at"]))


def take_link(db: Connection, link_id: int) -> bool:
    """Delete a link. Return False if another request has used it."""
    return bool(db.execute("DELETE FROM login_link WHERE id = ?", (link_id,)).rowcount)


def insert_session(db: Connection, person: Person, sha256: str, now: datetime, expires_at: datetime) -> None:
    db.execute(
        "INSERT INTO session (sha256, name, capabilities, accounts, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
        (sha256, *_columns(person), to_ms(now), to_ms(expires_at)),
    )


def session_of_digest(db: Connection, sha256: str) -> Session | None:
    row = db.execute(f"SELECT {_WHOLE.format('session')} WHERE sha256 = ?", (sha256,)).fetchone()
    return None if row is None else Session(row["id"], _person(row), from_ms(row["expires_at"]))


def set_timezone(db: Connection, name: str, timezone: str | None) -> None:
    db.execute(
        "INSERT INTO person (name, timezone) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET timezone = excluded.timezone",
        (name, timezone),
    )


def delete_session(db: Connection, session_id: int) -> None:
    db.execute("DELETE FROM session WHERE id = ?", (session_id,))


def delete_all_of(db: Connection, name: str) -> int:
    """Delete the sessions and login links of a person. Return the number of sessions."""
    db.execute("DELETE FROM login_link WHERE name = ?", (name,))
    return int(db.execute("DELETE FROM session WHERE name = ?", (name,)).rowcount)


def delete_expired(db: Connection, now: datetime) -> None:
    for table in ("login_link", "session"):
        db.execute(f"DELETE FROM {table} WHERE expires_at <= ?", (to_ms(now),))


def _columns(person: Person) -> tuple[str, str, str | None]:
    return person.name, ",".join(person.capabilities), ids_to_text(person.accounts)


def _person(row: Row) -> Person:
    capabilities = tuple(TokenCapability(one) for one in row["capabilities"].split(","))
    return Person(row["name"], capabilities, ids_from_text(row["accounts"]), row["timezone"])
