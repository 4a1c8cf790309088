"""Accounts of Meta's platforms, and how their tokens begin and end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from ttp.sandbox.records import DAY_MS, HOUR_MS, SandboxAccount
from ttp.sandbox.state import State, renew_tokens


@dataclass(frozen=True, slots=True)
class MetaAccount(SandboxAccount):
    login: str = ""
    """The login that its tokens come from."""
    short: bool = False
    """The token is the first one, of an hour, to be exchanged for one of sixty days."""
    dead: int = 0
    """The subcode of code 190 that its tokens are answered with; 0 while they work."""

    @property
    def access_ms(self) -> int:
        return HOUR_MS if self.short else 60 * DAY_MS

    def has_ended(self, token: str, now_ms: int) -> bool:
        """Whether a token of the account is over."""
        return self.expires_ms <= now_ms


A = TypeVar("A", bound=MetaAccount)


def renew(state: State, account: A, short: bool = False) -> A:
    """Return the account with new tokens that work. `short`: the first token, of an hour."""
    return renew_tokens(state, replace(account, short=short, dead=0))


DEAD = {
    458: "The user has not authorized application.",
    459: "The user is enrolled in a blocking, logged-in checkpoint.",
    460: "The session has been invalidated because the user changed their password.",
    463: "Session has expired.",
    464: "The session user is not confirmed.",
    467: "The session is invalid because the user logged out.",
    492: "The session is invalid.",
}
"""Subcodes of code 190 and their messages."""
REMOVED = 458
"""Subcode of code 190 for an app that the user removed."""
