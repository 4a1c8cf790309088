"""An account as a JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.views import Json, attributes_json

if TYPE_CHECKING:
    from ttp.domain.account import Account


ACCOUNT_FIELDS = (
    "account",
    "platform",
    "handle",
    "connected",
    "needsReconnect",
    "enabled",
    "timezone",
    "expiresAt",
    "scopes",
    "holdUntil",
    "holdReason",
    "options",
    "server",
)


def account_json(item: Account) -> Json:
    """Return an account without any secret."""
    return attributes_json(item, ACCOUNT_FIELDS, account=item.name, options=dict(item.options))
