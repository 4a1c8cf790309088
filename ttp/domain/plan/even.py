"""An even spread: what a plan is where nothing is known, and what one with data is compared with.

Waking hours are laid end to end and cut into as many equal parts as there are posts; each family of posts that share
accounts gets its share of the parts in turn, and each post the hour nearest to the middle of its own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from ttp.domain.plan.grid import Family

ASLEEP = 2_000
"""What an hour outside waking hours counts as: further than any waking one of three months."""


def even(families: Sequence[Family], awake: Sequence[bool]) -> list[Family]:
    """Families that share accounts with values that make the even spread their best plan: minus the number of waking
    hours to the middle of the nearest part. `awake`: for each hour, whether people are."""
    before = [0, *accumulate(map(int, awake))]
    posts = sum(family.count for family in families)
    # The n-th of a family's posts comes at its share of the whole, so that no family has the first days to itself.
    turns = sorted(((n + 0.5) / family.count, i) for i, family in enumerate(families) for n in range(family.count))
    middles: list[list[float]] = [[] for _ in families]
    for place, (_, i) in enumerate(turns):
        middles[i].append((place + 0.5) * before[-1] / posts)
    return [
        replace(
            family,
            values=[
                None if value is None else -round(_distance(own, before[hour])) - (0 if awake[hour] else ASLEEP)
                for hour, value in enumerate(family.values)
            ],
        )
        for family, own in zip(families, middles, strict=True)
    ]


def _distance(middles: Sequence[float], place: int) -> float:
    after = bisect_left(middles, place)
    return min((abs(middle - place) for middle in middles[max(0, after - 1) : after + 1]), default=0.0)
