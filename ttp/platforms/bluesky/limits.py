"""Limits of a server, from the headers of each answer: `ratelimit-limit`, `-remaining`, `-reset` and `-policy`.

See docs/reference/platforms/bluesky.md, section 5. An answer tells only the tightest of the limits that it counts
against; its policy (`3000;w=300`) says which. Calls are limited for each host, writes for each account.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial

from ttp.domain.publishing.rate_limit import Limit, LimitKey
from ttp.platforms.client import PublishRequest
from ttp.platforms.limits import ClockMeter, read_server_limit
from ttp.platforms.reply import Answer

WINDOWS = {300: "calls in 5 min", 3600: "writes in an hour", 86_400: "writes in a day"}
WRITES = frozenset({"com.atproto.repo.applyWrites", "com.atproto.repo.deleteRecord"})
_POLICY = re.compile(r"(\d{1,9});w=(\d{1,9})")
read_limit = partial(read_server_limit, prefix="ratelimit")


class BlueskyMeter(ClockMeter):
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
        policy = _POLICY.fullmatch(answer.headers.get("ratelimit-policy", "").strip())
        name = WINDOWS.get(int(policy[2])) if policy else None
        for key in self.keys(request, method, path):
            if key.name == name or (name is None and answer.status == 429):
                yield reading.as_limit(request.account, key)
                return
