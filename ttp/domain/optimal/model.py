"""Estimate the effects of hours, days and slots with a Bayesian additive model of log engagement.

    engagement = level + trend + kind + hour + day + (hour on that day) + slot + noise

Effects of hours are smooth waves. All effects are shrunk towards zero by as much as the posts suggest. Outliers are
pulled in first. Knows nothing of accounts, zones or JSON.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import add, sub
from random import Random
from statistics import fmean, median

from ttp.domain.optimal.design_matrix import Design, Prior, effects_of
from ttp.domain.optimal.estimate import Effects, Estimate, Parts
from ttp.domain.optimal.features import PostFeatures
from ttp.domain.optimal.linear_algebra import Vector, dot
from ttp.domain.optimal.posterior import draw_deviations, fit_prior, weigh_priors

DRAWS = 400
SEED = 1
OUTLIER_PRIORS = (Prior(0.08, 0.05, 0.3), Prior(0.32, 0.05, 0.3))
"""Outliers are found under whichever of these explains the posts better."""
PASSES = 3
SD_OF_MAD = 1.4826
LEAST_SLOPE = 0.25
"""Effects are magnified at most four times if hardly any post collected anything."""
NO_COUNT = 0.5
BENT_FROM, FALLS_FROM, NOTHING_FROM = 2.5, 4.0, 7.0
"""In sds of a normal. A residual counts in full up to the first, like the first up to the second, and then less and
less until the third, from where it does not count (Hampel's function; Huber and Ronchetti, Robust Statistics, 4.8)."""


def estimate(posts: Sequence[PostFeatures]) -> Estimate:
    """Estimate the effects of hours, weekdays and slots from posts in time order, at least one. Deterministic."""
    design = Design(posts)
    average = fmean(post.engagement for post in posts)
    engagement = [post.engagement - average for post in posts]
    kept = _pull_in_outliers(design, engagement)
    equations = design.equations(kept)
    weighted = weigh_priors(design.gram, equations, len(posts))
    means = [fit.mean for _, fit in weighted]
    waves = [dot([weight for weight, _ in weighted], of_priors) for of_priors in zip(*means, strict=True)]
    trend, kind = design.nuisance_effects(equations, waves)
    left = [k - t - m for k, t, m in zip(kept, trend, kind, strict=True)]
    middle = fmean(left)
    parts = [
        Parts(average + t + middle, m, e - k, rest - middle)
        for t, m, e, k, rest in zip(trend, kind, engagement, kept, left, strict=True)
    ]
    of_slots = _centred(design.slot_effects([r - w for r, w in zip(left, design.wave_effects(waves), strict=True)]))
    likeliest = weighted[0][1]
    slot_sds = [math.sqrt(likeliest.squares / likeliest.freedom) * sd for sd in design.slot_sds()]
    of_waves, own = Random(SEED), Random(SEED)  # noqa: S311 (a repeatable simulation, no secret)
    slope = log_count_slope(posts)

    def scaled(waves: Vector, slots: Vector) -> Effects:
        found = effects_of([wave / slope for wave in waves])
        return found._replace(slots=[a + b / slope for a, b in zip(found.slots, slots, strict=True)])

    centres = {id(fit): scaled(mean, of_slots) for (_, fit), mean in zip(weighted, means, strict=True)}
    draws: list[Effects] = []
    for fit, deviation in draw_deviations(weighted, DRAWS // 2, of_waves):
        slots = _centred([own.gauss(0, sd) for sd in slot_sds])
        draws += _mirrored(centres[id(fit)], scaled(deviation, slots))
    return Estimate(scaled(waves, of_slots), draws, parts)


def log_count_slope(posts: Sequence[PostFeatures]) -> float:
    """Return how far ln(1 + count) moves if the log of the rate behind the counts moves by 1: below 1 for small counts.

    For a Poisson count N of mean m, m d/dm E[ln(1 + N)] = m E[ln(2 + N) - ln(1 + N)] = E[N ln(1 + 1/N)], by the
    identity of Stein and Chen, m E[f(N + 1)] = E[N f(N)] (Barbour, Holst and Janson, Poisson Approximation, 1992, 1.1).
    """
    counts = (math.expm1(post.engagement) for post in posts)
    return max(fmean(count * math.log1p(1 / count) if count > NO_COUNT else 0 for count in counts), LEAST_SLOPE)


def _pull_in_outliers(design: Design, engagement: Vector) -> Vector:
    """Return the engagement with each outlier moved to where normal noise could have put it."""
    kept = engagement
    for _ in range(PASSES):
        equations = design.equations(kept)
        fits = [fit_prior(design.gram, equations, len(kept), prior) for prior in OUTLIER_PRIORS]
        waves = max(fits, key=lambda fit: fit.evidence).mean
        trend, kind = design.nuisance_effects(equations, waves)
        expected = [sum(of_post) for of_post in zip(trend, kind, design.wave_effects(waves), strict=True)]
        rest = [e - x for e, x in zip(engagement, expected, strict=True)]
        sd = SD_OF_MAD * median(map(abs, rest))
        # If over half of the posts are exactly as expected, outliers cannot be measured.
        if not sd:
            break
        kept = [x + sd * _bent(r / sd) for x, r in zip(expected, rest, strict=True)]
    return kept


def _bent(z: float) -> float:
    """Return how much of a residual counts, in sds (Hampel's function)."""
    size = min(abs(z), BENT_FROM)
    if abs(z) > FALLS_FROM:
        size *= max(NOTHING_FROM - abs(z), 0) / (NOTHING_FROM - FALLS_FROM)
    return math.copysign(size, z)


def _centred(values: Vector) -> Vector:
    middle = fmean(values)
    return [value - middle for value in values]


def _mirrored(centre: Effects, deviation: Effects) -> list[Effects]:
    """Return a draw and its equally likely mirror image, whose mean is exact (antithetic variates)."""
    return [
        Effects(*(list(map(side, of, by)) for of, by in zip(centre, deviation, strict=True))) for side in (add, sub)
    ]
