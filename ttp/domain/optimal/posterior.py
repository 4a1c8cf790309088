"""What the posts say of the waves: a normal for each shape of the prior, and how well each shape explains the posts.

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

from ttp.domain.optimal.design_matrix import Normal, Shape, expected, scales
from ttp.domain.optimal.linear_algebra import Matrix, Vector, back, backward, cholesky, dot, forward

NOISE_SD, NOISE_POSTS = 1.15, 4
"""Noise from post to post (in logs) and the posts it is worth, so that two equal posts do not look like certainty."""
HOURS = (0.04, 0.08, 0.16, 0.32, 0.64)
DAYS = (0.02, 0.06, 0.18)
OWN = (0.15, 0.6)
"""The shapes that are averaged over; sds in units of the noise, which is about 1."""
USUAL_HOURS, USUAL_DAYS, SPREAD = 0.14, 0.05, 0.9
"""Medians and log-sd of what the sds of hours and of days are before any post has been seen."""
LEAST_WORTH = 3.0
"""Shapes that explain the posts e^3 times worse than the best one are not followed further."""
NOTHING = 1e-9
"""A sum of squares that rounding leaves. Posts that all did the same say that nothing matters, not even the night."""
Place = tuple[int, int, int]
MIDDLE: Place = (2, 1, 0)


@dataclass(frozen=True, slots=True)
class Fit:
    """The waves under one shape of the prior: a normal around `mean`, its width that of a t with `freedom` degrees."""

    evidence: float
    """Log of marginal likelihood times prior of the shape, up to a constant of the posts."""
    expected: Vector
    """The prior mean."""
    scale: Vector
    upper: Matrix
    whitened: Vector
    freedom: float
    squares: float
    """Sum of squares that is left to the noise."""

    @property
    def mean(self) -> Vector:
        learned = self._unscaled(back(self.upper, self.whitened))
        return [before + more for before, more in zip(self.expected, learned, strict=True)]

    def around(self, random: Random) -> Vector:
        """A draw from the posterior, minus its mean."""
        sd = math.sqrt(self.squares / random.gammavariate(self.freedom / 2, 2))
        return self._unscaled(back(self.upper, [random.gauss(0, sd) for _ in self.scale]))

    def _unscaled(self, waves: Vector) -> Vector:
        return [s * wave for s, wave in zip(self.scale, waves, strict=True)]


def fit(gram: Matrix, normal: Normal, posts: int, shape: Shape) -> Fit:
    """The posterior under one shape. With m the prior mean, S = diag(prior sd), A = I + S G S = LL', c = b - Gm and
    v = inv(L) S c:

    squares = y'y - m'(b + c) - v'v + prior,
    log evidence = -freedom / 2 ln(squares) - sum ln diag(L) + log prior of the shape.
    """
    deep = shape if normal.square >= NOTHING else shape._replace(hours=0.0)
    scale, before = scales(shape), expected(deep)
    left = [b - deep.hours * night for b, night in zip(normal.right, normal.night, strict=True)]
    square = normal.square - dot(before, normal.right) - dot(before, left)
    rows = [[s * other * g for other, g in zip(scale, row, strict=False)] for s, row in zip(scale, gram, strict=True)]
    for i, row in enumerate(rows):
        row[i] += 1
    factor = cholesky(rows)
    whitened = forward(factor, [s * b for s, b in zip(scale, left, strict=True)])
    freedom = posts - 1 + NOISE_POSTS
    squares = max(square - dot(whitened, whitened), 0) + NOISE_POSTS * NOISE_SD**2
    evidence = -freedom / 2 * math.log(squares) - sum(math.log(row[-1]) for row in factor) + _log_prior(shape)
    return Fit(evidence, before, scale, backward(factor), whitened, freedom, squares)


def fits(gram: Matrix, normal: Normal, posts: int) -> list[tuple[float, Fit]]:
    """The shapes worth considering with their probabilities, best first.

    Walks the grid from its middle, best first, until nothing near is worth it: the mass of a smooth posterior is around
    its top (the same reason for which Rue, Martino and Chopin, INLA, 2009, 3.1 explore theirs from the mode).
    """
    found: dict[Place, Fit] = {}
    border: list[tuple[float, Place]] = []

    def look(place: Place) -> None:
        found[place] = fit(gram, normal, posts, _shape(place))
        heapq.heappush(border, (-found[place].evidence, place))

    look(MIDDLE)
    best = -math.inf
    while border:
        worth, place = heapq.heappop(border)
        best = max(best, -worth)
        if -worth < best - LEAST_WORTH:
            break
        for near in _near(place):
            if near not in found:
                look(near)
    weights = {place: math.exp(one.evidence - best) for place, one in found.items()}
    whole = sum(weights.values())
    return [(weights[place] / whole, found[place]) for place in sorted(found, key=lambda place: -weights[place])]


def drawn(weighted: Sequence[tuple[float, Fit]], draws: int, random: Random) -> Iterator[tuple[Fit, Vector]]:
    """`draws` deviations from the means, the shapes in proportion to their probabilities."""
    edges = [round(draws * edge) for edge in accumulate(weight for weight, _ in weighted)]
    for (_, one), first, last in zip(weighted, [0, *edges], edges, strict=False):
        for _ in range(last - first):
            yield one, one.around(random)


def _shape(place: Place) -> Shape:
    hours, days, own = place
    return Shape(HOURS[hours], DAYS[days], OWN[own])


def _near(place: Place) -> Iterator[Place]:
    hours, days, own = place
    for step in (-1, 1):
        for hours_, days_, own_ in ((hours + step, days, own), (hours, days + step, own), (hours, days, own + step)):
            if 0 <= hours_ < len(HOURS) and 0 <= days_ < len(DAYS) and 0 <= own_ < len(OWN):
                yield hours_, days_, own_


def _log_prior(shape: Shape) -> float:
    hours, days = math.log(shape.hours / USUAL_HOURS), math.log(shape.days / USUAL_DAYS)
    return -(hours * hours + days * days) / (2 * SPREAD**2)
