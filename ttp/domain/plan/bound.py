"""Prove an upper bound for plans of families that share accounts, and search the plans between the best one and it.

A place on an account is a stretch of the least gap, or a day with its room; it has a price. If families pay for places,
they may choose hours freely: no plan is worth more than what they gain plus the prices of all places (Lagrangian
relaxation). The prices with the smallest bound are found by the subgradient method of Held, Wolfe and Crowder (1974).

Compared with the bound, each post of a plan loses something. A better plan loses less than the best one so far, which
leaves few hours for each post to search.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import mul, sub

from ttp.domain.plan.grid import Family, Grid, Occupancy

Picks = list[list[int]]
"""The hours of each family."""

PATIENCE = 6
"""Rounds without a smaller bound after which the steps are halved."""
DEFLECTION = 0.7
"""How much of the last direction a step keeps (Camerini, Fratta and Maffioli, 1975): half the steps will do."""
_SURE = 1e-3
"""Totals are integers, and floats are this exact: a bound of 7.0004 is 7."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A total that no plan exceeds. `worth`: by family, each hour's value minus its price; minus infinity if closed."""

    total: int
    worth: Sequence[Sequence[float]]


class Prices:
    """Prices of places, and the smallest bound so far (`best`). The places of an account are one list: a stretch from
    each hour, then the days with a limit."""

    def __init__(self, grid: Grid, families: Sequence[Family]) -> None:
        self._families = families
        free = {account: grid.free(account, ()) for family in families for account in family.accounts}
        self._values = [
            [
                -math.inf if value is None or not all(is_free) else value
                for value, *is_free in zip(family.values, *(free[account] for account in family.accounts), strict=True)
            ]
            for family in families
        ]
        # The stretches that an hour lies in begin between `first` and the hour itself.
        self._first = [bisect_right(grid.at, at - max(grid.gap, 1)) for at in grid.at]
        self._day: dict[str, list[int | None]] = {}
        self._room: dict[str, list[int]] = {}
        for account in free:
            calendar = grid.calendars[account]
            place = {day: len(grid.at) + i for i, day in enumerate(calendar.room)}
            self._day[account] = [place.get(day) for day in calendar.day]
            self._room[account] = [1] * len(grid.at) + list(calendar.room.values())
        self._price = {account: [0.0] * len(room) for account, room in self._room.items()}
        self._heading = {account: [0.0] * len(room) for account, room in self._room.items()}
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
        """Return the bound at the present prices, and the hours that families would choose."""
        worth = self._worth()
        chosen = [
            [hour for hour in heapq.nlargest(family.count, range(len(own)), key=own.__getitem__) if own[hour] > 0]
            for family, own in zip(self._families, worth, strict=True)
        ]
        gained = sum(own[hour] for own, hours in zip(worth, chosen, strict=True) for hour in hours)
        paid = sum(sum(map(mul, prices, self._room[account])) for account, prices in self._price.items())
        return Bound(math.floor(gained + paid + _SURE), worth), chosen

    def _worth(self) -> list[list[float]]:
        """Return for each family the value of each hour minus the price of its places."""
        costs = {}
        for account, prices in self._price.items():
            sums = [0.0, *accumulate(prices)]
            costs[account] = [
                sums[hour + 1] - sums[first] + (0.0 if day is None else prices[day])
                for hour, (first, day) in enumerate(zip(self._first, self._day[account], strict=True))
            ]
        return [
            list(map(sub, values, map(sum, zip(*(costs[account] for account in family.accounts), strict=True))))
            for family, values in zip(self._families, self._values, strict=True)
        ]

    def _move(self, chosen: Sequence[Sequence[int]], above: float) -> None:
        """Raise prices of places that were chosen too often, and lower the others."""
        over = {account: [-room for room in rooms] for account, rooms in self._room.items()}
        for family, hours in zip(self._families, chosen, strict=True):
            for account in family.accounts:
                for hour in hours:
                    day = self._day[account][hour]
                    for place in (*range(self._first[hour], hour + 1), *(() if day is None else (day,))):
                        over[account][place] += 1
        for account, prices in self._price.items():
            self._heading[account] = [
                n + DEFLECTION * head if n > 0 or price > 0 else 0.0
                for n, head, price in zip(over[account], self._heading[account], prices, strict=True)
            ]
        slope = sum(head * head for heading in self._heading.values() for head in heading)
        step = self._pace * max(above, 1.0) / max(slope, 1.0)
        for account, prices in self._price.items():
            self._price[account] = [
                max(0.0, price + step * head) for price, head in zip(prices, self._heading[account], strict=True)
            ]


class TooMany(Exception):
    """The search has reached its limit of choices."""


class Search:
    """Depth-first search of families, and of each family's hours from the best one down, pruned by the bound."""

    def __init__(self, grid: Grid, families: Sequence[Family], bound: Bound, reached: int, most: int) -> None:
        self._families, self._bound = families, bound
        self._reached, self._left = reached, most
        self._hours = [
            [hour for less, hour in sorted((-worth, hour) for hour, worth in enumerate(own)) if less < math.inf]
            for own in bound.worth
        ]
        self._picks: Picks = [[] for _ in families]
        self._occupancy = Occupancy(grid)
        self.found: Picks | None = None

    def run(self) -> bool:
        """Look for better plans (`found`: the best one). Whether all that could be one were looked at."""
        try:
            self._family(0, 0, 0.0)
        except TooMany:
            return False
        return True

    def _family(self, i: int, total: int, lost: float) -> None:
        """Family `i` and those behind it, after a total and a loss against the bound."""
        if i < len(self._families):
            self._posts(i, 0, self._families[i].count, total, lost)
        elif total > self._reached:
            self._reached, self.found = total, [sorted(hours) for hours in self._picks]

    def _posts(self, i: int, first: int, count: int, total: int, lost: float) -> None:
        """Try `count` posts of family `i` at hours from the `first`-th best one on."""
        if count == 0:
            self._family(i + 1, total, lost)
            return
        own, hours, accounts = self._bound.worth[i], self._hours[i], self._families[i].accounts
        for place in range(first, len(hours)):
            self._left -= 1
            if self._left < 0:
                raise TooMany
            worth = own[hours[place]]
            if self._hopeless(lost):
                return
            if self._occupancy.take(accounts, hours[place]):
                self._picks[i].append(hours[place])
                # The bound counts nothing for an hour that costs more than it brings.
                value = self._families[i].values[hours[place]] or 0
                self._posts(i, place + 1, count - 1, total + value, lost + max(0.0, -worth))
                self._picks[i].pop()
                self._occupancy.give_back(accounts, hours[place])
            # Without this hour the best choice begins one hour further down.
            following = own[hours[place + count]] if place + count < len(hours) else 0.0
            lost += max(0.0, worth) - max(0.0, following)
        self._family(i + 1, total, lost)

    def _hopeless(self, lost: float) -> bool:
        """Whether no better total can follow; totals are integers."""
        return self._bound.total - lost < self._reached + 1 - 1e-3
