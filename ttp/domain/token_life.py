"""How long a token lives, and when it is renewed. Pure: no clock, no network."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from ttp.domain.account import Credentials, Platform

USUAL_LIFE: Mapping[Platform, timedelta] = MappingProxyType(
    {Platform.X: timedelta(hours=2), Platform.TIKTOK: timedelta(hours=2), Platform.INSTAGRAM: timedelta(days=60)}
)
"""Life of an access token where only its end is known (docs/reference/platforms/*.md, section 2)."""
_SHARE: Mapping[Platform, float] = MappingProxyType({Platform.X: 0.8, Platform.TIKTOK: 0.8, Platform.INSTAGRAM: 0.5})
"""The share of its life after which a token is renewed. Instagram has no second chance: a token that ended cannot be
renewed, so it is done at half time, with a month left for tries."""
_INSTAGRAM_AGE = timedelta(hours=24)
"""Instagram renews no token that is younger."""
MARGIN = timedelta(seconds=30)
"""A token this close to its end is not used any more: the request needs time to arrive."""


def due_at(platform: Platform, credentials: Credentials) -> datetime | None:
    """When the token is to be renewed; None where its end is not known."""
    end = credentials.expires_at
    if end is None:
        return None
    begin = credentials.issued_at if credentials.issued_at is not None else end - USUAL_LIFE[platform]
    due = begin + (end - begin) * _SHARE[platform]
    return max(due, begin + _INSTAGRAM_AGE) if platform is Platform.INSTAGRAM else due


def is_alive(credentials: Credentials, now: datetime) -> bool:
    """Whether the token may still be used; True where its end is not known."""
    return credentials.expires_at is None or credentials.expires_at - MARGIN > now


def good_until(credentials: Credentials) -> datetime | None:
    """Until when the account works without a person: the end of what renews its token where that is known, else the
    token's own end. None where neither is known, or there is none."""
    renewable = credentials.refresh_expires_at if credentials.refresh_token else None
    return renewable or credentials.expires_at
