"""The credentials file, the usual place of tokens: for its owner only.

cron has no D-Bus, so a keyring cannot be the default. Every change is written to a new file, synced and renamed, under
a lock of its own. An entry that cannot be read is left as it is, and harms no other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from ttp.domain.account import Credentials
from ttp.domain.action import action
from ttp.domain.errors import Damaged, Hint
from ttp.store.credentials.backend import credentials_of, entry_of
from ttp.store.home import atomic_file
from ttp.store.home.locks import lock_trouble
from ttp.store.home.paths import make_home, quoted, refuse_loose_modes
from ttp.store.home.regular_file import read_text
from ttp.store.sqlite import translate_errors

PATIENCE_S = 30.0
"""How long a change waits for another process's change of the file."""


class CredentialsFile:
    """`credentials.json` of one home."""

    def __init__(self, home: Path) -> None:
        self.path = home / "credentials.json"
        self._known: tuple[tuple[int, ...], dict[str, Any]] | None = None

    def get(self, account: str) -> Credentials | None:
        """The credentials of `platform/handle`; None where there are none. BrokenEntry, Damaged, Busy."""
        with translate_errors(self.path):
            held = self._as_it_is().get(account.lower())
        return None if held is None else credentials_of(held, account, str(self.path))

    def put(self, account: str, credentials: Credentials) -> None:
        """Keep an account's credentials, on disk when this comes back. Damaged, Busy."""
        with self._changing() as held:
            held[account.lower()] = entry_of(credentials)

    def remove(self, account: str) -> None:
        """Forget an account's credentials, if there are any. Damaged, Busy."""
        with self._changing() as held:
            held.pop(account.lower(), None)

    def check(self) -> str:
        """The file's name, if it can be read. Damaged, Busy."""
        with translate_errors(self.path):
            self._read()
        return f"the file {self.path}"

    def _as_it_is(self) -> dict[str, Any]:
        """Every entry, not to be changed: parsed again only where the file is another one, or was written to."""
        before = self._look()
        if self._known is None or self._known[0] != before or before is None:
            held = self._read()
            if before is None or before != self._look():
                return held
            self._known = (before, held)
        return self._known[1]

    def _look(self) -> tuple[int, ...] | None:
        """What tells a file that was changed, its mode too; None where there is none."""
        with suppress(FileNotFoundError):
            found = self.path.stat()
            return (found.st_mode, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        return None

    def _read(self) -> dict[str, Any]:
        """Every entry, as it is. Damaged for contents that are no such file, without showing them."""
        refuse_loose_modes(self.path)
        try:
            return dict(json.loads(read_text(self.path))["accounts"])
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, RecursionError):
            kept = self.path.with_name(self.path.name + ".damaged")
            raise Damaged(
                f"the credentials file {self.path} cannot be read",
                Hint("fix", f"mv {quoted(self.path)} {quoted(kept)}"),
                Hint("fix", action("account connect", "PLATFORM/HANDLE")),
            ) from None  # the cause may quote a secret

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        from filelock import FileLock

        make_home(self.path.parent)
        lock = FileLock(self.path.with_name("credentials.lock"), timeout=PATIENCE_S, fallback_to_soft=False, mode=0o600)
        with translate_errors(self.path), ExitStack() as held_lock:
            with lock_trouble(Path(lock.lock_file)):
                held_lock.enter_context(lock)
            held = self._read()
            yield held
            atomic_file.write(self.path, json.dumps({"version": 1, "accounts": held}, indent=1, sort_keys=True))
