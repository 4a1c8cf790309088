"""Answers in JSON, and their schemas for OpenAPI. `ttp.views` writes them; the schemas only describe."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from ttp.views.actions import json_value

Instant = str
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":"), default=json_value
)


class JsonAnswer(JSONResponse):
    """JSON of views, in which actions are objects."""

    def render(self, content: Any) -> bytes:
        return _ENCODER.encode(content).encode()


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ActionAnswer(_Shape):
    """What helps: a command with its arguments and options, or the same request with other options (`name` null)."""

    name: str | None
    args: list[str]
    options: dict[str, Any]


class ProblemItem(_Shape):
    field: str
    account: str | None
    code: str
    message: str
    hint: ActionAnswer | str | None


class ProblemAnswer(_Shape):
    """Problem details (RFC 9457). `code` is stable; `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    problems: list[ProblemItem]
    action: ActionAnswer | str | None


class MediaAnswer(_Shape):
    name: str
    mime: str
    bytes: int
    sha256: str
    width: int | None
    height: int | None
    durationMs: int | None
    alt: str | None
    url: str | None


class UploadAnswer(_Shape):
    """An upload in parts. `id`: null in a dry run; `media`: what it became, once all its bytes have arrived."""

    id: str | None
    name: str
    bytes: int
    received: int
    media: MediaAnswer | None


class RemovedUploadAnswer(_Shape):
    id: str
    removed: Literal[True]


class DeliveryError(_Shape):
    kind: str
    code: str | None
    message: str
    hint: ActionAnswer | str | None


class PartAnswer(_Shape):
    remoteId: str
    url: str | None


class MetricsAnswer(_Shape):
    likes: int | None
    comments: int | None
    shares: int | None
    views: int | None
    observedAt: Instant | None


class DeliveryAnswer(_Shape):
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
    error: DeliveryError | None
    takenDownAt: Instant | None
    parts: list[PartAnswer]
    metrics: MetricsAnswer | None


class RejectionAnswer(_Shape):
    at: Instant
    reason: str | None


class RepeatOfPost(_Shape):
    id: int
    cron: str
    timezone: str


class PostAnswer(_Shape):
    """A post, as `ttp show --json` prints it."""

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
    repeat: RepeatOfPost | None
    needs: list[str]
    warnings: list[str]
    deliveries: list[DeliveryAnswer]
    likes: int | None
    comments: int | None
    shares: int | None
    views: int | None
    replayed: bool | None = None


class PartPreview(_Shape):
    text: str
    length: int
    limit: int


class SentMedia(MediaAnswer):
    converted: bool


class VersionAnswer(_Shape):
    account: str
    parts: list[PartPreview]
    media: list[SentMedia]
    costUsd: float | None


class PreviewAnswer(PostAnswer):
    """A post that would be created, with what each account would get."""

    versions: list[VersionAnswer]


class DeletedAnswer(_Shape):
    id: int
    deleted: Literal[True]


class AttemptAnswer(_Shape):
    at: Instant
    account: str
    number: int
    step: str
    phase: str
    outcome: str | None
    kind: str | None
    httpStatus: int | None
    message: str | None
    endedAt: Instant | None


class ChangeAnswer(_Shape):
    """A change of a post: `actor` is the name of a token, or user@host."""

    at: Instant
    actor: str | None
    command: str
    count: int
    posts: str
    content: str | None


class AccountAnswer(_Shape):
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


class EventAnswer(_Shape):
    """An event of a post, with the keys of `ttp run --jsonl`; those without a value are left out."""

    id: int
    at: Instant
    event: str
    post: int
    account: str | None = None
    remoteId: str | None = None
    url: str | None = None
    kind: str | None = None
    message: str | None = None
    nextAt: Instant | None = None
    attempt: int | None = None


class PublisherAnswer(_Shape):
    running: bool
    pid: int | None
    mode: str | None
    since: Instant | None
    lastRunAt: Instant | None


class NeedsAnswer(_Shape):
    review: int
    reconnect: int
    retry: int
    approve: int | None = None


class HoldAnswer(_Shape):
    account: str
    until: Instant | None
    reason: str | None


class LimitAnswer(_Shape):
    account: str
    name: str
    left: int
    limit: int | None
    resetsAt: Instant | None


class CostAnswer(_Shape):
    posts: int
    usd: float
    more: bool | int


class MediaUseAnswer(_Shape):
    files: int
    bytes: int


class BlockedAnswer(_Shape):
    by: str
    message: str
    hint: ActionAnswer | str | None


class WebhookStateAnswer(_Shape):
    id: int
    host: str
    waiting: int
    givenUp: int


class StatusAnswer(_Shape):
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


class HealthAnswer(_Shape):
    ok: bool


class SlotAnswer(_Shape):
    id: int
    account: str
    cron: str
    timezone: str
    name: str | None
    nextAt: Instant | None


class SlotInstantAnswer(_Shape):
    at: Instant
    account: str
    slot: int
    name: str | None
    timezone: str
    post: int | None
    posts: list[int | None]
    content: str | None


class RemovedAnswer(_Shape):
    id: int
    removed: Literal[True]


class RepeatAnswer(_Shape):
    id: int
    post: int | None
    pool: str | None
    cron: str
    timezone: str
    until: Instant | None
    count: int | None
    texts: int
    coolDownS: float | None
    state: str
    nextAt: Instant | None
    made: int
    skipped: int
    missed: int


class NewRepeatAnswer(RepeatAnswer):
    """A new repeat, with the ids of the posts that were created in advance."""

    posts: list[int | None]
    warnings: list[str]


class AssignmentAnswer(_Shape):
    id: int
    at: Instant
    score: float
    accounts: list[str]
    explored: bool


class PlacementAnswer(_Shape):
    accounts: list[str]
    by: str


class PlanTotals(_Shape):
    """`bound`: no plan has a higher score; `withoutData`: accounts without metrics."""

    score: float
    evenScore: float
    bound: float | None = None
    from_: Instant | None = Field(None, alias="from")
    to: Instant | None = None
    perDay: int | None = None
    minGapS: float | None = None
    timezones: dict[str, str] | None = None
    withoutData: list[str] | None = None
    placedBy: list[PlacementAnswer] | None = None


class PlanAnswer(PlanTotals):
    """A plan of drafts, as `ttp plan --json` prints it. Without drafts it has scores only."""

    assignments: list[AssignmentAnswer]
    leftOut: list[int] | None = None
    scheduled: bool
    warnings: list[str]


class UndoneAnswer(_Shape):
    """A post after an undo or redo. `lostTime`: its time, which has passed and was not restored."""

    id: int
    command: str
    at: Instant
    deleted: bool
    status: str
    scheduledAt: Instant | None
    lostTime: Instant | None
    content: str
    warnings: list[str]


class CheckAnswer(_Shape):
    name: str
    status: str
    message: str
    hint: ActionAnswer | str | None


class CheckupAnswer(_Shape):
    checks: list[CheckAnswer]
    ok: int
    warnings: int
    failures: int


class SkippedRow(_Shape):
    row: str
    reason: str


class RefusedRow(_Shape):
    row: str
    field: str | None
    problem: str
    fix: ActionAnswer | str | None


class PlannedRow(_Shape):
    row: str
    id: int | None
    at: Instant
    score: float
    accounts: list[str]


class RowPlanAnswer(PlanTotals):
    way: str
    leftOut: list[str]


class ImportAnswer(_Shape):
    """The result of an import, as `ttp import --json` prints it. `planned`: rows that got a time from a plan."""

    read: int
    added: int
    changed: int
    moved: int
    unchanged: int
    left: list[SkippedRow]
    rejected: list[RefusedRow]
    stored: bool
    ids: list[int]
    planned: list[PlannedRow]
    plan: RowPlanAnswer | None
    warnings: list[str]


class CalendarRow(_Shape):
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


class FreeSlotAnswer(_Shape):
    at: Instant
    date: str
    time: str
    score: float


class CalendarAnswer(_Shape):
    span: str
    firstDay: str
    lastDay: str
    timezone: str
    posts: list[CalendarRow]
    gaps: list[str]
    freeSlots: list[FreeSlotAnswer] | None


class HourAnswer(_Shape):
    hour: int
    score: float
    uplift: float
    low: float
    high: float
    dataPoints: int


class DayAnswer(_Shape):
    day: str
    score: float
    uplift: float
    low: float
    high: float
    dataPoints: int


class WeeklySlotAnswer(HourAnswer):
    day: str


class HeatmapSlotAnswer(WeeklySlotAnswer):
    best: bool


class OnlineHour(_Shape):
    hour: str
    followers: float


class OnlineAnswer(_Shape):
    days: int
    from_: str = Field(alias="from")
    to: str
    hours: list[OnlineHour]


class _Whose(_Shape):
    account: str
    platform: str
    timezone: str
    from_: Instant | None = Field(alias="from")
    to: Instant | None
    dataPoints: int
    signal: str


class RecommendationAnswer(_Whose):
    bestHours: list[HourAnswer]
    bestDays: list[DayAnswer]
    evidence: str
    onlineFollowers: OnlineAnswer | None
    hours: list[HourAnswer] | None = None
    days: list[DayAnswer] | None = None
    slots: list[WeeklySlotAnswer] | None = None


class OptimalAnswer(_Shape):
    """The best hours and days of accounts; `recommendation` when there is exactly one."""

    success: Literal[True]
    recommendations: list[RecommendationAnswer]
    recommendation: RecommendationAnswer | None = None


class HeatmapAnswer(_Whose):
    slots: list[HeatmapSlotAnswer]


class HeatmapsAnswer(_Shape):
    success: Literal[True]
    heatmaps: list[HeatmapAnswer]
    heatmap: HeatmapAnswer | None = None


class NextHourAnswer(_Shape):
    at: Instant
    day: str
    hour: int
    score: float
    why: str | None = None
    explored: bool | None = None


class NextHoursAnswer(_Shape):
    success: Literal[True]
    slot: NextHourAnswer | None
    slots: list[NextHourAnswer] | None = None


class ScoredHour(_Shape):
    hour: int
    score: float


class ScoredDay(_Shape):
    day: str
    slots: list[ScoredHour]


class WeekAnswer(_Shape):
    success: Literal[True]
    schedule: list[ScoredDay]


class _Counts(_Shape):
    likes: int | None
    comments: int | None
    shares: int | None
    views: int | None
    saves: int | None
    reach: int | None


class SampleAnswer(_Counts):
    account: str
    remoteId: str
    publishedAt: Instant
    observedAt: Instant
    kind: str | None
    text: str | None


class ColumnAnswer(_Shape):
    column: str
    field: str | None


class RefusedSample(_Shape):
    row: int
    reason: str


class MetricsImportAnswer(_Shape):
    """The result of an import of numbers; of a dry run also the format, the columns and the first rows."""

    read: int
    inserted: int
    updated: int
    unchanged: int
    rejected: list[RefusedSample]
    source: str | None = None
    columns: list[ColumnAnswer] | None = None
    rows: list[SampleAnswer] | None = None


class TotalAnswer(_Counts):
    account: str
    posts: int
    samples: int
    from_: Instant | None = Field(alias="from")
    to: Instant | None
    observedAt: Instant | None


class _Period(_Shape):
    from_: Instant = Field(alias="from")
    to: Instant


class ReportTotals(_Shape):
    posts: int
    likes: int | None
    comments: int | None
    shares: int | None
    views: int | None
    engagement: int | None
    medianEngagement: float | None


class ReportBefore(ReportTotals, _Period):
    pass


class ReportChange(_Shape):
    """Shares of the period before; 0.5 is half more."""

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


class MeasuredPostAnswer(_Shape):
    """A post with its newest numbers. `difference`: 0.2 is 20 % more than usual for its hour and kind."""

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


class ReportAnswer(_Period):
    """How posts did in a period, compared with the one before, as `ttp report --json` prints it."""

    before: ReportBefore
    totals: ReportTotals
    change: ReportChange
    groups: list[ReportGroup]
    best: list[MeasuredPostAnswer]
    worst: list[MeasuredPostAnswer]
    posts: list[MeasuredPostAnswer]
