"""Recommendations for pictures, made without any estimating: the evening is good, the day makes no difference."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ttp.domain.optimal.free_hours import FreeHour
from ttp.domain.optimal.recommendation import Evidence, Rating, Recommendation
from ttp.services.optimal import Advice

BERLIN = ZoneInfo("Europe/Berlin")
NOTHING = Recommendation("x/none", BERLIN)


def told(
    evidence: Evidence = Evidence.STRONG, *, days: float = 0.02, posts: int = 585, account: str = "instagram/roastery"
) -> Recommendation:
    """The recommendation for an account whose posts do better nearer to 18:00; its best day brings `days`."""
    hours = [_rating(None, hour, 0.92 - abs(hour - 18) / 12, 0.12 - abs(hour - 18) / 50, 37) for hour in range(24)]
    week = [_rating(day, None, 0.62 - abs(day - 1) / 12, days if day == 1 else 0.0, 77) for day in range(7)]
    slots = [
        _rating(day, hour, max(0.0, 0.8 - abs(hour - 18) / 5 - abs(day - 1) / 50), 0.12 - abs(hour - 18) / 50, hour % 3)
        for day in range(7)
        for hour in range(24)
    ]
    return Recommendation(
        account,
        BERLIN,
        hours=tuple(hours),
        days=tuple(week),
        slots=tuple(slots),
        data_points=posts,
        evidence=evidence,
        confidence=0.94,
        first_at=datetime(2026, 8, 28, 10, tzinfo=UTC),
        last_at=datetime(2026, 11, 23, 10, tzinfo=UTC),
    )


def advice(recommendation: Recommendation, next_at: datetime | None = None, drafts: tuple[int, ...] = ()) -> Advice:
    following = None if next_at is None else FreeHour(next_at, 1, 18, 0.5, 0.12)
    return Advice(recommendation, following, drafts, "ttp metrics import FILE")


def _rating(day: int | None, hour: int | None, score: float, uplift: float, posts: int) -> Rating:
    return Rating(day, hour, max(0.0, score), uplift, uplift - 0.09, uplift + 0.09, posts)
