"""An even spread: what a plan is where nothing is known, and what one with data is compared with.

Waking hours, or weekly slots, are laid end to end and cut into as many equal parts as there are posts; each family of
posts that share accounts gets its share of the parts in turn, and each post the hour nearest to the middle of its own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from ttp.domain.plan.grid import Family

ASLEEP = 2_000
"""What an hour outside waking hours counts as: further than any waking one of three months."""


def even(families: Sequence[Family], liked: Sequence[Sequence[bool]]) -> list[Family]:
    """Families that share accounts with values that make the even spread their best plan: minus the number of liked
    hours to the middle of the nearest part. `liked`: for each family and hour, whether it is a slot of the accounts or
    people are awake then."""
    before = [0, *accumulate(map(any, zip(*liked, strict=True)))]
    posts = sum(family.count for family in families)
    # The n-th of a family's posts comes at its share of the whole, so that no family has the first days to itself.
    turns = sorted(((n + 0.5) / family.count, i) for i, family in enumerate(families) for n in range(family.count))
    # Places are counted in steps of 1 / (8 x posts) of an hour, an hour by its middle, and a part's middle two steps
    # early: so each has one nearest hour, which is nearer to it than the second nearest hour of any part to its own.
    middles: list[list[int]] = [[] for _ in families]
    for place, (_, i) in enumerate(turns):
        middles[i].append(4 * (2 * place + 1) * before[-1] - 2)
    asleep = ASLEEP * 8 * posts
    return [
        replace(
            family,
            values=[
                None
                if value is None
                else -_distance(own, 4 * (2 * before[hour] + 1) * posts) - (0 if likes[hour] else asleep)
                for hour, value in enumerate(family.values)
            ],
        )
        for family, own, likes in zip(families, middles, liked, strict=True)
    ]


def _distance(middles: Sequence[int], place: int) -> int:
    after = bisect_left(middles, place)
    return min((abs(middle - place) for middle in middles[max(0, after - 1) : after + 1]), default=0)
