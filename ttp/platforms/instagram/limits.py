"""Instagram's limits: the calls of an account, in percent, and the posts of a day that `quota` reads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ttp.domain.limit import Limit
from ttp.domain.time.clock import Clock
from ttp.platforms.client import Order
from ttp.platforms.instagram.errors import is_throttled
from ttp.platforms.instagram.usage import HOUR_S, regain_s, usage
from ttp.platforms.limits import Memory
from ttp.platforms.reply import Answer, later

CALLS = "calls in percent"
POSTS = "posts in 24 h"


class InstagramMeter:
    """Instagram's way to limit calls."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def names(self, order: Order, method: str, path: str) -> tuple[str, ...]:
        return (CALLS, POSTS) if path.endswith("/media_publish") else (CALLS,)

    def counted(self, order: Order, method: str, path: str, memory: Memory) -> Iterable[Limit]:
        return ()

    def told(self, order: Order, method: str, path: str, answer: Answer) -> Iterable[Limit]:
        now = self._clock.now()
        if is_throttled(answer):
            return (_calls(order, 0, later(now, regain_s(answer))),)
        if (used := usage(answer)) is None:
            return ()
        left = 0 if used.wait_s else 100 - used.percent
        return (_calls(order, left, later(now, used.wait_s or HOUR_S)),)


def _calls(order: Order, left: int, resets_at: datetime) -> Limit:
    return Limit(order.account.name, CALLS, left, 100, resets_at)
