"""An account as a JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ttp.views import attributes_json

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.views.answers import AccountAnswer

ACCOUNT_FIELDS = (
    *("account", "platform", "handle", "connected", "needsReconnect", "enabled", "timezone", "expiresAt", "scopes"),
    *("holdUntil", "holdReason", "options", "server", "split", "utm"),
)


def account_json(item: Account) -> AccountAnswer:
    """Return an account without any secret."""
    return cast("AccountAnswer", attributes_json(item, ACCOUNT_FIELDS, account=item.name))
