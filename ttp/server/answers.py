"""Answers in JSON, and their schemas for OpenAPI. `ttp.views` writes them; the schemas only describe."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
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


class DeliveryError(_Shape):
    kind: str
    code: str | None
    message: str
    hint: ActionAnswer | str | None


class PartAnswer(_Shape):
    remoteId: str
    url: str | None


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


class HealthAnswer(_Shape):
    ok: bool
