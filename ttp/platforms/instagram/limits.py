"""Instagram's limits: an account's calls in percent, and its posts per day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ttp.domain.outcome import Kind, NotDone
from ttp.domain.rate_limit import Limit, LimitKey
from ttp.domain.time.clock import Clock
from ttp.platforms.client import PublishRequest, StepDone, StepFailed
from ttp.platforms.http import Http
from ttp.platforms.instagram.errors import is_throttled
from ttp.platforms.instagram.usage import HOUR_S, seconds_until_regained, usage
from ttp.platforms.limits import MOST, Meter
from ttp.platforms.reply import Answer, RefusalReader, add_seconds, as_failure, value_at

CALLS = "calls in percent"
POSTS = "posts in 24 h"


class InstagramMeter(Meter):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def keys(self, request: PublishRequest, method: str, path: str) -> tuple[LimitKey, ...]:
        return (LimitKey(CALLS), LimitKey(POSTS)) if path.endswith("/media_publish") else (LimitKey(CALLS),)

    def read_limits(self, request: PublishRequest, method: str, path: str, answer: Answer) -> Iterable[Limit]:
        now = self._clock.now()
        if is_throttled(answer):
            return (_calls(request, 0, add_seconds(now, seconds_until_regained(answer))),)
        if (used := usage(answer)) is None:
            return ()
        left = 0 if used.wait_s else 100 - used.percent
        return (_calls(request, left, add_seconds(now, used.wait_s or HOUR_S)),)


def _calls(request: PublishRequest, left: int, resets_at: datetime) -> Limit:
    return Limit(request.account.name, CALLS, left, 100, resets_at)


STEP = "ask for the quota"
QUERY = {"fields": "quota_usage,config"}
_DAY_S = 86_400
_ASK_AGAIN_S = 3600.0
"""The window is rolling, and Instagram does not say when it allows the next post: try every hour."""


def check_quota(http: Http, request: PublishRequest, path: str, judge: RefusalReader, now: datetime) -> StepDone:
    """Read the quota and store it. Raises StepFailed if it is used up, or Instagram cannot be reached. An unreadable
    quota does not stop the post, because Instagram enforces it anyway."""
    reply = http.request_for(request, "GET", path, query=QUERY)
    if not (isinstance(reply, Answer) and reply.is_success):
        failure = as_failure(reply, judge, "Instagram")
        if failure.kind in (Kind.AUTH, Kind.RATE_LIMIT, Kind.NETWORK):
            raise StepFailed(STEP, failure)
        return StepDone(STEP, failure.http_status, failure.message)
    listed = reply.value_at("data")
    first = listed[0] if isinstance(listed, list) and listed else None
    used, total = value_at(first, "quota_usage"), value_at(first, "config", "quota_total")
    if not (isinstance(used, int) and isinstance(total, int) and 0 <= used <= MOST and 0 < total <= MOST):
        return StepDone(STEP, reply.status, "unknown")
    duration = value_at(first, "config", "quota_duration")
    hours = (duration if isinstance(duration, int) and 0 < duration <= MOST else _DAY_S) / 3600
    told = f"{used} of {total} posts in {hours:g} h"
    again = add_seconds(now, _ASK_AGAIN_S)
    http.gate.note(request.account, Limit(request.account.name, POSTS, max(total - used, 0), total, again))
    if used < total:
        return StepDone(STEP, reply.status, told)
    raise StepFailed(
        STEP,
        NotDone(
            Kind.QUOTA,
            f"Instagram's publishing quota is used up: {told}",
            code="quota",
            http_status=reply.status,
            passing=True,
            retry_at=again,
            hold=True,
        ),
    )
