"""What every place of tokens can do, and how it says that it cannot.

They are used alike, and a set of tokens is kept safely before `put` comes back: whoever renewed them uses them only
then. No message of theirs ever holds a secret.
"""

from __future__ import annotations

from typing import Protocol

from ttp.domain.account import Credentials
from ttp.domain.errors import Busy, Damaged, Hint


class CredentialsStore(Protocol):
    """The tokens of one home. Safe for several threads; renewing one account's is guarded by `store.tokens`' lock."""

    def get(self, account: str) -> Credentials | None:
        """The credentials of `platform/handle`, in any case; None where there are none.

        BrokenEntry where there are some that cannot be read: the account is lost, and no other. Away where it may work
        later. Damaged, Busy, NotFound where nothing of the store can be read.
        """
        ...

    def put(self, account: str, credentials: Credentials) -> None:
        """Keep an account's credentials, safely when this comes back. Away, Damaged, Busy, NotFound."""
        ...

    def remove(self, account: str) -> None:
        """Forget an account's credentials, if there are any. Away, Damaged, Busy, NotFound."""
        ...

    def check(self) -> str:
        """What keeps the tokens, in a few words, after a look whether it does. Shows and changes none of them.

        Away, Damaged, Busy, NotFound.
        """
        ...


class BrokenEntry(Damaged):
    """The entry of one account cannot be read; those of others can."""

    def __init__(self, account: str, place: str) -> None:
        super().__init__(
            f"the credentials of {account} in {place} cannot be read",
            Hint("connect it again", f"ttp account connect {account}"),
        )


class Away(Busy):
    """The keyring or the program did not do it this time; it may the next."""
