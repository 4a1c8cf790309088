"""Baselines for the recommendation: the mean per bucket, which most products show, and a kernel estimate.

Each rates every hour and every weekly slot of an account from its posts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, median
from typing import NamedTuple

from ttp.domain.optimal.features import PostFeatures


class Guess(NamedTuple):
    """A rating of each hour and slot, in any unit."""

    hours: Sequence[float]
    slots: Sequence[float]


def mean_per_bucket(posts: Sequence[PostFeatures]) -> Guess:
    """Return the mean engagement of each hour and slot. Those without posts come last."""
    hours: list[list[float]] = [[] for _ in range(24)]
    slots: list[list[float]] = [[] for _ in range(168)]
    for post in posts:
        count = math.expm1(post.engagement)
        hours[post.hour].append(count)
        slots[24 * post.weekday + post.hour].append(count)
    return Guess(*([fmean(bucket) if bucket else -1.0 for bucket in buckets] for buckets in (hours, slots)))


NEIGHBOURS, CLIP = 20, 2.5 * 1.4826
SHRINK, DAY_SHRINK, SMOOTH_H = 25.0, 200.0, 2.0
_NEAR = [math.exp(-(min(later, 24 - later) ** 2) / (2 * SMOOTH_H**2)) for later in range(24)]


def kernel(posts: Sequence[PostFeatures]) -> Guess:
    """Smooth the residuals from the median of neighbouring posts and of the kind; clip and shrink them.

    A slot's rating is the sum for its hour (of weekdays or weekends) and its day.
    """
    rest = _residuals(posts)
    hours = _smoothed(posts, rest)
    left = [(post, r - hours[post.hour]) for post, r in zip(posts, rest, strict=True)]
    slots: list[float] = []
    for day in range(7):
        of_day = [r for post, r in left if post.weekday == day]
        more = sum(of_day) / (len(of_day) + DAY_SHRINK)
        part = [(post, r) for post, r in left if (post.weekday > 4) == (day > 4)]
        own = _smoothed([post for post, _ in part], [r for _, r in part])
        slots += [hour + more + other for hour, other in zip(hours, own, strict=True)]
    return Guess(hours, slots)


def _smoothed(posts: Sequence[PostFeatures], rest: Sequence[float]) -> list[float]:
    sums, counts = [0.0] * 24, [0.0] * 24
    for post, r in zip(posts, rest, strict=True):
        sums[post.hour] += r
        counts[post.hour] += 1
    return [
        sum(_NEAR[(other - hour) % 24] * sums[other] for other in range(24))
        / (sum(_NEAR[(other - hour) % 24] * counts[other] for other in range(24)) + SHRINK)
        for hour in range(24)
    ]


def _residuals(posts: Sequence[PostFeatures]) -> list[float]:
    values = [post.engagement for post in posts]
    rest = [value - median(values[max(0, i - NEIGHBOURS) : i + NEIGHBOURS + 1]) for i, value in enumerate(values)]
    kinds = {post.kind for post in posts}
    usual = {kind: median(r for post, r in zip(posts, rest, strict=True) if post.kind == kind) for kind in kinds}
    rest = [r - usual[post.kind] for post, r in zip(posts, rest, strict=True)]
    limit = CLIP * median(map(abs, rest)) or math.inf
    return [max(-limit, min(limit, r)) for r in rest]
