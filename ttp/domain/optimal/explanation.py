"""Explain the rating of an hour, a weekday or a slot by the posts in it, and how each was adjusted.

Numbers of posts are in log units, as in `Parts`. `raw`, `adjusted` and the rating are shares of the account's average:
0.12 is 12 % more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from zoneinfo import ZoneInfo

from ttp.domain.metrics.sample import Sample
from ttp.domain.optimal.estimate import Parts
from ttp.domain.optimal.features import PostFeatures, features
from ttp.domain.optimal.model import estimate
from ttp.domain.optimal.recommendation import Rating, Recommendation, rank, recommend

NEAR_H = 2
"""Posts within so many hours influence an hour's estimate, because audiences change smoothly."""


@dataclass(frozen=True, slots=True)
class PostBehind:
    """One post in the explained hour, day or slot."""

    post: PostFeatures
    parts: Parts


@dataclass(frozen=True, slots=True)
class Explanation:
    """A rating, and the posts behind it."""

    recommendation: Recommendation
    rating: Rating
    rank: int
    """1 is the best of its kind."""
    posts: tuple[PostBehind, ...]
    """The posts that differ most from the average first; of equal ones, the newest first."""
    raw: float | None
    """Their mean engagement over the account's average, as counted; None without posts."""
    adjusted: float | None
    """The same without trend, kind and outliers."""
    nearby: int
    """Other posts within `NEAR_H` hours on the clock; 0 for a whole day."""


def explain(
    samples: Iterable[Sample], *, account: str, zone: ZoneInfo, day: int | None, hour: int | None
) -> Explanation | None:
    """Explain the rating of `hour` on all days, of `day` (Monday is 0) or of the slot of both; None without posts."""
    kept = list(samples)
    posts = features(kept, account=account, zone=zone)
    if not posts:
        return None
    recommendation = recommend(kept, account=account, zone=zone)
    ratings = recommendation.hours if day is None else recommendation.days if hour is None else recommendation.slots
    rating = next(one for one in ratings if (one.day, one.hour) == (day, hour))
    behind = [
        PostBehind(post, parts)
        for post, parts in zip(posts, estimate(posts).posts, strict=True)
        if _inside(post, day, hour)
    ]
    usual = fmean(post.engagement for post in posts)
    return Explanation(
        recommendation,
        rating,
        rank=rank(ratings).index(rating) + 1,
        posts=tuple(
            sorted(
                behind,
                key=lambda one: (-abs(one.parts.adjusted + one.parts.clipped), -one.post.published_at.timestamp()),
            )
        ),
        raw=_gain([one.post.engagement - usual for one in behind]),
        adjusted=_gain([one.parts.adjusted for one in behind]),
        nearby=0 if hour is None else sum(_near(post, day, hour) for post in posts) - len(behind),
    )


def _inside(post: PostFeatures, day: int | None, hour: int | None) -> bool:
    return day in (None, post.weekday) and hour in (None, post.hour)


def _near(post: PostFeatures, day: int | None, hour: int) -> bool:
    later = (post.hour - hour) % 24
    return day in (None, post.weekday) and min(later, 24 - later) <= NEAR_H


def _gain(differences: Sequence[float]) -> float | None:
    """Convert the mean difference of logs to a share."""
    return math.expm1(fmean(differences)) if differences else None
