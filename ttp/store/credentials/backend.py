"""Credentials as JSON, and back: the one shape that every backend keeps. Shows no value of what it cannot read."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Protocol

from ttp.domain.account import Credentials, connect_action
from ttp.domain.errors import Busy, Damaged, Hint

_NAMES = {
    "accessToken": "access_token",
    "host": "host",
    "refreshToken": "refresh_token",
    "expiresAt": "expires_at",
    "userId": "user_id",
    "clientId": "client_id",
    "clientSecret": "client_secret",
    "accessTokenSecret": "token_secret",
    "issuedAt": "issued_at",
    "refreshExpiresAt": "refresh_expires_at",
}
"""The fields of an entry, and those of Credentials."""


def entry_of(credentials: Credentials) -> dict[str, str]:
    """Return credentials as a mapping of texts, without empty fields."""
    values = {name: getattr(credentials, field) for name, field in _NAMES.items()}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
        if value is not None
    }


def text_of(credentials: Credentials) -> str:
    """Return credentials as one line of JSON."""
    return json.dumps(entry_of(credentials), sort_keys=True)


def credentials_of(entry: object, account: str, place: str) -> Credentials:
    """Return the credentials of an entry or its JSON text. Raises BrokenEntry with the account and the place."""
    try:
        return _read(json.loads(entry) if isinstance(entry, str) else entry)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BrokenEntry(account, place) from None  # the cause may quote a secret


def secrets_of(credentials: Credentials) -> tuple[str, ...]:
    """Return the secrets that must never be shown."""
    held = (credentials.access_token, credentials.refresh_token, credentials.client_secret, credentials.token_secret)
    return tuple(secret for secret in held if secret)


def _read(entry: object) -> Credentials:
    """Raise ValueError, KeyError or TypeError for an invalid entry."""
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise TypeError("an entry is an object of texts")
    values: dict[str, Any] = {
        field: _instant(entry[name]) if field.endswith("_at") else entry[name]
        for name, field in _NAMES.items()
        if name in entry
    }
    return Credentials(**values)


def _instant(text: str) -> datetime | None:
    """Return an aware instant; None for an empty text. Raises ValueError for a naive one."""
    at = datetime.fromisoformat(text) if text else None
    if at is not None and at.tzinfo is None:
        raise ValueError("a naive datetime is not an instant")
    return at


class CredentialsStore(Protocol):
    """The tokens of one home. Thread-safe. Refreshing is guarded by `home.locks.token_lock`."""

    def get(self, account: str) -> Credentials | None:
        """Return the credentials of `platform/handle`, in any case, or None.

        Raises BrokenEntry for an entry that cannot be read (others can), BackendUnavailable where a later try may work,
        and Damaged, Busy or NotFound where the whole backend cannot be read.
        """

    def put(self, account: str, credentials: Credentials) -> None:
        """Store an account's credentials durably. Raises BackendUnavailable, Damaged, Busy, NotFound."""

    def remove(self, account: str) -> None:
        """Delete an account's credentials, if any. Raises BackendUnavailable, Damaged, Busy, NotFound."""

    def check(self) -> str:
        """Check that the backend works; return its description. Raises BackendUnavailable, Damaged, Busy, NotFound."""


class BrokenEntry(Damaged):
    """The entry of one account cannot be read; others can."""

    def __init__(self, account: str, place: str) -> None:
        super().__init__(
            f"the credentials of {account} in {place} cannot be read",
            Hint("fix", connect_action(account)),
        )


class KeyMissing(Busy):
    """The key that the credentials in the store are encrypted with is not given here, or cannot be read."""


class BackendUnavailable(Busy):
    """The keyring or the user's program failed this time. A later try may work."""
