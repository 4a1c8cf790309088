"""Tokens in the system's keyring (Secret Service, KWallet, macOS Keychain), by the package `keyring`, imported late.

An entry for each account, under a service that names the home: two homes never share a refresh token. What a keyring's
own code raises is told in its words, cleaned.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ttp.domain.account import Credentials
from ttp.domain.errors import Busy, Hint, TtpError, UsageError
from ttp.domain.text import clean
from ttp.store.credentials.backend import Away, credentials_of, secrets_of, text_of

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

PLACE = "the keyring"


class CredentialsKeyring:
    """The keyring's entries of one home. UsageError where the package is not installed."""

    def __init__(self, home: Path) -> None:
        if find_spec("keyring") is None:
            raise UsageError(
                "credentials.backend is keyring, and the Python package keyring is not installed",
                Hint("fix", "pip install 'ttp-cli[keyring]'"),
            )
        self.service = f"ttp {home.resolve()}"

    def get(self, account: str) -> Credentials | None:
        """The credentials of `platform/handle`; None where there are none. BrokenEntry, Away, Busy."""
        with _told() as ring:
            text = ring.get_password(self.service, account.lower())
        return None if text is None else credentials_of(text, account, PLACE)

    def put(self, account: str, credentials: Credentials) -> None:
        """Keep an account's credentials; the keyring has shown that it has them when this comes back. Away, Busy."""
        text = text_of(credentials)
        with _told(secrets_of(credentials)) as ring:
            ring.set_password(self.service, account.lower(), text)
            kept = ring.get_password(self.service, account.lower())
        if kept != text:
            raise Away(f"{PLACE} did not keep the credentials of {account}")

    def remove(self, account: str) -> None:
        """Forget an account's credentials, if there are any. Away, Busy."""
        with _told() as ring:
            # Most keyrings refuse to delete what is not there.
            if ring.get_password(self.service, account.lower()) is not None:
                ring.delete_password(self.service, account.lower())

    def check(self) -> str:
        """The keyring's name, if it answers. Away, Busy."""
        with _told() as ring:
            ring.get_password(self.service, "")
            return f"{PLACE} ({clean(ring.name)})"


@contextmanager
def _told(secrets: tuple[str, ...] = ()) -> Iterator[KeyringBackend]:
    """The keyring of this session, and what goes wrong with it as Away. Busy where there is none at all."""
    try:
        yield _ring()
    except TtpError:
        raise
    except Exception as error:  # noqa: BLE001 (keyrings are plug-ins, and each raises what it likes)
        said = clean(str(error), secrets) or type(error).__name__
        raise Away(f"{PLACE} does not answer: {said}") from None  # the cause may quote a secret


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
