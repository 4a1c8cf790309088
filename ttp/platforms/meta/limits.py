"""Limits of Meta's platforms: an account's calls in percent, and its posts per day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from ttp.domain.publishing.rate_limit import Limit, LimitKey
from ttp.platforms.client import PublishRequest
from ttp.platforms.limits import ClockMeter
from ttp.platforms.meta.api import GraphApi
from ttp.platforms.meta.usage import HOUR_S, seconds_until_regained, usage
from ttp.platforms.reply import Answer, add_seconds

CALLS = "calls in percent"
POSTS = "posts in 24 h"


class MetaMeter(ClockMeter):
    api: ClassVar[GraphApi]

    def keys(self, request: PublishRequest, method: str, path: str) -> tuple[LimitKey, ...]:
        return (LimitKey(CALLS), LimitKey(POSTS)) if path.endswith(f"/{self.api.publish}") else (LimitKey(CALLS),)

    def read_limits(self, request: PublishRequest, method: str, path: str, answer: Answer) -> Iterable[Limit]:
        now = self._clock.now()
        if self.api.errors.is_throttled(answer):
            return (_calls(request, 0, add_seconds(now, seconds_until_regained(answer))),)
        if (used := usage(answer)) is None:
            return ()
        calls_left = 0 if used.wait_s else 100 - used.percent
        return (_calls(request, calls_left, add_seconds(now, used.wait_s or HOUR_S)),)


def _calls(request: PublishRequest, calls_left: int, resets_at: datetime) -> Limit:
    return Limit(request.account.name, CALLS, calls_left, 100, resets_at)
