"""Answers about numbers: best hours, samples and reports, with their schemas for OpenAPI."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ttp.server.answers import Instant


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


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
