"""An account as a JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.domain.time.clock import format_json_instant

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.views.answers import AccountAnswer


def account_json(item: Account) -> AccountAnswer:
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
        "split": item.split,
        "utm": item.utm,
    }
