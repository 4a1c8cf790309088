"""LinkedIn's limits: calls of a day, of the member and the app. Only a refusal shows that one is reached."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from ttp.domain.publishing.rate_limit import Limit, LimitKey
from ttp.platforms.client import PublishRequest
from ttp.platforms.limits import ClockMeter
from ttp.platforms.reply import Answer, Reply, add_seconds, retry_after_s

_RESOURCE = re.compile(r"/(?:rest|v2)/(\w+)")


def next_reset(answer: Reply, now: datetime) -> datetime:
    """Return when a limit that is reached ends: LinkedIn does not say when, so five minutes after midnight UTC."""
    if (wait_s := retry_after_s(answer)) is not None:
        return add_seconds(now, wait_s)
    there = answer.date or now
    reset = there.replace(hour=0, minute=5, second=0, microsecond=0)
    return now + (reset + timedelta(days=0 if there < reset else 1) - there)


class LinkedInMeter(ClockMeter):
    def keys(self, request: PublishRequest, method: str, path: str) -> tuple[LimitKey, ...]:
        match = _RESOURCE.match(path)
        return (LimitKey(f"{method} {match[1]} in a day"),) if match else ()

    def read_limits(self, request: PublishRequest, method: str, path: str, answer: Answer) -> Iterable[Limit]:
        now = self._clock.now()
        for key in self.keys(request, method, path) if answer.status == 429 else ():
            yield Limit(request.account.name, key.name, 0, None, next_reset(answer, now))
