"""TikTok's limits: calls per minute and user, counted here because TikTok does not report them, and posts per day.

See docs/reference/platforms/tiktok.md, sections 4 and 5. Calls of another process are known from its last count. TikTok
may refuse calls that were never counted; such a refusal is a wait too.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from ttp.domain.account import Account
from ttp.domain.publishing.rate_limit import Limit, LimitKey
from ttp.domain.time.clock import Clock
from ttp.platforms.client import PublishRequest
from ttp.platforms.limits import ClockMeter, LimitMemory
from ttp.platforms.reply import Answer, add_seconds, retry_after_s
from ttp.platforms.tiktok.errors import error_code

WINDOW = timedelta(minutes=1)
DAY = timedelta(hours=24)
NEW_POSTS, POSTS = "new posts a minute", "posts in 24 h"
MOST = {NEW_POSTS: 6, "status/fetch a minute": 30, "creator_info/query a minute": 20}
"""Calls of one user per minute; all `init` paths count together."""
MOST_POSTS = 15
"""About the number of posts per creator in 24 hours, over all apps. Only TikTok's refusal shows that it is reached."""


class TikTokMeter(ClockMeter):
    """Counts the calls of the last minute. Safe to use from several threads."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._made: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)
        self._told: dict[tuple[str, str], Limit] = {}
        self._lock = threading.Lock()

    def keys(self, request: PublishRequest, method: str, path: str) -> tuple[LimitKey, ...]:
        name = _name(path)
        return (LimitKey(name), LimitKey(POSTS)) if name == NEW_POSTS else (LimitKey(name),)

    def count_call(self, request: PublishRequest, method: str, path: str, memory: LimitMemory) -> Iterable[Limit]:
        name = _name(path)
        if name not in MOST:
            return ()
        return (self._count(request.account, name, memory.last_known(request.account, LimitKey(name))),)

    def read_limits(self, request: PublishRequest, method: str, path: str, answer: Answer) -> Iterable[Limit]:
        now, name, account = self._clock.now(), _name(path), request.account.name
        match error_code(answer):
            case "rate_limit_exceeded":
                wait_s = retry_after_s(answer)
                until = now + WINDOW if wait_s is None else add_seconds(now, wait_s)
                return (Limit(account, name, 0, MOST.get(name), until),)
            case "spam_risk_too_many_posts":
                return (Limit(account, POSTS, 0, MOST_POSTS, now + DAY),)
            case _:
                return ()

    def _count(self, account: Account, name: str, last: Limit | None) -> Limit:
        """Count one more call; return what is left, and when the oldest counted call is a minute ago."""
        now, most, key = self._clock.now(), MOST[name], (account.name, name)
        with self._lock:
            made = [at for at in self._made[key] if now - WINDOW < at <= now]
            if last is not None and last.resets_at is not None and not _is_same(last, self._told.get(key)):
                # Counted by another process at unknown times, the last one a minute before the reset.
                at = last.resets_at - WINDOW
                made = sorted([*made, *[at] * (most - last.left - len(made))]) if now - WINDOW < at <= now else made
            made.append(now)
            calls_left = max(most - len(made), 0)
            limit = Limit(account.name, name, calls_left, most, (made[0] if not calls_left else made[-1]) + WINDOW)
            self._made[key], self._told[key] = made, limit
            return limit


def _is_same(one: Limit, other: Limit | None) -> bool:
    """Return whether two limits are equal. The store keeps milliseconds."""
    if other is None or one.left != other.left or one.resets_at is None or other.resets_at is None:
        return False
    return abs(one.resets_at - other.resets_at) <= timedelta(milliseconds=1)


def _name(path: str) -> str:
    """Return the limit a call counts against: `video/init` and the like together, else the path's last two parts."""
    parts = path.strip("/").split("/")
    return NEW_POSTS if parts[-1] == "init" else f"{'/'.join(parts[-2:])} a minute"
