"""When to repeat a failed try: exponential back-off, a budget of tries, the platform's reset times. For proven failures
only. A wait that the platform asked for does not count as a try."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ttp.domain.action import Action, action
from ttp.domain.config import Config
from ttp.domain.delivery import Delivery, DeliveryError
from ttp.domain.publishing.outcome import Kind, NotDone

JITTER = 0.1
"""Share of a wait by which it varies, so that many deliveries do not return at the same instant."""
SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(hours=24)
"""The platform's reset time is limited to this, from now."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Waits `base`, doubling up to `cap`; `most` tries, the first one included."""

    base: timedelta
    cap: timedelta
    most: int

    @classmethod
    def of(cls, config: Config) -> RetryPolicy:
        return cls(
            timedelta(seconds=config.seconds("publish.retry_base_s")),
            timedelta(seconds=config.seconds("publish.retry_cap_s")),
            config.count("publish.retry_max"),
        )

    def wait(self, tries: int, spread: float) -> timedelta:
        """Return the wait after `tries` counted tries (0: after the first); `spread` in -1..1 of the jitter."""
        doubled = self.base.total_seconds() * 2.0 ** min(tries, 32)  # as seconds: a timedelta could overflow
        return timedelta(seconds=min(doubled, self.cap.total_seconds())) * (1 + JITTER * spread)


def after_not_done(
    delivery: Delivery, outcome: NotDone, *, now: datetime, policy: RetryPolicy, spread: float
) -> Delivery:
    """Return the delivery after a proven failure: retrying later, or failed."""
    error = DeliveryError(outcome.kind, outcome.message, outcome.code, outcome.hint or _other_text(delivery, outcome))
    if outcome.retry_at is not None:
        at = min(max(outcome.retry_at, now + SHORTEST), now + LONGEST)
        return delivery.mark_retrying(at, error, spend=False)
    if outcome.passing and delivery.tries + 1 < policy.most:
        return delivery.mark_retrying(now + policy.wait(delivery.tries, spread), error, spend=True)
    return delivery.mark_failed(error)


def _other_text(delivery: Delivery, outcome: NotDone) -> Action | None:
    """Return the edit that a refused repetition needs before a retry. What is left of a thread has several texts."""
    if outcome.kind is not Kind.DUPLICATE or delivery.parts:
        return None
    if delivery.is_comment:
        return action("edit", delivery.post_id, comment="TEXT")
    return action("edit", delivery.post_id, "TEXT")
