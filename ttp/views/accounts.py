"""An account as a JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.domain.time.clock import format_json_instant
from ttp.views import Json

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
    return {
        "account": item.name,
        "platform": item.platform,
        "handle": item.handle,
        "connected": item.connected,
        "needsReconnect": item.needs_reconnect,
        "enabled": item.enabled,
        "timezone": item.timezone,
        "expiresAt": format_json_instant(item.expires_at),
        "scopes": list(item.scopes),
        "holdUntil": format_json_instant(item.hold_until),
        "holdReason": item.hold_reason,
        "options": dict(item.options),
        "server": item.server,
    }
