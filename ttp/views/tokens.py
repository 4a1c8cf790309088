"""Tokens of the HTTP API and login links as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.domain.time.clock import format_json_instant
from ttp.views import Json

if TYPE_CHECKING:
    from ttp.services.server.api_tokens import NamedToken
    from ttp.services.server.people import LoginAddress

TOKEN_FIELDS = (
    "id",
    "name",
    "capability",
    "accounts",
    "createdAt",
    "expiresAt",
    "revokedAt",
    "lastUsedAt",
)
NEW_TOKEN_FIELDS = (*TOKEN_FIELDS, "token")


def token_json(item: NamedToken) -> Json:
    """Return a token. `accounts` null: all accounts. `token`, the secret, is present only when it was just created."""
    token = item.token
    shape: Json = {
        "id": token.id,
        "name": token.name,
        "capability": token.capability,
        "accounts": None if item.accounts is None else list(item.accounts),
        "createdAt": format_json_instant(token.created_at),
        "expiresAt": format_json_instant(token.expires_at),
        "revokedAt": format_json_instant(token.revoked_at),
        "lastUsedAt": format_json_instant(token.last_used_at),
    }
    return shape if item.secret is None else {**shape, "token": item.secret}


LOGIN_LINK_FIELDS = ("name", "capabilities", "accounts", "url")


def login_link_json(item: LoginAddress) -> Json:
    """Return a login link. `accounts` null: all accounts."""
    return {
        "name": item.name,
        "capabilities": list(item.capabilities),
        "accounts": None if item.accounts is None else list(item.accounts),
        "url": item.url,
    }
