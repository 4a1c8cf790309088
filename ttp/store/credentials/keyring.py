"""Tokens in the system keyring (Secret Service, KWallet, macOS Keychain), by the `keyring` package, imported late.

Each account has an entry under a service named after the home, so that two homes never share a refresh token. Errors of
keyrings are shown cleaned.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ttp.domain.account import Credentials
from ttp.domain.errors import Busy, Hint, TtpError, UsageError
from ttp.domain.text import clean_text
from ttp.store.credentials.backend import BackendUnavailable, credentials_of, secrets_of, text_of

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

PLACE = "the keyring"


class CredentialsKeyring:
    """A CredentialsStore of one home in the keyring. Raises UsageError if the package is not installed."""

    def __init__(self, home: Path) -> None:
        if find_spec("keyring") is None:
            raise UsageError(
                "credentials.backend is keyring, and the Python package keyring is not installed",
                Hint("fix", "pip install 'ttp-cli[keyring]'"),
            )
        self.service = f"ttp {home.resolve()}"

    def get(self, account: str) -> Credentials | None:
        with _open_keyring() as ring:
            text = ring.get_password(self.service, account.lower())
        return None if text is None else credentials_of(text, account, PLACE)

    def put(self, account: str, credentials: Credentials) -> None:
        text = text_of(credentials)
        with _open_keyring(secrets_of(credentials)) as ring:
            ring.set_password(self.service, account.lower(), text)
            kept = ring.get_password(self.service, account.lower())
        if kept != text:
            raise BackendUnavailable(f"{PLACE} did not keep the credentials of {account}")

    def remove(self, account: str) -> None:
        with _open_keyring() as ring:
            # Most keyrings refuse to delete what is not there.
            if ring.get_password(self.service, account.lower()) is not None:
                ring.delete_password(self.service, account.lower())

    def check(self) -> str:
        with _open_keyring() as ring:
            ring.get_password(self.service, "")
            return f"{PLACE} ({clean_text(ring.name)})"


@contextmanager
def _open_keyring(secrets: tuple[str, ...] = ()) -> Iterator[KeyringBackend]:
    """Yield the keyring of this session; raise BackendUnavailable for its errors, Busy if no keyring is usable."""
    try:
        yield _ring()
    except TtpError:
        raise
    except Exception as error:  # noqa: BLE001 (keyrings are plug-ins, and each raises what it likes)
        said = clean_text(str(error), secrets) or type(error).__name__
        raise BackendUnavailable(f"{PLACE} does not answer: {said}") from None  # the cause may quote a secret


def _ring() -> KeyringBackend:
    import keyring
    from keyring.backends import fail, null

    ring = keyring.get_keyring()
    if isinstance(ring, fail.Keyring | null.Keyring):
        raise Busy(
            "no keyring can be reached from here; cron and SSH sessions mostly have none",
            Hint("see", "keyring --list-backends"),
            Hint("fix", 'credentials.backend = "file"'),
        )
    return ring
