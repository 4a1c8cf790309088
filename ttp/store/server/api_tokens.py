"""Read and write the tokens of the HTTP API. Only the SHA-256 of a token is stored."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ttp.domain.server.api_token import ApiToken, TokenCapability
from ttp.domain.time.clock import to_ms
from ttp.store.dialect import Connection, Row, insert_row
from ttp.store.row_mapper import ids_from_text, ids_to_text, ms, plain_fields


def insert(db: Connection, token: ApiToken, sha256: str) -> ApiToken:
    columns = {
        "name": token.name,
        "sha256": sha256,
        "capability": token.capability.value,
        "accounts": ids_to_text(token.accounts),
        "created_at": to_ms(token.created_at),
        "expires_at": ms(token.expires_at),
        "timezone": token.timezone,
    }
    return _token(insert_row(db, "token", columns))


def tokens(db: Connection) -> list[ApiToken]:
    """Return all tokens, also revoked ones, oldest first."""
    return [_token(row) for row in db.execute("SELECT * FROM token ORDER BY id")]


def token_with_digest(db: Connection, column: Literal["id", "sha256"], value: int | str) -> tuple[ApiToken, str] | None:
    row = db.execute(f"SELECT * FROM token WHERE {column} = ?", (value,)).fetchone()
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
