"""X's rate limits: per 15 minutes for each endpoint, and per day for some, of the account and of its app.

See docs/reference/platforms/x.md, section 6: every answer reports them in headers. Resets are in X's own clock (its
Date header).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from ttp.domain.publishing.rate_limit import Limit, LimitKey
from ttp.platforms.client import PublishRequest
from ttp.platforms.limits import ClockMeter, HeaderLimit, read_header_limit
from ttp.platforms.reply import Answer, Reply, retry_after_s

WINDOW_S = 900.0
"""Length of X's rate-limit window, for a refusal without a reset time."""
QUARTER, USER_DAY, APP_DAY = "x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour"
"""Header prefixes of the three limits, followed by `-limit`, `-remaining` and `-reset`."""

_ID = re.compile(r"(?<=[a-z]/)\d+(?=/|$)")


def read_header_limits(answer: Reply, now: datetime) -> dict[str, HeaderLimit]:
    """Return the limits in an answer's headers, by prefix. A 429 means that its endpoint has nothing left."""
    limits = {}
    for which in (QUARTER, USER_DAY, APP_DAY):
        refused = answer.status == 429 and which == QUARTER
        wait_s = _fallback_wait_s(answer) if refused else None
        limit = read_header_limit(answer, now, which, refused=refused, wait_s=wait_s)
        if limit is not None:
            limits[which] = limit
    return limits


def _fallback_wait_s(answer: Reply) -> float | None:
    """Return the seconds to wait after a 429 without a reset time; None if not in X's format (from a proxy)."""
    if (wait_s := retry_after_s(answer)) is not None:
        return wait_s
    return WINDOW_S if any(answer.value_at(name) for name in ("title", "detail", "errors")) else None


def reset_time(answer: Reply, now: datetime) -> datetime | None:
    """Return the last reset among the used-up limits; None if a call may be made."""
    return max(filter(None, (one.opens_at for one in read_header_limits(answer, now).values())), default=None)


class XMeter(ClockMeter):
    def keys(self, request: PublishRequest, method: str, path: str) -> tuple[LimitKey, ...]:
        return _keys(method, path, request.credentials.client_id)

    def read_limits(self, request: PublishRequest, method: str, path: str, answer: Answer) -> Iterable[Limit]:
        keys = dict(zip((QUARTER, USER_DAY, APP_DAY), self.keys(request, method, path), strict=True))
        for which, reading in read_header_limits(answer, self._clock.now()).items():
            yield reading.as_limit(request.account, keys[which])


@lru_cache(maxsize=1000)
def _keys(method: str, path: str, app: str | None) -> tuple[LimitKey, LimitKey, LimitKey]:
    """Return the keys of the 15-minute limit, the account's day and its app's day."""
    endpoint = f"{method} {_ID.sub('{id}', path.partition('?')[0])}"
    day = LimitKey(f"{endpoint} in 24 h")
    if app is None:  # the app is unknown, so its limit is stored for this account alone
        return LimitKey(endpoint), day, LimitKey(f"{endpoint} of its app in 24 h")
    # A digest, because with OAuth 1.0a the id is an API key.
    digest = hashlib.sha256(app.encode("utf-8", "replace")).hexdigest()[:8]
    return LimitKey(endpoint), day, LimitKey(day.name, "app", digest)
