"""The columns of the model: those of the week, and what is taken out of each post before hours are compared.

Of the week: smooth waves over the hours, one number a day, and waves that differ from day to day. A column says what a
unit of its coefficient brings in each of the 168 slots. `scales` are the prior standard deviations of the coefficients
in units of the noise.

Taken out: the account's level, its trend, the kinds of post, and which of the counts are known. They are not of
interest, and integrated out exactly: the normal equations of the waves are left with what these columns cannot explain
(the Schur complement of the joint ones; Boyd and Vandenberghe, Convex Optimization, A.5.5).
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
    back,
    backward,
    cholesky,
    dot,
    forward,
    gram,
    times,
    transposed,
)

HARMONICS, OF_DAYS = 6, 3
"""Waves a day of the usual day, and of what single days have of their own: as fine as four and as eight hours."""
SMOOTH_H = 3.0
"""Hours over which effects are alike: the length scale of a squared exponential kernel."""
FLOOR = 0.01
"""What the finest waves have beside the smooth prior: a sharp edge is rare, not impossible."""
NIGHT_AT, NIGHT_WIDTH_H, NIGHT_DEPTH = 5.0, 2.5, 0.6
"""Expected before any post is seen: less while people sleep, least at that hour. The depth is in sds of the effects of
hours."""
WEEKEND_OWN = 0.5
"""sd of what the weekend's hours have of their own, as a share of that of the usual day."""
POSTS_A_BEND, MOST_BENDS = 15, 24
"""The trend is a straight line between bends: one for so many posts, and at most so many."""
LEVEL_SD, BEND_SD, KIND_SD, KNOWN_SD = 100.0, 0.5, 1.0, 4.0
"""Prior sd in units of the noise: of the level (any), of the trend from one bend to the next, of a kind, and of what
posts have less where some of their counts are hidden (which may be nearly all of it)."""


class Shape(NamedTuple):
    """What is not known of the prior, and averaged over."""

    hours: float
    """sd of the effects of hours."""
    days: float
    """sd of the effects of days."""
    own: float
    """sd of the hours of single days around the usual day, as a share of `hours`."""


def _waves(harmonics: int) -> Matrix:
    """Cosine and sine of each harmonic, over the 24 hours (a truncated periodic Gaussian process, as in Solin and
    Särkkä, Explicit link between periodic covariance functions and state space models, 2014)."""
    angles = [[2 * math.pi * k * hour / 24 for hour in range(24)] for k in range(1, harmonics + 1)]
    return [list(map(wave, angle)) for angle in angles for wave in (math.cos, math.sin)]


def asleep(hour: int) -> float:
    """How many people sleep at an hour of the clock, as a share of those at `NIGHT_AT` (von Mises' curve)."""
    narrow = (24 / (2 * math.pi * NIGHT_WIDTH_H)) ** 2
    return math.exp(narrow * (math.cos(2 * math.pi * (hour - NIGHT_AT) / 24) - 1))


def _night() -> Vector:
    """The trough of the night round the clock, as coefficients of the waves."""
    trough = [-NIGHT_DEPTH * asleep(hour) for hour in range(24)]
    # The waves are orthogonal, each of mean square 1/2.
    return [dot(wave, trough) / 12 for wave in WAVES]


def _contrasts() -> Matrix:
    """Six orthogonal ways in which seven days differ, each of mean square 1: the weekend from the rest, then each
    weekday from those before it, and Saturday from Sunday (Helmert's contrasts)."""
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
"""Each over the 168 slots, Monday 0:00 first. The mean of each is zero."""
_AT_HOUR, _ON_DAY = transposed(WAVES), transposed(CONTRASTS)
_AT_HOUR_OWN = transposed(WAVES[: 2 * OF_DAYS])


def effects(coefficients: Vector) -> Effects:
    """What the columns, each times its coefficient, say of hours, days and slots."""
    of_waves, of_days = len(WAVES), len(CONTRASTS)
    hours = [dot(wave, coefficients) for wave in _AT_HOUR]
    own_part = coefficients[of_waves:]
    days = [dot(contrast, own_part) for contrast in _ON_DAY]
    rows = [own_part[start : start + 2 * OF_DAYS] for start in range(of_days, len(own_part), 2 * OF_DAYS)]
    by_wave = transposed(rows)
    slots: Vector = []
    for contrast, day in zip(_ON_DAY, days, strict=True):
        own = [dot(contrast, of_wave) for of_wave in by_wave]
        slots += [hour + day + dot(wave, own) for hour, wave in zip(hours, _AT_HOUR_OWN, strict=True)]
    return Effects(hours, days, slots)


def expected(shape: Shape) -> Vector:
    """The prior mean of each coefficient, in logs: the night, as deep as the effects of hours are large."""
    return [shape.hours * wave for wave in NIGHT] + [0.0] * (len(COLUMNS) - len(WAVES))


