"""Estimate the effects of hours, days and slots with a Bayesian additive model of log engagement.

    engagement = level + trend + kind + hour + day + (hour on that day) + slot + noise

Effects of hours are smooth waves. All effects are shrunk towards zero by as much as the posts suggest. Outliers are
pulled in first. Knows nothing of accounts, zones or JSON.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from operator import add, sub
from random import Random
from statistics import fmean, median

from ttp.domain.optimal.design_matrix import Design, NormalEquations, Prior, effects_of, prior_mean, prior_sd
from ttp.domain.optimal.estimate import Effects, Estimate, Parts
from ttp.domain.optimal.features import PostFeatures
from ttp.domain.optimal.linear_algebra import Matrix, Vector, cholesky, dot, solve_lower, solve_upper, upper_factor

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


@lru_cache(maxsize=16)  # a server is asked for the same ones again and again
def estimate(posts: tuple[PostFeatures, ...]) -> Estimate:
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
    residuals = [k - t - m for k, t, m in zip(kept, trend, kind, strict=True)]
    middle = fmean(residuals)
    parts = [
        Parts(average + t + middle, m, e - k, rest - middle)
        for t, m, e, k, rest in zip(trend, kind, engagement, kept, residuals, strict=True)
    ]
    of_slots = _centred(
        design.slot_effects([r - w for r, w in zip(residuals, design.wave_effects(waves), strict=True)])
    )
    likeliest = weighted[0][1]
    slot_sds = [math.sqrt(likeliest.squares / likeliest.freedom) * sd for sd in design.slot_sds()]
    of_waves, own = Random(SEED), Random(SEED)  # noqa: S311 (a repeatable simulation, no secret)
    slope = log_count_slope(posts)

    def scaled(waves: Vector, slots: Vector) -> Effects:
        effects = effects_of([wave / slope for wave in waves])
        return effects._replace(slots=[a + b / slope for a, b in zip(effects.slots, slots, strict=True)])

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


NOISE_SD, NOISE_POSTS = 1.15, 4
"""The prior sd of the noise (in logs), worth this many posts: two equal posts do not prove that the noise is zero."""
HOURS = (0.04, 0.08, 0.16, 0.32, 0.64)
DAYS = (0.02, 0.06, 0.18)
OWN = (0.15, 0.6)
"""The grid of priors that are averaged over; sds in units of the noise."""
USUAL_HOURS, USUAL_DAYS, SPREAD = 0.14, 0.05, 0.9
"""Medians and log-sd of the log-normal prior of the sds of hours and days."""
LEAST_WORTH = 3.0
"""Priors that explain the posts e^3 times worse than the best one are not followed further."""
NOTHING = 1e-9
"""A sum of squares below this is rounding: all posts are equal, so the night is not expected to differ either."""
Place = tuple[int, int, int]
MIDDLE: Place = (2, 1, 0)


@dataclass(frozen=True, slots=True)
class Fit:
    """The posterior of the waves under one prior: a multivariate t around `mean` with `freedom` degrees of freedom."""

    evidence: float
    """Log of the marginal likelihood times the weight of the prior, up to a constant."""
    expected: Vector
    """The prior mean."""
    scale: Vector
    upper: Matrix
    whitened: Vector
    freedom: float
    squares: float
    """The sum of squares that is left to the noise."""

    @property
    def mean(self) -> Vector:
        learned = self._unscaled(solve_upper(self.upper, self.whitened))
        return [before + more for before, more in zip(self.expected, learned, strict=True)]

    def draw_deviation(self, random: Random) -> Vector:
        """Draw from the posterior, and return the difference from its mean."""
        sd = math.sqrt(self.squares / random.gammavariate(self.freedom / 2, 2))
        return self._unscaled(solve_upper(self.upper, [random.gauss(0, sd) for _ in self.scale]))

    def _unscaled(self, waves: Vector) -> Vector:
        return [s * wave for s, wave in zip(self.scale, waves, strict=True)]


def fit_prior(gram: Matrix, normal: NormalEquations, posts: int, prior: Prior) -> Fit:
    """Return the posterior under one prior.

    With m the prior mean, S = diag(prior sd), A = I + S G S = LL', c = b - Gm and v = inv(L) S c:

    squares = y'y - m'(b + c) - v'v + prior,
    log evidence = -freedom / 2 ln(squares) - sum ln diag(L) + log weight of the prior.
    """
    deep = prior if normal.square >= NOTHING else prior._replace(hours=0.0)
    scale, before = prior_sd(prior), prior_mean(deep)
    difference = [b - deep.hours * night for b, night in zip(normal.right, normal.night, strict=True)]
    square = normal.square - dot(before, normal.right) - dot(before, difference)
    rows = [[s * other * g for other, g in zip(scale, row, strict=False)] for s, row in zip(scale, gram, strict=True)]
    for i, row in enumerate(rows):
        row[i] += 1
    factor = cholesky(rows)
    whitened = solve_lower(factor, [s * b for s, b in zip(scale, difference, strict=True)])
    freedom = posts - 1 + NOISE_POSTS
    squares = max(square - dot(whitened, whitened), 0) + NOISE_POSTS * NOISE_SD**2
    evidence = -freedom / 2 * math.log(squares) - sum(math.log(row[-1]) for row in factor) + _log_weight(prior)
    return Fit(evidence, before, scale, upper_factor(factor), whitened, freedom, squares)


def weigh_priors(gram: Matrix, normal: NormalEquations, posts: int) -> list[tuple[float, Fit]]:
    """Return the priors that matter, with their probabilities, best first.

    Walks the grid from its middle, best first, until no neighbour is good enough: most of a smooth posterior is around
    its mode (Rue, Martino and Chopin, INLA, 2009, 3.1).
    """
    fits: dict[Place, Fit] = {}
    border: list[tuple[float, Place]] = []

    def visit(place: Place) -> None:
        fits[place] = fit_prior(gram, normal, posts, _prior(place))
        heapq.heappush(border, (-fits[place].evidence, place))

    visit(MIDDLE)
    best = -math.inf
    while border:
        worth, place = heapq.heappop(border)
        best = max(best, -worth)
        if -worth < best - LEAST_WORTH:
            break
        for near in _neighbours(place):
            if near not in fits:
                visit(near)
    weights = {place: math.exp(one.evidence - best) for place, one in fits.items()}
    whole = sum(weights.values())
    return [(weights[place] / whole, fits[place]) for place in sorted(fits, key=lambda place: -weights[place])]


def draw_deviations(weighted: Sequence[tuple[float, Fit]], draws: int, random: Random) -> Iterator[tuple[Fit, Vector]]:
    """Draw from each posterior in proportion to its probability, `draws` in all; yield differences from its mean."""
    edges = [round(draws * edge) for edge in accumulate(weight for weight, _ in weighted)]
    for (_, one), first, last in zip(weighted, [0, *edges], edges, strict=False):
        for _ in range(last - first):
            yield one, one.draw_deviation(random)


def _prior(place: Place) -> Prior:
    hours, days, own = place
    return Prior(HOURS[hours], DAYS[days], OWN[own])


def _neighbours(place: Place) -> Iterator[Place]:
    hours, days, own = place
    for step in (-1, 1):
        for hours_, days_, own_ in ((hours + step, days, own), (hours, days + step, own), (hours, days, own + step)):
            if 0 <= hours_ < len(HOURS) and 0 <= days_ < len(DAYS) and 0 <= own_ < len(OWN):
                yield hours_, days_, own_


def _log_weight(prior: Prior) -> float:
    hours, days = math.log(prior.hours / USUAL_HOURS), math.log(prior.days / USUAL_DAYS)
    return -(hours * hours + days * days) / (2 * SPREAD**2)
