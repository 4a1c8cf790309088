"""The estimator: a Bayesian additive model of log engagement.

    engagement = level + trend + kind + hour + day + (hour on that day) + noise

Hours are smooth waves, and everything is pulled to zero as strongly as the posts themselves suggest. Outliers are drawn
in before. It knows nothing of accounts, zones or JSON.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import add, sub
from random import Random
from statistics import fmean, median

from ttp.domain.optimal.design_matrix import Design, Shape, effects
from ttp.domain.optimal.estimate import Effects, Estimate, Parts
from ttp.domain.optimal.features import PostFeatures
from ttp.domain.optimal.linear_algebra import Vector, dot
from ttp.domain.optimal.posterior import drawn, fit, fits

DRAWS = 400
SEED = 1
FIRST_LOOKS = (Shape(0.08, 0.05, 0.3), Shape(0.32, 0.05, 0.3))
"""Outliers are looked for under the better one of these."""
PASSES = 3
SD_OF_MAD = 1.4826
LEAST_STEEP = 0.25
"""Where hardly any post collected anything, what is seen is not made larger than four times."""
NO_COUNT = 0.5
BENT_FROM, FALLS_FROM, NOTHING_FROM = 2.5, 4.0, 7.0
"""In sd of a normal. Up to the first a post counts in full; from there on like the first; from the second on less and
less, and from the third on not at all (the function of Hampel; Huber and Ronchetti, Robust Statistics, 4.8)."""


def estimate(posts: Sequence[PostFeatures]) -> Estimate:
    """The effects of hours, weekdays and slots. `posts` are in time order and not empty. Deterministic."""
    design = Design(posts)
    average = fmean(post.engagement for post in posts)
    engagement = [post.engagement - average for post in posts]
    kept = _without_outliers(design, engagement)
    normal = design.normal(kept)
    weighted = fits(design.gram, normal, len(posts))
    means = [one.mean for _, one in weighted]
    mean = [dot([weight for weight, _ in weighted], of_shapes) for of_shapes in zip(*means, strict=True)]
    trend, kind = design.taken_out(normal, mean)
    left = [k - t - m for k, t, m in zip(kept, trend, kind, strict=True)]
    middle = fmean(left)
    parts = [
        Parts(average + t + middle, m, e - k, rest - middle)
        for t, m, e, k, rest in zip(trend, kind, engagement, kept, left, strict=True)
    ]
    random = Random(SEED)  # noqa: S311 (a repeatable simulation, no secret)
    steep = steepness(posts)

    def real(waves: Vector) -> Effects:
        return effects([wave / steep for wave in waves])

    centres = {id(one): real(of_shape) for (_, one), of_shape in zip(weighted, means, strict=True)}
    draws: list[Effects] = []
    for one, deviation in drawn(weighted, DRAWS // 2, random):
        draws += _both_sides(centres[id(one)], real(deviation))
    return Estimate(real(mean), draws, parts)


def steepness(posts: Sequence[PostFeatures]) -> float:
    """How far ln(1 + count) moves where what brings the counts moves by 1 in logs: less than 1 where counts are small.

    For a Poisson count N of mean m, m d/dm E[ln(1 + N)] = m E[ln(2 + N) - ln(1 + N)] = E[N ln(1 + 1/N)], by the
    identity of Stein and Chen, m E[f(N + 1)] = E[N f(N)] (Barbour, Holst and Janson, Poisson Approximation, 1992, 1.1).
    """
    counts = (math.expm1(post.engagement) for post in posts)
    return max(fmean(count * math.log1p(1 / count) if count > NO_COUNT else 0 for count in counts), LEAST_STEEP)


def _without_outliers(design: Design, engagement: Vector) -> Vector:
    """The engagement that is to be explained: outliers drawn in to what a normal noise would have brought at most."""
    kept = engagement
    for _ in range(PASSES):
        normal = design.normal(kept)
        best = max((fit(design.gram, normal, len(kept), shape) for shape in FIRST_LOOKS), key=lambda one: one.evidence)
        waves = best.mean
        trend, kind = design.taken_out(normal, waves)
        expected = [sum(of_post) for of_post in zip(trend, kind, design.of_posts(waves), strict=True)]
        rest = [e - x for e, x in zip(engagement, expected, strict=True)]
        sd = SD_OF_MAD * median(map(abs, rest))
        # Where over half of the posts do exactly as expected there is no scale to measure outliers by.
        if not sd:
            break
        kept = [x + sd * _drawn_in(r / sd) for x, r in zip(expected, rest, strict=True)]
    return kept


def _drawn_in(z: float) -> float:
    """What of a residual counts, in sd."""
    size = min(abs(z), BENT_FROM)
    if abs(z) > FALLS_FROM:
        size *= max(NOTHING_FROM - abs(z), 0) / (NOTHING_FROM - FALLS_FROM)
    return math.copysign(size, z)


def _both_sides(centre: Effects, deviation: Effects) -> list[Effects]:
    """A draw and its mirror image, which is as likely; together their mean is exact (antithetic variates)."""
    return [
        Effects(*(list(map(side, of, by)) for of, by in zip(centre, deviation, strict=True))) for side in (add, sub)
    ]
