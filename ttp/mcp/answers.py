"""The answers of tools as types, from which their output schemas are made. The keys are those of `views`.

Words such as `status` are open: new ones may come.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypeAlias

from typing_extensions import TypedDict

Instant: TypeAlias = str
"""`2026-11-23T17:00:00Z`"""


class MediaAnswer(TypedDict):
    name: str
    mime: str
    bytes: int
    sha256: str
    width: int | None
    height: int | None
    durationMs: int | None
    alt: str | None
    url: str | None


class DeliveryErrorAnswer(TypedDict):
    kind: str
    code: str | None
    message: str
    hint: str | None


class PartAnswer(TypedDict):
    remoteId: str
    url: str | None


class MetricsAnswer(TypedDict):
    likes: int | None
    comments: int | None
    shares: int | None
    views: int | None
    observedAt: Instant | None


class DeliveryAnswer(TypedDict):
    account: str
    platform: str
    state: str
    dueAt: Instant | None
    remoteId: str | None
    url: str | None
    publishedAt: Instant | None
    attempts: int
    nextAttemptAt: Instant | None
    waitingFor: str | None
    waitingUntil: Instant | None
    error: DeliveryErrorAnswer | None
    takenDownAt: Instant | None
    parts: list[PartAnswer]
    metrics: MetricsAnswer | None


class RejectionAnswer(TypedDict):
    at: Instant
    reason: str | None


class RepeatAnswer(TypedDict):
    id: int
    cron: str
    timezone: str


class PostAnswer(TypedDict):
    id: int | None
    status: str
    content: str
    accounts: list[str]
    platforms: list[str]
    scheduledAt: Instant | None
    publishedAt: Instant | None
    createdAt: Instant | None
    updatedAt: Instant | None
    maxLatenessS: float | None
    media: list[MediaAnswer]
    variants: dict[str, str]
    thread: list[str]
    tags: list[str]
    options: dict[str, str]
    key: str | None
    chosenBy: str | None
    approvedAt: Instant | None
    rejection: RejectionAnswer | None
    repeat: RepeatAnswer | None
    needs: list[str]
    warnings: list[str]
    deliveries: list[DeliveryAnswer]
    likes: int | None
    comments: int | None
    shares: int | None
    views: int | None
    replayed: NotRequired[bool]


class TextPartAnswer(TypedDict):
    text: str
    length: int
    limit: int


class SentMediaAnswer(MediaAnswer):
    converted: bool


class VersionAnswer(TypedDict):
    account: str
    parts: list[TextPartAnswer]
    media: list[SentMediaAnswer]
    costUsd: float | None


class PreviewAnswer(PostAnswer):
    versions: list[VersionAnswer]


class CreatedAnswer(PostAnswer):
    versions: NotRequired[list[VersionAnswer]]


class DeletedAnswer(TypedDict):
    id: int
    deleted: bool


class UndoneAnswer(TypedDict):
    id: int
    command: str
    at: Instant
    deleted: bool
    status: str
    scheduledAt: Instant | None
    lostTime: Instant | None
    content: str
    warnings: list[str]


class AccountAnswer(TypedDict):
    account: str
    platform: str
    handle: str
    connected: bool
    needsReconnect: bool
    enabled: bool
    timezone: str | None
    expiresAt: Instant | None
    scopes: list[str]
    holdUntil: Instant | None
    holdReason: str | None
    options: dict[str, str]
    server: str | None


class RatingAnswer(TypedDict):
    score: float
    uplift: float
    low: float
    high: float
    dataPoints: int


class HourAnswer(RatingAnswer):
    hour: int


class DayAnswer(RatingAnswer):
    day: str


class SlotAnswer(DayAnswer):
    hour: int


# A function, because `from` is a word of Python.
RecommendationAnswer = TypedDict(
    "RecommendationAnswer",
    {
        "account": str,
        "platform": str,
        "timezone": str,
        "from": Instant | None,
        "to": Instant | None,
        "bestHours": list[HourAnswer],
        "bestDays": list[DayAnswer],
        "dataPoints": int,
        "signal": str,
        "evidence": str,
        "onlineFollowers": NotRequired[dict[str, Any] | None],
        "hours": NotRequired[list[HourAnswer]],
        "days": NotRequired[list[DayAnswer]],
        "slots": NotRequired[list[SlotAnswer]],
    },
)


class BestTimesAnswer(TypedDict):
    success: bool
    recommendations: list[RecommendationAnswer]
    recommendation: NotRequired[RecommendationAnswer]


class FreeHourAnswer(TypedDict):
    at: Instant
    day: str
    hour: int
    score: float
    why: NotRequired[str]
    explored: NotRequired[bool]


class NextSlotAnswer(TypedDict):
    success: bool
    slot: FreeHourAnswer | None
    slots: NotRequired[list[FreeHourAnswer]]


class AssignmentAnswer(TypedDict):
    id: int
    at: Instant
    score: float
    accounts: list[str]
    explored: bool


class PlacementAnswer(TypedDict):
    accounts: list[str]
    by: str


PlanAnswer = TypedDict(
    "PlanAnswer",
    {
        "assignments": list[AssignmentAnswer],
        "score": float,
        "evenScore": float,
        "bound": NotRequired[float],
        "from": NotRequired[Instant],
        "to": NotRequired[Instant],
        "perDay": NotRequired[int],
        "minGapS": NotRequired[float],
        "timezones": NotRequired[dict[str, str]],
        "withoutData": NotRequired[list[str]],
        "placedBy": NotRequired[list[PlacementAnswer]],
        "leftOut": NotRequired[list[int]],
        "scheduled": bool,
        "warnings": list[str],
    },
)


class CalendarPostAnswer(TypedDict):
    date: str
    time: str
    id: int | None
    status: str
    accounts: list[str]
    content: str
    scheduledAt: Instant | None
    publishedAt: Instant | None
    tags: list[str]
    repeat: int | None


class CalendarHourAnswer(TypedDict):
    at: Instant
    date: str
    time: str
    score: float


class CalendarAnswer(TypedDict):
    span: str
    firstDay: str
    lastDay: str
    timezone: str
    posts: list[CalendarPostAnswer]
    gaps: list[str]
    freeSlots: list[CalendarHourAnswer] | None


class ReportTotals(TypedDict):
    posts: int
    likes: int | None
    comments: int | None
    shares: int | None
    views: int | None
    engagement: int | None
    medianEngagement: float | None


ReportBefore = TypedDict(
    "ReportBefore",
    {
        "from": Instant,
        "to": Instant,
        "posts": int,
        "likes": int | None,
        "comments": int | None,
        "shares": int | None,
        "views": int | None,
        "engagement": int | None,
        "medianEngagement": float | None,
    },
)


class ReportChange(TypedDict):
    posts: float | None
    likes: float | None
    comments: float | None
    shares: float | None
    views: float | None
    engagement: float | None
    medianEngagement: float | None


class ReportGroup(ReportTotals):
    by: str
    value: str
    change: ReportChange


class MeasuredPostAnswer(TypedDict):
    id: int | None
    account: str
    remoteId: str
    url: str | None
    publishedAt: Instant
    observedAt: Instant
    kind: str | None
    tags: list[str]
    likes: int | None
    comments: int | None
    shares: int | None
    views: int | None
    engagement: int | None
    usual: float | None
    measure: str | None
    difference: float | None
    text: str | None


ReportAnswer = TypedDict(
    "ReportAnswer",
    {
        "from": Instant,
        "to": Instant,
        "before": ReportBefore,
        "totals": ReportTotals,
        "change": ReportChange,
        "groups": list[ReportGroup],
        "best": list[MeasuredPostAnswer],
        "worst": list[MeasuredPostAnswer],
        "posts": list[MeasuredPostAnswer],
    },
)


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
    hint: str | None


class WebhookStateAnswer(TypedDict):
    id: int
    host: str
    waiting: int
    givenUp: int


class StatusAnswer(TypedDict):
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
    publishers: list[RegisteredPublisherAnswer]
