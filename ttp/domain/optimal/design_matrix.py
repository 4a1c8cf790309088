"""The columns of the model: effects of the week, and nuisance effects that are integrated out.

Effects of the week are smooth waves over the hours, contrasts of days, and waves that differ from day to day. A column
says what a unit of its coefficient adds to each of the 168 slots.

Nuisance effects (level, trend, kinds of post, patterns of known counts) are integrated out exactly: the normal
equations of the waves keep what these columns cannot explain (the Schur complement of the joint ones; Boyd and
Vandenberghe, Convex Optimization, A.5.5). So is a small separate effect of each slot: sums over its n posts are
multiplied by 1 / (1 + n `SLOT_SD`²) (the formula of Sherman and Morrison).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from ttp.domain.optimal.estimate import Effects
from ttp.domain.optimal.features import PostFeatures
from ttp.domain.optimal.linear_algebra import (
    Matrix,
    Vector,
    cholesky,
    dot,
    gram,
    multiply_symmetric,
    solve_lower,
    solve_upper,
    transpose,
    upper_factor,
)

HARMONICS, OF_DAYS = 6, 3
"""Waves of the usual day, and of how single days differ from it: as short as four and as eight hours."""
SMOOTH_H = 3.0
"""Length scale in hours of the squared exponential kernel of effects of hours."""
FLOOR = 0.01
"""Added to the spectrum of the kernel, so that sharp edges are rare but possible."""
SLOT_SD = 0.08
"""Prior sd of a slot's own effect, in units of the noise."""
NIGHT_AT, NIGHT_WIDTH_H, NIGHT_DEPTH = 5.0, 2.5, 0.6
"""The prior mean: less engagement while people sleep, least at this hour. Depth in sds of the effects of hours."""
WEEKEND_OWN = 0.5
"""Prior sd of the weekend's difference from the usual hours, as a share of the sd of those."""
POSTS_A_BEND, MOST_BENDS = 15, 24
"""The trend is linear between bends: one bend per so many posts, within the limit."""
BIN_H, CHANGED = 3, 12.0
"""Habits have changed if two distributions over bins of so many hours explain the hours of the posts by this much
better than one (the log of the ratio of the likelihoods of two multinomials and of one)."""
STEP_SD = 1.0
"""Prior sd of the change of level that comes with a change of habits, in units of the noise."""
LEVEL_SD, BEND_SD, KIND_SD, KNOWN_SD = 100.0, 0.5, 1.0, 4.0
"""Prior sds in units of the noise: of the level, of the trend from bend to bend, of a kind, and of a pattern of known
counts (hidden counts may be nearly all of a post's engagement)."""


class Prior(NamedTuple):
    """The unknown sds of the prior, which are averaged over."""

    hours: float
    """Of the effects of hours."""
    days: float
    """Of the effects of days."""
    own: float
    """Of the hours of single days around the usual day, as a share of `hours`."""


def _waves(harmonics: int) -> Matrix:
    """Return cosine and sine of each harmonic over the 24 hours (a truncated periodic Gaussian process, as in Solin and
    Särkkä, Explicit link between periodic covariance functions and state space models, 2014)."""
    angles = [[2 * math.pi * k * hour / 24 for hour in range(24)] for k in range(1, harmonics + 1)]
    return [list(map(wave, angle)) for angle in angles for wave in (math.cos, math.sin)]


def share_asleep(hour: int) -> float:
    """Return how many people sleep at an hour of the clock, as a share of those at `NIGHT_AT` (von Mises' curve)."""
    narrow = (24 / (2 * math.pi * NIGHT_WIDTH_H)) ** 2
    return math.exp(narrow * (math.cos(2 * math.pi * (hour - NIGHT_AT) / 24) - 1))


def _night() -> Vector:
    """Return the dip of engagement at night as coefficients of the waves."""
    trough = [-NIGHT_DEPTH * share_asleep(hour) for hour in range(24)]
    # The waves are orthogonal, each of mean square 1/2.
    return [dot(wave, trough) / 12 for wave in WAVES]


def _contrasts() -> Matrix:
    """Return six orthogonal contrasts of the seven days, each of mean square 1: the weekend against weekdays, each
    weekday against those before it, and Saturday against Sunday (Helmert's contrasts)."""
    weekend = [-2.0] * 5 + [5.0] * 2
    weekdays = [[1.0] * i + [-float(i)] + [0.0] * (6 - i) for i in range(1, 5)]
    sunday = [0.0] * 5 + [1.0, -1.0]
    return [
        [value / math.sqrt(dot(contrast, contrast) / 7) for value in contrast]
        for contrast in (weekend, *weekdays, sunday)
    ]


