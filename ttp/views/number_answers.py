"""The shapes of answers about numbers: best hours, samples and reports."""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from ttp.views.answers import FactorAnswer, Instant, MainCounts

# Functions, because `from` is a word of Python.
PeriodAnswer = TypedDict("PeriodAnswer", {"from": Instant, "to": Instant})
_Span = TypedDict("_Span", {"from": Instant | None, "to": Instant | None})


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


class WeeklySlotAnswer(HourAnswer):
    day: str


class HeatmapSlotAnswer(WeeklySlotAnswer):
    best: bool


class OnlineHour(TypedDict):
    hour: str
    followers: float


OnlineAnswer = TypedDict("OnlineAnswer", {"days": int, "from": str, "to": str, "hours": list[OnlineHour]})


class _Whose(_Span):
    account: str
    platform: str
    timezone: str
    dataPoints: int
    signal: str


class ComparedClass(FactorAnswer):
    raw: float


class RecommendationAnswer(_Whose):
    bestHours: list[HourAnswer]
    bestDays: list[DayAnswer]
    evidence: str
    daysFirst: bool
    leftOut: int
    onlineFollowers: OnlineAnswer | None
    factors: list[FactorAnswer]
    noFactors: str | None
    hours: NotRequired[list[HourAnswer]]
    days: NotRequired[list[DayAnswer]]
    slots: NotRequired[list[WeeklySlotAnswer]]


class OptimalAnswer(TypedDict):
    """The best hours and days of accounts; `recommendation` when there is exactly one."""

    success: Literal[True]
    recommendations: list[RecommendationAnswer]
    recommendation: NotRequired[RecommendationAnswer]


class HeatmapAnswer(_Whose):
    slots: list[HeatmapSlotAnswer]


class HeatmapsAnswer(TypedDict):
    success: Literal[True]
    heatmaps: list[HeatmapAnswer]
    heatmap: NotRequired[HeatmapAnswer]


class FreeHourAnswer(TypedDict):
    """`score`: the probability that it is one of the ten best hours of the week; `uplift`: the expected gain over the
    average, by which it was chosen."""

    at: Instant
    day: str
    hour: int
    score: float
    uplift: float
    why: NotRequired[str]
    explored: NotRequired[bool]


class LaterHourAnswer(FreeHourAnswer):
    """A later hour that is expected to bring more. `within`: what to ask for, to get it."""

    within: str


class NextHourAnswer(FreeHourAnswer):
    later: LaterHourAnswer | None


class NextHoursAnswer(TypedDict):
    success: Literal[True]
    slot: NextHourAnswer | None
    slots: NotRequired[list[NextHourAnswer]]


class ScoredHour(TypedDict):
    hour: int
    score: float


class ScoredDay(TypedDict):
    day: str
    slots: list[ScoredHour]


class WeekAnswer(TypedDict):
    success: Literal[True]
    schedule: list[ScoredDay]


class CountsAnswer(MainCounts):
    saves: int | None
    reach: int | None


class SampleAnswer(CountsAnswer):
    account: str
    remoteId: str
    publishedAt: Instant
    observedAt: Instant
    kind: str | None
    text: str | None


class ColumnAnswer(TypedDict):
    column: str
    field: str | None


class RefusedSample(TypedDict):
    row: int
    reason: str


class MetricsImportAnswer(TypedDict):
    """The result of an import of numbers; of a dry run also the format, the columns and the first rows."""

    read: int
    inserted: int
    updated: int
    unchanged: int
    rejected: list[RefusedSample]
    source: NotRequired[str]
    columns: NotRequired[list[ColumnAnswer]]
    rows: NotRequired[list[SampleAnswer]]


class TotalAnswer(CountsAnswer, _Span):
    account: str
    posts: int
    samples: int
    observedAt: Instant | None


class _Posts(TypedDict):
    posts: int


class ReportTotals(_Posts, MainCounts):
    engagement: int | None
    medianEngagement: float | None


class ReportBefore(ReportTotals, PeriodAnswer):
    pass


class ReportChange(TypedDict):
    """Shares of the period before; 0.5 is half more."""

    posts: float | None
    likes: float | None
    comments: float | None
    shares: float | None
    views: float | None
    engagement: float | None
    medianEngagement: float | None


class ReportGroup(ReportTotals):
    """`medianLow`, `medianHigh`: the 80 % interval of the median, from four posts on."""

    by: str
    value: str
    medianLow: float | None
    medianHigh: float | None
    change: ReportChange


class _MeasuredPost(TypedDict):
    id: int | None
    account: str
    remoteId: str
    url: str | None
    publishedAt: Instant
    observedAt: Instant
    kind: str | None
    tags: list[str]


class MeasuredPostAnswer(_MeasuredPost, MainCounts):
    """A post with its newest numbers. `difference`: 0.2 is 20 % more than usual for its hour and kind."""

    engagement: int | None
    usual: float | None
    measure: str | None
    difference: float | None
    text: str | None


class ReportFactor(FactorAnswer):
    account: str


class ReportAnswer(PeriodAnswer):
    """How posts did in a period, compared with the one before, as `ttp report --json` prints it. `factors` are of all
    of an account's newest posts."""

    factors: list[ReportFactor]
    before: ReportBefore
    totals: ReportTotals
    change: ReportChange
    groups: list[ReportGroup]
    best: list[MeasuredPostAnswer]
    worst: list[MeasuredPostAnswer]
    posts: list[MeasuredPostAnswer]
    spentUsd: dict[str, float]
