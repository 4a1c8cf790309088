"""The Date header: the platform's clock, as far as it is one. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_YEAR, LAST_YEAR = 2020, 2100
"""A Date header outside is no clock."""


def parse_date(header: str | None) -> datetime | None:
    """The aware UTC instant of a Date header; None for a missing or unreadable one."""
    try:
        date = parsedate_to_datetime(header or "")
        date = (date if date.tzinfo is not None else date.replace(tzinfo=UTC)).astimezone(UTC)
        return date if FIRST_YEAR <= date.year < LAST_YEAR else None
    except (ValueError, TypeError, OverflowError):
        return None
