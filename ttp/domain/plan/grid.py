"""What a plan is made from, in integers: the hours, what each account has room for, and the posts by families.

`even` values the hours by an even spread: what a plan is where nothing is known, and what one with data is compared
with. Waking hours, or weekly slots, are laid end to end and cut into as many equal parts as there are posts; each
family of posts that share accounts gets its share of the parts in turn, and each post the hour nearest to the middle of
its own.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from ttp.domain.plan.exact_choice import Days

ASLEEP = 2_000
"""What an hour outside waking hours counts as: further than any waking one of three months."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """One account's: the day of every hour on its wall clock, how many posts still go on each day (no entry: any
    number), and the instants of the posts that it has already, in order."""

    zone: str
    day: Sequence[int]
    room: Mapping[int, int]
    taken: Sequence[int]


@dataclass(frozen=True, slots=True)
class Family:
    """Posts that go to the same accounts, and so can change places. `values`: what each hour is worth to one of them;
    None where it may not go out."""

    accounts: tuple[str, ...]
    count: int
    values: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Grid:
    """The hours (`at`: seconds since 1970, ascending) and the least seconds between two posts of an account."""

    at: Sequence[int]
    gap: int
    calendars: Mapping[str, Calendar]

    def days(self, account: str, picks: Iterable[int]) -> Days:
        """What room an account has on each day beside some picked hours."""
        calendar = self.calendars[account]
        used = Counter(calendar.day[i] for i in picks)
        return Days(calendar.day, {day: room - used[day] for day, room in calendar.room.items()})

    def free(self, account: str, picks: Iterable[int]) -> list[bool]:
        """For each hour, whether the account's posts and the picked hours leave it the gap."""
        free, gap = [True] * len(self.at), max(self.gap, 1)
        for taken in (*self.calendars[account].taken, *(self.at[i] for i in picks)):
            first, end = bisect_right(self.at, taken - gap), bisect_left(self.at, taken + gap)
            free[first:end] = [False] * (end - first)
        return free


def crowded(taken: Sequence[int], at: int, gap: int) -> bool:
    """Whether one of the instants (in order) is less than `gap` from `at`, or at the same second."""
    following = bisect_left(taken, at)
    return any(abs(one - at) < max(gap, 1) for one in taken[max(0, following - 1) : following + 1])


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