WAVES, CONTRASTS = _waves(HARMONICS), _contrasts()
NIGHT = _night()
COLUMNS: Matrix = [
    *([wave[hour] for _ in range(7) for hour in range(24)] for wave in WAVES),
    *([contrast[day] for day in range(7) for _ in range(24)] for contrast in CONTRASTS),
    *(
        [contrast[day] * wave[hour] for day in range(7) for hour in range(24)]
        for contrast in CONTRASTS
        for wave in WAVES[: 2 * OF_DAYS]
    ),
]
"""Each over the 168 slots, Monday 0:00 first, with a mean of zero."""
_AT_HOUR, _ON_DAY = transpose(WAVES), transpose(CONTRASTS)
_AT_HOUR_OWN = transpose(WAVES[: 2 * OF_DAYS])


def effects_of(coefficients: Vector) -> Effects:
    """Return the effects of hours, days and slots for given coefficients of the columns."""
    of_waves, of_days = len(WAVES), len(CONTRASTS)
    hours = [dot(wave, coefficients) for wave in _AT_HOUR]
    own_part = coefficients[of_waves:]
    days = [dot(contrast, own_part) for contrast in _ON_DAY]
    rows = [own_part[start : start + 2 * OF_DAYS] for start in range(of_days, len(own_part), 2 * OF_DAYS)]
    by_wave = transpose(rows)
    slots: Vector = []
    for contrast, day in zip(_ON_DAY, days, strict=True):
        own = [dot(contrast, of_wave) for of_wave in by_wave]
        slots += [hour + day + dot(wave, own) for hour, wave in zip(hours, _AT_HOUR_OWN, strict=True)]
    return Effects(hours, days, slots)


def prior_mean(prior: Prior) -> Vector:
    """Return the prior mean of each coefficient, in logs: the dip at night, in proportion to the effects of hours."""
    return [prior.hours * wave for wave in NIGHT] + [0.0] * (len(COLUMNS) - len(WAVES))


def prior_sd(prior: Prior) -> Vector:
    """Return the prior sd of each coefficient.

    The waves share the variance of the hours by the spectrum of a squared exponential kernel (Rasmussen and Williams,
    Gaussian Processes for Machine Learning, 4.2.1) plus a floor; the contrasts of days share theirs evenly.
    """
    power = [math.exp(-0.5 * (2 * math.pi * k * SMOOTH_H / 24) ** 2) + FLOOR for k in range(1, HARMONICS + 1)]
    # A cosine and its sine together have, at every hour, the variance that each of them gets.
    of_hours = [prior.hours * math.sqrt(share / sum(power)) for share in power for _ in range(2)]
    even = 1 / math.sqrt(len(CONTRASTS))
    of_single_days = [even * prior.own * scale for scale in of_hours[: 2 * OF_DAYS]]
    of_weekend = [math.hypot(WEEKEND_OWN * scale, even * prior.own * scale) for scale in of_hours[: 2 * OF_DAYS]]
    return [
        *of_hours,
        *[even * prior.days] * len(CONTRASTS),
        *of_weekend,
        *of_single_days * (len(CONTRASTS) - 1),
    ]


class NormalEquations(NamedTuple):
    """The normal equations of the waves for one vector of engagement, with everything else integrated out."""

    right: Vector
    square: float
    """The sum of squares that is left to the waves."""
    rest: Vector
    """The whitened right side of the nuisance columns."""
    night: Vector
    """The right side if only the night had an effect, in sds of the effects of hours."""


