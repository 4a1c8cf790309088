"""Rate limits: the calls that a platform still allows, from its answers or counted where it says nothing. Data only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

Scope = Literal["account", "app", "host"]


LONGEST = timedelta(hours=24)
"""No limit of a platform lasts longer; what says so is a clock that was wrong."""


class LimitKey(NamedTuple):
    """What is limited (an endpoint, or a word for what the platform counts), and for whom. `subject`: a digest of the
    app, or the host; empty where the limit is the account's."""

    name: str
    scope: Scope = "account"
    subject: str = ""


class Limit(NamedTuple):
    """`left` of `limit` calls or posts (None: how many was not told) until `resets_at`. `account` is the account that
    the platform told it to; with `scope` and `subject` as in `LimitKey`."""

    account: str
    name: str
    left: int
    limit: int | None
    resets_at: datetime | None = None
    scope: Scope = "account"
    subject: str = ""

    @property
    def key(self) -> LimitKey:
        return LimitKey(self.name, self.scope, self.subject)

    @property
    def label(self) -> str:
        """What is limited, in a line: `app 1a2b3c4d POST /2/tweets`."""
        return self.name if self.scope == "account" else f"{self.scope} {self.subject} {self.name}"

    @property
    def share_left(self) -> float:
        """The share that is left, from 0 to 1; 1 if unknown."""
        if self.left <= 0:
            return 0.0
        return min(self.left / self.limit, 1.0) if self.limit else 1.0

    def closed_until(self, now: datetime) -> datetime | None:
        """Return when it resets, where nothing is left until then. None where a call may be made."""
        if self.left > 0 or self.resets_at is None:
            return None
        return self.resets_at if now < self.resets_at <= now + LONGEST else None


def owner(account: str, key: LimitKey) -> str:
    """Return the account that a limit holds for; its platform where the accounts of an app or a host share it."""
    return account if key.scope == "account" else account.partition("/")[0]
