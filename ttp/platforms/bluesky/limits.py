"""Limits of a server, from the headers of each answer: `ratelimit-limit`, `-remaining`, `-reset` and `-policy`.

See docs/reference/platforms/bluesky.md, section 5. An answer tells only the tightest of the limits that it counts
against; its policy (`3000;w=300`) says which. Calls are limited for each host, writes for each account.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ttp.domain.rate_limit import Limit, LimitKey
from ttp.domain.time.clock import Clock
from ttp.platforms.client import PublishRequest
from ttp.platforms.limits import MOST, Meter, parse_whole_number
from ttp.platforms.reply import Answer, add_seconds, retry_after_s

XRPC = "/xrpc/"
WINDOWS = {300: "calls in 5 min", 3600: "writes in an hour", 86_400: "writes in a day"}
WRITES = frozenset({"com.atproto.repo.applyWrites", "com.atproto.repo.deleteRecord"})
_POLICY = re.compile(r"(\d{1,9});w=(\d{1,9})")
_UNTOLD_S = 300.0
"""Seconds to wait after a refusal that does not tell its reset."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one answer tells of the tightest limit. `window_s`: 0 where its policy is not told."""

    left: int
    limit: int | None
    resets_at: datetime
    window_s: int


def read_limit(answer: Answer, now: datetime) -> Reading | None:
    """Return what the headers of an answer tell; None where they tell nothing."""
    limit, left, reset = (
        parse_whole_number(answer.headers.get(f"ratelimit-{part}")) for part in ("limit", "remaining", "reset")
    )
    refused = answer.status == 429
    if refused:
        left = 0
    if left is None or (reset is None and not refused):
        return None
    there = (answer.date or now).timestamp()
    seconds = reset - there if reset is not None else retry_after_s(answer) or _UNTOLD_S
    policy = _POLICY.fullmatch(answer.headers.get("ratelimit-policy", "").strip())
    return Reading(
        left, limit if limit and limit <= MOST else None, add_seconds(now, seconds), int(policy[2]) if policy else 0
    )


def opens_at(answer: Answer, now: datetime) -> datetime | None:
    """Return when the limit resets of which nothing is left; None where a call may be made."""
    reading = read_limit(answer, now)
    return reading.resets_at if reading is not None and reading.left == 0 else None


class BlueskyMeter(Meter):
    """How a server limits calls."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def keys(self, request: PublishRequest, method: str, path: str) -> tuple[LimitKey, ...]:
        endpoint = path.rpartition("/")[2].partition("?")[0]
        every_call = LimitKey(WINDOWS[300], "host", request.credentials.host or request.account.platform)
        if endpoint not in WRITES:
            return (every_call,)
        return (every_call, LimitKey(WINDOWS[3600]), LimitKey(WINDOWS[86_400]))

    def read_limits(self, request: PublishRequest, method: str, path: str, answer: Answer) -> Iterable[Limit]:
        reading = read_limit(answer, self._clock.now())
        if reading is None:
            return
        name = WINDOWS.get(reading.window_s)
        for key in self.keys(request, method, path):
            if key.name == name or (name is None and answer.status == 429):
                yield Limit(
                    request.account.name,
                    key.name,
                    reading.left,
                    reading.limit,
                    reading.resets_at,
                    key.scope,
                    key.subject,
                )
                return
