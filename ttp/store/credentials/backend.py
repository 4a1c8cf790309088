"""Credentials as JSON, and back: the one shape that every backend keeps. Shows no value of what it cannot read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from ttp.domain.account import Credentials
from ttp.domain.action import action
from ttp.domain.errors import Busy, Damaged, Hint


def entry_of(credentials: Credentials) -> dict[str, str]:
    """Return credentials as a mapping of texts, without empty fields."""
    entry = {
        "accessToken": credentials.access_token,
        "host": credentials.host,
        "refreshToken": credentials.refresh_token,
        "expiresAt": credentials.expires_at.isoformat() if credentials.expires_at else None,
        "userId": credentials.user_id,
        "clientId": credentials.client_id,
        "clientSecret": credentials.client_secret,
        "accessTokenSecret": credentials.token_secret,
        "issuedAt": credentials.issued_at.isoformat() if credentials.issued_at else None,
        "refreshExpiresAt": credentials.refresh_expires_at.isoformat() if credentials.refresh_expires_at else None,
    }
    return {name: value for name, value in entry.items() if value is not None}


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
    return Credentials(
        access_token=entry["accessToken"],
        host=entry.get("host", ""),
        refresh_token=entry.get("refreshToken"),
        expires_at=_instant(entry, "expiresAt"),
        user_id=entry.get("userId"),
        client_id=entry.get("clientId"),
        client_secret=entry.get("clientSecret"),
        token_secret=entry.get("accessTokenSecret"),
        issued_at=_instant(entry, "issuedAt"),
        refresh_expires_at=_instant(entry, "refreshExpiresAt"),
    )


def _instant(entry: Mapping[str, str], name: str) -> datetime | None:
    """Return an aware instant of an entry, or None. Raises ValueError for a naive one."""
    text = entry.get(name)
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
        ...

    def put(self, account: str, credentials: Credentials) -> None:
        """Store an account's credentials durably. Raises BackendUnavailable, Damaged, Busy, NotFound."""
        ...

    def remove(self, account: str) -> None:
        """Delete an account's credentials, if any. Raises BackendUnavailable, Damaged, Busy, NotFound."""
        ...

    def check(self) -> str:
        """Check that the backend works; return its description. Raises BackendUnavailable, Damaged, Busy, NotFound."""
        ...


class BrokenEntry(Damaged):
    """The entry of one account cannot be read; others can."""

    def __init__(self, account: str, place: str) -> None:
        super().__init__(
            f"the credentials of {account} in {place} cannot be read",
            Hint("fix", action("account connect", account)),
        )


class KeyMissing(Busy):
    """The key that the credentials in the store are encrypted with is not given here, or cannot be read."""


class BackendUnavailable(Busy):
    """The keyring or the user's program failed this time. A later try may work."""
