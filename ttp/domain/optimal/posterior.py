"""Fit the waves under each prior, and weigh the priors by how well they explain the posts.

Bayesian linear regression with the noise variance integrated out too (Gelman et al., Bayesian Data Analysis, 14.2 and
14.8; O'Hagan and Forster, Kendall's Advanced Theory of Statistics 2B, 11.3).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from ttp.domain.optimal.design_matrix import NormalEquations, Prior, prior_mean, prior_sd
from ttp.domain.optimal.linear_algebra import Matrix, Vector, cholesky, dot, solve_lower, solve_upper, upper_factor

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
    left = [b - deep.hours * night for b, night in zip(normal.right, normal.night, strict=True)]
    square = normal.square - dot(before, normal.right) - dot(before, left)
    rows = [[s * other * g for other, g in zip(scale, row, strict=False)] for s, row in zip(scale, gram, strict=True)]
    for i, row in enumerate(rows):
        row[i] += 1
    factor = cholesky(rows)
    whitened = solve_lower(factor, [s * b for s, b in zip(scale, left, strict=True)])
    freedom = posts - 1 + NOISE_POSTS
    squares = max(square - dot(whitened, whitened), 0) + NOISE_POSTS * NOISE_SD**2
    evidence = -freedom / 2 * math.log(squares) - sum(math.log(row[-1]) for row in factor) + _log_weight(prior)
    return Fit(evidence, before, scale, upper_factor(factor), whitened, freedom, squares)


def weigh_priors(gram: Matrix, normal: NormalEquations, posts: int) -> list[tuple[float, Fit]]:
    """Return the priors that matter, with their probabilities, best first.

    Walks the grid from its middle, best first, until no neighbour is good enough: most of a smooth posterior is around
    its mode (Rue, Martino and Chopin, INLA, 2009, 3.1).
    """
    found: dict[Place, Fit] = {}
    border: list[tuple[float, Place]] = []

    def visit(place: Place) -> None:
        found[place] = fit_prior(gram, normal, posts, _prior(place))
        heapq.heappush(border, (-found[place].evidence, place))

    visit(MIDDLE)
    best = -math.inf
    while border:
        worth, place = heapq.heappop(border)
        best = max(best, -worth)
        if -worth < best - LEAST_WORTH:
            break
        for near in _neighbours(place):
            if near not in found:
                visit(near)
    weights = {place: math.exp(one.evidence - best) for place, one in found.items()}
    whole = sum(weights.values())
    return [(weights[place] / whole, found[place]) for place in sorted(found, key=lambda place: -weights[place])]


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
