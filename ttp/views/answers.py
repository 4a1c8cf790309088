"""The shapes of answers as types: of posts, accounts, times and the queue. The views write them, the HTTP API makes its
schemas of them, and MCP shortens answers by them.

Words such as `status` are open: new ones may come, and new keys too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypeAlias

from typing_extensions import TypedDict

from ttp.views.factor_answer import FactorAnswer

if TYPE_CHECKING:
    from ttp.domain.action import WayOut

Instant: TypeAlias = str
"""`2026-11-23T17:00:00Z`"""


class ActionAnswer(TypedDict):
    """What helps: a command with its arguments and options, or the same request with other options (`name` null)."""

    name: str | None
    args: list[str]
    options: dict[str, Any]


if not TYPE_CHECKING:
    WayOut = ActionAnswer | str
    """What views leave to who writes their answers: HTTP and MCP write an action, the command line its text."""


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
    focus: str | None
    captions: str | None
    thumbnail: str | None
    part: int | Literal["last"]
    only: str | None


class DeliveryErrorAnswer(TypedDict):
    kind: str
    code: str | None
    message: str
    hint: WayOut | None


class PartAnswer(TypedDict):
    remoteId: str
    url: str | None


class MainCounts(TypedDict):
    likes: int | None
    comments: int | None
    shares: int | None
    views: int | None


class MetricsAnswer(MainCounts):
    observedAt: Instant | None


class PlannedPartAnswer(TypedDict):
    """`media`: their names."""

    text: str
    media: list[str]


class ProgressAnswer(TypedDict):
    """What became of a delivery, or of a comment, so far."""

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
    note: str | None
    takenDownAt: Instant | None


class CommentAnswer(ProgressAnswer):
    """The comment on a published post. `dueAt`: none before its post is published."""

    text: str


class DeliveryAnswer(ProgressAnswer):
    account: str
    platform: str
    parts: list[PartAnswer]
    plannedParts: list[PlannedPartAnswer]
    langs: list[str] | None
    metrics: MetricsAnswer | None
    comment: CommentAnswer | None


class RejectionAnswer(TypedDict):
    at: Instant
    reason: str | None


class RepeatOfPost(TypedDict):
    id: int
    cron: str
    rule: str
    timezone: str


class _PostState(TypedDict):
    id: int | None
    status: str
    content: str
    accounts: list[str]
    platforms: list[str]
    scheduledAt: Instant | None
    publishedAt: Instant | None
    createdAt: Instant | None
    updatedAt: Instant | None


class OriginAnswer(TypedDict):
    """The template that made the texts of a post. `version`: changes with the file; `text`: was given to it."""

    template: str
    version: str
    vars: dict[str, Any]
    text: NotRequired[str]


class PlainFields(TypedDict):
    """Fields of a post that `post_fields` says all about."""

    maxLatenessS: float | None
    split: bool | None
    numberParts: bool | None
    utm: bool | None
    comment: str | None
    commentAfterS: float | None


class CardAnswer(TypedDict):
    """The card of a link. `state`: `fetched`, `waiting` (ten minutes before its time), or `none` (see `note`)."""

    url: str
    state: str
    title: str | None
    description: str | None
    picture: MediaAnswer | None
    note: str | None


class _Post(_PostState, PlainFields):
    media: list[MediaAnswer]
    cards: list[CardAnswer]
    variants: dict[str, str]
    thread: list[str]
    tags: list[str]
    options: dict[str, str]
    key: str | None
    origin: OriginAnswer | None
    chosenBy: str | None
    approvedAt: Instant | None
    rejection: RejectionAnswer | None
    repeat: RepeatOfPost | None
    needs: list[str]
    asksFor: str | None
    warnings: list[str]
    deliveries: list[DeliveryAnswer]


class SentMediaAnswer(MediaAnswer):
    """Media as an account gets them. `cropped`: to the shape that its platform needs."""

    converted: bool
    cropped: bool


class SentAnswer(TypedDict):
    account: str
    media: list[SentMediaAnswer]


class PostAnswer(_Post, MainCounts):
    """A post, as `ttp show --json` prints it. `createdBy`, `changedBy`: who wrote and who changed it; for agents."""

    createdBy: NotRequired[str | None]
    changedBy: NotRequired[str | None]
    replayed: NotRequired[bool]
    sent: NotRequired[list[SentAnswer]]


class TemplateAnswer(TypedDict):
    """A template of posts: its file. `isSnippet`: it has no variables; `problem`: why it cannot be used."""

    name: str
    isSnippet: bool
    version: str
    variables: list[str]
    accounts: list[str]
    text: str
    problem: str | None


class PartPreview(TypedDict):
    text: str
    length: int
    limit: int
    card: CardAnswer | None


class CommentPreview(TypedDict):
    text: str
    length: int
    limit: int
    lostAnswer: Literal["key", "look_up", "none"] | None


class VersionAnswer(TypedDict):
    account: str
    parts: list[PartPreview]
    comment: CommentPreview | None
    media: list[SentMediaAnswer]
    costUsd: float | None
    taggedLinks: int
    unshortenedLinks: int
    lostAnswer: Literal["key", "look_up", "none"] | None
    factors: list[FactorAnswer]


class PreviewAnswer(PostAnswer):
    """A post that would be created, with what each account would get."""

    versions: list[VersionAnswer]


class DeletedAnswer(TypedDict):
    id: int
    deleted: Literal[True]


class AttemptAnswer(TypedDict):
    """One step. `comment`: it is about the comment on the post."""

    at: Instant
    account: str
    comment: bool
    number: int
    step: str
    phase: str
    outcome: str | None
    kind: str | None
    httpStatus: int | None
    message: str | None
    endedAt: Instant | None


class ChangeAnswer(TypedDict):
    """A change of a post: `actor` is the name of a token or user@host, and what they used: `ann via mcp`."""

    at: Instant
    actor: str | None
    command: str
    count: int
    posts: str
    content: str | None


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
    split: bool | None
    utm: bool | None


class EventAnswer(TypedDict):
    """An event of a post, with the keys of `ttp run --jsonl`; those without a value are left out."""

    id: int
    at: Instant
    event: str
    post: int
    account: NotRequired[str]
    remoteId: NotRequired[str]
    url: NotRequired[str]
    kind: NotRequired[str]
    message: NotRequired[str]
    nextAt: NotRequired[Instant]
    attempt: NotRequired[int]


class SlotAnswer(TypedDict):
    id: int
    account: str
    cron: str
    timezone: str
    name: str | None
    nextAt: Instant | None


class SlotInstantAnswer(TypedDict):
    at: Instant
    account: str
    slot: int
    name: str | None
    timezone: str
    post: int | None
    posts: list[int | None]
    content: str | None


class RemovedAnswer(TypedDict):
    id: int
    removed: Literal[True]


class RepeatAnswer(TypedDict):
    id: int
    post: int | None
    pool: str | None
    cron: str
    rule: str
    anchor: str | None
    times: str
    timezone: str
    until: Instant | None
    count: int | None
    texts: int
    coolDownS: float | None
    state: str
    nextAt: Instant | None
    nextTimes: list[Instant]
    made: int
    skipped: int
    missed: int


class NewRepeatAnswer(RepeatAnswer):
    """A new repeat, with the ids of the posts that were created in advance."""

    posts: list[int | None]
    warnings: list[str]


class AssignmentAnswer(TypedDict):
    id: int
    at: Instant
    score: float
    accounts: list[str]
    explored: bool


class PlacementAnswer(TypedDict):
    accounts: list[str]
    by: str


# A function, because `from` is a word of Python.
_Planned = TypedDict("_Planned", {"from": NotRequired[Instant], "to": NotRequired[Instant]})


class PlanTotals(_Planned):
    """`bound`: no plan has a higher score; `withoutData`: accounts without metrics."""

    score: float
    evenScore: float
    bound: NotRequired[float]
    perDay: NotRequired[int | None]
    minGapS: NotRequired[float]
    timezones: NotRequired[dict[str, str]]
    withoutData: NotRequired[list[str]]
    placedBy: NotRequired[list[PlacementAnswer]]


class PlanAnswer(PlanTotals):
    """A plan of drafts, as `ttp plan --json` prints it. Without drafts it has scores only."""

    assignments: list[AssignmentAnswer]
    leftOut: NotRequired[list[int]]
    scheduled: bool
    warnings: list[str]


class UndoneAnswer(TypedDict):
    """A post after an undo or redo. `by`: who made the change; `lostTime`: its time, which has passed: not restored."""

    id: int
    command: str
    at: Instant
    by: str | None
    deleted: bool
    status: str
    scheduledAt: Instant | None
    lostTime: Instant | None
    content: str
    warnings: list[str]


class CalendarRow(TypedDict):
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


class FreeSlotAnswer(TypedDict):
    at: Instant
    date: str
    time: str
    score: float


class CalendarAnswer(TypedDict):
    span: str
    firstDay: str
    lastDay: str
    timezone: str
    posts: list[CalendarRow]
    gaps: list[str]
    freeSlots: list[FreeSlotAnswer] | None
