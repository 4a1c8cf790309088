"""The end of a search: every plan that could be better than the best one so far, if there are not too many.

By the prices of a bound each plan loses something against it, post by post. A plan that is better than the best so far
loses less than that one is below the bound, which leaves few hours for each post.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Sequence

from ttp.domain.plan.grid import Family, Grid, crowded
from ttp.domain.plan.prices import Bound

Picks = list[list[int]]
"""For each family the hours that it takes."""


class TooMany(Exception):
    """The search has looked at as many choices as it may."""


class Search:
    """Goes through the families, and for each through its hours from the best one down, with what is left to lose."""

    def __init__(self, grid: Grid, families: Sequence[Family], bound: Bound, reached: int, most: int) -> None:
        self._grid, self._families, self._bound = grid, families, bound
        self._reached, self._left = reached, most
        self._hours = [
            [hour for less, hour in sorted((-worth, hour) for hour, worth in enumerate(own)) if less < math.inf]
            for own in bound.worth
        ]
        self._picks: Picks = [[] for _ in families]
        self._taken = {a: list(grid.calendars[a].taken) for f in families for a in f.accounts}
        self._room = {a: dict(grid.calendars[a].room) for a in self._taken}
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
        """`count` posts of family `i` at hours from the `first`-th best one on."""
        if count == 0:
            self._family(i + 1, total, lost)
            return
        own, hours = self._bound.worth[i], self._hours[i]
        for place in range(first, len(hours)):
            self._left -= 1
            if self._left < 0:
                raise TooMany
            worth = own[hours[place]]
            if self._hopeless(lost):
                return
            if self._take(i, hours[place]):
                # The bound counts nothing for an hour that costs more than it brings.
                value = self._families[i].values[hours[place]] or 0
                self._posts(i, place + 1, count - 1, total + value, lost + max(0.0, -worth))
                self._give_back(i, hours[place])
            # Left out, the best that can follow is one hour further down.
            following = own[hours[place + count]] if place + count < len(hours) else 0.0
            lost += max(0.0, worth) - max(0.0, following)
        self._family(i + 1, total, lost)

    def _hopeless(self, lost: float) -> bool:
        """Whether nothing better than the best so far can follow; totals are integers."""
        return self._bound.total - lost < self._reached + 1 - 1e-3

    def _take(self, i: int, hour: int) -> bool:
        accounts, grid = self._families[i].accounts, self._grid
        for a in accounts:
            day = grid.calendars[a].day[hour]
            if self._room[a].get(day, 1) < 1 or crowded(self._taken[a], grid.at[hour], grid.gap):
                return False
        self._picks[i].append(hour)
        for a in accounts:
            insort(self._taken[a], grid.at[hour])
            day = grid.calendars[a].day[hour]
            if day in self._room[a]:
                self._room[a][day] -= 1
        return True

    def _give_back(self, i: int, hour: int) -> None:
        self._picks[i].remove(hour)
        for a in self._families[i].accounts:
            self._taken[a].remove(self._grid.at[hour])
            day = self._grid.calendars[a].day[hour]
            if day in self._room[a]:
                self._room[a][day] += 1
