"""How long a token lives, and when it is renewed. Pure: no clock, no network."""

from __future__ import annotations

from datetime import datetime, timedelta

from ttp.domain.account import Credentials
from ttp.domain.platform import Facts

MARGIN = timedelta(seconds=30)
"""A token this close to its end is not used any more: the request needs time to arrive."""


def refresh_due_at(facts: Facts, credentials: Credentials) -> datetime | None:
    """Return when to refresh the token; None if its end is unknown."""
    end = credentials.expires_at
    if end is None:
        return None
    begin = credentials.issued_at
    if begin is None:
        begin = end - (facts.token_life or timedelta(0))
    return max(begin + (end - begin) * facts.renew_at, begin + facts.renew_after)


def is_alive(credentials: Credentials, now: datetime) -> bool:
    """Return whether the token may still be used; True if its end is unknown."""
    return credentials.expires_at is None or credentials.expires_at - MARGIN > now


def works_until(credentials: Credentials) -> datetime | None:
    """Return until when the account works without a person: the end of its refresh token if known, else of the token.
    None if unknown or unlimited."""
    renewable = credentials.refresh_expires_at if credentials.refresh_token else None
    return renewable or credentials.expires_at
