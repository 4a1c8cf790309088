"""What a platform still allows an account: heard from its answers, or counted where it tells nothing. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST = timedelta(hours=24)
"""No limit of a platform lasts longer; what says so is a clock that was wrong."""
SHARED = "app "
"""How the name of a limit begins that holds for every account of one client app."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`left` of `limit` calls or posts (None: how many was not told) until `resets_at`.

    `name` is what is limited: an endpoint, or a word for what the platform counts.
    """

    account: str
    name: str
    left: int
    limit: int | None
    resets_at: datetime | None = None

    @property
    def share_left(self) -> float:
        """How much of it is left, from 0 to 1; 1 where that cannot be told."""
        if self.left <= 0:
            return 0.0
        return min(self.left / self.limit, 1.0) if self.limit else 1.0

    def closed_until(self, now: datetime) -> datetime | None:
        """Return when it resets, where nothing is left until then. None where a call may be made."""
        if self.left > 0 or self.resets_at is None:
            return None
        return self.resets_at if now < self.resets_at <= now + LONGEST else None


def limited_account(account: str, name: str) -> str:
    """Return whose a limit is: the account's, or the empty text where it holds for all accounts of one client app."""
    return "" if name.startswith(SHARED) else account
