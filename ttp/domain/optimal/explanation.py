"""Why an hour, a weekday or a slot is rated as it is: the posts in it, and what became of the number of each.

Takes an estimate apart and adds nothing to it. Numbers of posts are in log units as in `Parts`; `raw`, `adjusted` and
the rating's own are shares of the account's average, as everywhere: 0.12 is 12 % more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from zoneinfo import ZoneInfo

from ttp.domain.optimal import Parts, Rating, Recommendation, rank, recommend
from ttp.domain.optimal.features import PostFeatures, features
from ttp.domain.optimal.model import estimate
from ttp.domain.sample import Sample

NEAR_H = 2
"""Posts so many hours earlier or later bear on an hour's estimate too, because audiences do not change on the hour."""


@dataclass(frozen=True, slots=True)
class PostBehind:
    """One post of the place that is explained."""

    post: PostFeatures
    parts: Parts


@dataclass(frozen=True, slots=True)
class Explanation:
    """A rating with what it rests on."""

    recommendation: Recommendation
    rating: Rating
    rank: int
    """1 is the best of its kind."""
    posts: tuple[PostBehind, ...]
    """Those in the place: the most telling first (that differ most from the average), equal ones newest first."""
    raw: float | None
    """What they brought over the account's average, as counted; None without posts."""
    adjusted: float | None
    """The same once trend, kind and outliers are taken out."""
    nearby: int
    """Posts within `NEAR_H` hours of it on the clock, itself left out; 0 for a whole day."""


def explain(
    samples: Iterable[Sample], *, account: str, zone: ZoneInfo, day: int | None, hour: int | None
) -> Explanation | None:
    """Why `hour` of every day, `day` (Monday is 0) or the slot of both is rated so; None without any posts."""
    kept = list(samples)
    posts = features(kept, account=account, zone=zone)
    if not posts:
        return None
    told = recommend(kept, account=account, zone=zone)
    ratings = told.hours if day is None else told.days if hour is None else told.slots
    rating = next(one for one in ratings if (one.day, one.hour) == (day, hour))
    behind = [
        PostBehind(post, parts)
        for post, parts in zip(posts, estimate(posts).posts, strict=True)
        if _inside(post, day, hour)
    ]
    usual = fmean(post.engagement for post in posts)
    return Explanation(
        told,
        rating,
        rank=rank(ratings).index(rating) + 1,
        posts=tuple(sorted(behind, key=_telling)),
        raw=_gain([one.post.engagement - usual for one in behind]),
        adjusted=_gain([one.parts.adjusted for one in behind]),
        nearby=0 if hour is None else sum(_near(post, day, hour) for post in posts) - len(behind),
    )


def _telling(one: PostBehind) -> tuple[float, float]:
    return -abs(one.parts.adjusted + one.parts.clipped), -one.post.published_at.timestamp()


def _inside(post: PostFeatures, day: int | None, hour: int | None) -> bool:
    return day in (None, post.weekday) and hour in (None, post.hour)


def _near(post: PostFeatures, day: int | None, hour: int) -> bool:
    later = (post.hour - hour) % 24
    return day in (None, post.weekday) and min(later, 24 - later) <= NEAR_H


def _gain(differences: Sequence[float]) -> float | None:
    """The share that a mean difference of logs stands for."""
    return math.expm1(fmean(differences)) if differences else None
