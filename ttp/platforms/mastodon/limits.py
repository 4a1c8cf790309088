"""Limits of a server, from the headers of each answer: `X-RateLimit-Limit`, `-Remaining` and `-Reset`.

See docs/reference/platforms/mastodon.md, section 5. Each answer has the headers of the family that its call counts
against. Mastodon limits each token; GoToSocial each address, which is kept for the account too.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from ttp.domain.publishing.rate_limit import Limit, LimitKey
from ttp.platforms.client import PublishRequest
from ttp.platforms.limits import ClockMeter, read_server_limit
from ttp.platforms.reply import Answer

POSTS, MEDIA, DELETES, CALLS = "posts in 3 h", "media in 30 min", "deletes in 30 min", "calls in 5 min"
STATUSES = "/api/v1/statuses"
read_limit = partial(read_server_limit, prefix="x-ratelimit")


class MastodonMeter(ClockMeter):
    def keys(self, request: PublishRequest, method: str, path: str) -> tuple[LimitKey, ...]:
        match method:
            case "POST" if path == STATUSES:
                return (LimitKey(POSTS), LimitKey(CALLS))
            case "POST" if path.endswith("/media"):
                return (LimitKey(MEDIA), LimitKey(CALLS))
            case "DELETE":
                return (LimitKey(DELETES), LimitKey(CALLS))
            case _:
                return (LimitKey(CALLS),)

    def read_limits(self, request: PublishRequest, method: str, path: str, answer: Answer) -> Iterable[Limit]:
        reading = read_limit(answer, self._clock.now())
        if reading is not None:
            yield reading.as_limit(request.account, self.keys(request, method, path)[0])
