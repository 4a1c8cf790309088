"""Answers in JSON, and their schemas for OpenAPI. `ttp.views` writes them; the schemas only describe."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from ttp.views.errors import json_value

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
    version: str | None = None


class RegisteredPublisherAnswer(_Shape):
    host: str
    pid: int
    mode: str
    since: Instant | None
    lastReportAt: Instant | None
    accounts: int


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
    publishers: list[RegisteredPublisherAnswer]


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
