"""Instagram's publishing quota, read live before each post: one that would exceed it waits instead of being refused."""

from __future__ import annotations

from datetime import datetime

from ttp.domain.attempt import Kind, NotDone
from ttp.domain.limit import Limit
from ttp.platforms.client import Did, Order, StepFailed
from ttp.platforms.http import Http
from ttp.platforms.instagram.limits import POSTS
from ttp.platforms.limits import MOST
from ttp.platforms.outcomes import Judge, as_failure
from ttp.platforms.reply import Answer, dig, later

STEP = "ask for the quota"
QUERY = {"fields": "quota_usage,config"}
_DAY_S = 86_400
_ASK_AGAIN_S = 3600.0
"""The window rolls, and Instagram does not tell when the next place in it is free: asked again every hour."""


def room(http: Http, order: Order, path: str, judge: Judge, now: datetime) -> Did:
    """Ask how much of the quota is used, and remember it. What cannot be read is no obstacle: Instagram enforces it.

    Raises StepFailed where it is used up, and where Instagram cannot be reached or takes no calls of the account.
    """
    reply = http.send(order, "GET", path, query=QUERY)
    if not (isinstance(reply, Answer) and reply.is_success):
        failure = as_failure(reply, judge, "Instagram")
        if failure.kind in (Kind.AUTH, Kind.RATE_LIMIT, Kind.NETWORK):
            raise StepFailed(STEP, failure)
        return Did(STEP, failure.http_status, failure.message)
    listed = reply.at("data")
    first = listed[0] if isinstance(listed, list) and listed else None
    used, total = dig(first, "quota_usage"), dig(first, "config", "quota_total")
    if not (isinstance(used, int) and isinstance(total, int) and 0 <= used <= MOST and 0 < total <= MOST):
        return Did(STEP, reply.status, "not told")
    duration = dig(first, "config", "quota_duration")
    hours = (duration if isinstance(duration, int) and 0 < duration <= MOST else _DAY_S) / 3600
    told = f"{used} of {total} posts in {hours:g} h"
    again = later(now, _ASK_AGAIN_S)
    http.gate.note(order.account, Limit(order.account.name, POSTS, max(total - used, 0), total, again))
    if used < total:
        return Did(STEP, reply.status, told)
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
