"""What is taken out of each post before hours are compared: the account's level, its trend, and the kinds of post.

They are not of interest, and integrated out exactly: the normal equations of the waves are left with what these columns
cannot explain (the Schur complement of the joint ones; Boyd and Vandenberghe, Convex Optimization, A.5.5).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ttp.domain.optimal.algebra import Matrix, Vector, back, backward, cholesky, dot, forward, gram, times, transposed
from ttp.domain.optimal.features import PostFeatures
from ttp.domain.optimal.periodic import COLUMNS, Shape, effects, expected

POSTS_A_BEND, MOST_BENDS = 15, 24
"""The trend is a straight line between bends: one for so many posts, and at most so many."""
LEVEL_SD, BEND_SD, KIND_SD = 100.0, 0.5, 1.0
"""Prior sd in units of the noise: of the level (any), of the trend from one bend to the next, of a kind."""


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
        """Trend (with the level) and kind of each post, given the coefficients of the waves."""
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
    """Level, trend and kinds, each times its prior sd; and how many of them are level and trend."""
    bends = min(max(len(posts) // POSTS_A_BEND, 1), MOST_BENDS)
    place = [bends * rank / max(len(posts) - 1, 1) for rank in range(len(posts))]
    trend = [[BEND_SD * min(max(at - bend, 0.0), 1.0) for at in place] for bend in range(bends)]
    names = sorted({post.kind for post in posts})
    kinds = [[KIND_SD * (post.kind == name) for post in posts] for name in names] if len(names) > 1 else []
    return [[LEVEL_SD] * len(posts), *trend, *kinds], 1 + bends
