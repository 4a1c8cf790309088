"""Webhooks: where events are sent, and when a call that failed is repeated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

GIVE_UP_AFTER = timedelta(hours=24)
"""Time from the first try after which a call is given up."""
_WAITS = tuple(timedelta(seconds=one) for one in (5, 30, 120, 600, 1800, 3600, 7200, 14400))
"""Waits after the first tries; the last one repeats."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """`events`, `accounts` (ids): the only ones it gets; None: all. `private`: it may lead to addresses that are not on
    the public internet. `rotated_until`: until then its previous secret signs, too."""

    id: int
    url: str
    created_at: datetime
    events: tuple[str, ...] | None = None
    accounts: frozenset[int] | None = None
    private: bool = False
    rotated_until: datetime | None = None

    @property
    def host(self) -> str:
        """Its address without the path and the parameters, which may be secrets."""
        from urllib.parse import urlsplit  # here: every status imports this module

        return urlsplit(self.url).hostname or ""


class CallState(StrEnum):
    WAITING = "waiting"  # for its first try or the next one; the sender moves it out
    SENT = "sent"  # the receiver accepted it; a replay moves it out
    GIVEN_UP = "given_up"  # all tries failed; a replay moves it out


@dataclass(frozen=True, slots=True)
class CallResult:
    """What a try brought. `message`: why it failed; None: it was accepted. `status`: of the answer, if one came."""

    status: int | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """A call after a try. `next_at` None: the last try."""

    state: CallState
    next_at: datetime | None


def after_try(result: CallResult, tries: int, first_tried_at: datetime, now: datetime) -> Retry:
    """Return what follows from a try. `tries`: how many there were, with this one."""
    if result.message is None:
        return Retry(CallState.SENT, None)
    if now - first_tried_at >= GIVE_UP_AFTER:
        return Retry(CallState.GIVEN_UP, None)
    wait = _WAITS[min(tries, len(_WAITS)) - 1]
    return Retry(CallState.WAITING, min(now + wait, first_tried_at + GIVE_UP_AFTER))