def scales(shape: Shape) -> Vector:
    """The prior sd of each coefficient.

    The waves share the variance of the hours by the spectrum of a squared exponential kernel (Rasmussen and Williams,
    Gaussian Processes for Machine Learning, 4.2.1) with a floor under it; the contrasts of days share theirs evenly.
    """
    power = [math.exp(-0.5 * (2 * math.pi * k * SMOOTH_H / 24) ** 2) + FLOOR for k in range(1, HARMONICS + 1)]
    # A cosine and its sine together have at every hour the variance that each of them is given.
    of_hours = [shape.hours * math.sqrt(share / sum(power)) for share in power for _ in range(2)]
    even = 1 / math.sqrt(len(CONTRASTS))
    of_single_days = [even * shape.own * scale for scale in of_hours[: 2 * OF_DAYS]]
    of_weekend = [math.hypot(WEEKEND_OWN * scale, even * shape.own * scale) for scale in of_hours[: 2 * OF_DAYS]]
    return [
        *of_hours,
        *[even * shape.days] * len(CONTRASTS),
        *of_weekend,
        *of_single_days * (len(CONTRASTS) - 1),
    ]


class Normal(NamedTuple):
    """The normal equations of the waves with everything else integrated out, for one vector of engagement."""

    right: Vector
    square: float
    """What the waves could explain at most."""
    rest: Vector
    """The same for the columns that are taken out."""
    night: Vector
    """What the right side would be if the night alone brought anything, an sd of the effects of hours each."""


class Design:
    """The posts of an account as columns; what does not depend on their engagement is computed once."""

    def __init__(self, posts: Sequence[PostFeatures]) -> None:
        self._cells = [24 * post.weekday + post.hour for post in posts]
        self._columns, self._of_trend = _columns(posts)
        own = gram(self._columns)
        for i, row in enumerate(own):
            row[i] += 1
        self._factor = cholesky(own)
        self._upper = backward(self._factor)
        # Posts of one slot have the same waves, so that 168 sums stand for all of them.
        crossed = transposed([[dot(sums, wave) for wave in COLUMNS] for sums in map(self._by_slot, self._columns)])
        self._crossed = [forward(self._factor, column) for column in crossed]
        counts = self._by_slot([1.0] * len(posts))
        self.gram: Matrix = [
            [
                dot(weighted, wave) - dot(explained, other)
                for wave, other in zip(COLUMNS[: i + 1], self._crossed, strict=False)
            ]
            for i, (column, explained) in enumerate(zip(COLUMNS, self._crossed, strict=True))
            for weighted in ([count * value for count, value in zip(counts, column, strict=True)],)
        ]
        """The lower triangle."""
        self._night = times(self.gram, expected(Shape(1, 1, 1)))

    def normal(self, engagement: Vector) -> Normal:
        rest = forward(self._factor, [dot(column, engagement) for column in self._columns])
        sums = self._by_slot(engagement)
        right = [dot(wave, sums) - dot(crossed, rest) for wave, crossed in zip(COLUMNS, self._crossed, strict=True)]
        return Normal(right, dot(engagement, engagement) - dot(rest, rest), rest, self._night)

    def taken_out(self, normal: Normal, waves: Vector) -> tuple[Vector, Vector]:
        """Trend (with the level) and kind (with what is hidden) of each post, given the coefficients of the waves."""
        explained = [dot(column, waves) for column in transposed(self._crossed)]
        coefficients = back(self._upper, [r - e for r, e in zip(normal.rest, explained, strict=True)])
        weighted = [[c * value for value in column] for c, column in zip(coefficients, self._columns, strict=True)]
        trend, kind = weighted[: self._of_trend], weighted[self._of_trend :]
        return [sum(of_post) for of_post in zip(*trend, strict=True)], (
            [sum(of_post) for of_post in zip(*kind, strict=True)] if kind else [0.0] * len(self._cells)
        )

    def of_posts(self, waves: Vector) -> Vector:
        """What the waves say of each post."""
        slots = effects(waves).slots
        return [slots[cell] for cell in self._cells]

    def _by_slot(self, values: Vector) -> Vector:
        sums = [0.0] * len(COLUMNS[0])
        for cell, value in zip(self._cells, values, strict=True):
            sums[cell] += value
        return sums


def _columns(posts: Sequence[PostFeatures]) -> tuple[Matrix, int]:
    """Level, trend, kinds and patterns of known counts, each times its prior sd; and how many of them are level and
    trend."""
    bends = min(max(len(posts) // POSTS_A_BEND, 1), MOST_BENDS)
    place = [bends * rank / max(len(posts) - 1, 1) for rank in range(len(posts))]
    trend = [[BEND_SD * min(max(at - bend, 0.0), 1.0) for at in place] for bend in range(bends)]
    groups = ((KIND_SD, [post.kind for post in posts]), (KNOWN_SD, [post.known for post in posts]))
    kinds = [
        [sd * (own == name) for own in of_posts]
        for sd, of_posts in groups
        for name in (sorted(set(of_posts)) if len(set(of_posts)) > 1 else ())
    ]
    return [[LEVEL_SD] * len(posts), *trend, *kinds], 1 + bends
