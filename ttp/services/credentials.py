"""Change the key of credentials that are in the store, while publishers use them."""

from __future__ import annotations

from contextlib import AbstractContextManager

from ttp.domain.account import connect_action
from ttp.domain.errors import Hint, PartlyFailed
from ttp.services.accounts import LOCK_WAIT_S
from ttp.store.credentials.table import CredentialsTable, RekeyResult
from ttp.store.database import Database


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
