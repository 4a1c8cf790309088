"""What the parts of Meta's platforms that make requests share."""

from __future__ import annotations

from ttp.domain.config import Config
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.publishing.rate_limit import Limit
from ttp.domain.time.clock import Clock
from ttp.platforms.client import PublishRequest, StepDone, StepFailed
from ttp.platforms.http import Http, HttpPart
from ttp.platforms.limits import MOST
from ttp.platforms.meta.api import GraphApi
from ttp.platforms.meta.limits import POSTS
from ttp.platforms.reply import Answer, add_seconds, list_at, value_at

QUOTA_STEP = "ask for the quota"
_DAY_S = 86_400
_ASK_AGAIN_S = 3600.0
"""The window is rolling, and Meta does not say when it allows the next post: try every hour."""


class MetaPart(HttpPart[Http]):
    def __init__(self, http: Http, config: Config, clock: Clock, api: GraphApi) -> None:
        super().__init__(http, config, clock)
        self.name = api.name
        self._api = api
        self._root = api.root(config)

    def refusal(self, request: PublishRequest, answer: Answer) -> NotDone | None:
        return self._api.errors.refusal(answer, request.account, self._clock.now())

    def check_quota(self, request: PublishRequest, user_id: object, of: str = "") -> StepDone:
        """Read the quota and store it. Raises StepFailed if it is used up, or Meta cannot be reached. An
        unreadable quota does not stop the post, because Meta enforces it anyway. `of`: the prefix of
        the fields of another quota, such as `reply_`; the use of that one is not stored."""
        path = f"{self._root}/{user_id}/{self._api.quota}"
        reply = self._http.request_for(request, "GET", path, query={"fields": self._api.quota_fields})
        if not reply.is_success:
            failure = self.failure(request, reply)
            if failure.kind in (Kind.AUTH, Kind.RATE_LIMIT, Kind.NETWORK):
                raise StepFailed(QUOTA_STEP, failure)
            return StepDone(QUOTA_STEP, failure.http_status, failure.message)
        first = next(iter(list_at(reply.data, "data")), None)
        used, total = value_at(first, f"{of}quota_usage"), value_at(first, f"{of}config", "quota_total")
        if not (isinstance(used, int) and isinstance(total, int) and 0 <= used <= MOST and 0 < total <= MOST):
            return StepDone(QUOTA_STEP, reply.status, "unknown")
        duration = value_at(first, f"{of}config", "quota_duration")
        hours = (duration if isinstance(duration, int) and 0 < duration <= MOST else _DAY_S) / 3600
        quota = f"{used} of {total} {'replies' if of else 'posts'} in {hours:g} h"
        again = add_seconds(self._clock.now(), _ASK_AGAIN_S)
        if not of:
            self._http.gate.note(
                request.account, Limit(request.account.name, POSTS, max(total - used, 0), total, again)
            )
        if used < total:
            return StepDone(QUOTA_STEP, reply.status, quota)
        raise StepFailed(
            QUOTA_STEP,
            NotDone(
                Kind.QUOTA,
                f"the publishing quota of {self.name} is used up: {quota}",
                code="quota",
                http_status=reply.status,
                passing=True,
                retry_at=again,
                hold=True,
            ),
        )
