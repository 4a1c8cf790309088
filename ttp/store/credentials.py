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
from ttp.store.database import make_home, refuse_loose_modes


class CredentialsFile:
    """`credentials.json` of one home."""

    def __init__(self, home: Path) -> None:
        self.path = home / "credentials.json"

    def get(self, account: str) -> Credentials | None:
        """The credentials of `platform/handle`; None where there are none. Damaged if the file cannot be read."""
        held = self._read().get(account.lower())
        return None if held is None else _credentials(held)

    def put(self, account: str, credentials: Credentials) -> None:
        with self._changing() as held:
            held[account.lower()] = _entry(credentials)

    def remove(self, account: str) -> None:
        with self._changing() as held:
            held.pop(account.lower(), None)

    def _read(self) -> dict[str, Any]:
        refuse_loose_modes(self.path)
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
            return dict(data["accounts"])
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError) as error:
            raise Damaged(
                f"the credentials file {self.path} cannot be read",
                Hint("keep it aside", f"mv {self.path} {self.path}.damaged"),
                Hint("then for each account", "ttp account add PLATFORM/HANDLE --credentials FILE"),
            ) from error

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        from filelock import FileLock

        make_home(self.path.parent)
        with FileLock(self.path.with_name("credentials.lock"), timeout=30, mode=0o600):
            held = self._read()
            yield held
            fresh = self.path.with_name("credentials.json.new")
            descriptor = os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"version": 1, "accounts": held}, file, indent=1, sort_keys=True)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)


def _entry(credentials: Credentials) -> dict[str, Any]:
    entry = {
        "accessToken": credentials.access_token,
        "host": credentials.host,
        "refreshToken": credentials.refresh_token,
        "expiresAt": credentials.expires_at.isoformat() if credentials.expires_at else None,
        "userId": credentials.user_id,
        "clientId": credentials.client_id,
        "clientSecret": credentials.client_secret,
    }
    return {name: value for name, value in entry.items() if value is not None}


def _credentials(entry: dict[str, Any]) -> Credentials:
    expires = entry.get("expiresAt")
    return Credentials(
        access_token=entry["accessToken"],
        host=entry.get("host", ""),
        refresh_token=entry.get("refreshToken"),
        expires_at=datetime.fromisoformat(expires) if expires else None,
        user_id=entry.get("userId"),
        client_id=entry.get("clientId"),
        client_secret=entry.get("clientSecret"),
    )
