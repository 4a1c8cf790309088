"""The answers of tools as types, from which their output schemas are made. The keys are those of `views`.

Words such as `status` are open: new ones may come.
"""

from __future__ import annotations

from typing import NotRequired, TypeAlias

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
