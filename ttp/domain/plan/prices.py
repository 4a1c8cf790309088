"""What a place on an account costs where families of posts share accounts, and what follows from it.

A place is a stretch of the least gap, or a day with its room. With every place paid for, the families may choose
freely: no plan is worth more than what they then get together and the places cost (Lagrangian relaxation). The prices
that make this bound smallest are found by the subgradient method of Held, Wolfe and Crowder (1974).
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import sub

from ttp.domain.plan.grid import Family, Grid

PATIENCE = 6
"""Rounds without a smaller bound after which the steps are halved."""
DEFLECTION = 0.7
"""How much of the last direction a step keeps (Camerini, Fratta and Maffioli, 1975): half the steps will do."""
_SURE = 1e-3
"""Totals are integers, and floats are this exact: a bound of 7.0004 is 7."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A total that no plan exceeds. `worth`: for each family what each hour is worth beyond its price; minus infinity
    where it is closed."""

    total: int
    worth: Sequence[Sequence[float]]


class Prices:
    """`best` is the smallest bound so far."""

    def __init__(self, grid: Grid, families: Sequence[Family]) -> None:
        self._grid, self._families = grid, families
        free = {account: grid.free(account, ()) for family in families for account in family.accounts}
        self._values = [
            [
                -math.inf if value is None or not all(is_free) else value
                for value, *is_free in zip(family.values, *(free[account] for account in family.accounts), strict=True)
            ]
            for family in families
        ]
        self._room = {account: grid.calendars[account].room for account in free}
        self._of = {account: grid.calendars[account].day for account in free}
        self._stretch = {account: [0.0] * len(grid.at) for account in free}
        self._day = {account: dict.fromkeys(room, 0.0) for account, room in self._room.items()}
        self._heading = {account: [0.0] * len(grid.at) for account in free}
        self._heading_day = {account: dict.fromkeys(room, 0.0) for account, room in self._room.items()}
        # The stretches that an hour lies in begin between `first` and the hour itself.
        self._first = [bisect_right(grid.at, at - max(grid.gap, 1)) for at in grid.at]
        self._pace, self._waited = 1.0, 0
        self.best = self._bound()[0]

    def step(self, reached: int) -> None:
        """Move the prices toward a smaller bound; `reached`: the total of the best plan so far."""
        bound, chosen = self._bound()
        if bound.total < self.best.total:
            self.best, self._waited = bound, 0
        else:
            self._waited += 1
            if self._waited == PATIENCE:
                self._pace, self._waited = self._pace / 2, 0
        self._move(chosen, bound.total - reached)

    def _bound(self) -> tuple[Bound, list[list[int]]]:
        """The bound at the present prices, and the hours that the families would choose at them."""
        worth = self._worth()
        chosen = [
            [hour for hour in heapq.nlargest(family.count, range(len(own)), key=own.__getitem__) if own[hour] > 0]
            for family, own in zip(self._families, worth, strict=True)
        ]
        gained = sum(own[hour] for own, hours in zip(worth, chosen, strict=True) for hour in hours)
        paid = sum(map(sum, self._stretch.values())) + sum(
            price * self._room[account][day] for account, prices in self._day.items() for day, price in prices.items()
        )
        return Bound(math.floor(gained + paid + _SURE), worth), chosen

    def _worth(self) -> list[list[float]]:
        costs = {}
        for account, stretch in self._stretch.items():
            sums, day = [0.0, *accumulate(stretch)], self._day[account]
            opened = map(sums.__getitem__, self._first)
            by_day = (day.get(d, 0.0) for d in self._of[account])
            costs[account] = [end - start + more for end, start, more in zip(sums[1:], opened, by_day, strict=True)]
        return [
            list(map(sub, values, map(sum, zip(*(costs[account] for account in family.accounts), strict=True))))
            for family, values in zip(self._families, self._values, strict=True)
        ]

    def _move(self, chosen: Sequence[Sequence[int]], above: float) -> None:
        """Dearer where more was chosen than there is room for, cheaper where less."""
        over = {account: [-1] * len(stretch) for account, stretch in self._stretch.items()}
        over_day = {account: {day: -n for day, n in room.items()} for account, room in self._room.items()}
        for family, hours in zip(self._families, chosen, strict=True):
            for account in family.accounts:
                for hour in hours:
                    for k in range(self._first[hour], hour + 1):
                        over[account][k] += 1
                    if (day := self._of[account][hour]) in over_day[account]:
                        over_day[account][day] += 1
        slope = 0.0
        for account, stretch in self._stretch.items():
            heads, day = self._heading[account], self._heading_day[account]
            self._heading[account] = heads = [
                n + DEFLECTION * head if n > 0 or p > 0 else 0.0
                for n, head, p in zip(over[account], heads, stretch, strict=True)
            ]
            for d, n in over_day[account].items():
                day[d] = n + DEFLECTION * day[d] if n > 0 or self._day[account][d] > 0 else 0.0
            slope += sum(head * head for head in heads) + sum(head * head for head in day.values())
        step = self._pace * max(above, 1.0) / max(slope, 1.0)
        for account, stretch in self._stretch.items():
            heads, day, prices = self._heading[account], self._heading_day[account], self._day[account]
            self._stretch[account] = [max(0.0, p + step * head) for p, head in zip(stretch, heads, strict=True)]
            for d, head in day.items():
                prices[d] = max(0.0, prices[d] + step * head)
