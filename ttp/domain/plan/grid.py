"""What a plan is made from, in integers: the hours, what each account has room for, and the posts by families."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ttp.domain.plan.choose import Days


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
