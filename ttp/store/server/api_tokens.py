"""Read and write the tokens of the HTTP API. Only the SHA-256 of a token is stored."""

from __future__ import annotations

from datetime import datetime

from ttp.domain.server.api_token import ApiToken, TokenCapability
from ttp.domain.time.clock import to_ms
from ttp.store.dialect import Connection, Row
from ttp.store.row_mapper import ids_from_text, ids_to_text, ms, plain_fields


def insert(db: Connection, token: ApiToken, sha256: str) -> ApiToken:
    row = db.execute(
        "INSERT INTO token (name, sha256, capability, accounts, created_at, expires_at, timezone)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (
            token.name,
            sha256,
            token.capability.value,
            ids_to_text(token.accounts),
            to_ms(token.created_at),
            ms(token.expires_at),
            token.timezone,
        ),
    ).fetchone()
    return _token(row)


def tokens(db: Connection) -> list[ApiToken]:
    """Return all tokens, also revoked ones, oldest first."""
    return [_token(row) for row in db.execute("SELECT * FROM token ORDER BY id")]


def token_of_digest(db: Connection, sha256: str) -> tuple[ApiToken, str] | None:
    row = db.execute("SELECT * FROM token WHERE sha256 = ?", (sha256,)).fetchone()
    return None if row is None else (_token(row), row["sha256"])


def token_with_digest(db: Connection, token_id: int) -> tuple[ApiToken, str] | None:
    row = db.execute("SELECT * FROM token WHERE id = ?", (token_id,)).fetchone()
    return None if row is None else (_token(row), row["sha256"])


def revoke(db: Connection, token_id: int, now: datetime) -> None:
    db.execute("UPDATE token SET revoked_at = ? WHERE id = ?", (to_ms(now), token_id))


def record_use(db: Connection, token_id: int, now: datetime) -> None:
    db.execute("UPDATE token SET last_used_at = ? WHERE id = ?", (to_ms(now), token_id))


def _token(row: Row) -> ApiToken:
    return ApiToken(
        **plain_fields(row, ApiToken, "capability", "accounts"),
        capability=TokenCapability(row["capability"]),
        accounts=ids_from_text(row["accounts"]),
    )
