"""The times that the platforms' ids hold.

X: milliseconds since 1288834974657 above 22 bits (the published Snowflake service). TikTok: seconds since 1970 above 32
bits. Instagram: milliseconds since 1314220021721 above 23 bits of the media's number, which the code in its link is in
base 64 (as its engineers described their ids). X's and TikTok's are when the post was made; Instagram's may be when its
upload began, and is taken only to tell days apart.
"""

from __future__ import annotations

from datetime import datetime

from ttp.domain.account import Platform
from ttp.domain.time.clock import from_ms

_X_EPOCH_MS = 1288834974657
_INSTAGRAM_EPOCH_MS = 1314220021721
_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_CODE_LENGTH = 11
_SMALLEST = 1 << 52
"""Ids below it are older than these schemes (X before November 2010), or of another kind."""
_LARGEST = 1 << 63


def born(platform: Platform, remote_id: str) -> datetime | None:
    """When the post with this id was made; None where the id does not say."""
    if not (remote_id.isascii() and remote_id.isdigit() and len(remote_id) < 20):
        return None
    number = int(remote_id)
    if not _SMALLEST <= number < _LARGEST:
        return None
    match platform:
        case Platform.X:
            return from_ms((number >> 22) + _X_EPOCH_MS)
        case Platform.TIKTOK:
            return from_ms((number >> 32) * 1000)
        case _:
            return None


def born_by_code(code: str) -> datetime | None:
    """About when the Instagram media with this code in its link was made; None where the code does not say."""
    if len(code) != _CODE_LENGTH or any(sign not in _SIGNS for sign in code):
        return None
    number = 0
    for sign in code:
        number = number * 64 + _SIGNS.index(sign)
    return from_ms((number >> 23) + _INSTAGRAM_EPOCH_MS) if number < _LARGEST else None
