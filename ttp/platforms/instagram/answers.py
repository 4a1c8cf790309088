"""What Instagram's answers have in common: wrapped lists, and times without a colon."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from ttp.platforms.reply import Answer, Reply

NO_USER_ID = "the credentials have no userId (with Facebook Login: the Instagram account's id)"
"""With Facebook Login `/me` is the person, so it cannot tell the professional account's id."""


def unwrap(reply: Reply) -> Reply:
    """Return the answer without the one-element list that Meta documents around some answers, and mostly omits."""
    match reply.value_at("data") if isinstance(reply, Answer) else None:
        case [dict() as only] if isinstance(reply, Answer):
            return replace(reply, data=only)
        case _:
            return reply


def parse_instant(text: object) -> datetime | None:
    """Return the time of `2019-09-26T22:36:43+0000` in UTC; None for anything else."""
    try:
        return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
