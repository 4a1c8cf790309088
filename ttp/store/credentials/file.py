"""The credentials file, the default backend. Only its owner can read it.

cron has no D-Bus, so a keyring cannot be the default. A change is written to a new file, synced and renamed, under a
lock. An entry that cannot be read is kept and does not affect the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ttp.domain.account import Credentials
from ttp.domain.action import action
from ttp.domain.errors import Damaged, Hint
from ttp.store.credentials.backend import credentials_of, entry_of
from ttp.store.home import files
from ttp.store.home.files import make_home, quote_path, read_text, refuse_loose_modes
from ttp.store.home.locks import credentials_lock
from ttp.store.sqlite import translate_errors


class CredentialsFile:
    """A CredentialsStore in `credentials.json` of one home."""

    def __init__(self, home: Path) -> None:
        self.path = home / "credentials.json"
        self._known: tuple[tuple[int, ...], dict[str, Any]] | None = None

    def get(self, account: str) -> Credentials | None:
        with translate_errors(self.path):
            entry = self._as_it_is().get(account.lower())
        return None if entry is None else credentials_of(entry, account, str(self.path))

    def put(self, account: str, credentials: Credentials) -> None:
        with self._changing() as entries:
            entries[account.lower()] = entry_of(credentials)

    def remove(self, account: str) -> None:
        with self._changing() as entries:
            entries.pop(account.lower(), None)

    def check(self) -> str:
        with translate_errors(self.path):
            self._read()
        return f"the file {self.path}"

    def _as_it_is(self) -> dict[str, Any]:
        """Return every entry, read-only. The file is parsed again only after it was replaced or changed."""
        before = self._look()
        if self._known is None or self._known[0] != before or before is None:
            entries = self._read()
            if before is None or before != self._look():
                return entries
            self._known = (before, entries)
        return self._known[1]

    def _look(self) -> tuple[int, ...] | None:
        """Return the stat values that change with the file; None if it does not exist."""
        with suppress(FileNotFoundError):
            now = self.path.stat()
            return (now.st_mode, now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)
        return None

    def _read(self) -> dict[str, Any]:
        """Return every entry. Raises Damaged for invalid contents, without showing them."""
        refuse_loose_modes(self.path)
        try:
            return dict(json.loads(read_text(self.path))["accounts"])
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, RecursionError):
            kept = self.path.with_name(self.path.name + ".damaged")
            raise Damaged(
                f"the credentials file {self.path} cannot be read",
                Hint("fix", f"mv {quote_path(self.path)} {quote_path(kept)}"),
                Hint("fix", action("account connect", "PLATFORM/HANDLE")),
            ) from None  # the cause may quote a secret

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        make_home(self.path.parent)
        with translate_errors(self.path), credentials_lock(self.path.parent):
            entries = self._read()
            yield entries
            files.write_whole(self.path, json.dumps({"version": 1, "accounts": entries}, indent=1, sort_keys=True))
