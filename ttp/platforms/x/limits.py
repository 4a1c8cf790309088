"""X's limits: a quarter of an hour for each endpoint, and a day for some, of the account and of its whole client app.

See docs/reference/platforms/x.md, section 6: every answer has them in its headers. A reset is in X's own
clock, that of the Date header.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from ttp.domain.rate_limit import Limit, LimitKey
from ttp.domain.time.clock import Clock
from ttp.platforms.client import PublishRequest
from ttp.platforms.limits import MOST, LimitMemory, parse_whole_number
from ttp.platforms.reply import Answer, add_seconds, retry_after_s

WINDOW_S = 900.0
"""Length of X's rate-limit window, for a refusal that does not tell its reset."""
QUARTER, USER_DAY, APP_DAY = "x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour"
"""What the headers of the three begin with; `-limit`, `-remaining` and `-reset` follow."""

_ID = re.compile(r"(?<=[a-z]/)\d+(?=/|$)")


@dataclass(frozen=True, slots=True)
class HeaderLimit:
    """One of the three limits, as an answer reports it."""

    which: str
    left: int
    limit: int | None
    resets_at: datetime


def read_header_limits(answer: Answer, now: datetime) -> tuple[HeaderLimit, ...]:
    """What the headers of an answer tell. A 429 says of itself that its endpoint has nothing left."""
    return tuple(_readings(answer, now))


def _readings(answer: Answer, now: datetime) -> Iterator[HeaderLimit]:
    there = (answer.date or now).timestamp()
    for which in (QUARTER, USER_DAY, APP_DAY):
        limit, left, reset = (
            parse_whole_number(answer.headers.get(f"{which}-{part}")) for part in ("limit", "remaining", "reset")
        )
        seconds = None if reset is None else reset - there
        if answer.status == 429 and which == QUARTER:
            left, seconds = 0, _untold_s(answer) if seconds is None else seconds
        if left is not None and seconds is not None:
            yield HeaderLimit(which, left, limit if limit and limit <= MOST else None, add_seconds(now, seconds))


def _untold_s(answer: Answer) -> float | None:
    """Seconds to wait after a 429 without X's reset; None for one that is not in X's own format: whoever sent it, it
    tells nothing of X's limits."""
    if (asked := retry_after_s(answer)) is not None:
        return asked
    return WINDOW_S if any(answer.value_at(name) for name in ("title", "detail", "errors")) else None


def reset_time(answer: Answer, now: datetime) -> datetime | None:
    """When the last of the limits resets of which nothing is left; None where a call may be made."""
    return max((reading.resets_at for reading in read_header_limits(answer, now) if reading.left == 0), default=None)


class XMeter:
    """X's way to limit calls."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def keys(self, request: PublishRequest, method: str, path: str) -> tuple[LimitKey, ...]:
        return _keys(method, path, request.credentials.client_id)

    def counted(self, request: PublishRequest, method: str, path: str, memory: LimitMemory) -> Iterable[Limit]:
        return ()

    def told(self, request: PublishRequest, method: str, path: str, answer: Answer) -> Iterable[Limit]:
        keys = dict(zip((QUARTER, USER_DAY, APP_DAY), self.keys(request, method, path), strict=True))
        for reading in read_header_limits(answer, self._clock.now()):
            key = keys[reading.which]
            yield Limit(
                request.account.name, key.name, reading.left, reading.limit, reading.resets_at, key.scope, key.subject
            )


@lru_cache(maxsize=1000)
def _keys(method: str, path: str, app: str | None) -> tuple[LimitKey, LimitKey, LimitKey]:
    """Of a quarter of an hour, of the account's day, of its app's day."""
    endpoint = f"{method} {_ID.sub('{id}', path.partition('?')[0])}"
    day = LimitKey(f"{endpoint} in 24 h")
    if app is None:  # the app is unknown, so its limit is kept for this account alone
        return LimitKey(endpoint), day, LimitKey(f"{endpoint} of its app in 24 h")
    # A digest, not the id: with OAuth 1.0a the id is an API key.
    digest = hashlib.sha256(app.encode("utf-8", "replace")).hexdigest()[:8]
    return LimitKey(endpoint), day, LimitKey(day.name, "app", digest)
