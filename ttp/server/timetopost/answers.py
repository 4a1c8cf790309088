"""Answers at TimeToPost's paths, and their schemas for OpenAPI."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel
from typing_extensions import TypedDict

from ttp.server.answers import JsonAnswer, ProblemItem
from ttp.views.answers import ActionAnswer, Instant
from ttp.views.number_answers import CountsAnswer, RecommendationAnswer
from ttp.views.status_answers import StatusAnswer


def success(status: int = 200, /, **fields: object) -> JsonAnswer:
    return JsonAnswer({"success": True, **fields}, status)


class _Success(TypedDict):
    success: Literal[True]


class _Open(BaseModel, extra="allow"):
    """Other keys depend on platforms. A TypedDict cannot say so, therefore this and what it contains are models."""

    success: Literal[True]


class FailureAnswer(TypedDict):
    """An error at a path of TimeToPost's API. `code` is stable; `error` is for people."""

    success: Literal[False]
    error: str
    code: str
    problems: list[ProblemItem]
    action: ActionAnswer | str | None
    actions: list[ActionAnswer | str]


class UserAnswer(TypedDict):
    id: str
    name: str
    email: str


class OrganizationAnswer(TypedDict):
    id: str
    name: str


class CallerAnswer(_Success):
    user: UserAnswer
    organization: OrganizationAnswer
    organizationWarning: None
    capabilities: list[str]
    canPublish: bool
    canApprove: bool
    accounts: list[str] | None
    expiresAt: Instant | None


class IntegrationAnswer(BaseModel, extra="forbid"):
    id: str
    provider: str
    platform: str
    username: str
    name: str
    status: Literal["connected", "not_connected", "needs_reconnect", "disabled"]
    collection: None
    expiresAt: Instant | None
    hasRefreshCapability: bool
    timezone: str | None


class IntegrationsAnswer(_Success):
    integrations: list[IntegrationAnswer]


class CapabilitiesAnswer(_Open):
    """What ttp can do: statuses, threads, platforms with their options, drafts, media, metrics, accounts."""

    statuses: list[str]
    integrations: list[IntegrationAnswer]


class CreatorAnswer(_Open):
    """What an account may choose for a post, in the fields of its platform."""

    accountId: str


class MovedAnswer(_Success):
    accountId: str
    collection: None
    collections: list[str]
    warnings: list[str]


class BoardsAnswer(_Success):
    boards: list[Any]


class PromptsAnswer(_Success):
    prompts: list[Any]


class SuggestionsAnswer(_Success):
    suggestions: list[Any]


class TheirPartAnswer(TypedDict):
    postId: str
    url: str | None


class AccountResult(TypedDict):
    accountId: str
    platform: str
    status: str
    postId: str | None
    url: str | None
    publishedAt: Instant | None
    error: str | None
    thread: list[TheirPartAnswer]


class TheirPost(TypedDict):
    """A post. `platformData`: by provider, its options, and the ids and addresses once it is published."""

    id: str
    content: str
    platforms: list[str]
    accountIds: list[str]
    status: str
    scheduledAt: Instant | None
    publishedAt: Instant | None
    createdAt: Instant | None
    updatedAt: Instant | None
    mediaUrls: list[str]
    thread: list[str]
    brand: str | None
    tags: list[str]
    platformData: dict[str, dict[str, Any]]
    results: list[AccountResult]
    needs: list[str]
    warnings: list[str]


class TheirPostsAnswer(_Success):
    posts: list[TheirPost]


class TheirPostAnswer(_Success):
    post: TheirPost


class DraftMediaAnswer(TypedDict):
    url: str
    alt: str | None


class DraftAnswer(TypedDict):
    """A draft: `postId` once it is approved; the id is the same."""

    id: str
    externalRef: str | None
    platform: str | None
    accountIds: list[str]
    status: Literal["PENDING", "APPROVED", "REJECTED", "POSTED"]
    state: str
    segments: list[str]
    link: str | None
    media: list[DraftMediaAnswer]
    scheduleHint: str | None
    scheduledFor: Instant | None
    brand: str | None
    postId: str | None
    reason: str | None
    createdAt: Instant | None
    updatedAt: Instant | None


class DraftsAnswer(_Success):
    drafts: list[DraftAnswer]


class SubmittedAnswer(DraftsAnswer):
    """`status`: of the draft that is least far."""

    status: Literal["pending_approval", "rejected", "approved", "posted"]
    externalRef: str


class DecidedAnswer(_Success):
    draft: DraftAnswer
    post: TheirPost
    postId: str
    scheduledAt: Instant | None


class ApprovalAction(TypedDict):
    method: str
    path: str


class ApprovalItem(TypedDict):
    id: str
    source: Literal["posts"]
    status: str
    title: str
    preview: str
    createdAt: Instant | None
    actions: list[ApprovalAction]


class ApprovalsAnswer(_Success):
    """`counts`: what is pending, by source."""

    items: list[ApprovalItem]
    counts: dict[str, int]


class CancelledAnswer(_Success):
    id: str
    deleted: Literal[True]


class PresignedAnswer(_Success):
    key: str
    uploadUrl: str
    publicUrl: str
    expiresAt: Instant


class ReceivedAnswer(_Success):
    key: str
    publicUrl: str


class Asset(TypedDict):
    id: str
    key: str
    filename: str
    contentType: str
    size: int
    width: int | None
    height: int | None
    durationMs: int | None
    publicUrl: str


class AssetAnswer(_Success):
    asset: Asset
    publicUrl: str


class NoRecommendation(TypedDict):
    """Without an account."""

    timezone: str
    bestHours: list[Any]
    bestDays: list[Any]
    dataPoints: Literal[0]


class OptimalTimesAnswer(_Success):
    """`recommendation`: of the account with the most data points."""

    recommendation: RecommendationAnswer | NoRecommendation
    recommendations: list[RecommendationAnswer]


class _Numbers(CountsAnswer):
    impressions: int | None
    clicks: None
    engagementRate: float | None


class AccountNumbers(_Numbers):
    accountId: str
    posts: int


class EngagementAnswer(_Numbers, _Success):
    posts: int
    accounts: list[AccountNumbers]


class PublishedNumbers(_Numbers):
    accountId: str
    postId: str
    observedAt: Instant


class PostMetricsAnswer(_Numbers, _Success):
    postId: str
    observedAt: Instant | None
    accounts: list[PublishedNumbers]


class BrandAnswer(TypedDict):
    slug: str
    name: str
    postCount: int


class BrandsAnswer(_Success):
    brands: list[BrandAnswer]


class BrandEngagementAnswer(_Numbers, _Success):
    brand: str
    posts: int
    measured: int


class SchedulerAnswer(StatusAnswer):
    success: Literal[True]
    status: Literal["running", "stopped", "stalled"]
    lastTick: Instant | None
    failures: int
