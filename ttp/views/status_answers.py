"""The shapes of the answers about the store, its publishers and its checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired

from typing_extensions import TypedDict

from ttp.views.answers import Instant

if TYPE_CHECKING:
    from ttp.domain.action import WayOut
else:
    from ttp.views.answers import WayOut


class PublisherAnswer(TypedDict):
    running: bool
    pid: int | None
    mode: str | None
    since: Instant | None
    lastRunAt: Instant | None
    version: NotRequired[str | None]


class RegisteredPublisherAnswer(TypedDict):
    host: str
    pid: int
    mode: str
    since: Instant | None
    lastReportAt: Instant | None
    accounts: int


class NeedsAnswer(TypedDict):
    review: int
    reconnect: int
    retry: int
    approve: NotRequired[int]


class HoldAnswer(TypedDict):
    account: str
    until: Instant | None
    reason: str | None


class LimitAnswer(TypedDict):
    account: str
    name: str
    left: int
    limit: int | None
    resetsAt: Instant | None


class CostAnswer(TypedDict):
    posts: int
    usd: float
    more: bool


class MediaUseAnswer(TypedDict):
    files: int
    bytes: int


class BlockedAnswer(TypedDict):
    by: str
    message: str
    hint: WayOut | None


class WebhookStateAnswer(TypedDict):
    id: int
    host: str
    waiting: int
    givenUp: int


class SourceStateAnswer(TypedDict):
    id: int
    name: str
    state: str
    held: int
    problem: str | None


class LoginEndAnswer(TypedDict):
    account: str
    endsAt: Instant | None
    posts: list[int]


class StatusAnswer(TypedDict):
    """The publisher, the queue and what needs a person, as `ttp status --json` prints it."""

    publisher: PublisherAnswer
    nextDueAt: Instant | None
    overdue: int
    waiting: int
    needs: NeedsAnswer
    holds: list[HoldAnswer]
    limits: list[LimitAnswer]
    costs: dict[str, CostAnswer]
    media: MediaUseAnswer
    blocked: list[BlockedAnswer]
    webhooks: list[WebhookStateAnswer]
    sources: list[SourceStateAnswer]
    publishers: list[RegisteredPublisherAnswer]
    notify: list[str]
    logins: list[LoginEndAnswer]


class CheckAnswer(TypedDict):
    name: str
    status: str
    message: str
    hint: WayOut | None


class CheckupAnswer(TypedDict):
    checks: list[CheckAnswer]
    ok: int
    warnings: int
    failures: int
