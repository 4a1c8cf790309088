"""The columns of the week: smooth waves over the hours, one number a day, and waves that differ from day to day.

A column says what a unit of its coefficient brings in each of the 168 slots. `scales` are the prior standard deviations
of the coefficients in units of the noise.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from ttp.domain.optimal.algebra import Matrix, Vector, dot, transposed
from ttp.domain.optimal.effects import Effects

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


def _night() -> Vector:
    """The trough of the night round the clock, as coefficients of the waves (von Mises' curve)."""
    narrow = (24 / (2 * math.pi * NIGHT_WIDTH_H)) ** 2
    trough = [
        -NIGHT_DEPTH * math.exp(narrow * (math.cos(2 * math.pi * (hour - NIGHT_AT) / 24) - 1)) for hour in range(24)
    ]
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
