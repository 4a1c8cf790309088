"""The credentials file: the only place where tokens are kept, for its owner only, and never anywhere else.

cron has no D-Bus, so a keyring cannot be the default. Every change is written to a new file, synced and renamed, under
a lock of its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from ttp.domain.account import Credentials
from ttp.domain.errors import Damaged, Hint
from ttp.store.database import make_home, quoted, refuse_loose_modes, translated

PATIENCE_S = 30.0
"""How long a change waits for another process's change of the file."""


class CredentialsFile:
    """`credentials.json` of one home."""

    def __init__(self, home: Path) -> None:
        self.path = home / "credentials.json"

    def get(self, account: str) -> Credentials | None:
        """The credentials of `platform/handle`; None where there are none. Damaged, Busy."""
        with translated(self.path), self._readable():
            held = self._read().get(account.lower())
            return None if held is None else _credentials(held)

    def put(self, account: str, credentials: Credentials) -> None:
        """Keep an account's credentials, on disk when this comes back. Damaged, Busy."""
        with self._changing() as held:
            held[account.lower()] = _entry(credentials)

    def remove(self, account: str) -> None:
        """Forget an account's credentials, if there are any. Damaged, Busy."""
        with self._changing() as held:
            held.pop(account.lower(), None)

    def _read(self) -> dict[str, Any]:
        refuse_loose_modes(self.path)
        try:
            return dict(json.loads(self.path.read_text(encoding="utf-8"))["accounts"])
        except FileNotFoundError:
            return {}

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """Turn everything that wrong contents can raise into Damaged, without showing them."""
        try:
            yield
        except (ValueError, KeyError, TypeError, RecursionError):
            kept = self.path.with_name(self.path.name + ".damaged")
            raise Damaged(
                f"the credentials file {self.path} cannot be read",
                Hint("keep it aside", f"mv {quoted(self.path)} {quoted(kept)}"),
                Hint("then for each account", "ttp account add PLATFORM/HANDLE --credentials FILE"),
            ) from None  # the cause may quote a secret

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        from filelock import FileLock

        make_home(self.path.parent)
        lock = FileLock(self.path.with_name("credentials.lock"), timeout=PATIENCE_S, fallback_to_soft=False, mode=0o600)
        with translated(self.path), lock:
            with self._readable():
                held = self._read()
            yield held
            fresh = self.path.with_name("credentials.json.new")
            descriptor = os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"version": 1, "accounts": held}, file, indent=1, sort_keys=True)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
            # Without this a power cut may bring the old file back, and with it a refresh token that is spent.
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _entry(credentials: Credentials) -> dict[str, Any]:
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


def _credentials(entry: dict[str, str]) -> Credentials:
    """Credentials of an entry. ValueError, KeyError or TypeError where it is none."""
    if not all(isinstance(value, str) for value in dict(entry).values()):
        raise TypeError("every value is a text")
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


def _instant(entry: dict[str, str], name: str) -> datetime | None:
    """An aware instant of an entry; None where there is none. ValueError for a naive one."""
    text = entry.get(name)
    at = datetime.fromisoformat(text) if text else None
    if at is not None and at.tzinfo is None:
        raise ValueError("a naive datetime is not an instant")
    return at