class Design:
    """The columns for an account's posts; computes once what does not depend on their engagement."""

    def __init__(self, posts: Sequence[PostFeatures]) -> None:
        self._cells = [24 * post.weekday + post.hour for post in posts]
        self._columns, self._of_trend = _nuisance_columns(posts)
        counts = self._by_slot([1.0] * len(posts))
        self._weights = [1 / (1 + SLOT_SD**2 * count) for count in counts]
        sums = list(map(self._by_slot, self._columns))
        self._shared = [self._weighted(of_column, SLOT_SD**2) for of_column in sums]
        own = [
            [product - dot(shared, other) for product, other in zip(row, sums, strict=False)]
            for row, shared in zip(gram(self._columns), self._shared, strict=True)
        ]
        for i, row in enumerate(own):
            row[i] += 1
        self._factor = cholesky(own)
        self._upper = upper_factor(self._factor)
        # Posts in a slot have the same waves, so 168 sums replace the posts.
        weighted = map(self._weighted, sums)
        crossed = transpose([[dot(of_column, wave) for wave in COLUMNS] for of_column in weighted])
        self._crossed = [solve_lower(self._factor, column) for column in crossed]
        weights = self._weighted(counts)
        self.gram: Matrix = [
            [
                dot(weighted_wave, wave) - dot(explained, other)
                for wave, other in zip(COLUMNS[: i + 1], self._crossed, strict=False)
            ]
            for i, (column, explained) in enumerate(zip(COLUMNS, self._crossed, strict=True))
            for weighted_wave in ([weight * value for weight, value in zip(weights, column, strict=True)],)
        ]
        """The lower triangle."""
        self._night = multiply_symmetric(self.gram, prior_mean(Prior(1, 1, 1)))

    def equations(self, engagement: Vector) -> NormalEquations:
        sums = self._by_slot(engagement)
        rest = solve_lower(
            self._factor,
            [
                dot(column, engagement) - dot(shared, sums)
                for column, shared in zip(self._columns, self._shared, strict=True)
            ],
        )
        weighted = self._weighted(sums)
        right = [dot(wave, weighted) - dot(crossed, rest) for wave, crossed in zip(COLUMNS, self._crossed, strict=True)]
        square = dot(engagement, engagement) - SLOT_SD**2 * dot(weighted, sums) - dot(rest, rest)
        return NormalEquations(right, square, rest, self._night)

    def nuisance_effects(self, normal: NormalEquations, waves: Vector) -> tuple[Vector, Vector]:
        """Return trend (with the level) and kind (with hidden counts) of each post, given the waves' coefficients."""
        explained = [dot(column, waves) for column in transpose(self._crossed)]
        coefficients = solve_upper(self._upper, [r - e for r, e in zip(normal.rest, explained, strict=True)])
        weighted = [[c * value for value in column] for c, column in zip(coefficients, self._columns, strict=True)]
        trend, kind = weighted[: self._of_trend], weighted[self._of_trend :]
        return [sum(of_post) for of_post in zip(*trend, strict=True)], (
            [sum(of_post) for of_post in zip(*kind, strict=True)] if kind else [0.0] * len(self._cells)
        )

    def wave_effects(self, waves: Vector) -> Vector:
        slots = effects_of(waves).slots
        return [slots[cell] for cell in self._cells]

    def slot_effects(self, residuals: Vector) -> Vector:
        """Return the mean of each slot's own effect, given what waves and nuisance effects leave of each post."""
        return self._weighted(self._by_slot(residuals), SLOT_SD**2)

    def slot_sds(self) -> Vector:
        """Return the posterior sd of each slot's own effect, in units of the noise."""
        return [SLOT_SD * math.sqrt(weight) for weight in self._weights]

    def _by_slot(self, values: Vector) -> Vector:
        sums = [0.0] * len(COLUMNS[0])
        for cell, value in zip(self._cells, values, strict=True):
            sums[cell] += value
        return sums

    def _weighted(self, sums: Vector, factor: float = 1.0) -> Vector:
        return [factor * weight * value for weight, value in zip(self._weights, sums, strict=True)]


def _nuisance_columns(posts: Sequence[PostFeatures]) -> tuple[Matrix, int]:
    """Return level, trend, kinds and patterns of known counts, times their prior sd; and how many of the first two."""
    bends = min(max(len(posts) // POSTS_A_BEND, 1), MOST_BENDS)
    place = [bends * rank / max(len(posts) - 1, 1) for rank in range(len(posts))]
    trend = [[BEND_SD * min(max(at - bend, 0.0), 1.0) for at in place] for bend in range(bends)]
    change = change_of_habits([post.hour for post in posts])
    if change is not None:
        trend.append([STEP_SD * (rank >= change) for rank in range(len(posts))])
    groups = ((KIND_SD, [post.kind for post in posts]), (KNOWN_SD, [post.known for post in posts]))
    kinds = [
        [sd * (own == name) for own in of_posts]
        for sd, of_posts in groups
        for name in (sorted(set(of_posts)) if len(set(of_posts)) > 1 else ())
    ]
    return [[LEVEL_SD] * len(posts), *trend, *kinds], 1 + len(trend)


def change_of_habits(hours: Sequence[int]) -> int | None:
    """Return the index of the first post with which the hours of the posts change most; None if they hardly do.

    Without it, a jump of the whole account at that point would look like an effect of the new hours.
    """
    before, after = [0] * (24 // BIN_H), [0] * (24 // BIN_H)
    for hour in hours:
        after[hour // BIN_H] += 1
    alike = _log_likelihood(after)
    best, change = CHANGED, None
    for rank, hour in enumerate(hours[:-1], start=1):
        before[hour // BIN_H] += 1
        after[hour // BIN_H] -= 1
        gain = _log_likelihood(before) + _log_likelihood(after) - alike
        if gain > best:
            best, change = gain, rank
    return change


def _log_likelihood(counts: Sequence[int]) -> float:
    """Return the greatest log likelihood of a multinomial, without its constant."""
    total = sum(counts)
    return sum(count * math.log(count / total) for count in counts if count)
