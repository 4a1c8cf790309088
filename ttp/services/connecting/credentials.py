"""Change the key of credentials that are in the store, while publishers use them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from ttp.domain.account import connect_action
from ttp.domain.action import action
from ttp.domain.errors import Busy, Hint, PartlyFailed
from ttp.domain.health import RegisteredPublisher
from ttp.services.accounts import LOCK_WAIT_S
from ttp.services.connecting.tokens import Tokens
from ttp.store.credentials.table import CredentialsTable, RekeyResult
from ttp.store.database import Database

SHARED_BACKENDS = frozenset({"store", "command"})
"""Backends that other hosts can have, too."""


class UnsharedCredentials(Busy):
    """Other publishers run, and a refresh elsewhere would end tokens that only this host has."""


def refuse_second_publisher(backend: str, others: Sequence[RegisteredPublisher], tokens: Tokens) -> None:
    """Raise UnsharedCredentials if other publishers run, and this host has unshared tokens that a refresh
    elsewhere would end."""
    if not others or backend in SHARED_BACKENDS:
        return
    names = tokens.rotating_accounts()
    if names:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise UnsharedCredentials(
            f"{others[0].host} publishes from this store (pid {others[0].pid}), and the tokens of {names[0]}{more} are"
            f" in the {backend} of this host alone",
            Hint("fix", action("config set", "credentials.backend", "store")),
            Hint("see", "docs/how-to/credentials.md"),
        )


def encrypt_again(database: Database, table: CredentialsTable, *, discard: bool) -> RekeyResult:
    """Encrypt every entry with the newest key. `discard`: delete those that no key decrypts; else they raise
    PartlyFailed after the others are done. Raises KeyMissing, NotFound, and Busy where a token is in use."""

    def locked(name: str) -> AbstractContextManager[None]:
        return database.token_lock(name, patience_s=LOCK_WAIT_S)

    done = table.rekey(locked, discard=discard)
    if done.left:
        raise PartlyFailed(
            f"no key decrypts the credentials of {', '.join(done.left)}; the others are encrypted with {done.key_id}",
            *(Hint("fix", connect_action(name)) for name in done.left if "/" in name),
        )
    return done
