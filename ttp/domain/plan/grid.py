"""The input of a plan as integers: the hours, the room of each account, and the posts by families.

`even` values hours by an even spread, which is used without data, and for comparison with data. Waking hours, or weekly
slots, are joined and cut into as many equal parts as there are posts. Families that share accounts get their parts in
turn, and each post the hour nearest to the middle of its part.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from ttp.domain.plan.exact_choice import Days

ASLEEP = 2_000
"""Distance of an hour outside waking hours: further than any waking hour of three months."""


@dataclass(frozen=True, slots=True)
class AccountCalendar:
    """One account's calendar: the day of every hour on its wall clock, the room of each day, and the sorted instants of
    its posts. A day that `room` lacks has room for any number."""

    zone: str
    day: Sequence[int]
    room: Mapping[int, int]
    taken: Sequence[int]


@dataclass(frozen=True, slots=True)
class Family:
    """Posts to the same accounts, which are interchangeable. `values`: the value of each hour; None if it is closed."""

    accounts: tuple[str, ...]
    count: int
    values: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Grid:
    """The hours (`at`: seconds since 1970, ascending) and the least seconds between two posts of an account."""

    at: Sequence[int]
    gap: int
    calendars: Mapping[str, AccountCalendar]

    def days(self, account: str, picks: Iterable[int]) -> Days:
        """Return the room of each day of an account that some picked hours leave."""
        calendar = self.calendars[account]
        used = Counter(calendar.day[i] for i in picks)
        return Days(calendar.day, {day: room - used[day] for day, room in calendar.room.items()})

    def free(self, account: str, picks: Iterable[int]) -> list[bool]:
        """Return for each hour whether the account's posts and the picked hours are at least the gap away."""
        free, gap = [True] * len(self.at), max(self.gap, 1)
        for instant in (*self.calendars[account].taken, *(self.at[i] for i in picks)):
            first, end = bisect_right(self.at, instant - gap), bisect_left(self.at, instant + gap)
            free[first:end] = [False] * (end - first)
        return free


def is_crowded(instants: Sequence[int], at: int, gap: int) -> bool:
    """Whether one of the sorted instants is less than `gap` from `at`, or at the same second."""
    following = bisect_left(instants, at)
    return any(abs(one - at) < max(gap, 1) for one in instants[max(0, following - 1) : following + 1])


class Occupancy:
    """The hours of a grid's accounts that are in use: by their posts, and by the plan while it is computed."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._taken = {account: list(calendar.taken) for account, calendar in grid.calendars.items()}
        self._used = {account: Counter[int]() for account in grid.calendars}

    def take(self, accounts: Iterable[str], hour: int) -> bool:
        """Take an hour if all these accounts have room for it. Return whether they have."""
        at, days = self._grid.at[hour], {a: self._grid.calendars[a].day[hour] for a in accounts}
        for account, day in days.items():
            is_full = self._used[account][day] >= self._grid.calendars[account].room.get(day, math.inf)
            if is_full or is_crowded(self._taken[account], at, self._grid.gap):
                return False
        for account, day in days.items():
            insort(self._taken[account], at)
            self._used[account][day] += 1
        return True

    def give_back(self, accounts: Iterable[str], hour: int) -> None:
        for account in accounts:
            self._taken[account].remove(self._grid.at[hour])
            self._used[account][self._grid.calendars[account].day[hour]] -= 1


def even(families: Sequence[Family], liked: Sequence[Sequence[bool]]) -> list[Family]:
    """Return families that share accounts with values for which the even spread is the best plan: minus the number of
    liked hours to the middle of the nearest part. `liked`: for each family and hour, whether it is one of the accounts'
    slots or people are awake then."""
    before = [0, *accumulate(map(any, zip(*liked, strict=True)))]
    posts = sum(family.count for family in families)
    # A family's n-th post comes at n's share of the family, so that the first days are shared by all families.
    turns = sorted(((n + 0.5) / family.count, i) for i, family in enumerate(families) for n in range(family.count))
    # Positions are in steps of 1 / (8 x posts) of an hour. Hours count by their middle, and middles of parts two steps
    # early, so that each has one nearest hour, closer than the second nearest hour of any other part.
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
